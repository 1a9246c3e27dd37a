# docker buildx bake            this machine's platform, loaded into its engine (npm run images)
# docker buildx bake release    amd64 and arm64, to push

variable "REGISTRY" {
  default = "weftkit"
}

variable "TAG" {
  default = "0.1.0"
}

variable "NODE_IMAGE" {
  default = "node:24-bookworm-slim"
}

# A file of certificate authorities that npm must trust while it installs; reaches the build as a secret.
variable "CA_BUNDLE" {
  default = ""
}

# One row per engine that is built; the port is the data port that the image exposes.
variable "ENGINES" {
  default = [
    # images: drawn by npm run docs
    { name = "relational", port = 5432 },
    { name = "document", port = 27017 },
    { name = "keyvalue", port = 8000 },
    { name = "graph", port = 7687 },
    { name = "inmemory", port = 6379 },
    { name = "vector", port = 50051 },
    { name = "markdown", port = 8080 },
    { name = "filestore", port = 8081 },
    # /images
  ]
}

# The WKP-1 functions that run as servers.
variable "FUNCTIONS" {
  default = [
    { name = "node-s3", port = 8787 },
  ]
}

group "default" {
  targets = ["images", "functions"]
}

group "release" {
  targets = ["releases", "function-releases"]
}

target "program" {
  context    = "."
  dockerfile = "Dockerfile"
  secret     = CA_BUNDLE == "" ? [] : ["id=ca,src=${CA_BUNDLE}"]
}

target "images" {
  name     = engine.name
  matrix   = { engine = ENGINES }
  inherits = ["program"]
  target   = "image"
  tags     = ["${REGISTRY}/${engine.name}:${TAG}"]
  args = {
    NODE_IMAGE = NODE_IMAGE
    ENGINE     = engine.name
    PORT       = engine.port
    VERSION    = TAG
  }
}

target "functions" {
  name     = function.name
  matrix   = { function = FUNCTIONS }
  inherits = ["program"]
  target   = "function"
  tags     = ["${REGISTRY}/${function.name}:${TAG}"]
  args = {
    NODE_IMAGE = NODE_IMAGE
    FUNCTION   = function.name
    PORT       = function.port
    VERSION    = TAG
  }
}

target "releases" {
  name      = "${engine.name}-release"
  matrix    = { engine = ENGINES }
  inherits  = [engine.name]
  platforms = ["linux/amd64", "linux/arm64"]
}

target "function-releases" {
  name      = "${function.name}-release"
  matrix    = { function = FUNCTIONS }
  inherits  = [function.name]
  platforms = ["linux/amd64", "linux/arm64"]
}
