import {
  type Backend,
  BackendTextError,
  type BackendTls,
  defaultGroup,
  formatTarget,
  parseAddress,
  parseBackend,
} from "@weftkit/backends";
import { ConfigError, type Mistake } from "@weftkit/config";

/** An engine that the configuration names. */
export interface ConfiguredEngine {
  /** What tells it from the others: `relational@db:5432`. */
  readonly id: string;
  /** `relational`, or `relational/orders`. */
  readonly name: string;
  readonly backend: Backend;
  /** Undefined when it is off. */
  readonly admin: { readonly host: string; readonly port: number } | undefined;
  /** How it is trusted when `backend.tls`. */
  readonly tls: BackendTls;
  /** Where `tls.ca` is from, for drivers that read it themselves. */
  readonly caFile: string | undefined;
}

const adminPort = 9464;

/**
 * Reads `playground.engines`: backends in the form of `@weftkit/backends`, with `admin=host:port` or `admin=off` among the
 * options.
 *
 * @throws ConfigError with every mistake at once
 */
export function readEngines(
  texts: readonly string[],
  tls: BackendTls,
  caFile?: string,
): ReadonlyMap<string, ConfiguredEngine> {
  const mistakes: Mistake[] = [];
  const engines = new Map<string, ConfiguredEngine>();
  for (const text of texts) {
    try {
      const engine = readEngine(text, tls, caFile);
      if (engines.has(engine.id)) throw new BackendTextError(`"${text}" is there twice`);
      engines.set(engine.id, engine);
    } catch (error) {
      if (!(error instanceof BackendTextError)) throw error;
      mistakes.push({ where: "playground.engines", message: error.message });
    }
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return engines;
}

function readEngine(text: string, tls: BackendTls, caFile: string | undefined): ConfiguredEngine {
  const [head = "", query = ""] = text.split("?", 2);
  const options = query.split("&").filter((option) => option !== "");
  const others = options.filter((option) => !option.startsWith("admin="));
  const admin = options.find((option) => option.startsWith("admin="))?.slice("admin=".length);
  const backend = parseBackend(others.length === 0 ? head : `${head}?${others.join("&")}`);
  const [group = defaultGroup] = backend.groups;
  return {
    id: backend.id,
    name: formatTarget({ engine: backend.engine, group }),
    backend,
    admin:
      admin === "off"
        ? undefined
        : admin === undefined
          ? { host: backend.host, port: adminPort }
          : parseAddress(admin, adminPort),
    tls,
    caFile,
  };
}
