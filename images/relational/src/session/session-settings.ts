import type { Catalog } from "../catalog/catalog.ts";
import { catalogNamespace } from "../catalog/model.ts";
import { PgError } from "../errors.ts";
import type { IoContext } from "../types/type-ops.ts";
import { splitQualified } from "../types/type-text.ts";
import type { Block } from "./block.ts";
import { mergeDateStyle, normalizeSetting, settingDefinitions, settingKey, showSetting } from "./settings.ts";
import type { SessionOptions } from "./types.ts";

/** A session's parameters: their values, what they were before the transaction, what clients are told. */
export class SessionSettings {
  readonly #values = new Map<string, string>();
  readonly #initial = new Map<string, string>();
  readonly #tell: (name: string, value: string) => void;
  #io: { key: string; value: IoContext } | undefined;
  #version = 0;
  #pathCache: { key: string; path: number[] } | undefined;

  readonly #temporaryName: string;

  constructor(options: SessionOptions, processId: number, tell: (name: string, value: string) => void) {
    this.#temporaryName = `pg_temp_${processId}`;
    this.#tell = () => {};
    this.#values.set("session_authorization", options.user.user);
    this.#values.set("is_superuser", options.user.roles.includes("superuser") ? "on" : "off");
    for (const [name, value] of Object.entries(options.settings)) {
      const key = settingKey(name);
      const definition = settingDefinitions[key];
      if (definition === undefined && !key.includes("."))
        throw new PgError("42704", `unrecognized configuration parameter "${name}"`);
      if (definition?.isReadOnly === true)
        throw new PgError("55P02", `parameter "${name}" cannot be changed`);
      this.#values.set(key, this.#normalized(key, value));
    }
    for (const [key, value] of this.#values) this.#initial.set(key, value);
    this.#tell = tell;
  }

  #normalized(key: string, value: string): string {
    return key === "datestyle" ? mergeDateStyle(this.get(key), value) : normalizeSetting(key, value);
  }

  get(key: string): string {
    return this.#values.get(key) ?? settingDefinitions[key]?.initial ?? "";
  }

  has(key: string): boolean {
    return this.#values.has(key) || settingDefinitions[key] !== undefined;
  }

  /** The value as SHOW writes it; undefined for a name that is not known. */
  show(name: string): string | undefined {
    const key = settingKey(name);
    return this.has(key) ? showSetting(key, this.get(key)) : undefined;
  }

  displayName(name: string): string {
    const key = settingKey(name);
    return settingDefinitions[key]?.name ?? key;
  }

