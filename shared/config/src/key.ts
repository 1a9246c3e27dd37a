/** The kinds of value a key can hold; each has one reader (read-value.ts) and one JSON Schema form. */
export type KeyKind = "text" | "secret" | "integer" | "flag" | "bytes" | "duration" | "choice" | "list";

/** One key of weftkit.toml, as data: reading, validation, documentation and the JSON Schema are drawn from it. */
export interface Key<T> {
  readonly kind: KeyKind;
  /** What the key does, one or two sentences of Markdown; starts with a capital, ends with a full stop. */
  readonly doc: string;
  /** The value when nobody sets the key; `undefined` when there is none (or when a rule derives it). */
  readonly fallback: T;
  /** Shown instead of the fallback where the real one is derived, e.g. "the value of `server.bind`". */
  readonly fallbackDoc?: string;
  /** An example for the documentation, as it is written in TOML. */
  readonly example?: string;
  /** For `integer`, `bytes` and `duration`: bounds, both inclusive. */
  readonly min?: number;
  readonly max?: number;
  /** For `choice`: the values, and other spellings of them. */
  readonly choices?: readonly string[];
  readonly synonyms?: Readonly<Record<string, string>>;
  /** For `text`, and each item of a `list`: what it must match as a whole, and how that is said: "letters of ...". */
  readonly form?: { readonly pattern: string; readonly text: string };
  /** Short variable names beside `WEFTKIT_<SECTION>_<KEY>`. */
  readonly variables?: readonly string[];
}

/** What a caller may say about a key besides its kind. */
type Options = Pick<
  Key<unknown>,
  "fallbackDoc" | "example" | "min" | "max" | "form" | "variables" | "synonyms"
>;

/** A key whose value is any string. */
export function text(doc: string, options?: Options): Key<string | undefined>;
export function text(doc: string, options: Options & { fallback: string }): Key<string>;
export function text(doc: string, options: Options & { fallback?: string } = {}): Key<string | undefined> {
  return { kind: "text", doc, fallback: undefined, ...options };
}

/** A string that is never printed; `<key>_file` names a file that holds it. */
export function secret(doc: string, options: Options = {}): Key<string | undefined> {
  return { kind: "secret", doc, fallback: undefined, ...options };
}

/** A whole number between `min` (default 0) and `max` (default 2^53 - 1). */
export function integer(doc: string, fallback: number, options: Options = {}): Key<number> {
  return { kind: "integer", doc, fallback, min: 0, max: Number.MAX_SAFE_INTEGER, ...options };
}

/** A TCP port; 0 lets the system choose one (tests). */
export function port(doc: string, fallback: number, options: Options = {}): Key<number> {
  return integer(doc, fallback, { max: 65_535, ...options });
}

/** true or false. */
export function flag(doc: string, fallback: boolean, options?: Options): Key<boolean>;
export function flag(doc: string, fallback: undefined, options?: Options): Key<boolean | undefined>;
export function flag(
  doc: string,
  fallback: boolean | undefined,
  options: Options = {},
): Key<boolean | undefined> {
  return { kind: "flag", doc, fallback, ...options };
}

/** A number of bytes: an integer, or a string such as "32MB" (powers of 1024). */
export function bytes(doc: string, fallback: number, options?: Options): Key<number>;
export function bytes(doc: string, fallback: undefined, options?: Options): Key<number | undefined>;
export function bytes(
  doc: string,
  fallback: number | undefined,
  options: Options = {},
): Key<number | undefined> {
  return { kind: "bytes", doc, fallback, min: 0, max: Number.MAX_SAFE_INTEGER, ...options };
}

/** A duration, read into milliseconds: a string such as "500ms", "30s", "15m", "24h", "7d". */
export function duration(doc: string, fallbackMs: number, options: Options = {}): Key<number> {
  return { kind: "duration", doc, fallback: fallbackMs, min: 0, max: Number.MAX_SAFE_INTEGER, ...options };
}

/** One of a fixed set of words; `synonyms` are accepted and read as the word they stand for. */
export function choice<const C extends string>(
  doc: string,
  choices: readonly C[],
  fallback: NoInfer<C>,
  options?: Options,
): Key<C>;
export function choice<const C extends string>(
  doc: string,
  choices: readonly C[],
  fallback: undefined,
  options?: Options,
): Key<C | undefined>;
export function choice<const C extends string>(
  doc: string,
  choices: readonly C[],
  fallback: NoInfer<C> | undefined,
  options: Options = {},
): Key<C | undefined> {
  return { kind: "choice", doc, fallback, choices, ...options };
}

/** A list of strings; in a variable, separated by commas. */
export function list(
  doc: string,
  fallback: readonly string[],
  options: Options = {},
): Key<readonly string[]> {
  return { kind: "list", doc, fallback, ...options };
}
