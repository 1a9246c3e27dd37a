import { onTestFinished } from "vitest";
import { DnsServer } from "../../src/dns/server.ts";
import { Zone } from "../../src/dns/zone.ts";
import type { Instance, InstanceState } from "../../src/registry/instance.ts";

/** What a test says of an instance; the rest is usual. */
export interface Said extends Partial<Instance> {
  readonly id: string;
  readonly state?: InstanceState;
}

/** A server of DNS with these instances, on a free port of the loopback address. */
export async function startDns(all: readonly Said[], { isSettled = true, bind = "127.0.0.1" } = {}) {
  const records = all.map(({ state = "passing", ...said }) => ({
    instance: {
      engine: "inmemory",
      protocol: "resp",
      host: "10.0.0.1",
      port: 6379,
      groups: ["cache"],
      role: "primary" as const,
      weight: 1,
      tls: false,
      draining: false,
      epoch: 1,
      metadata: {},
      ...said,
    },
    state,
    sequence: 1,
    home: "one",
  }));
  const ofGroup = (group: string) =>
    records.filter(({ instance, state }) => state !== "failed" && instance.groups.includes(group));
  const isAboveGroup = (name: string) =>
    records.some(({ instance }) => instance.groups.some((group) => group.endsWith(`.${name}`)));
  const zone = new Zone({
    origin: ["weftkit"],
    ttlSeconds: 1,
    ofGroup,
    isAboveGroup,
    isSettled: () => isSettled,
  });
  const log = { error() {}, warn() {}, info() {}, debug() {} } as never;
  const server = new DnsServer({ bind, port: 0, zone, log });
  onTestFinished(() => server.close());
  return { port: await server.open(), zone, server };
}
