import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import { addressOf } from "@weftkit/backends";
import type { Deadline } from "@weftkit/core";
import { Listener, type Peer, type Service, type ServiceContext } from "@weftkit/host";
import { descriptionPages, HttpServer } from "@weftkit/http";
import type { ApiContext } from "./api/context.ts";
import { info, prefix, routesOf } from "./api/routes.ts";
import { DnsServer } from "./dns/server.ts";
import { Zone } from "./dns/zone.ts";
import { GossipNode } from "./gossip/node.ts";
import { ownAddress, resolveHost } from "./gossip/peers.ts";
import { registerMetrics } from "./metrics.ts";
import { Registry } from "./registry/registry.ts";
import { readSettings, type Settings } from "./settings.ts";

/** Who is there: see docs/discovery.md. */
export class Discovery implements Service<"discovery"> {
  /** The port of REST, and those of the gossip and of DNS; 0 where there is none. */
  port = 0;
  gossipPort = 0;
  dnsPort = 0;
  #registry: Registry | undefined;
  #gossip: GossipNode | undefined;
  #dns: DnsServer | undefined;
  #http: HttpServer | undefined;
  #listener: Listener | undefined;
  #sweep: NodeJS.Timeout | undefined;
  #settling: NodeJS.Timeout | undefined;
  readonly #closing = new AbortController();

  async open(ctx: ServiceContext<"discovery">): Promise<void> {
    const { section, config, log, metrics } = ctx;
    const node = config.server.name ?? "";
    const settings = readSettings(section, node);
    const registry = new Registry(
      {
        node,
        policy: {
          heartbeatMs: section.heartbeat_interval,
          suspectMs: section.suspect_after,
          failMs: section.fail_after,
          rememberMs: section.remember,
          instancesMax: section.max_instances,
        },
        isNodePresent: (name) => this.#gossip?.isPresent(name) ?? false,
        tell: (record) => this.#gossip?.tell(record),
      },
      performance.now(),
    );
    this.#registry = registry;
    await this.#openGossip(ctx, node, settings, registry);
    const api: ApiContext = {
      registry,
      gossip: this.#gossip,
      node,
      run: randomBytes(6).toString("hex"),
      heartbeatMs: section.heartbeat_interval,
      watchersMax: section.max_watchers,
      watchers: { count: 0 },
      closing: this.#closing.signal,
      nowMs: () => performance.now(),
    };
    await this.#openDns(ctx, registry);
    await this.#openHttp(ctx, api);
    registerMetrics(metrics, { registry, gossip: this.#gossip, dns: this.#dns, watchers: api.watchers });
    const everyMs = Math.min(250, section.heartbeat_interval / 4);
    this.#sweep = setInterval(() => registry.sweep(performance.now()), everyMs);
    // Those who watch are told that now an empty list means what it says.
    this.#settling = setTimeout(() => registry.changes.wake(), 2 * section.heartbeat_interval);
    const { port, gossipPort, dnsPort } = this;
    log.info({ port, gossipPort, dnsPort, peers: section.peers }, "discovery listens");
  }

  async close(deadline: Deadline): Promise<void> {
    clearInterval(this.#sweep);
    clearTimeout(this.#settling);
    this.#listener?.close();
    // Streams of changes end first: they would never end by themselves.
    this.#closing.abort();
    this.#registry?.changes.wake();
    this.#dns?.close();
    await Promise.all([this.#http?.close(deadline), this.#gossip?.close()]);
  }

  status(): Record<string, unknown> {
    const registry = this.#registry;
    if (registry === undefined) return {};
    return {
      port: this.port,
      instances: registry.counts(),
      groups: registry.groups().length,
      isSettled: registry.isSettled(performance.now()),
      gossip:
        this.#gossip === undefined
          ? null
          : {
              port: this.gossipPort,
              health: this.#gossip.health,
              nodes: this.#gossip.members().map(({ name, state, address }) => {
                return { name, state, address: addressOf(address) };
              }),
            },
      requests: this.#http?.requests ?? 0,
    };
  }

  async #openGossip(
    ctx: ServiceContext<"discovery">,
    node: string,
    { peers, advertise }: Settings,
    registry: Registry,
  ): Promise<void> {
    const { section, config, log } = ctx;
    if (section.gossip_secret === undefined) return;
    const bind = section.gossip_bind ?? section.bind ?? config.server.bind;
    this.#gossip = new GossipNode({
      name: node,
      cluster: section.cluster,
      secret: section.gossip_secret,
      bind,
      port: section.gossip_port,
      advertise: {
        host: await resolveHost(advertise?.host ?? ownAddress(bind)),
        port: advertise?.port,
      },
      peers,
      periodMs: section.gossip_period,
      log,
      output: {
        record: (record) => registry.merge(record, performance.now()),
        records: () => registry.records(),
        nodeChanged: (name) => registry.nodeChanged(name, performance.now()),
      },
    });
    this.gossipPort = await this.#gossip.open();
  }

  async #openDns(ctx: ServiceContext<"discovery">, registry: Registry): Promise<void> {
    const { section, config, log } = ctx;
    if (!section.dns) return;
    this.#dns = new DnsServer({
      bind: section.dns_bind ?? section.bind ?? config.server.bind,
      port: section.dns_port,
      zone: new Zone({
        origin: section.dns_zone.toLowerCase().split("."),
        ttlSeconds: Math.floor(section.dns_ttl / 1000),
        ofGroup: (group) => registry.ofGroup(group),
        isAboveGroup: (name) => registry.isAboveGroup(name),
        isSettled: () => registry.isSettled(performance.now()),
      }),
      log,
    });
    this.dnsPort = await this.#dns.open();
  }

  async #openHttp(ctx: ServiceContext<"discovery">, api: ApiContext): Promise<void> {
    const { section, config, log, metrics, tls } = ctx;
    const auth = ctx.auth!;
    const routes = routesOf(api);
    const http = new HttpServer({
      context: { auth, log, metrics },
      routes,
      prefix,
      pages: descriptionPages(routes, info),
      ratePerSecond: section.rate_limit,
    });
    await http.open();
    this.#http = http;
    this.#listener = new Listener({
      bind: section.bind ?? config.server.bind,
      port: section.port,
      connectionsMax: section.max_connections,
      tls: tls?.material,
      engine: {
        accept: (socket: Duplex, peer: Peer) => http.accept(socket, peer),
        refuse: (socket: Duplex) => http.refuse(socket),
      },
      auth,
      log,
      metrics,
    });
    tls?.follow(this.#listener);
    this.port = await this.#listener.open();
  }
}
