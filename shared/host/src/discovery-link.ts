import { type Config, ConfigError, type Mistake, type ProgramName } from "@weftkit/config";
import {
  type DiscoveryClient,
  discoveryClient,
  type Registered,
  Registration,
} from "@weftkit/discovery-client";
import type { Logger } from "@weftkit/observe";

/** What programs speak, as discovery and SRV records name it. */
const protocols: Readonly<Record<ProgramName, string>> = {
  relational: "postgresql",
  document: "mongodb",
  graph: "bolt",
  inmemory: "resp",
  keyvalue: "dynamodb",
  vector: "grpc",
  markdown: "http",
  filestore: "s3",
  gateway: "tcp",
  pool: "postgresql",
  discovery: "http",
  playground: "http",
  persistence: "http",
};

/** A program's link to `weftkit/discovery`: being known there, and asking it. */
export interface DiscoveryLink {
  readonly client: DiscoveryClient;
  /** Begins to register, with the port that is listened on; nothing waits for it. */
  register(port: number): void;
  /** Tells that it goes soon; resolves in half a second or so. */
  drain(): Promise<void>;
  /** Tells that it has gone, and frees what is open. */
  leave(): Promise<void>;
  /** Frees what is open, of one that was never used. */
  close(): void;
  /** Whether discovery knows it; undefined when it does not register. */
  readonly isRegistered: boolean | undefined;
}

/**
 * Reads `[discovery_client]`; undefined when it names no discovery.
 *
 * @throws ConfigError
 */
export function openDiscoveryLink(config: Config, name: ProgramName, log: Logger): DiscoveryLink | undefined {
  const section = config.discovery_client;
  const client = discoveryClient(section);
  if (client === undefined) return undefined;
  const registered = readRegistered(config, name);
  let registration: Registration | undefined;
  return {
    client,
    register(port) {
      const registeredPort = registered.port ?? port;
      // Nobody is asked about discovery that could not be asked itself.
      if (!section.register || name === "discovery" || registeredPort === 0) return;
      const intervalMs = section.interval === 0 ? undefined : section.interval;
      registration = new Registration({
        client,
        registered: { ...registered, port: registeredPort },
        intervalMs,
        log,
      });
      registration.start();
    },
    drain: async () => registration?.drain(),
    async leave() {
      await registration?.leave();
      client.close();
    },
    close: () => client.close(),
    get isRegistered() {
      return registration?.isKnown;
    },
  };
}

function readRegistered(
  config: Config,
  name: ProgramName,
): Omit<Registered, "port"> & { readonly port: number | undefined } {
  const { id, groups, advertise, role, weight, metadata } = config.discovery_client;
  const mistakes: Mistake[] = [];
  const fault = (key: string, message: string) =>
    mistakes.push({ where: `discovery_client.${key}`, message });
  const node = config.server.name.replaceAll(/[^A-Za-z0-9_.-]/g, "-");
  const registeredId = id ?? (node.startsWith(name) ? node : `${name}-${node}`).slice(0, 128);
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(registeredId)) {
    fault("id", `"${registeredId}" is no id: up to 128 of letters, digits, "_", "." and "-"`);
  }
  if (groups.length === 0 || groups.length > 8) fault("groups", "an instance is in 1 to 8 groups");
  for (const group of groups) {
    if (!/^[A-Za-z0-9_.-]{1,63}$/.test(group)) {
      fault("groups", `"${group}" is no group's name: up to 63 of letters, digits, "_", "." and "-"`);
    }
  }
  const address = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/?#@]+))(?::(\d{1,5}))?$/.exec(advertise ?? "x");
  const port = address?.[3] === undefined ? undefined : Number(address[3]);
  if (address === null || (port !== undefined && (port < 1 || port > 65_535))) {
    fault("advertise", `"${advertise}" is no address: host[:port], with IPv6 in brackets`);
  }
  const pairs = metadata.map((pair) => {
    const equals = pair.indexOf("=");
    if (equals < 1) fault("metadata", `"${pair}" is not name=value`);
    return [pair.slice(0, equals), pair.slice(equals + 1)] as const;
  });
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return {
    id: registeredId,
    engine: name,
    protocol: protocols[name],
    host: advertise === undefined ? undefined : (address?.[1] ?? address?.[2]),
    port,
    groups,
    role,
    weight,
    tls: config.tls.enabled,
    metadata: Object.fromEntries(pairs),
  };
}
