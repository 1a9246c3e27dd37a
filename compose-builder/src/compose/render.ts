import { formatBytes } from "@weftkit/core";
import { stringify } from "yaml";
import { type Deployment, type ImageReference, type Service, servicesOf } from "../deployment/model.ts";

/** The deployment as docker-compose.yml. */
export function renderCompose(deployment: Deployment): string {
  const services = servicesOf(deployment);
  const document = {
    name: deployment.name,
    services: Object.fromEntries(services.map((service) => [service.name, renderService(service)])),
    volumes: Object.fromEntries(services.map(({ volume }) => [volume.name, {}])),
    secrets: Object.fromEntries(deployment.secrets.map(({ name }) => [name, { file: `./secrets/${name}` }])),
  };
  return stringify(document, { lineWidth: 0 });
}

/** `.env`: one variable per image, so that each can be moved to another version or registry by itself. */
export function renderEnvironmentFile(deployment: Deployment): string {
  const lines = servicesOf(deployment).map(({ image }) => {
    return `${imageVariable(image)}=${image.registry}/${image.name}:${image.tag}`;
  });
  return `${[...new Set(lines)].join("\n")}\n`;
}

function renderService(service: Service) {
  const { port, volume, health, limits, security } = service;
  return {
    image: `\${${imageVariable(service.image)}:?set in .env}`,
    environment: service.environment,
    ports: [{ target: port.container, published: String(port.host), host_ip: port.address, protocol: "tcp" }],
    volumes: [{ type: "volume", source: volume.name, target: volume.path }],
    secrets: service.secrets.map(({ name, path }) => ({ source: name, target: path })),
    ...(service.dependsOn.length > 0 && {
      depends_on: Object.fromEntries(
        service.dependsOn.map((name) => [name, { condition: "service_healthy" }]),
      ),
    }),
    healthcheck: {
      test: ["CMD", ...health.command],
      interval: `${health.intervalSeconds}s`,
      timeout: `${health.timeoutSeconds}s`,
      start_period: `${health.startSeconds}s`,
      retries: health.retries,
    },
    restart: "unless-stopped",
    stop_grace_period: `${service.stopGraceSeconds}s`,
    user: `${security.userId}:${security.groupId}`,
    read_only: true,
    cap_drop: ["ALL"],
    security_opt: ["no-new-privileges:true"],
    deploy: {
      resources: {
        limits: { memory: formatBytes(limits.memoryBytes).toLowerCase(), pids: limits.processes },
      },
    },
    logging: { driver: "json-file", options: { "max-size": "10m", "max-file": "3" } },
  };
}

function imageVariable({ name }: ImageReference): string {
  return `${name.toUpperCase().replaceAll("-", "_")}_IMAGE`;
}
