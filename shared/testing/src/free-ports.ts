import { createServer } from "node:net";

/** Below what systems give out by themselves (Linux from 32768): no connection and no `listen(0)` takes one meanwhile. */
const [firstPort, lastPort] = [10_000, 32_000];

/** What this process has given out; others draw at random, and so hardly ever the same in the same moment. */
const given = new Set<number>();

/** A port of the loopback address that nobody has now; for programs that have to be told theirs before they start. */
export async function freePort(): Promise<number> {
  return freePortsInRow(1);
}

/**
 * As many of them, each another, under these names.
 *
 * @example const { port, adminPort } = await freePorts("port", "adminPort");
 */
export async function freePorts<Name extends string>(
  ...names: readonly Name[]
): Promise<Record<Name, number>> {
  const ports: [Name, number][] = [];
  for (const name of names) ports.push([name, await freePort()]);
  return Object.fromEntries(ports) as Record<Name, number>;
}

/** The first of so many ports after one another that nobody has now. */
export async function freePortsInRow(count: number): Promise<number> {
  for (;;) {
    const first = firstPort + Math.floor(Math.random() * (lastPort - firstPort - count));
    const ports = Array.from({ length: count }, (_, index) => first + index);
    if (ports.some((port) => given.has(port))) continue;
    for (const port of ports) given.add(port);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first;
  }
}

/** On all addresses, as some programs listen there. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}
