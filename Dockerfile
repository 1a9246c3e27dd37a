# Every WeftKit image comes from this file: docker-bake.hcl builds one per engine, service and function, and they share all
# layers but the last, which holds the program's bundle. It uses only what Docker Engine 20.10's own BuildKit understands.
ARG NODE_IMAGE=node:24-bookworm-slim

# The manifests alone, so that a changed source file does not install the dependencies again; and what is in C.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS manifests
COPY . /source
RUN mkdir /manifests /native && cd /source \
  && find . \( -name package.json -o -name package-lock.json -o -name .npmrc \) -exec cp --parents -t /manifests {} + \
  && find . \( -name package.json -o -path '*/native/*.c' -o -path ./scripts/native.mjs \) -exec cp --parents -t /native {} +

# Install scripts stay off: what is native comes as a finished binary inside its npm package. The secret "ca" is for
# a network whose proxy signs with its own authority; a secret leaves no trace in a layer.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS bundle
WORKDIR /weftkit
COPY --from=manifests /manifests ./
RUN --mount=type=cache,target=/root/.npm --mount=type=secret,id=ca \
  if [ -s /run/secrets/ca ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca; fi; \
  npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN node scripts/build.mjs \
  && node_modules/.bin/esbuild shared/host/src/healthcheck.ts --bundle --platform=node --format=esm --minify \
    --log-level=warning --outfile=/weftkit/healthcheck.mjs

# What is compiled, for the platform of the image.
FROM ${NODE_IMAGE} AS native
RUN command -v gcc >/dev/null || { apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev; }
WORKDIR /weftkit
COPY --from=bundle /weftkit/node_modules/better-sqlite3 node_modules/better-sqlite3
COPY --from=bundle /weftkit/node_modules/node-api-headers node_modules/node-api-headers
COPY --from=manifests /native ./
RUN node scripts/native.mjs --out /native \
  && gcc -Os -static -Wall -Wextra -Werror -o /healthcheck shared/host/native/healthcheck.c

# A program with what its platform needs, and nothing of another one.
FROM native AS program
ARG FOLDER
COPY --from=bundle /weftkit/healthcheck.mjs /weftkit/${FOLDER}/dist /app/
RUN rm -f $(find /app -name '*-linux-*' ! -name "*-linux-$(node --print process.arch).*") \
  && for main in $(find /app -name main.mjs); do cp /native/* "$(dirname "$main")/"; done

# All that an engine needs from a system: node without its symbols, the libraries it links, an init so that a signal
# sent before node has its handlers ends it, and the two folders a process may write to. Node brings its own root
# certificates and time zones.
FROM ${NODE_IMAGE} AS rootfs
RUN set -eu; \
  { command -v strip && command -v tini-static; } >/dev/null \
    || { apt-get update && apt-get install -y --no-install-recommends binutils tini; }; \
  mkdir -p /rootfs/etc /rootfs/bin; \
  strip -o /rootfs/bin/node "$(command -v node)"; \
  cp "$(command -v tini-static)" /rootfs/bin/tini; \
  ldd "$(command -v node)" | grep -o '/[^ ]*' | xargs cp --parents -L -t /rootfs; \
  echo 'weftkit:x:1000:1000::/data:/sbin/nologin' >/rootfs/etc/passwd; \
  echo 'weftkit:x:1000:' >/rootfs/etc/group; \
  install -d -m 1777 /rootfs/tmp; \
  # Whatever user the container runs as may keep its state there, and makes it its own; the same holds for a tmpfs, which takes the mode.
  install -d -m 1777 -o 1000 -g 1000 /rootfs/data

FROM scratch AS base
COPY --from=rootfs /rootfs /
USER 1000:1000
WORKDIR /data
VOLUME /data
STOPSIGNAL SIGTERM
ENV PATH=/bin NODE_ENV=production
ENTRYPOINT ["tini", "-s", "--", "node", "/app/main.mjs"]

FROM base AS image
# Cheap, so that who waits for a healthy container does not wait for the check.
HEALTHCHECK --interval=2s --timeout=3s --start-period=30s --retries=3 CMD ["healthcheck"]
ENV WEFTKIT_DATA_DIR=/data WEFTKIT_BIND=0.0.0.0
ARG PROGRAM
ARG FOLDER
ARG PORTS
ARG VERSION=0.0.0
ARG NODE_IMAGE
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
ARG SOURCE=
ARG DOCUMENTATION=
LABEL org.opencontainers.image.title="weftkit/${PROGRAM}" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.created="${CREATED}" \
  org.opencontainers.image.source="${SOURCE}" \
  org.opencontainers.image.documentation="${DOCUMENTATION}" \
  org.opencontainers.image.base.name="${NODE_IMAGE}" \
  org.opencontainers.image.licenses="Apache-2.0"
EXPOSE ${PORTS} 9464
COPY --from=native /healthcheck /bin/healthcheck
COPY --from=program /app /app/

# A WKP-1 function that is a server: it keeps states in /data, unless WKP_STORE says otherwise. Its bundle brings a health
# check of its own.
FROM base AS function
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 CMD ["node", "/app/healthcheck.mjs"]
ENV WKP_BIND=0.0.0.0 WKP_STORE=file:///data
ARG FUNCTION
ARG PORT
ARG VERSION=0.0.0
ARG NODE_IMAGE
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
ARG SOURCE=
ARG DOCUMENTATION=
LABEL org.opencontainers.image.title="weftkit/${FUNCTION}" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.created="${CREATED}" \
  org.opencontainers.image.source="${SOURCE}" \
  org.opencontainers.image.documentation="${DOCUMENTATION}" \
  org.opencontainers.image.base.name="${NODE_IMAGE}" \
  org.opencontainers.image.licenses="Apache-2.0"
EXPOSE ${PORT}
COPY --from=bundle /weftkit/functions/${FUNCTION}/dist /app/

# The `weftkit` command, for machines without node: it writes into the folder that is mounted at /work.
FROM base AS cli
ARG NODE_IMAGE
ARG VERSION=0.0.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
ARG SOURCE=
ARG DOCUMENTATION=
LABEL org.opencontainers.image.title="weftkit/cli" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.created="${CREATED}" \
  org.opencontainers.image.source="${SOURCE}" \
  org.opencontainers.image.documentation="${DOCUMENTATION}" \
  org.opencontainers.image.base.name="${NODE_IMAGE}" \
  org.opencontainers.image.licenses="Apache-2.0"
COPY --from=bundle /weftkit/compose-builder/dist /app/
WORKDIR /work
ENTRYPOINT ["tini", "-s", "--", "node", "/app/main.mjs"]
