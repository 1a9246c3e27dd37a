import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { adminPort } from "../deployment/hardening.ts";
import type { Service } from "../deployment/model.ts";
import { Failure } from "../terminal/failure.ts";

/** What a compose file's services are put into, and what stands beside them. */
export interface ComposeSurroundings {
  /** A network that is there already, in the place of one of the project's own. */
  readonly network?: string | undefined;
  /** The folder of the machine that has a folder for each service's state; undefined for volumes. */
  readonly dataFolder?: string | undefined;
  /** Whether a Prometheus is there, in a profile of its own. */
  readonly isMonitored: boolean;
}

export const monitorName = "prometheus";
/** It runs when this profile is asked for. */
const profile = "monitoring";

/** A Prometheus that reads the metrics of every service, which are on the project's network only. */
export function renderMonitor(services: readonly Service[]) {
  const targets = services
    .filter(({ health }) => health.port === adminPort)
    .map(({ name }) => `${name}:${adminPort}`);
  const content = [
    "global:",
    "  scrape_interval: 15s",
    "scrape_configs:",
    "  - job_name: weftkit",
    "    static_configs:",
    `      - targets: [${targets.join(", ")}]`,
    "",
  ].join("\n");
  return {
    service: {
      image: `\${PROMETHEUS_IMAGE:-prom/prometheus:v3.5.0}`,
      profiles: [profile],
      ports: ["127.0.0.1:9090:9090"],
      configs: [{ source: monitorName, target: "/etc/prometheus/prometheus.yml" }],
    },
    configs: { [monitorName]: { content } },
  };
}

/**
 * Makes the folders of the services' state. As in the image, whoever the container runs as may keep it there, and makes it its own:
 * Docker would make a folder of root's.
 */
export function makeDataFolders(out: string, folder: string, services: readonly Service[]): void {
  for (const { name, volume } of services) {
    const path = resolve(out, folder, name);
    if (volume === undefined || existsSync(path)) continue;
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o1777);
  }
}

/** @throws Failure when a name cannot be one of Docker's networks, or a path would be taken for a volume's name */
export function requireSurroundings({ network, dataFolder }: ComposeSurroundings): void {
  if (network !== undefined && !/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(network)) {
    throw new Failure("usage", `--network ${network} cannot be the name of a network`, "docker network ls");
  }
  if (dataFolder !== undefined && !/^(\.{0,2}\/[^:$]*|\.{1,2})$/.test(dataFolder)) {
    throw new Failure(
      "usage",
      `--data ${dataFolder}: write it as ./data or /srv/data, without ":" and "$"`,
      "A name alone would be a volume's.",
    );
  }
}
