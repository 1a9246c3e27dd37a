import type { ConfiguredUser } from "./config.ts";
import { type Draft, type Environment, type Rank, sectionNames } from "./draft.ts";
import type { Key } from "./key.ts";
import { didYouMean } from "./mistake.ts";
import { type Reading, readText, readValue } from "./read-value.ts";
import { type SectionName, schema, userKeys } from "./schema.ts";
import { readSecretFile } from "./secret-file.ts";

/** A TOML document, or a value shaped like one. */
export type Table = Readonly<Record<string, unknown>>;

/** How to read a table: where a path stands ("weftkit.toml:12"), who wins, and what `env:NAME` may name. */
export interface TableSource {
  readonly where: (path: string) => string;
  readonly rank: Rank;
  readonly env: Environment;
}

/** Reads a whole document into the draft. */
export function readDocument(draft: Draft, document: Table, source: TableSource): void {
  for (const [name, table] of Object.entries(document)) {
    const section = sectionNames.find((known) => known === name);
    if (section === undefined) {
      draft.fault(source.where(name), `unknown section [${name}]${didYouMean(name, sectionNames)}`);
    } else if (!isTable(table)) {
      draft.fault(source.where(name), `[${name}] must be a table`);
    } else {
      readSection(draft, section, table, source);
    }
  }
}

function readSection(draft: Draft, section: SectionName, table: Table, source: TableSource): void {
  const { users, ...rest } = table;
  if (section === "auth" && users !== undefined) {
    draft.users = readUsers(draft, users, "auth.users", source);
  }
  const values = readKeys(draft, schema[section].keys, section === "auth" ? rest : table, section, source);
  for (const [key, value] of values) {
    draft.set(section, key, { value, where: source.where(`${section}.${key}`), rank: source.rank });
  }
}

/** Reads a list of user tables, `[[auth.users]]` or the users file's `[[users]]`. */
export function readUsers(
  draft: Draft,
  tables: unknown,
  path: string,
  source: TableSource,
): { user: ConfiguredUser; where: string }[] {
  if (!Array.isArray(tables) || !tables.every(isTable)) {
    draft.fault(source.where(path), `${path} must be a list of tables: [[${path}]]`);
    return [];
  }
  const users: { user: ConfiguredUser; where: string }[] = [];
  for (const [index, table] of tables.entries()) {
    const at = `${path}.${index}`;
    const values = Object.fromEntries(readKeys(draft, userKeys, table, at, source));
    const { username, password, roles = userKeys.roles.fallback } = values as Partial<ConfiguredUser>;
    const where = source.where(at);
    if (username === undefined || username === "") {
      if (!("username" in table) || username === "") draft.fault(where, "the user has no username");
    } else if (users.some((other) => other.user.username === username)) {
      draft.fault(where, `the user "${username}" is listed twice`);
    } else {
      users.push({ user: Object.freeze({ username, password, roles }), where });
    }
  }
  return users;
}

/** Reads the keys of one table; what cannot be used is told to `draft` and left out. */
export function readKeys(
  draft: Pick<Draft, "fault">,
  keys: Readonly<Record<string, Key<unknown>>>,
  table: Table,
  path: string,
  source: Pick<TableSource, "where" | "env">,
): Map<string, unknown> {
  const values = new Map<string, unknown>();
  for (const [name, raw] of Object.entries(table)) {
    const where = source.where(`${path}.${name}`);
    const key = Object.hasOwn(keys, name) ? keys[name] : undefined;
    const owner = name.endsWith("_file") ? name.slice(0, -"_file".length) : "";
    let reading: Reading;
    if (key !== undefined) {
      reading = readRaw(key, raw, source.env);
      if ("value" in reading) values.set(name, reading.value);
    } else if (Object.hasOwn(keys, owner) && keys[owner]?.kind === "secret") {
      reading = owner in table ? { problem: `${owner} is set too; keep one of them` } : readSecretFile(raw);
      if ("value" in reading) values.set(owner, reading.value);
    } else {
      reading = { problem: `unknown key${didYouMean(name, Object.keys(keys))}` };
    }
    if ("problem" in reading) draft.fault(where, `${path}.${name}: ${reading.problem}`);
  }
  return values;
}

function readRaw(key: Key<unknown>, raw: unknown, env: Environment): Reading {
  if (typeof raw !== "string" || !raw.startsWith("env:")) return readValue(key, raw);
  const name = raw.slice("env:".length);
  const value = env[name];
  if (value === undefined || value === "")
    return { problem: `the variable ${name} that it names is not set` };
  return readText(key, value);
}

/** Whether a value is a TOML table. */
export function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
