import { engineNames, type ServiceName, serviceNames, services } from "@weftkit/config";
import type { WantedEngine } from "../engine-list.ts";
import { builtEngines, type EngineName } from "../images.ts";
import { healthCheck, processesMax, stopGraceSeconds, user, userName } from "./hardening.ts";
import type { EngineService, Entrance, FrontService, PublishedPort } from "./model.ts";
import { mountOf } from "./persistence.ts";

/** A service that stands before engines, or is told of them; the persistence sidecar stands beside them. */
export type FrontName = Exclude<ServiceName, "persistence">;

/** Their names. */
export const frontNames = serviceNames.filter((name): name is FrontName => name !== "persistence");

/** Those that lead to no engine by themselves, and have one port. */
const onePortOf: Partial<Record<FrontName, number>> = {
  discovery: services.discovery.port,
  playground: services.playground.port,
};

interface FrontChoices {
  readonly engines: readonly WantedEngine[];
  readonly front: readonly FrontName[];
  readonly registry: string;
  readonly tag: string;
  readonly bind: string;
}

/** The engines that a service before them leads to, each with the port where its clients connect. */
const entrancesOf: Readonly<Record<FrontName, (engine: EngineName) => number | undefined>> = {
  gateway: (engine) => services.gateway.port + engineNames.indexOf(engine),
  pool: (engine) =>
    engine === "relational"
      ? services.pool.port
      : engine === "inmemory"
        ? services.pool.morePorts[0]
        : undefined,
  discovery: () => undefined,
  playground: () => undefined,
};

/** Whether a service has something to do before these engines. */
export function hasUse(service: FrontName, engines: readonly WantedEngine[]): boolean {
  return (
    onePortOf[service] !== undefined ||
    engines.some(({ engine }) => entrancesOf[service](engine) !== undefined)
  );
}

/**
 * How many of one stand for another: gateway and pool keep nothing; a login at the playground is known to one process, and what
 * registers with a discovery that has no peers to that one.
 */
export function frontReplicas({ name }: { readonly name: string }): number {
  return name === "gateway" || name === "pool" ? 2 : 1;
}

/** The ports that they are published on. */
export function frontPorts(choices: FrontChoices): number[] {
  return choices.front.flatMap((service) => entrances(service, choices).map(({ port }) => port.host));
}

function entrances(service: FrontName, { engines, bind }: FrontChoices): Entrance[] {
  const published = (port: number): PublishedPort => ({ container: port, host: port, address: bind });
  const onePort = onePortOf[service];
  if (onePort !== undefined) return [{ engine: undefined, port: published(onePort) }];
  return engines.flatMap(({ engine }) => {
    const port = entrancesOf[service](engine);
    return port === undefined ? [] : [{ engine, port: published(port) }];
  });
}

/** Gateway, pool, discovery or playground as a service of the project. @throws RangeError when it has no use here, see `hasUse` */
export function planFront(
  service: FrontName,
  choices: FrontChoices,
  engines: readonly EngineService[],
): FrontService {
  const { title, memoryBytes } = services[service];
  const ways = entrances(service, choices);
  const [first, ...rest] = ways.map(({ port }) => port);
  if (first === undefined) throw new RangeError(`${service} leads to none of the engines`);
  const reached =
    onePortOf[service] !== undefined
      ? engines
      : engines.filter(({ engine }) => ways.some((way) => way.engine === engine));
  const password = mountOf(engines[0]!.password);
  return {
    name: service,
    title,
    entrances: ways,
    image: { registry: choices.registry, name: service, tag: choices.tag },
    environment: environmentOf(service, reached, password.path),
    ports: [first, ...rest],
    volume: undefined,
    secrets: service === "gateway" ? [] : [password],
    health: healthCheck,
    // Engines register when they are there; discovery waits for nobody.
    dependsOn: service === "discovery" ? [] : reached.map(({ name }) => name),
    limits: { memoryBytes, processes: processesMax },
    stopGraceSeconds,
    security: user,
  };
}

/** What engines are told of a discovery in their project, if there is one; its user and password are theirs. */
export function discoveryEnvironment(
  front: readonly FrontName[],
  passwordFile: string,
): Readonly<Record<string, string>> {
  if (!front.includes("discovery")) return {};
  return {
    WEFTKIT_DISCOVERY_CLIENT_URLS: `http://discovery:${services.discovery.port}`,
    WEFTKIT_DISCOVERY_CLIENT_TOKEN_FILE: passwordFile,
  };
}

function environmentOf(
  service: FrontName,
  engines: readonly EngineService[],
  passwordFile: string,
): Readonly<Record<string, string>> {
  // Instances share no state: one must never stand in for another.
  const first = engines.filter(({ ordinal }) => ordinal === 0);
  const backends = first
    .map(({ engine, name }) => `${engine}=${name}:${builtEngines[engine].port}`)
    .join(",");
  switch (service) {
    case "gateway":
      return { WEFTKIT_GATEWAY_BACKENDS: backends };
    case "pool":
      return {
        WEFTKIT_POOL_BACKENDS: backends,
        WEFTKIT_POOL_USER: userName,
        WEFTKIT_POOL_PASSWORD_FILE: passwordFile,
        WEFTKIT_POOL_ADMIN_USERS: userName,
      };
    case "discovery":
      return { WEFTKIT_USER: userName, WEFTKIT_PASSWORD_FILE: passwordFile };
    case "playground":
      return {
        WEFTKIT_USER: userName,
        WEFTKIT_PASSWORD_FILE: passwordFile,
        WEFTKIT_PLAYGROUND_ENGINES: engines
          .map(({ engine, name, ordinal }) => {
            const group = ordinal === 0 ? "" : `/${ordinal + 1}`;
            return `${engine}${group}=${name}:${builtEngines[engine].port}`;
          })
          .join(","),
      };
  }
}
