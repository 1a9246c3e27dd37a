import { Counter, Gauge, type Registry as Metrics } from "@weftkit/observe";
import type { DnsServer } from "./dns/server.ts";
import type { GossipNode } from "./gossip/node.ts";
import type { Registry } from "./registry/registry.ts";

export interface Measured {
  readonly registry: Registry;
  readonly gossip: GossipNode | undefined;
  readonly dns: DnsServer | undefined;
  readonly watchers: { readonly count: number };
}

/** All of the service's own metrics; what is counted elsewhere is read when somebody asks. */
export function registerMetrics(metrics: Metrics, { registry, gossip, dns, watchers }: Measured): void {
  const registers = [metrics];
  new Gauge({
    name: "weftkit_discovery_instances",
    help: "Instances that are known, by state.",
    labelNames: ["state"],
    registers,
    collect() {
      for (const [state, count] of Object.entries(registry.counts())) this.set({ state }, count);
    },
  });
  new Gauge({
    name: "weftkit_discovery_watchers",
    help: "Clients that watch.",
    registers,
    collect() {
      this.set(watchers.count);
    },
  });
  counter("weftkit_discovery_heartbeats_total", "Registrations and heartbeats.", () => registry.heartbeats);
  counter(
    "weftkit_discovery_records_dropped_total",
    "Instances of other nodes that there was no room for (max_instances).",
    () => registry.dropped,
  );
  if (dns !== undefined) {
    new Counter({
      name: "weftkit_discovery_dns_answers_total",
      help: "Answers of DNS, by rcode.",
      labelNames: ["rcode"],
      registers,
      collect() {
        this.reset();
        for (const [rcode, count] of dns.answers) this.inc({ rcode }, count);
      },
    });
  }
  if (gossip === undefined) return;
  const { counts } = gossip.transport;
  new Gauge({
    name: "weftkit_discovery_nodes",
    help: "The other nodes, by state.",
    labelNames: ["state"],
    registers,
    collect() {
      this.reset();
      for (const { state } of gossip.members()) this.inc({ state });
    },
  });
  counter("weftkit_discovery_gossip_sent_total", "Datagrams sent.", () => counts.sent);
  counter("weftkit_discovery_gossip_sent_bytes_total", "Bytes of datagrams sent.", () => counts.sentBytes);
  counter("weftkit_discovery_gossip_received_total", "Datagrams received.", () => counts.received);
  counter(
    "weftkit_discovery_gossip_received_bytes_total",
    "Bytes of datagrams received.",
    () => counts.receivedBytes,
  );
  counter(
    "weftkit_discovery_gossip_exchanges_total",
    "Exchanges of all that is known.",
    () => counts.exchanges,
  );
  counter(
    "weftkit_discovery_gossip_failed_total",
    "Datagrams and exchanges that failed.",
    () => counts.failed,
  );
  const refused = gossip.refused;
  counter(
    "weftkit_discovery_gossip_refused_total",
    "Messages that were not authentic or could not be read.",
    () => refused.malformed + refused.not_authentic,
  );

  /** A number that only grows, kept elsewhere. */
  function counter(name: string, help: string, read: () => number): void {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }
}
