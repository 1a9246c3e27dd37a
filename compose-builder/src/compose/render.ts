import { formatBytes } from "@weftkit/core";
import { stringify } from "yaml";
import { healthCheck, shutdownBudgetSeconds } from "../deployment/hardening.ts";
import { type Deployment, type ImageReference, type Service, servicesOf } from "../deployment/model.ts";
import { type ComposeSurroundings, monitorName, renderMonitor } from "./surroundings.ts";

/** The deployment as docker-compose.yml. */
export function renderCompose(deployment: Deployment, surroundings: ComposeSurroundings): string {
  const services = servicesOf(deployment);
  const { network, dataFolder } = surroundings;
  const monitor = surroundings.isMonitored ? renderMonitor(services) : undefined;
  const named = dataFolder === undefined ? services : [];
  const volumes = named.flatMap(({ volume }) => (volume === undefined ? [] : [[volume.name, {}]]));
  const document = {
    name: deployment.name,
    "x-weftkit": hardened,
    services: {
      ...Object.fromEntries(services.map((service) => [service.name, renderService(service, dataFolder)])),
      ...(monitor !== undefined && { [monitorName]: monitor.service }),
    },
    ...(network !== undefined && { networks: { default: { name: network, external: true } } }),
    ...(volumes.length > 0 && { volumes: Object.fromEntries(volumes) }),
    secrets: Object.fromEntries(deployment.secrets.map(({ name }) => [name, { file: `./secrets/${name}` }])),
    ...(monitor !== undefined && { configs: monitor.configs }),
  };
  // What is one object here is an anchor there.
  return stringify(document, { lineWidth: 0, merge: true, anchorPrefix: "weftkit" });
}

/** The name by which containers of Docker Desktop reach the machine; elsewhere the compose file gives it. */
const hostName = "host.docker.internal";

/** What every service has. Its health check is the image's own. */
const hardened = {
  restart: "unless-stopped",
  stop_grace_period: `${shutdownBudgetSeconds + 10}s`,
  user: "1000:1000",
  read_only: true,
  cap_drop: ["ALL"],
  security_opt: ["no-new-privileges:true"],
  pids_limit: 128,
  logging: { driver: "json-file", options: { "max-size": "10m", "max-file": "3" } },
};

/** An engine that pushes nothing does so as well when nothing says it; of one that does, all is there to be seen. */
function environmentOf({ environment }: Service): Readonly<Record<string, string>> {
  const { WEFTKIT_PERSIST_MODE: mode, WEFTKIT_PERSIST_SHUTDOWN_BUDGET: _, ...rest } = environment;
  return mode === "disabled" ? rest : environment;
}

function renderService(service: Service, dataFolder: string | undefined) {
  const { ports, volume, health, limits } = service;
  const reachesHost = Object.values(service.environment).some((value) => value.includes(`//${hostName}`));
  return {
    "<<": hardened,
    image: `\${${imageVariable(service.image)}:?set in .env}`,
    environment: environmentOf(service),
    ports: ports.map(
      ({ container, host, address }) =>
        `${address.includes(":") ? `[${address}]` : address}:${host}:${container}`,
    ),
    ...(volume !== undefined && {
      volumes: [`${dataFolder === undefined ? volume.name : `${dataFolder}/${service.name}`}:${volume.path}`],
    }),
    ...(reachesHost && { extra_hosts: [`${hostName}:host-gateway`] }),
    ...(service.secrets.length > 0 && {
      secrets: service.secrets.map(({ name, path }) =>
        path === `/run/secrets/${name}` ? name : { source: name, target: path },
      ),
    }),
    ...(service.dependsOn.length > 0 && {
      depends_on: Object.fromEntries(
        service.dependsOn.map((name) => [name, { condition: "service_healthy" }]),
      ),
    }),
    ...(health.startSeconds !== healthCheck.startSeconds && {
      healthcheck: { start_period: `${health.startSeconds}s` },
    }),
    mem_limit: formatBytes(limits.memoryBytes).toLowerCase(),
    ...overridesOf(service),
  };
}

/** Where a service is not as the others. */
function overridesOf({ security, stopGraceSeconds, limits }: Service) {
  const own = {
    stop_grace_period: `${stopGraceSeconds}s`,
    user: `${security.userId}:${security.groupId}`,
    pids_limit: limits.processes,
  };
  return Object.fromEntries(
    Object.entries(own).filter(([key, value]) => hardened[key as keyof typeof own] !== value),
  );
}

/** The variable of `.env` that says which image a service runs. */
export function imageVariable({ name }: ImageReference): string {
  return `${name.toUpperCase().replaceAll("-", "_")}_IMAGE`;
}

/** As an engine of containers takes it. */
export function renderImage({ registry, name, tag }: ImageReference): string {
  return `${registry}/${name}:${tag}`;
}
