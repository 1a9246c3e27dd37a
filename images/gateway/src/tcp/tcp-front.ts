import type { Socket } from "node:net";
import { addressOf, type Place } from "@weftkit/backends";
import type { Deadline } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import { plainAddress } from "@weftkit/peek";
import { type Arrival, refuse } from "@weftkit/relay";
import { SocketGroup } from "@weftkit/sockets";
import { boltRoutes } from "../filters/bolt-routes.ts";
import { mongoHello } from "../filters/mongo-hello.ts";
import { postgresKeys } from "../filters/postgres-keys.ts";
import type { Route } from "../routes/route.ts";
import type { Traffic } from "../traffic.ts";
import type { CancelRequests } from "./cancel-requests.ts";
import { type Filters, Relay } from "./relay.ts";
import { connectUpstream, type UpstreamOptions } from "./upstream.ts";

/** How often a shutdown looks for connections that wait for nothing. */
const drainLookMs = 100;
/** Looks on end that find nothing new, before an answer is taken for whole. */
const quietLooks = 2;
/** What is left of a shutdown's budget for closing the rest. */
const lastMs = 1000;

export interface TcpFrontOptions {
  readonly upstream: UpstreamOptions;
  readonly traffic: Traffic;
  readonly cancels: CancelRequests;
  readonly log: Logger;
  readonly hasAccessLog: boolean;
}

/** Passes connections on as they are: after the first bytes nothing is looked at. */
export class TcpFront {
  readonly #options: TcpFrontOptions;
  readonly #group = new SocketGroup();
  readonly #relays = new Set<Relay>();

  constructor(options: TcpFrontOptions) {
    this.#options = options;
  }

  get relays(): number {
    return this.#relays.size;
  }

  /** Passes a connection on over a route that it has entered; `left` is called once, when it is over. */
  async pass(arrival: Arrival, route: Route, left: () => void): Promise<void> {
    const { traffic, log, upstream } = this.#options;
    const { socket: client, ends } = arrival;
    const found = await connectUpstream(upstream, {
      route,
      ends,
      passesTls: arrival.tls === "passed" || isTlsRequest(arrival),
      hasAskedForTls: arrival.hasAskedForTls && arrival.tls === "passed",
      serverName: arrival.hello?.serverName,
      ...(route.protocol === "http" && { alpn: ["http/1.1"] }),
      ...(route.protocol === "http2" && { alpn: ["h2"] }),
    }).catch((error: unknown) => {
      left();
      throw error;
    });
    if (found === undefined || client.destroyed) {
      left();
      found?.place.release();
      found?.socket.destroy();
      if (found !== undefined) return;
      traffic.refused(route, "no_backend");
      log.warn({ route: route.name }, "a connection was refused: no server could be reached");
      refuse(arrival, "no_backend");
      return;
    }
    this.#relay(arrival, route, found.socket, found.place, left);
  }

  #relay(arrival: Arrival, route: Route, server: Socket, place: Place, left: () => void): void {
    const { traffic, log, hasAccessLog } = this.#options;
    const { socket: client, ends } = arrival;
    const startedMs = performance.now();
    traffic.accepted(route);
    // What came while the server was connected to is in Node's buffer, which the native sockets do not see.
    const rest = client.read() as Buffer | null;
    const first = rest === null ? [arrival.bytes] : [arrival.bytes, rest];
    const group = this.#group;
    const { forget, ...filters } = this.#filtersOf(arrival, route, place);
    const relay: Relay = new Relay(group, group.take(client), group.take(server), first, filters, () => {
      this.#relays.delete(relay);
      forget();
      left();
      place.release();
      const { fromClient, fromServer } = relay;
      traffic.passed(route, fromClient, fromServer);
      if (!hasAccessLog) return;
      log.info(
        {
          client: `${ends.sourceAddress}:${ends.sourcePort}`,
          route: route.name,
          protocol: arrival.opening.protocol,
          tls: arrival.tls,
          ...(arrival.hello?.serverName !== undefined && { serverName: arrival.hello.serverName }),
          backend: place.backend.id,
          fromClient,
          fromServer,
          durationMs: Math.round(performance.now() - startedMs),
        },
        "connection ended",
      );
    });
    this.#relays.add(relay);
  }

  /** What must be seen or said otherwise in a connection that is read here. */
  #filtersOf(arrival: Arrival, route: Route, { backend }: Place): Filters & { forget: () => void } {
    let forget = () => {};
    const { opening, ends, hello } = arrival;
    const host = hello?.serverName ?? plainAddress(ends.targetAddress);
    const address = route.advertise ?? addressOf({ host, port: ends.targetPort });
    if (opening.protocol === "mongo") return { ...mongoHello(address), forget };
    if (opening.protocol === "bolt") return { ...boltRoutes(address), forget };
    if (opening.protocol !== "postgres" || opening.packet.kind !== "startup") return { forget };
    const server = postgresKeys((processId, key) => {
      forget = this.#options.cancels.note(processId, Buffer.from(key), backend);
    });
    return { server, forget: () => forget() };
  }

  /**
   * Ends each connection when its client waits for nothing: it was answered, and nothing was passed on for a while, so that no
   * answer is cut in two. Those that are left when the budget is used up are ended then.
   */
  async close(deadline: Deadline): Promise<void> {
    const seen = new Map<Relay, { moved: number; looks: number }>();
    while (this.#relays.size > 0 && deadline.remainingMs() > lastMs) {
      for (const relay of this.#relays) {
        const before = seen.get(relay);
        const { moved } = relay;
        const looks = before?.moved === moved ? before.looks + 1 : 0;
        seen.set(relay, { moved, looks });
        if (!relay.isAwaiting && looks >= quietLooks) relay.end();
      }
      if (this.#relays.size > 0) await new Promise((resolve) => setTimeout(resolve, drainLookMs));
    }
    for (const relay of this.#relays) relay.destroy();
    this.#group.end();
  }
}

/** A PostgreSQL client's request for TLS, which the server is to answer. */
function isTlsRequest({ opening }: Arrival): boolean {
  return opening.protocol === "postgres" && opening.packet.kind === "ssl";
}
