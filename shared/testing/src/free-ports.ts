import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

/** A port of the loopback address that nobody has now; for programs that have to be told theirs before they start. */
export async function freePort(): Promise<number> {
  const { port } = await freePorts("port");
  return port;
}

/**
 * As many of them, each another, under these names.
 *
 * @example const { port, adminPort } = await freePorts("port", "adminPort");
 */
export async function freePorts<Name extends string>(
  ...names: readonly Name[]
): Promise<Record<Name, number>> {
  const servers = names.map(() => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map(
    (server, index) => [names[index]!, (server.address() as AddressInfo).port] as const,
  );
  // All are held until all are known, or the system could give one out twice.
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return Object.fromEntries(ports) as Record<Name, number>;
}
