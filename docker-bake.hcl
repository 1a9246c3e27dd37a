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

# What the labels say; a release sets them.
variable "REVISION" {
  default = "unknown"
}

variable "CREATED" {
  default = "1970-01-01T00:00:00Z"
}

variable "SOURCE" {
  default = ""
}

variable "DOCUMENTATION" {
  default = ""
}

# A release of 1.2.3 is 1.2 and latest as well.
function "release_tags" {
  params = [name]
  result = ["${REGISTRY}/${name}:${TAG}", "${REGISTRY}/${name}:${regex_replace(TAG, "^([0-9]+\\.[0-9]+)\\..*$", "$1")}", "${REGISTRY}/${name}:latest"]
}

# One row per engine and service that is built; the ports are what the image exposes beside the admin port.
variable "PROGRAMS" {
  default = [
    # images: drawn by npm run docs
    { name = "relational", folder = "images/relational", ports = "5432" },
    { name = "document", folder = "images/document", ports = "27017" },
    { name = "keyvalue", folder = "images/keyvalue", ports = "8000" },
    { name = "graph", folder = "images/graph", ports = "7687" },
    { name = "inmemory", folder = "images/inmemory", ports = "6379" },
    { name = "vector", folder = "images/vector", ports = "50051" },
    { name = "markdown", folder = "images/markdown", ports = "8080" },
    { name = "filestore", folder = "images/filestore", ports = "8081" },
    { name = "gateway", folder = "images/gateway", ports = "20000 20001 20002 20003 20004 20005 20006 20007 20008" },
    { name = "pool", folder = "images/pool", ports = "6432 6433 6434" },
    { name = "discovery", folder = "images/discovery", ports = "8500 7946 8600" },
    { name = "playground", folder = "images/playground", ports = "3000" },
    { name = "persistence", folder = "persistence-sidecar", ports = "8788" },
    { name = "standalone", folder = "images/standalone", ports = "20000" },
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
  targets = ["images", "functions", "cli"]
}

group "release" {
  targets = ["releases", "function-releases", "cli-release"]
}

target "program" {
  context    = "."
  dockerfile = "Dockerfile"
  secret     = CA_BUNDLE == "" ? [] : ["id=ca,src=${CA_BUNDLE}"]
  args = {
    NODE_IMAGE    = NODE_IMAGE
    VERSION       = TAG
    REVISION      = REVISION
    CREATED       = CREATED
    SOURCE        = SOURCE
    DOCUMENTATION = DOCUMENTATION
  }
}

target "images" {
  name     = program.name
  matrix   = { program = PROGRAMS }
  inherits = ["program"]
  target   = "image"
  tags     = ["${REGISTRY}/${program.name}:${TAG}"]
  args = {
    PROGRAM = program.name
    FOLDER  = program.folder
    PORTS   = program.ports
  }
}

target "functions" {
  name     = function.name
  matrix   = { function = FUNCTIONS }
  inherits = ["program"]
  target   = "function"
  tags     = ["${REGISTRY}/${function.name}:${TAG}"]
  args = {
    FUNCTION = function.name
    PORT     = function.port
  }
}

target "releases" {
  name      = "${program.name}-release"
  matrix    = { program = PROGRAMS }
  inherits  = [program.name]
  platforms = ["linux/amd64", "linux/arm64"]
  tags      = release_tags(program.name)
  attest    = ["type=sbom", "type=provenance,mode=max"]
}

target "function-releases" {
  name      = "${function.name}-release"
  matrix    = { function = FUNCTIONS }
  inherits  = [function.name]
  platforms = ["linux/amd64", "linux/arm64"]
  tags      = release_tags(function.name)
  attest    = ["type=sbom", "type=provenance,mode=max"]
}

target "cli" {
  inherits = ["program"]
  target   = "cli"
  tags     = ["${REGISTRY}/cli:${TAG}"]
}

target "cli-release" {
  inherits  = ["cli"]
  platforms = ["linux/amd64", "linux/arm64"]
  tags      = release_tags("cli")
  attest    = ["type=sbom", "type=provenance,mode=max"]
}