  names(): string[] {
    return [...new Set([...Object.keys(settingDefinitions), ...this.#values.keys()])].sort();
  }

  /** @throws PgError 42704, 55P02, 22023 */
  set(name: string, value: string | undefined, isLocal: boolean, block: Block | undefined): void {
    const key = settingKey(name);
    const definition = settingDefinitions[key];
    if (definition === undefined && !key.includes("."))
      throw new PgError("42704", `unrecognized configuration parameter "${name}"`);
    if (definition?.isReadOnly === true) throw new PgError("55P02", `parameter "${name}" cannot be changed`);
    const next = value === undefined ? this.#initial.get(key) : this.#normalized(key, value);
    if (isLocal && (block === undefined || !block.isExplicit)) return;
    if (block !== undefined && !block.settingsBefore.has(key)) block.settingsBefore.set(key, this.get(key));
    if (block !== undefined) {
      if (isLocal) block.localSettings.add(key);
      else block.localSettings.delete(key);
    }
    this.#put(key, next);
  }

  #put(key: string, value: string | undefined): void {
    const before = this.get(key);
    if (value === undefined) this.#values.delete(key);
    else this.#values.set(key, value);
    this.#version++;
    const after = this.get(key);
    const definition = settingDefinitions[key];
    if (definition?.isReported === true && (before !== after || value !== undefined))
      this.#tell(definition.name ?? key, after);
  }

  resetAll(block: Block | undefined): void {
    for (const key of [...this.#values.keys()]) {
      if (settingDefinitions[key]?.isReadOnly === true || key === "session_authorization") continue;
      const initial = this.#initial.get(key);
      if (this.get(key) === (initial ?? settingDefinitions[key]?.initial)) continue;
      if (block !== undefined && !block.settingsBefore.has(key)) block.settingsBefore.set(key, this.get(key));
      this.#put(key, initial);
    }
  }

  /** The end of a transaction: all comes back when it failed, what was LOCAL otherwise. */
  ended(block: Block, isCommitted: boolean): void {
    for (const [key, value] of block.settingsBefore) {
      if (isCommitted && !block.localSettings.has(key)) continue;
      if (this.get(key) !== value) this.#put(key, value);
    }
  }

  /** Sets a value for the time of a call; what it returns sets it back. @throws PgError as `set` */
  within(name: string, value: string): () => void {
    const key = settingKey(name);
    if (settingDefinitions[key] === undefined && !key.includes("."))
      throw new PgError("42704", `unrecognized configuration parameter "${name}"`);
    const before = this.#values.get(key);
    this.#put(key, this.#normalized(key, value));
    return () => this.#put(key, before);
  }

  copy(): ReadonlyMap<string, string> {
    return new Map(this.#values);
  }

  /** Back to what `copy` gave. */
  restore(values: ReadonlyMap<string, string>): void {
    for (const key of new Set([...values.keys(), ...this.#values.keys()]))
      if (this.#values.get(key) !== values.get(key)) this.#put(key, values.get(key));
  }

  reported(): ReadonlyMap<string, string> {
    const reported = new Map<string, string>();
    for (const [key, definition] of Object.entries(settingDefinitions))
      if (definition.isReported === true) reported.set(definition.name ?? key, this.get(key));
    return reported;
  }

  get pushdown(): boolean {
    return this.get("weftkit_pushdown") === "on";
  }

  ms(key: string): number {
    return Number(this.get(key));
  }

  /** OIDs of the schemas in search_path that exist; pg_catalog first unless it is named. */
  searchPath(catalog: Catalog, user: string): readonly number[] {
    const text = this.get("search_path");
    const key = `${catalog.version}/${text}/${user}`;
    if (this.#pathCache?.key === key) return this.#pathCache.path;
    const path: number[] = [];
    for (const part of splitList(text)) {
      const name = part === "$user" ? user : part;
      const namespace = catalog.namespaceByName(name);
      if (namespace !== undefined && !path.includes(namespace.oid)) path.push(namespace.oid);
    }
    const temporary = catalog.namespaceByName(this.#temporaryName);
    const named = path.includes(catalogNamespace) ? path : [catalogNamespace, ...path];
    // Temporary tables come first, unless the path says where.
    const full = temporary === undefined || named.includes(temporary.oid) ? named : [temporary.oid, ...named];
    this.#pathCache = { key, path: full };
    return full;
  }

  io(catalog: Catalog, transactionStart: bigint, user: string): IoContext {
    const key = `${this.#version}/${catalog.version}/${transactionStart}`;
    if (this.#io?.key === key) return this.#io.value;
    const [style = "ISO", order = "MDY"] = this.get("datestyle").split(", ");
    const value: IoContext = {
      catalog,
      searchPath: this.searchPath(catalog, user),
      timeZone: this.get("timezone"),
      dateStyle: style as IoContext["dateStyle"],
      dateOrder: order as IoContext["dateOrder"],
      intervalStyle: this.get("intervalstyle") as IoContext["intervalStyle"],
      extraFloatDigits: Number(this.get("extra_float_digits")),
      byteaOutput: this.get("bytea_output") as IoContext["byteaOutput"],
      transactionStart,
    };
    this.#io = { key, value };
    return value;
  }
}

/** `"$user", public` */
export function splitList(text: string): string[] {
  const parts: string[] = [];
  for (const match of text.matchAll(/\s*("(?:[^"]|"")*"|[^,]*)\s*(?:,|$)/g)) {
    const [, part = ""] = match;
    if (part === "") continue;
    parts.push(
      part.startsWith('"') ? (part === '""' ? "" : splitQualified(part)[0]!) : part.trim().toLowerCase(),
    );
  }
  return parts.filter((part) => part !== "");
}
