import type { ConfiguredUser } from "./config.ts";
import type { Key } from "./key.ts";
import type { Mistake } from "./mistake.ts";
import { type SectionName, schema } from "./schema.ts";

/** Where a value comes from; a higher one wins. */
export const ranks = { file: 1, values: 2, variable: 3 } as const;
export type Rank = (typeof ranks)[keyof typeof ranks];

/** Variables as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

interface Setting {
  readonly value: unknown;
  readonly where: string;
  readonly rank: Rank;
}

/** The configuration while it is read: what was set, where, and every mistake found so far. */
export class Draft {
  readonly mistakes: Mistake[] = [];
  /** The users of `[[auth.users]]` and where each stands. */
  users: readonly { readonly user: ConfiguredUser; readonly where: string }[] = [];
  readonly #settings = new Map<string, Setting>();

  /** Notes what is wrong at `where`. */
  fault(where: string, message: string): void {
    this.mistakes.push({ where, message });
  }

  /** Sets a key, unless it was set by something that wins. */
  set(section: SectionName, key: string, setting: Setting): void {
    const before = this.setting(section, key);
    if (before === undefined || before.rank <= setting.rank) {
      this.#settings.set(`${section}.${key}`, setting);
    }
  }

  /** Fills a key in that nobody set; `where` is what it was derived from. */
  derive(section: SectionName, key: string, value: unknown, where: string): void {
    this.set(section, key, { value, where, rank: ranks.file });
  }

  /** What was set, not counting defaults. */
  setting(section: SectionName, key: string): Setting | undefined {
    return this.#settings.get(`${section}.${key}`);
  }

  /** The value that was set, or the default. */
  value(section: SectionName, key: string): unknown {
    const setting = this.setting(section, key);
    return setting === undefined ? keyOf(section, key)?.fallback : setting.value;
  }

  /** Where a key was set, or the key's own name. */
  where(section: SectionName, key: string): string {
    return this.setting(section, key)?.where ?? `${section}.${key}`;
  }
}

/** The key's entry in the schema. */
export function keyOf(section: SectionName, key: string): Key<unknown> | undefined {
  const keys: Readonly<Record<string, Key<unknown>>> = schema[section].keys;
  return Object.hasOwn(keys, key) ? keys[key] : undefined;
}

/** The names of all sections. */
export const sectionNames = Object.keys(schema) as readonly SectionName[];
