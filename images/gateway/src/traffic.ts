import { Counter, Gauge, type Registry } from "@weftkit/observe";
import type { RefusalReason } from "@weftkit/relay";
import { Rate } from "./rate.ts";
import type { Route } from "./routes/route.ts";

/** What goes over one route; it outlives the table that the route is in, so that limits hold when routes are read again. */
interface RouteTraffic {
  connections: number;
  readonly connectionRate: Rate;
  readonly requestRate: Rate;
}

/** What is on its way: counted, limited and shown. */
export class Traffic {
  readonly #byRoute = new Map<string, RouteTraffic>();
  readonly #accepted: Counter<"route">;
  readonly #refused: Counter<"route" | "reason">;
  readonly #bytes: Counter<"route" | "direction">;
  readonly #requests: Counter<"route" | "status">;
  readonly #nowMs: () => number;
  /** Clients that are connected, wherever they are going. */
  connections = 0;

  constructor(metrics: Registry, nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
    const registers = [metrics];
    const total = () => this.connections;
    new Gauge({
      name: "weftkit_connections",
      help: "Open connections of clients.",
      registers,
      collect() {
        this.set(total());
      },
    });
    const byRoute = this.#byRoute;
    new Gauge({
      name: "weftkit_gateway_route_connections",
      help: "Open connections of clients, by route.",
      labelNames: ["route"],
      registers,
      collect() {
        this.reset();
        for (const [route, { connections }] of byRoute) this.set({ route }, connections);
      },
    });
    this.#accepted = new Counter({
      name: "weftkit_gateway_route_connections_total",
      help: "Connections of clients that were passed on, by route.",
      labelNames: ["route"],
      registers,
    });
    this.#refused = new Counter({
      name: "weftkit_connections_refused_total",
      help: "Connections and requests of clients that were not passed on, by reason.",
      labelNames: ["route", "reason"],
      registers,
    });
    this.#bytes = new Counter({
      name: "weftkit_gateway_route_bytes_total",
      help: "Bytes passed on, from the client or from the server, by route; of connections that have ended.",
      labelNames: ["route", "direction"],
      registers,
    });
    this.#requests = new Counter({
      name: "weftkit_gateway_route_requests_total",
      help: "HTTP requests that were answered, by route and status.",
      labelNames: ["route", "status"],
      registers,
    });
  }

  /** Takes a place on a route for a connection, given back by `leave`; or says why there is none. */
  enter(route: Route): RefusalReason | undefined {
    const traffic = this.#of(route);
    if (route.connectionsMax > 0 && traffic.connections >= route.connectionsMax) return "max_connections";
    if (!traffic.connectionRate.take(route.connectionsPerSecondMax, this.#nowMs())) return "rate";
    traffic.connections++;
    return undefined;
  }

  leave(route: Route): void {
    this.#of(route).connections--;
  }

  /** Whether one more request may go over a route now. */
  admitRequest(route: Route): RefusalReason | undefined {
    const isFree = this.#of(route).requestRate.take(route.requestsPerSecondMax, this.#nowMs());
    return isFree ? undefined : "rate";
  }

  accepted(route: Route): void {
    this.#accepted.inc({ route: route.name });
  }

  refused(route: Route | undefined, reason: string): void {
    this.#refused.inc({ route: route?.name ?? "", reason });
  }

  passed(route: Route, fromClient: number, fromServer: number): void {
    this.#bytes.inc({ route: route.name, direction: "client" }, fromClient);
    this.#bytes.inc({ route: route.name, direction: "server" }, fromServer);
  }

  answered(route: Route, status: number): void {
    this.#requests.inc({ route: route.name, status: String(status) });
  }

  /** Forgets routes that are in no table any more and have no connections. */
  keep(routes: readonly Route[]): void {
    const names = new Set(routes.map(({ name }) => name));
    for (const [name, { connections }] of this.#byRoute) {
      if (connections === 0 && !names.has(name)) this.#byRoute.delete(name);
    }
  }

  status(): Record<string, number> {
    return Object.fromEntries([...this.#byRoute].map(([name, { connections }]) => [name, connections]));
  }

  #of(route: Route): RouteTraffic {
    let traffic = this.#byRoute.get(route.name);
    if (traffic === undefined) {
      traffic = { connections: 0, connectionRate: new Rate(), requestRate: new Rate() };
      this.#byRoute.set(route.name, traffic);
    }
    return traffic;
  }
}
