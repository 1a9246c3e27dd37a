import {
  type Backend,
  BackendTextError,
  formatTarget,
  parseAddress,
  parseTarget,
  readBackends,
} from "@weftkit/backends";
import { engineNames, TableFile } from "@weftkit/config";
import { nearestName } from "@weftkit/core";
import type { Protocol } from "@weftkit/peek";
import { isHttp, type ListenerName, plainRoute, protocols, type Route, routeKeys } from "./route.ts";
import { RouteTable } from "./route-table.ts";

/** What a routes file says. */
export interface RoutesFile {
  readonly table: RouteTable;
  /** It may name servers as well. */
  readonly backends: readonly Backend[];
}

/** Which conditions a protocol's connections can be asked for; the server's name goes with all of them. */
const conditions: Readonly<Record<string, readonly Protocol[]>> = {
  database: ["postgres", "mongo"],
  user: ["postgres", "mongo", "resp"],
  host: ["http", "http2"],
  path: ["http", "http2"],
  service: ["http2"],
  aws: ["http"],
  max_request_rate: ["http", "http2"],
  requests: ["http", "http2"],
  advertise: ["mongo", "bolt"],
};

const listenerNames: readonly ListenerName[] = [...engineNames, "shared"];

type Row = ReturnType<typeof rowsOf>[number];

function rowsOf(file: TableFile) {
  return file.rows("routes", routeKeys);
}

/**
 * Reads a TOML file of `[[routes]]`, and `[[backends]]` if it has any.
 *
 * @throws ConfigError with every mistake at once
 */
export function readRoutesFile(path: string, hasTls: boolean): RoutesFile {
  const file = new TableFile(path);
  const routes: Route[] = [];
  for (const row of rowsOf(file)) {
    const route = readRoute(file, row, hasTls);
    if (route === undefined) continue;
    if (routes.some(({ name }) => name === route.name)) {
      file.fault(row.where("name"), `two routes are called "${route.name}": give each a name`);
    }
    routes.push(route);
  }
  const backends = readBackends(file);
  file.done();
  return { table: new RouteTable(routes), backends };
}

function readRoute(file: TableFile, { values, where }: Row, hasTls: boolean): Route | undefined {
  if (values.target === undefined) {
    file.fault(where(), 'a route needs a target: target = "relational"');
    return undefined;
  }
  let base: Route;
  try {
    const target = parseTarget(values.target);
    base = plainRoute(target, values.name ?? formatTarget(target));
  } catch (error) {
    if (!(error instanceof BackendTextError)) throw error;
    file.fault(where("target"), error.message);
    return undefined;
  }
  const { engine } = base.target;
  const protocol = protocols[engine];
  for (const [key, spoken] of Object.entries(conditions)) {
    if (values[key as keyof typeof values] !== undefined && !spoken.includes(protocol)) {
      file.fault(where(key), `${key} says nothing about clients of ${engine}`);
    }
  }
  if (values.tls === "pass" && (values.sni ?? []).length === 0) {
    file.fault(where("tls"), 'tls = "pass" needs sni: nothing else of a client is known then');
  }
  if (values.tls === "pass" && !isEmpty(values, ["database", "user", "host", "path", "service", "aws"])) {
    file.fault(where("tls"), 'tls = "pass" goes with sni alone: what is inside of TLS is not seen');
  }
  if (values.tls === "required" && !hasTls) {
    file.fault(where("tls"), 'tls = "required" needs the certificate of [tls]');
  }
  if (values.tls === "pass" && values.requests === true) {
    file.fault(where("requests"), "requests cannot be looked at in TLS that is passed on");
  }
  if (values.max_connection_rate !== undefined && isHttp(protocol) && values.requests !== false) {
    file.fault(where("max_connection_rate"), "requests of HTTP are limited by max_request_rate");
  }
  if (values.advertise !== undefined) {
    try {
      parseAddress(values.advertise);
    } catch (error) {
      file.fault(where("advertise"), error instanceof Error ? error.message : String(error));
    }
  }
  for (const path of values.path ?? []) {
    if (!path.startsWith("/")) file.fault(where("path"), `"${path}" is no path: it begins with "/"`);
  }
  for (const key of ["sni", "host"] as const) {
    for (const name of values[key] ?? []) {
      if (!/^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(name))
        file.fault(where(key), `"${name}" is no name of a server; *.example.com has its star in front`);
    }
  }
  return {
    ...base,
    on: readListeners(file, values.on ?? [], where("on")) ?? base.on,
    serverNames: (values.sni ?? []).map((name) => name.toLowerCase()),
    databases: values.database ?? [],
    users: values.user ?? [],
    hosts: (values.host ?? []).map((name) => name.toLowerCase()),
    paths: values.path ?? [],
    services: values.service ?? [],
    aws: values.aws,
    tls: values.tls ?? "any",
    policy: values.policy ?? base.policy,
    role: values.role ?? base.role,
    isPerRequest: values.requests ?? true,
    advertise: values.advertise,
    proxyHeader: values.proxy_protocol === "v1" ? 1 : values.proxy_protocol === "v2" ? 2 : undefined,
    connectionsMax: values.max_connections ?? 0,
    connectionsPerSecondMax: values.max_connection_rate ?? 0,
    requestsPerSecondMax: values.max_request_rate ?? 0,
  };
}

function isEmpty(values: Row["values"], keys: readonly (keyof Row["values"])[]): boolean {
  return keys.every((key) => values[key] === undefined);
}

function readListeners(
  file: TableFile,
  names: readonly string[],
  where: string,
): ReadonlySet<ListenerName> | undefined {
  const found = new Set<ListenerName>();
  for (const name of names) {
    const known = listenerNames.find((listener) => listener === name);
    if (known !== undefined) {
      found.add(known);
      continue;
    }
    const near = nearestName(name, listenerNames);
    const hint = near === undefined ? `one of ${listenerNames.join(", ")}` : `did you mean ${near}?`;
    file.fault(where, `"${name}" is no port of the gateway; ${hint}`);
  }
  return found.size === 0 ? undefined : found;
}
