import type { WantedEngine } from "../engine-list.ts";
import { builtEngines, type EngineName } from "../images.ts";
import type { EnginePorts } from "../port-options.ts";
import { functionName, functionService, functionUrl } from "./function-service.ts";
import { healthCheck, processesMax, shutdownBudgetSeconds, stopGraceSeconds, user } from "./hardening.ts";
import type { Deployment, EngineService, Persistence, Secret } from "./model.ts";
import { mountOf, persistenceEnvironment, persistenceSecrets } from "./persistence.ts";

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
  readonly persist: PersistChoice;
}

/** Where state is to live. */
export type PersistChoice =
  | { readonly mode: "disabled" }
  | {
      readonly mode: "serverless" | "container";
      /** An endpoint somewhere, or the Node function as a service of the project. */
      readonly endpoint: { readonly url: string } | { readonly functionHostPort: number };
      readonly schedule: string;
      readonly namespace: string;
      readonly encrypted: boolean;
    };

/** The user whose password is generated. */
export const userName = "weftkit";

/** An engine that restores a large state, or waits for a lease to run out, is starting, not broken. */
const restoreSecondsMax = 600;

/** Works the choices out: names, ports, volumes, secrets, limits. Pure: the same choices give the same deployment. */
export function planDeployment(choices: Choices): Deployment {
  const ports = assignPorts(choices);
  const persistence = persistenceOf(choices.persist);
  return {
    name: choices.name,
    engines: instances(choices.engines).map((instance) =>
      planEngine(choices, instance, ports.get(instance.name)!, persistence),
    ),
    supporting: functionHostPorts(choices).map((hostPort) => functionService({ ...choices, hostPort })),
    persistence,
    secrets: [...choices.engines.map(({ engine }) => passwordOf(engine)), ...persistenceSecrets(persistence)],
  };
}

function persistenceOf(choice: PersistChoice): Persistence {
  if (choice.mode === "disabled") return choice;
  const { endpoint, ...rest } = choice;
  return "url" in endpoint
    ? { ...rest, url: endpoint.url, service: undefined }
    : { ...rest, url: functionUrl, service: functionName };
}

/** The port of the function, where the project has one. */
function functionHostPorts({ persist }: Choices): readonly number[] {
  return persist.mode !== "disabled" && "functionHostPort" in persist.endpoint
    ? [persist.endpoint.functionHostPort]
    : [];
}

function planEngine(
  choices: Choices,
  { engine, name, ordinal }: Instance,
  hostPort: number,
  persistence: Persistence,
): EngineService {
  const { port, memoryBytes, environment } = builtEngines[engine];
  const password = mountOf(passwordOf(engine));
  const isPersisted = persistence.mode !== "disabled";
  return {
    name,
    engine,
    ordinal,
    image: { registry: choices.registry, name: engine, tag: choices.tag },
    environment: {
      WEFTKIT_USER: userName,
      WEFTKIT_PASSWORD_FILE: password.path,
      ...persistenceEnvironment(persistence, ordinal),
      WEFTKIT_PERSIST_SHUTDOWN_BUDGET: `${shutdownBudgetSeconds}s`,
      ...environment(memoryBytes),
    },
    port: { container: port, host: hostPort, address: choices.bind },
    volume: { name: `${name}-data`, path: "/data" },
    secrets: [password, ...persistenceSecrets(persistence).map(mountOf)],
    health: isPersisted ? { ...healthCheck, startSeconds: restoreSecondsMax } : healthCheck,
    dependsOn: isPersisted && persistence.service !== undefined ? [persistence.service] : [],
    limits: { memoryBytes, processes: processesMax },
    stopGraceSeconds,
    security: user,
  };
}

/** The secret that all instances of an engine share. */
function passwordOf(engine: EngineName): Secret {
  return { name: secretName(engine), form: "password" };
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
function assignPorts(choices: Choices): ReadonlyMap<string, number> {
  const { engines, ports: chosen } = choices;
  const firstPort = (engine: EngineName) => chosen.get(engine) ?? builtEngines[engine].port;
  const all = instances(engines);
  const ports = new Map<string, number>();
  for (const { engine, name } of all.filter(({ ordinal }) => ordinal === 0))
    ports.set(name, firstPort(engine));
  const taken = new Set([...ports.values(), ...functionHostPorts(choices)]);
  for (const { engine, name } of all.filter(({ ordinal }) => ordinal > 0)) {
    let port = firstPort(engine);
    while (taken.has(port)) port++;
    taken.add(port);
    ports.set(name, port);
  }
  return ports;
}
