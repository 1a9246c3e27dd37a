import type { WantedEngine } from "../engine-list.ts";
import { builtEngines, type EngineName } from "../images.ts";
import type { EnginePorts } from "../port-options.ts";
import type { Deployment, Service } from "./model.ts";

/** What the user decides. */
export interface Choices {
  readonly name: string;
  readonly engines: readonly WantedEngine[];
  readonly registry: string;
  readonly tag: string;
  /** The address that ports are published on. */
  readonly bind: string;
  /** Where the first instance of an engine is published, unless on the engine's own port. */
  readonly ports: EnginePorts;
}

/** The user whose password is generated. */
export const userName = "weftkit";

/** How long an image may take from SIGTERM to its exit; the grace period leaves room above it. */
const shutdownBudgetSeconds = 30;
const stopGraceSeconds = shutdownBudgetSeconds + 10;

/** Node and its workers are threads of one process; this also bounds what a break-in could start. */
const processesMax = 128;

const health = {
  command: ["node", "/app/healthcheck.mjs"],
  intervalSeconds: 5,
  timeoutSeconds: 3,
  startSeconds: 30,
  retries: 3,
} as const;

/** Works the choices out: names, ports, volumes, secrets, limits. Pure: the same choices give the same deployment. */
export function planDeployment(choices: Choices): Deployment {
  const ports = assignPorts(choices);
  return {
    name: choices.name,
    services: instances(choices.engines).map(({ engine, name }) =>
      planService(choices, engine, name, ports.get(name)!),
    ),
    secrets: choices.engines.map(({ engine }) => ({ name: secretName(engine) })),
  };
}

function planService(choices: Choices, engine: EngineName, name: string, hostPort: number): Service {
  const { port, memoryBytes, environment } = builtEngines[engine];
  const secret = secretName(engine);
  const secretPath = `/run/secrets/${secret}`;
  return {
    name,
    engine,
    image: { registry: choices.registry, name: engine, tag: choices.tag },
    environment: {
      WEFTKIT_USER: userName,
      WEFTKIT_PASSWORD_FILE: secretPath,
      WEFTKIT_PERSIST_MODE: "disabled",
      WEFTKIT_PERSIST_SHUTDOWN_BUDGET: `${shutdownBudgetSeconds}s`,
      ...environment(memoryBytes),
    },
    port: { container: port, host: hostPort, address: choices.bind },
    volume: { name: `${name}-data`, path: "/data" },
    secrets: [{ name: secret, path: secretPath }],
    health,
    dependsOn: [],
    limits: { memoryBytes, processes: processesMax },
    stopGraceSeconds,
    security: { userId: 1000, groupId: 1000 },
  };
}

/** The name of the secret that all instances of an engine share. */
export function secretName(engine: EngineName): string {
  return `${engine}_password`;
}

interface Instance {
  readonly engine: EngineName;
  readonly name: string;
  readonly ordinal: number;
}

/**
 * The first instance has the engine's bare name, so that going from one to two leaves its name, and with it its
 * volume, as it was.
 */
function instances(engines: readonly WantedEngine[]): Instance[] {
  return engines.flatMap(({ engine, replicas }) =>
    Array.from({ length: replicas }, (_, index) => ({
      engine,
      name: index === 0 ? engine : `${engine}-${index + 1}`,
      ordinal: index,
    })),
  );
}

/** First instances have the port that was chosen or the engine's own; the others the next ones that nobody has. */
function assignPorts({ engines, ports: chosen }: Choices): ReadonlyMap<string, number> {
  const firstPort = (engine: EngineName) => chosen.get(engine) ?? builtEngines[engine].port;
  const all = instances(engines);
  const ports = new Map<string, number>();
  for (const { engine, name } of all.filter(({ ordinal }) => ordinal === 0))
    ports.set(name, firstPort(engine));
  const taken = new Set(ports.values());
  for (const { engine, name } of all.filter(({ ordinal }) => ordinal > 0)) {
    let port = firstPort(engine);
    while (taken.has(port)) port++;
    taken.add(port);
    ports.set(name, port);
  }
  return ports;
}
