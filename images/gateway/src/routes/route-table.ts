import { type Backend, defaultGroup } from "@weftkit/backends";
import { type EngineName, engineNames } from "@weftkit/config";
import type { ClientHello, Protocol } from "@weftkit/peek";
import { type Asked, holds, isNamed, isOpen, type ListenerName, plainRoute, type Route } from "./route.ts";

/** What a client that offers one of these in ALPN is about to speak. */
const protocolsOfAlpn: Readonly<Record<string, Protocol>> = {
  h2: "http2",
  "http/1.1": "http",
  postgresql: "postgres",
};

/** All routes at one moment, in the order in which they are tried. It never changes: connections keep theirs. */
export class RouteTable {
  readonly routes: readonly Route[];

  constructor(routes: readonly Route[]) {
    this.routes = Object.freeze([...routes]);
  }

  /** The first route for what is asked. */
  find(asked: Asked): Route | undefined {
    return this.routes.find((route) => holds(route, asked));
  }

  /** The first route that HTTP on a connection could take, whatever its requests are. */
  findForConnection(asked: Asked): Route | undefined {
    return this.routes.find(
      (route) =>
        route.protocol === asked.protocol &&
        route.on.has(asked.listener) &&
        (route.serverNames.length === 0 || isServerNamed(route, asked.serverName)),
    );
  }

  /** The route on which a client's TLS is passed on because it says so. */
  findPassing(listener: ListenerName, hello: ClientHello): Route | undefined {
    return this.routes.find(
      (route) => route.tls === "pass" && route.on.has(listener) && isServerNamed(route, hello.serverName),
    );
  }

  /**
   * The route of TLS that nobody ends here: what it leads to must be told by the port, the server's name or ALPN.
   *
   * @param protocol what will be spoken in it, where that is known
   */
  findUnopened(
    listener: ListenerName,
    hello: ClientHello,
    protocol: Protocol | undefined,
  ): Route | undefined {
    const passing = this.findPassing(listener, hello);
    if (passing !== undefined) return passing;
    const offered = hello.alpn.flatMap((name) => protocolsOfAlpn[name] ?? []);
    return this.routes.find((route) => {
      if (!route.on.has(listener) || !isOpen(route) || route.aws !== undefined) return false;
      if (protocol !== undefined && route.protocol !== protocol) return false;
      if (route.serverNames.length > 0) return isServerNamed(route, hello.serverName);
      return listener !== "shared" || protocol !== undefined || offered.includes(route.protocol);
    });
  }

  /** The route of a PostgreSQL client's request for TLS that is passed on, when there is one that asks for nothing more. */
  findUnopenedPostgres(listener: ListenerName): Route | undefined {
    return this.routes.find(
      (route) =>
        route.protocol === "postgres" &&
        route.on.has(listener) &&
        isOpen(route) &&
        route.serverNames.length === 0,
    );
  }

  /** What of the offered is spoken by somebody behind this port, in the client's order; HTTP in both versions. */
  alpnOf(
    listener: ListenerName,
    serverName: string | undefined,
    offered: readonly string[],
  ): string | undefined {
    const spoken = new Set<Protocol>();
    for (const route of this.routes) {
      if (!route.on.has(listener)) continue;
      if (route.serverNames.length > 0 && !isServerNamed(route, serverName)) continue;
      spoken.add(route.protocol);
      // Requests of HTTP/2 reach engines that speak HTTP/1.1, too; gRPC has no other way.
      if (route.protocol === "http") spoken.add("http2");
    }
    return offered.find((name) => {
      const protocol = protocolsOfAlpn[name];
      return protocol !== undefined && spoken.has(protocol);
    });
  }
}

function isServerNamed(route: Route, name: string | undefined): boolean {
  return name !== undefined && route.serverNames.some((pattern) => isNamed(pattern, name));
}

/**
 * The routes when nobody has written any: each engine's port leads to its engine, unread, and on the shared port HTTP is told
 * apart by what is asked for.
 */
export function usualRoutes(backends: readonly Backend[]): RouteTable {
  const own = engineNames.map((engine) => ({
    ...plainRoute({ engine, group: defaultGroup }, engine),
    on: new Set<ListenerName>([engine]),
    isPerRequest: false,
  }));
  const has = (engine: EngineName) => backends.some((backend) => backend.engine === engine);
  const shared = engineNames.filter(has).map((engine): Route => {
    const route = plainRoute({ engine, group: defaultGroup }, engine);
    return {
      ...route,
      on: new Set<ListenerName>(["shared"]),
      ...(engine === "keyvalue" && { aws: "dynamodb" }),
      ...(engine === "filestore" && { aws: "s3" }),
    };
  });
  // Those that ask for something come first: one of HTTP asks for nothing.
  const asking = shared.filter(({ aws }) => aws !== undefined);
  return new RouteTable([...own, ...asking, ...shared.filter((route) => !asking.includes(route))]);
}
