import type { Catalog } from "../catalog/catalog.ts";
import { catalogNamespace, type Namespace, theDatabase } from "../catalog/model.ts";
import { denied, namespaceObject } from "../catalog/rights.ts";
import { roleNamed } from "../catalog/roles.ts";
import { PgError } from "../errors.ts";
import {
  mergeDateStyle,
  normalizeSetting,
  settingDefinitions,
  settingKey,
  showSetting,
} from "../settings/definitions.ts";
import type { IoContext } from "../types/type-ops.ts";
import { splitQualified } from "../types/type-text.ts";
import type { SessionAuthority } from "./authority.ts";
import type { Block } from "./block.ts";
import type { SessionOptions } from "./types.ts";

/** What a session's settings are part of. */
export interface SettingsOptions {
  readonly tell: (name: string, value: string) => void;
  readonly authority: SessionAuthority;
  /** Of the database and the role: what RESET goes back to. */
  readonly defaults: readonly (readonly [name: string, value: string])[];
  /** Told of a default that cannot be taken. */
  readonly refused: (error: PgError) => void;
}

/** What ALTER DATABASE and ALTER ROLE have set for who logs in; later ones win. */
export function settingsOfRole(
  catalog: Catalog,
  user: string,
): readonly (readonly [name: string, value: string])[] {
  const role = roleNamed(catalog, user)?.settings ?? [];
  return [
    ...(catalog.get("database", theDatabase)?.settings ?? []),
    ...[false, true].flatMap((inDatabase) =>
      role
        .filter((setting) => setting.inDatabase === inDatabase)
        .map(({ name, value }) => [name, value] as const),
    ),
  ];
}

/** A session's parameters: their values, what they were before the transaction, what clients are told. */
export class SessionSettings {
  readonly #values = new Map<string, string>();
  readonly #initial = new Map<string, string>();
  readonly #tell: (name: string, value: string) => void;
  readonly #authority: SessionAuthority;
  #io: { key: string; value: IoContext } | undefined;
  #version = 0;
  #pathCache: { key: string; path: number[] } | undefined;

  readonly #temporaryName: string;

  constructor(options: SessionOptions, processId: number, { tell, authority, ...more }: SettingsOptions) {
    this.#temporaryName = `pg_temp_${processId}`;
    this.#authority = authority;
    this.#tell = () => {};
    this.#values.set("session_authorization", options.user.user);
    for (const [name, value] of more.defaults) {
      try {
        this.set(name, value, false, undefined);
      } catch (error) {
        if (!(error instanceof PgError)) throw error;
        more.refused(error);
      }
    }
    for (const [name, value] of Object.entries(options.settings)) {
      const key = settingKey(name);
      const definition = settingDefinitions[key];
      if (definition === undefined && !key.includes("."))
        throw new PgError("42704", `unrecognized configuration parameter "${name}"`);
      if (definition?.isReadOnly === true)
        throw new PgError("55P02", `parameter "${name}" cannot be changed`);
      this.#checkAllowed(key);
      const next = this.#normalized(key, value);
      authority.check(key, next);
      this.#put(key, next);
    }
    for (const [key, value] of this.#values) this.#initial.set(key, value);
    this.#tell = tell;
  }

  #normalized(key: string, value: string): string {
    return key === "datestyle" ? mergeDateStyle(this.get(key), value) : normalizeSetting(key, value);
  }

  /** @throws PgError 42501 */
  #checkAllowed(key: string): void {
    const definition = settingDefinitions[key];
    if (definition?.isForSuperusers === true && !this.#authority.current.isSuperuser)
      throw new PgError("42501", `permission denied to set parameter "${definition.name ?? key}"`);
  }

  get(key: string): string {
    if (key === "is_superuser") return this.#authority.chosen.isSuperuser ? "on" : "off";
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
    this.#checkAllowed(key);
    const next = value === undefined ? this.#initial.get(key) : this.#normalized(key, value);
    this.#authority.check(key, next ?? "none");
    if (isLocal && block === undefined) return;
    if (block !== undefined && !block.settingsBefore.has(key)) block.settingsBefore.set(key, this.get(key));
    if (block !== undefined) {
      if (isLocal) block.localSettings.add(key);
      else block.localSettings.delete(key);
    }
    this.#put(key, next);
    // Whoever becomes another user has no role of the one before.
    if (key === "session_authorization" && this.get("role") !== "none")
      this.set("role", "none", isLocal, block);
  }

  #put(key: string, value: string | undefined): void {
    const before = this.get(key);
    const wasSuperuser = this.get("is_superuser");
    if (value === undefined) this.#values.delete(key);
    else this.#values.set(key, value);
    this.#version++;
    const isSuperuser = this.get("is_superuser");
    if (isSuperuser !== wasSuperuser) this.#tell("is_superuser", isSuperuser);
    const after = this.get(key);
    const definition = settingDefinitions[key];
    if (definition?.isReported === true && (before !== after || value !== undefined))
      this.#tell(definition.name ?? key, after);
  }

  resetAll(block: Block | undefined): void {
    for (const key of [...this.#values.keys()]) {
      if (settingDefinitions[key]?.isReadOnly === true || key === "session_authorization" || key === "role")
        continue;
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
    this.#checkAllowed(key);
    const before = this.#values.get(key);
    const next = this.#normalized(key, value);
    this.#authority.check(key, next);
    this.#put(key, next);
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
  searchPath(catalog: Catalog): readonly number[] {
    const text = this.get("search_path");
    const { name: user, isSuperuser } = this.#authority.current;
    const key = `${catalog.version}/${text}/${user}`;
    if (this.#pathCache?.key === key) return this.#pathCache.path;
    const path: number[] = [];
    for (const part of splitList(text)) {
      const name = part === "$user" ? user : part;
      const namespace = catalog.namespaceByName(name);
      if (namespace === undefined || path.includes(namespace.oid)) continue;
      if (isSuperuser || this.#authority.mayUse(namespace.oid)) path.push(namespace.oid);
    }
    const temporary = catalog.namespaceByName(this.#temporaryName);
    const named = path.includes(catalogNamespace) ? path : [catalogNamespace, ...path];
    // Temporary tables come first, unless the path says where.
    const full = temporary === undefined || named.includes(temporary.oid) ? named : [temporary.oid, ...named];
    this.#pathCache = { key, path: full };
    return full;
  }

  io(catalog: Catalog, transactionStart: bigint): IoContext {
    const { oid, isSuperuser } = this.#authority.current;
    const key = `${this.#version}/${catalog.version}/${transactionStart}/${oid}`;
    if (this.#io?.key === key) return this.#io.value;
    const [style = "ISO", order = "MDY"] = this.get("datestyle").split(", ");
    const value: IoContext = {
      catalog,
      searchPath: this.searchPath(catalog),
      timeZone: this.get("timezone"),
      dateStyle: style as IoContext["dateStyle"],
      dateOrder: order as IoContext["dateOrder"],
      intervalStyle: this.get("intervalstyle") as IoContext["intervalStyle"],
      extraFloatDigits: Number(this.get("extra_float_digits")),
      byteaOutput: this.get("bytea_output") as IoContext["byteaOutput"],
      transactionStart,
      ...(isSuperuser ? {} : { requireUsage: (namespace: Namespace) => this.#requireUsage(namespace) }),
    };
    this.#io = { key, value };
    return value;
  }

  /** @throws PgError 42501 */
  #requireUsage(namespace: Namespace): void {
    if (!this.#authority.mayUse(namespace.oid)) throw denied(namespaceObject(namespace));
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
