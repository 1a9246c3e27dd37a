import { existsSync, readFileSync } from "node:fs";
import { parse, TomlError } from "smol-toml";
import type { Config, ProgramName } from "./config.ts";
import { Draft, type Environment, ranks, sectionNames } from "./draft.ts";
import { engineNames } from "./engines.ts";
import { lineOf, locate } from "./locate.ts";
import { ConfigError } from "./mistake.ts";
import { readDocument, readUsers, type Table } from "./read-table.ts";
import { fileVariable, readVariables } from "./read-variables.ts";
import { applyRules } from "./rules.ts";
import { schema } from "./schema.ts";

/** Where the configuration is read from. */
export interface LoadOptions {
  /** Variables: `WEFTKIT_*`, and those that `env:NAME` names. Usually `process.env`. */
  readonly env: Environment;
  /** The image that is starting: gives `WEFTKIT_PORT` its meaning, and its engine must be enabled. */
  readonly image?: ProgramName;
  /**
   * The file's path; `false` for none. Default: what `WEFTKIT_CONFIG` names, else the first of `defaultFiles` that
   * exists.
   */
  readonly file?: string | false | undefined;
  /** Values in the shape of weftkit.toml; they win over the file, variables win over them. */
  readonly values?: Table;
}

/** The configuration and where each of its values comes from. */
export interface LoadedConfig {
  readonly config: Config;
  /** The file that was read. */
  readonly file: string | undefined;
  /** Who set a key ("weftkit.toml:3", "WEFTKIT_PORT"); undefined for a default. */
  source(section: string, key: string): string | undefined;
}

/** Where weftkit.toml is looked for when nobody says where it is. */
export const defaultFiles: readonly string[] = ["./weftkit.toml", "/etc/weftkit/weftkit.toml"];

/**
 * Reads and validates the whole configuration.
 *
 * @throws ConfigError with every mistake at once.
 */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const draft = new Draft();
  const file = options.file === false ? undefined : (options.file ?? findFile(options.env));
  if (file !== undefined) readFile(draft, file, options.env);
  if (options.values !== undefined) {
    readDocument(draft, options.values, { where: (path) => path, rank: ranks.values, env: options.env });
  }
  // What [standalone] names is what runs, whichever image it is in.
  const image = options.image ?? standaloneModule(draft, options.env);
  readVariables(draft, options.env, image);
  applyRules(draft, image);
  if (draft.mistakes.length > 0) throw new ConfigError(draft.mistakes);
  return {
    config: freeze(draft),
    file,
    source: (section, key) => draft.setting(section as keyof Config, key)?.where,
  };
}

/**
 * Reads a users file: TOML with `[[users]]` tables, the keys those of `[[auth.users]]`.
 *
 * @throws ConfigError with every mistake at once.
 */
export function readUsersFile(path: string, env: Environment): Config["auth"]["users"] {
  const draft = new Draft();
  const document = parseFile(draft, path);
  if (document !== undefined) {
    const where = (at: string) => position(path, lineOf(document.lines, at));
    const { users = [], ...rest } = document.table;
    for (const key of Object.keys(rest))
      draft.fault(where(key), `unknown key ${key}; a users file has [[users]] only`);
    draft.users = readUsers(draft, users, "users", { where, rank: ranks.file, env });
  }
  if (draft.mistakes.length > 0) throw new ConfigError(draft.mistakes);
  return draft.users.map(({ user }) => user);
}

function findFile(env: Environment): string | undefined {
  return env[fileVariable] || defaultFiles.find((path) => existsSync(path));
}

function readFile(draft: Draft, path: string, env: Environment): void {
  const document = parseFile(draft, path);
  if (document === undefined) return;
  const where = (at: string) => position(path, lineOf(document.lines, at));
  readDocument(draft, document.table, { where, rank: ranks.file, env });
}

function parseFile(draft: Draft, path: string) {
  let source: string;
  try {
    source = readFileSync(path, "utf8");
  } catch (error) {
    draft.fault(path, `cannot read the file: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
    return undefined;
  }
  try {
    return { table: parse(source) as Table, lines: locate(source) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    draft.fault(position(path, error.line), error.message.split("\n")[0] ?? "not valid TOML");
    return undefined;
  }
}

function position(path: string, line: number | undefined): string {
  return line === undefined ? path : `${path}:${line}`;
}

/** The engine that `[standalone]` names, before the variables are read, of which it may be one. */
function standaloneModule(draft: Draft, env: Environment): ProgramName | undefined {
  // Of several it is what stands before them.
  if (env.WEFTKIT_STANDALONE_MODULES || draft.setting("standalone", "modules") !== undefined)
    return "gateway";
  const module = env.WEFTKIT_STANDALONE_MODULE || draft.value("standalone", "module");
  return engineNames.find((name) => name === module);
}

/** Every value that was set or has a default, frozen. */
function freeze(draft: Draft): Config {
  const sections = sectionNames.map((section) => {
    const keys = Object.keys(schema[section].keys);
    const values: Record<string, unknown> = Object.fromEntries(
      keys.map((key) => [key, draft.value(section, key)]),
    );
    if (section === "auth") values.users = Object.freeze(draft.users.map(({ user }) => user));
    return [section, Object.freeze(values)] as const;
  });
  // The draft holds what the schema's types say: each value was read by its key's own reader.
  return Object.freeze(Object.fromEntries(sections)) as unknown as Config;
}
