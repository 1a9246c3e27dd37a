import { readFileSync } from "node:fs";
import { parse, TomlError } from "smol-toml";
import type { Environment } from "./draft.ts";
import type { Key } from "./key.ts";
import { lineOf, locate } from "./locate.ts";
import { ConfigError, type Mistake } from "./mistake.ts";
import { isTable, readKeys, type Table } from "./read-table.ts";

type Written<K> = {
  readonly [Name in keyof K]?: K[Name] extends Key<infer T> ? Exclude<T, undefined> : never;
};

/** One `[[name]]` of a file, with the keys that were written and can be used. */
export interface TableRow<K> {
  readonly values: Written<K>;
  /** Where a key of it stands, or the row itself. */
  where(key?: string): string;
}

/**
 * A TOML file that is a table of its own (routes, backends, pools), beside weftkit.toml: it is read once by who uses it,
 * and again when it has changed.
 *
 * 1. `new TableFile(path, env)` 2. `rows`, `list`, `fault` 3. `done`: throws when anything was wrong, with all of it
 */
export class TableFile {
  readonly mistakes: Mistake[] = [];
  readonly #path: string;
  readonly #env: Environment;
  readonly #table: Table;
  readonly #lines: ReadonlyMap<string, number>;
  readonly #known = new Set<string>();

  /** @throws ConfigError when the file cannot be read or is no TOML */
  constructor(path: string, env: Environment = {}) {
    this.#path = path;
    this.#env = env;
    const source = readSource(path);
    try {
      this.#table = parse(source) as Table;
    } catch (error) {
      if (!(error instanceof TomlError)) throw error;
      const message = error.message.split("\n")[0] ?? "not valid TOML";
      throw new ConfigError([{ where: `${path}:${error.line}`, message }]);
    }
    this.#lines = locate(source);
  }

  /** Notes what is wrong. */
  fault(where: string, message: string): void {
    this.mistakes.push({ where, message });
  }

  /** The rows of `[[name]]`; each key is read as a key of weftkit.toml would be. */
  rows<const K extends Readonly<Record<string, Key<unknown>>>>(name: string, keys: K): TableRow<K>[] {
    this.#known.add(name);
    const rows = this.#table[name] ?? [];
    if (!Array.isArray(rows) || !rows.every(isTable)) {
      this.fault(this.#where(name), `${name} must be a list of tables: [[${name}]]`);
      return [];
    }
    return rows.map((row, index) => {
      const at = `${name}.${index}`;
      const where = (key?: string) => this.#where(key === undefined ? at : `${at}.${key}`);
      const values = readKeys(this, keys, row, at, { where: (path) => this.#where(path), env: this.#env });
      return { values: Object.fromEntries(values) as Written<K>, where };
    });
  }

  /** The strings of the list `name`, with where each stands. */
  list(name: string): { readonly text: string; readonly where: string }[] {
    this.#known.add(name);
    const items = this.#table[name] ?? [];
    if (!Array.isArray(items) || !items.every((item) => typeof item === "string")) {
      this.fault(this.#where(name), `${name} must be a list of strings`);
      return [];
    }
    return items.map((text) => ({ text, where: this.#where(name) }));
  }

  /** Whether a list of this name holds tables, `[[name]]`, and not strings. */
  holdsTables(name: string): boolean {
    const items = this.#table[name];
    return Array.isArray(items) && items.some(isTable);
  }

  /** Ends the reading. @throws ConfigError with every mistake at once, unknown keys among them */
  done(): void {
    for (const key of Object.keys(this.#table)) {
      if (!this.#known.has(key)) {
        this.fault(this.#where(key), `unknown key ${key}; the file has ${[...this.#known].join(", ")}`);
      }
    }
    if (this.mistakes.length > 0) throw new ConfigError(this.mistakes);
  }

  #where(path: string): string {
    const line = lineOf(this.#lines, path);
    return line === undefined ? this.#path : `${this.#path}:${line}`;
  }
}

function readSource(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const message = `cannot read the file: ${(error as NodeJS.ErrnoException).code ?? String(error)}`;
    throw new ConfigError([{ where: path, message }]);
  }
}
