import { ConfigError, type Mistake, TableFile } from "@weftkit/config";
import { choice, flag, integer, list, text } from "@weftkit/config/service-description";
import { type Backend, weightMax } from "./backend.ts";
import {
  BackendTextError,
  makeBackend,
  parseAddress,
  parseBackend,
  parseTarget,
  requireGroup,
} from "./backend-text.ts";

/** The keys of a `[[backends]]`. */
export const backendKeys = {
  target: text("The engine, or engine and group: `relational`, `relational/orders`."),
  groups: list("More groups that it belongs to.", []),
  address: text("Where it is: `host:port`."),
  name: text("What it is called in logs and metrics; its engine and address by default."),
  role: choice("Whether it takes writes.", ["primary", "replica"], "primary"),
  weight: integer("Its share of connections.", 1, { min: 1, max: weightMax }),
  tls: flag("Whether it is spoken to in TLS.", false),
  draining: flag("It gets no new connections.", false),
};

/**
 * Reads a list of strings of the configuration, in the form of `parseBackend`.
 *
 * @throws ConfigError with every mistake at once
 */
export function readBackendList(texts: readonly string[], where: string): Backend[] {
  const mistakes: Mistake[] = [];
  const backends: Backend[] = [];
  for (const one of texts) {
    add(backends, mistakes, where, () => parseBackend(one));
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return backends;
}

/**
 * Reads a TOML file of backends: `backends = ["relational=db1:5432"]`, or `[[backends]]` tables.
 *
 * @throws ConfigError with every mistake at once
 */
export function readBackendsFile(path: string): Backend[] {
  const file = new TableFile(path);
  const backends = readBackends(file);
  file.done();
  return backends;
}

/** Reads what a file that may also hold other things says of backends; what is wrong is the file's mistakes. */
export function readBackends(file: TableFile): Backend[] {
  const backends: Backend[] = [];
  if (!file.holdsTables("backends")) {
    for (const { text: written, where } of file.list("backends")) {
      add(backends, file.mistakes, where, () => parseBackend(written));
    }
    return backends;
  }
  for (const { values, where } of file.rows("backends", backendKeys)) {
    const { target, address, groups = [], name, ...options } = values;
    if (target === undefined || address === undefined) {
      file.fault(where(), "a backend needs target and address");
      continue;
    }
    add(backends, file.mistakes, where(), () => {
      const { engine, group } = parseTarget(target);
      for (const other of groups) requireGroup(other);
      const all = [...new Set([group, ...groups])];
      return makeBackend({
        engine,
        ...parseAddress(address),
        ...options,
        groups: all,
        ...(name !== undefined && { id: name }),
      });
    });
  }
  return backends;
}

function add(backends: Backend[], mistakes: Mistake[], where: string, read: () => Backend): void {
  try {
    const backend = read();
    const twin = backends.findIndex(({ id }) => id === backend.id);
    if (twin === -1) backends.push(backend);
    else if (sharesGroup(backends[twin]!, backend)) {
      mistakes.push({ where, message: `the backend ${backend.id} is listed twice` });
    } else {
      const groups = [...backends[twin]!.groups, ...backend.groups];
      backends[twin] = makeBackend({ ...backends[twin]!, groups });
    }
  } catch (error) {
    if (!(error instanceof BackendTextError)) throw error;
    mistakes.push({ where, message: error.message });
  }
}

function sharesGroup(one: Backend, other: Backend): boolean {
  return one.groups.some((group) => other.groups.includes(group));
}
