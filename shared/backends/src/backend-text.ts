import { type EngineName, engineNames, engines } from "@weftkit/config";
import { nearestName, WeftkitError } from "@weftkit/core";
import { addressOf, type Backend, defaultGroup, idOf, type Role, weightMax } from "./backend.ts";

/** A backend's text that cannot be read; the message says what to write. */
export class BackendTextError extends WeftkitError {
  constructor(message: string) {
    super("backend_text", message);
    this.name = "BackendTextError";
  }
}

const form = "<engine>[/<group>]=<host>[:<port>][?role=primary|replica&weight=1..1000&tls=on|off]";

/**
 * Reads a backend as one string, so that one variable holds a list of them. The port is the engine's own when none is said.
 *
 * @example parseBackend("relational/orders=db2:5432?role=replica&weight=2&tls=on")
 * @throws BackendTextError
 */
export function parseBackend(text: string): Backend {
  const equals = text.indexOf("=");
  const question = text.indexOf("?", equals + 1);
  if (equals === -1) throw new BackendTextError(`"${text}" is not ${form}`);
  const name = text.slice(0, equals).trim();
  const target = text.slice(equals + 1, question === -1 ? undefined : question).trim();
  const { engine, group } = parseTarget(name);
  const { host, port } = parseAddress(target, engines[engine].port);
  const options = parseOptions(question === -1 ? "" : text.slice(question + 1));
  return makeBackend({ engine, groups: [group], host, port, ...options });
}

/** A frozen backend; what is not said has its default. */
export function makeBackend(said: Pick<Backend, "engine" | "host" | "port"> & Partial<Backend>): Backend {
  const { groups = [], role = "primary", weight = 1, tls = false, draining = false } = said;
  return Object.freeze({
    id: said.id ?? idOf(said),
    engine: said.engine,
    groups: Object.freeze(groups.length === 0 ? [defaultGroup] : [...groups]),
    host: said.host,
    port: said.port,
    role,
    weight,
    tls,
    draining,
  });
}

/** Writes what `parseBackend` reads (a backend in more than one group is written with its first). */
export function formatBackend(backend: Backend): string {
  const [group = defaultGroup] = backend.groups;
  const options = [
    ...(backend.role === "primary" ? [] : [`role=${backend.role}`]),
    ...(backend.weight === 1 ? [] : [`weight=${backend.weight}`]),
    ...(backend.tls ? ["tls=on"] : []),
  ];
  const name = group === defaultGroup ? backend.engine : `${backend.engine}/${group}`;
  return `${name}=${addressOf(backend)}${options.length === 0 ? "" : `?${options.join("&")}`}`;
}

/** What a route or a pool asks for: servers of one engine and group. */
export interface Target {
  readonly engine: EngineName;
  readonly group: string;
}

/**
 * Reads `<engine>[/<group>]`.
 *
 * @throws BackendTextError
 */
export function parseTarget(text: string): Target {
  const slash = text.indexOf("/");
  const name = slash === -1 ? text : text.slice(0, slash);
  const group = slash === -1 ? defaultGroup : text.slice(slash + 1);
  const engine = engineNames.find((known) => known === name);
  if (engine === undefined) {
    const near = nearestName(name, engineNames);
    const hint = near === undefined ? `one of ${engineNames.join(", ")}` : `did you mean ${near}?`;
    throw new BackendTextError(`"${name}" is no engine; ${hint}`);
  }
  requireGroup(group);
  return { engine, group };
}

/** Writes what `parseTarget` reads. */
export function formatTarget({ engine, group }: Target): string {
  return group === defaultGroup ? engine : `${engine}/${group}`;
}

/** @throws BackendTextError */
export function requireGroup(group: string): void {
  if (!/^[A-Za-z0-9_.-]{1,63}$/.test(group)) {
    throw new BackendTextError(
      `"${group}" is no group's name: up to 63 of letters, digits, "_", "." and "-"`,
    );
  }
}

/**
 * Reads `host:port`, `[::1]:port`, or a host alone where there is a port to fall back to.
 *
 * @throws BackendTextError
 */
export function parseAddress(text: string, fallbackPort?: number): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/?#@]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? fallbackPort : Number(match[3]);
  if (host === undefined || port === undefined || port < 1 || port > 65_535) {
    throw new BackendTextError(`"${text}" is no address: host:port, with IPv6 in brackets`);
  }
  return { host, port };
}

const words: Readonly<Record<string, boolean>> = { on: true, true: true, off: false, false: false };

function parseOptions(text: string): { role?: Role; weight?: number; tls?: boolean } {
  const options: { role?: Role; weight?: number; tls?: boolean } = {};
  for (const option of text.split("&").filter((part) => part !== "")) {
    const [name = "", value = ""] = option.split("=", 2);
    if (name === "role" && (value === "primary" || value === "replica")) options.role = value;
    else if (name === "weight" && /^\d{1,4}$/.test(value) && +value >= 1 && +value <= weightMax) {
      options.weight = Number(value);
    } else if (name === "tls" && words[value] !== undefined) options.tls = words[value];
    else
      throw new BackendTextError(`"?${option}" is none of role=primary|replica, weight=1..1000, tls=on|off`);
  }
  return options;
}
