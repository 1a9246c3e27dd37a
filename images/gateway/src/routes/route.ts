import { type Policy, policies, type RoleWanted, type Target } from "@weftkit/backends";
import type { EngineName } from "@weftkit/config";
import { choice, flag, integer, list, text } from "@weftkit/config/service-description";
import type { Protocol } from "@weftkit/peek";

/** A port of the gateway: an engine's own, or the one that all protocols share. */
export type ListenerName = EngineName | "shared";

/** Services of AWS that requests are told apart by, whatever their host and path are. */
export const awsServices = ["dynamodb", "s3"] as const;
export type AwsService = (typeof awsServices)[number];

/** The keys of a `[[routes]]`. */
export const routeKeys = {
  name: text("What it is called in logs and metrics; its target by default."),
  target: text("The engine, or engine and group, that it leads to: `relational`, `relational/orders`."),
  on: list("The ports it is for: engines' names and `shared`; by default its engine's and `shared`.", []),
  sni: list("Server names that TLS clients ask for; `*.example.com` is every name of one more label.", []),
  database: list("PostgreSQL's database, or the one that a MongoDB client logs in to.", []),
  user: list("PostgreSQL's user; the one that a RESP or MongoDB client's first message logs in as.", []),
  host: list("HTTP's host, without its port; patterns as for `sni`.", []),
  path: list("Beginnings of HTTP's path, in whole segments: `/v1` is `/v1` and `/v1/notes`.", []),
  service: list("gRPC services, or packages with `.*` behind: `weftkit.vector.v1.*`.", []),
  aws: choice("Requests that are made for this service of AWS.", awsServices, undefined),
  tls: choice(
    "`required` refuses clients without TLS, `pass` passes TLS on by `sni`, unopened.",
    ["any", "required", "pass"],
    "any",
  ),
  policy: choice("Which of several servers gets a connection.", policies, "first"),
  role: choice("Who of them may get it.", ["primary", "replica", "any"], "primary"),
  requests: flag(
    "Whether HTTP is looked at request by request; without, its connections are passed on unread.",
    true,
  ),
  advertise: text("The `host:port` that MongoDB's and Bolt's drivers are told instead of their servers'."),
  proxy_protocol: choice("The header that its servers get first.", ["off", "v1", "v2"], "off"),
  max_connections: integer("Clients at once, or HTTP requests under way; 0 is no limit.", 0),
  max_connection_rate: integer("New connections a second; 0 is no limit.", 0),
  max_request_rate: integer("HTTP requests a second; 0 is no limit.", 0),
};

/** Where what a client asks for leads. Conditions that are empty hold for all; the others must all hold. */
export interface Route {
  readonly name: string;
  readonly target: Target;
  readonly protocol: Protocol;
  readonly on: ReadonlySet<ListenerName>;
  readonly serverNames: readonly string[];
  readonly databases: readonly string[];
  readonly users: readonly string[];
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
  readonly services: readonly string[];
  readonly aws: AwsService | undefined;
  readonly tls: "any" | "required" | "pass";
  readonly policy: Policy;
  readonly role: RoleWanted;
  /** HTTP is looked at request by request. */
  readonly isPerRequest: boolean;
  /** `host:port`; what the client has connected to when undefined. */
  readonly advertise: string | undefined;
  readonly proxyHeader: 1 | 2 | undefined;
  /** 0 is no limit, as for those that follow. */
  readonly connectionsMax: number;
  readonly connectionsPerSecondMax: number;
  readonly requestsPerSecondMax: number;
}

/** What each engine speaks. */
export const protocols: Readonly<Record<EngineName, Protocol>> = {
  relational: "postgres",
  document: "mongo",
  keyvalue: "http",
  graph: "bolt",
  inmemory: "resp",
  vector: "http2",
  markdown: "http",
  filestore: "http",
};

/** Whether the protocol is HTTP of either version. */
export function isHttp(protocol: Protocol): boolean {
  return protocol === "http" || protocol === "http2";
}

/** Whether requests of several clients go over one connection to a server, which then cannot say whose it is. */
export function sharesConnections({ protocol, isPerRequest, tls }: Route): boolean {
  return isHttp(protocol) && isPerRequest && tls !== "pass";
}

/** A route without conditions to the servers of a target. */
export function plainRoute(target: Target, name: string): Route {
  return {
    name,
    target,
    protocol: protocols[target.engine],
    on: new Set<ListenerName>([target.engine, "shared"]),
    serverNames: [],
    databases: [],
    users: [],
    hosts: [],
    paths: [],
    services: [],
    aws: undefined,
    tls: "any",
    policy: "first",
    role: "primary",
    isPerRequest: true,
    advertise: undefined,
    proxyHeader: undefined,
    connectionsMax: 0,
    connectionsPerSecondMax: 0,
    requestsPerSecondMax: 0,
  };
}

/** What is known of a connection, or of one request on it, when its route is looked for. */
export interface Asked {
  readonly listener: ListenerName;
  /** What is spoken; HTTP requests of either version are `http`, those of gRPC `http2`. */
  readonly protocol: Protocol;
  readonly serverName?: string | undefined;
  readonly database?: string | undefined;
  readonly user?: string | undefined;
  readonly host?: string | undefined;
  readonly path?: string | undefined;
  readonly service?: string | undefined;
  readonly aws?: AwsService | undefined;
}

/** Whether a route is for this. */
export function holds(route: Route, asked: Asked): boolean {
  return (
    route.protocol === asked.protocol &&
    route.on.has(asked.listener) &&
    one(route.serverNames, asked.serverName, isNamed) &&
    one(route.databases, asked.database, isEqual) &&
    one(route.users, asked.user, isEqual) &&
    one(route.hosts, asked.host, isNamed) &&
    one(route.paths, asked.path, isUnder) &&
    one(route.services, asked.service, isService) &&
    (route.aws === undefined || route.aws === asked.aws)
  );
}

/** Whether it can be told who is meant without a look into TLS or at what a client says in its protocol. */
export function isOpen(route: Route): boolean {
  return ![route.databases, route.users, route.hosts, route.paths, route.services].some(
    (condition) => condition.length > 0,
  );
}

function one(
  condition: readonly string[],
  value: string | undefined,
  matches: (pattern: string, value: string) => boolean,
): boolean {
  if (condition.length === 0) return true;
  return value !== undefined && condition.some((pattern) => matches(pattern, value));
}

function isEqual(pattern: string, value: string): boolean {
  return pattern === value;
}

/** RFC 6125, 6.4.3: a star is one whole label, the first. */
export function isNamed(pattern: string, name: string): boolean {
  if (!pattern.startsWith("*.")) return pattern === name;
  const dot = name.indexOf(".");
  return dot > 0 && name.slice(dot) === pattern.slice(1);
}

function isUnder(prefix: string, path: string): boolean {
  if (!path.startsWith(prefix)) return false;
  return prefix.endsWith("/") || path.length === prefix.length || path[prefix.length] === "/";
}

function isService(pattern: string, service: string): boolean {
  return pattern.endsWith(".*") ? service.startsWith(pattern.slice(0, -1)) : pattern === service;
}
