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

# One row per image that is built; the port is the data port that the image exposes.
variable "ENGINES" {
  default = [
    { name = "inmemory", port = 6379 },
  ]
}

group "default" {
  targets = ["images"]
}

group "release" {
  targets = ["releases"]
}

target "engine" {
  context    = "."
  dockerfile = "Dockerfile"
  target     = "image"
  secret     = CA_BUNDLE == "" ? [] : ["id=ca,src=${CA_BUNDLE}"]
}

target "images" {
  name     = engine.name
  matrix   = { engine = ENGINES }
  inherits = ["engine"]
  tags     = ["${REGISTRY}/${engine.name}:${TAG}"]
  args = {
    NODE_IMAGE = NODE_IMAGE
    ENGINE     = engine.name
    PORT       = engine.port
    VERSION    = TAG
  }
}

target "releases" {
  name      = "${engine.name}-release"
  matrix    = { engine = ENGINES }
  inherits  = [engine.name]
  platforms = ["linux/amd64", "linux/arm64"]
}
