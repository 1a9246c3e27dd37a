import type { WantedEngine } from "../engine-list.ts";
import { builtEngines, type EngineName } from "../images.ts";
import type { EngineMemory, EnginePorts } from "../port-options.ts";
import { discoveryEnvironment, type FrontName, frontPorts, planFront } from "./front.ts";
import {
  healthCheck,
  processesMax,
  shutdownBudgetSeconds,
  stopGraceSeconds,
  user,
  userName,
} from "./hardening.ts";
import { composeInstances, type InstanceRule } from "./instances.ts";
import type { Deployment, EngineService, Persistence, Secret } from "./model.ts";
import { mountOf, persistenceEnvironment, persistenceSecrets } from "./persistence.ts";
import { type StoreKind, storeService, storeServices, storeUrl } from "./store-service.ts";

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
  /** What stands before the engines. */
  readonly front: readonly FrontName[];
  /** The memory of an engine's containers, bytes; its own where nothing is said. */
  readonly memory?: EngineMemory;
  /** How instances are named; as in a compose file where nothing is said. */
  readonly instances?: InstanceRule;
}

/** Where state is to live. */
export type PersistChoice =
  | { readonly mode: "disabled" }
  | {
      readonly mode: "serverless" | "container";
      /** An endpoint somewhere, or a service of the project. */
      readonly endpoint: { readonly url: string } | ProjectStore;
      readonly schedule: string;
      readonly namespace: string;
      readonly encrypted: boolean;
    };

interface ProjectStore {
  readonly kind: StoreKind;
  /** The port of this machine where `weftkit persist` reaches it. */
  readonly hostPort: number;
}

/** An engine that restores a large state, or waits for a lease to run out, is starting, not broken. */
const restoreSecondsMax = 600;

/** Works the choices out: names, ports, volumes, secrets, limits. Pure: the same choices give the same deployment. */
export function planDeployment(choices: Choices): Deployment {
  const ports = assignPorts(choices);
  const persistence = persistenceOf(choices.persist);
  const engines = instances(choices).map((instance) =>
    planEngine(choices, instance, ports.get(instance.name)!, persistence),
  );
  return {
    name: choices.name,
    engines,
    front: choices.front.map((service) => planFront(service, choices, engines)),
    supporting: projectStores(choices).map(({ kind, hostPort }) => {
      return storeService(kind, { ...choices, hostPort });
    }),
    persistence,
    secrets: [
      ...new Map(
        choices.engines
          .map(({ engine }) => passwordOf(engine, choices))
          .map((secret) => [secret.name, secret]),
      ).values(),
      ...persistenceSecrets(persistence),
    ],
  };
}

function persistenceOf(choice: PersistChoice): Persistence {
  if (choice.mode === "disabled") return choice;
  const { endpoint, ...rest } = choice;
  return "url" in endpoint
    ? { ...rest, url: endpoint.url, service: undefined }
    : { ...rest, url: storeUrl(endpoint.kind), service: storeServices[endpoint.kind].name };
}

/** What keeps states in the project, where something does. */
function projectStores({ persist }: Choices): readonly ProjectStore[] {
  return persist.mode !== "disabled" && "kind" in persist.endpoint ? [persist.endpoint] : [];
}

function planEngine(
  choices: Choices,
  { engine, name, ordinal }: Instance,
  hostPort: number,
  persistence: Persistence,
): EngineService {
  const { port, environment, ...usual } = builtEngines[engine];
  const memoryBytes = choices.memory?.get(engine) ?? usual.memoryBytes;
  const { replica } = choices.instances ?? composeInstances;
  const password = passwordOf(engine, choices);
  const isPersisted = persistence.mode !== "disabled";
  return {
    name,
    engine,
    ordinal,
    password,
    image: { registry: choices.registry, name: engine, tag: choices.tag },
    environment: {
      WEFTKIT_USER: userName,
      WEFTKIT_PASSWORD_FILE: mountOf(password).path,
      ...discoveryEnvironment(choices.front, mountOf(password).path),
      ...persistenceEnvironment(persistence, replica(ordinal)),
      WEFTKIT_PERSIST_SHUTDOWN_BUDGET: `${shutdownBudgetSeconds}s`,
      ...environment(memoryBytes),
    },
    ports: [{ container: port, host: hostPort, address: choices.bind }],
    volume: { name: `${name}-data`, path: "/data" },
    secrets: [mountOf(password), ...persistenceSecrets(persistence).map(mountOf)],
    health: isPersisted ? { ...healthCheck, startSeconds: restoreSecondsMax } : healthCheck,
    dependsOn: isPersisted && persistence.service !== undefined ? [persistence.service] : [],
    limits: { memoryBytes, processes: processesMax },
    stopGraceSeconds,
    security: user,
  };
}

/**
 * The secret that all instances of an engine share: all engines do, where something logs in at them with what its own users have
 * told.
 */
function passwordOf(engine: EngineName, { front }: Choices): Secret {
  const isShared = front.some((service) => service !== "gateway");
  return { name: isShared ? `${userName}_password` : secretName(engine), form: "password" };
}

/** The name of the secret that all instances of an engine share. */
function secretName(engine: EngineName): string {
  return `${engine}_password`;
}

interface Instance {
  readonly engine: EngineName;
  readonly name: string;
  readonly ordinal: number;
}

function instances({ engines, instances: rule = composeInstances }: Choices): Instance[] {
  return engines.flatMap(({ engine, replicas }) =>
    Array.from({ length: replicas }, (_, ordinal) => ({ engine, name: rule.name(engine, ordinal), ordinal })),
  );
}

/** First instances have the port that was chosen or the engine's own; the others the next ones that nobody has. */
function assignPorts(choices: Choices): ReadonlyMap<string, number> {
  const { ports: chosen } = choices;
  const firstPort = (engine: EngineName) => chosen.get(engine) ?? builtEngines[engine].port;
  const all = instances(choices);
  const ports = new Map<string, number>();
  for (const { engine, name } of all.filter(({ ordinal }) => ordinal === 0))
    ports.set(name, firstPort(engine));
  const taken = new Set([
    ...ports.values(),
    ...projectStores(choices).map(({ hostPort }) => hostPort),
    ...frontPorts(choices),
  ]);
  for (const { engine, name } of all.filter(({ ordinal }) => ordinal > 0)) {
    let port = firstPort(engine);
    while (taken.has(port)) port++;
    taken.add(port);
    ports.set(name, port);
  }
  return ports;
}
