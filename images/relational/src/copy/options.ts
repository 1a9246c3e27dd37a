import { PgError } from "../errors.ts";

/** How COPY writes its rows. */
export type CopyFormatName = "text" | "csv" | "binary";

/** The options of a COPY, with PostgreSQL's defaults in place (sql-copy). */
export interface CopyOptions {
  readonly format: CopyFormatName;
  readonly delimiter: string;
  /** What stands for NULL. */
  readonly null: string;
  /** What stands for a column's default value; undefined: nothing does. */
  readonly default: string | undefined;
  /** `match`: the names must be the columns'. */
  readonly header: boolean | "match";
  readonly quote: string;
  readonly escape: string;
  /** Columns that are always quoted (TO), never NULL when quoted is not (FROM), NULL also when quoted; `all` is every one. */
  readonly forceQuote: readonly string[] | "all";
  readonly forceNotNull: readonly string[] | "all";
  readonly forceNull: readonly string[] | "all";
  /** Rows whose values cannot be read are left out (ON_ERROR ignore). */
  readonly ignoresErrors: boolean;
  /** More of those than this end the COPY; undefined: any number. */
  readonly rejectLimit: bigint | undefined;
}

/** One option as it is written: its name in lower case, its value. */
export type WrittenOption = readonly [name: string, value: string | readonly string[] | "all" | undefined];

const booleans: Readonly<Record<string, boolean>> = {
  true: true,
  on: true,
  "1": true,
  false: false,
  off: false,
  "0": false,
};

/**
 * Reads and checks the options of a COPY.
 *
 * @throws PgError 42601, 22023 or 0A000, with the words of PostgreSQL
 */
export function copyOptions(written: readonly WrittenOption[], direction: "in" | "out"): CopyOptions {
  const given = new Map<string, WrittenOption[1]>();
  for (const [name, value] of written) {
    if (given.has(name)) throw new PgError("42601", "conflicting or redundant options");
    given.set(name, value);
  }
  const format = (text(given, "format") ?? "text").toLowerCase();
  if (format !== "text" && format !== "csv" && format !== "binary") {
    throw new PgError("22023", `COPY format "${format}" not recognized`);
  }
  const isCsv = format === "csv";
  const only = (name: string, holds: boolean, where: string) => {
    if (given.has(name) && !holds) throw new PgError("0A000", `COPY ${name.toUpperCase()} requires ${where}`);
  };
  for (const name of ["quote", "escape", "force_quote", "force_not_null", "force_null"])
    only(name, isCsv, "CSV mode");
  only("force_quote", direction === "out", "COPY TO");
  for (const name of ["force_not_null", "force_null"]) {
    if (given.has(name) && direction === "out")
      throw new PgError("22023", `COPY ${name.toUpperCase()} cannot be used with COPY TO`);
  }
  if (format === "binary") {
    for (const name of ["delimiter", "null", "header", "default"]) {
      if (given.has(name)) throw new PgError("42601", `cannot specify ${name.toUpperCase()} in BINARY mode`);
    }
  }
  const delimiter = text(given, "delimiter") ?? (isCsv ? "," : "\t");
  const quote = text(given, "quote") ?? '"';
  const options: CopyOptions = {
    format,
    delimiter,
    null: text(given, "null") ?? (isCsv ? "" : "\\N"),
    default: text(given, "default"),
    header: headerOf(given, direction),
    quote,
    escape: text(given, "escape") ?? quote,
    forceQuote: names(given, "force_quote"),
    forceNotNull: names(given, "force_not_null"),
    forceNull: names(given, "force_null"),
    ignoresErrors: ignoresErrors(given, direction),
    rejectLimit: rejectLimit(given),
  };
  requireEncoding(text(given, "encoding"));
  if (format !== "binary") checkCharacters(options);
  return options;
}

const known = new Set([
  "format",
  "delimiter",
  "null",
  "default",
  "header",
  "quote",
  "escape",
  "force_quote",
  "force_not_null",
  "force_null",
  "encoding",
  "freeze",
  "on_error",
  "log_verbosity",
  "reject_limit",
]);

/** @throws PgError 42601 for an option that there is none of */
export function requireKnown(name: string): void {
  if (!known.has(name)) throw new PgError("42601", `option "${name}" not recognized`);
}

function text(given: ReadonlyMap<string, WrittenOption[1]>, name: string): string | undefined {
  if (!given.has(name)) return undefined;
  const value = given.get(name);
  if (typeof value === "string") return value;
  throw new PgError("42601", `${name} requires a parameter`);
}

function names(given: ReadonlyMap<string, WrittenOption[1]>, name: string): readonly string[] | "all" {
  if (!given.has(name)) return [];
  const value = given.get(name);
  if (value === "all" || value === "*") return "all";
  if (value === undefined || typeof value === "string") {
    throw new PgError("22023", `argument to option "${name}" must be a list of column names`);
  }
  return value;
}

function headerOf(given: ReadonlyMap<string, WrittenOption[1]>, direction: "in" | "out"): boolean | "match" {
  if (!given.has("header")) return false;
  const value = given.get("header") ?? "true";
  const word = typeof value === "string" ? value.toLowerCase() : "";
  if (word === "match") {
    if (direction === "in") return "match";
    throw new PgError("22023", 'cannot use "match" with HEADER in COPY TO');
  }
  const isHeader = booleans[word];
  if (isHeader === undefined) throw new PgError("42601", 'header requires a Boolean value or "match"');
  return isHeader;
}

function ignoresErrors(given: ReadonlyMap<string, WrittenOption[1]>, direction: "in" | "out"): boolean {
  const word = text(given, "on_error")?.toLowerCase();
  if (word === undefined || word === "stop") return false;
  if (direction === "out") throw new PgError("22023", "COPY ON_ERROR cannot be used with COPY TO");
  if (word === "ignore") return true;
  throw new PgError("22023", `COPY ON_ERROR "${word}" not recognized`);
}

function rejectLimit(given: ReadonlyMap<string, WrittenOption[1]>): bigint | undefined {
  const word = text(given, "reject_limit");
  if (word === undefined) return undefined;
  if (!/^\d{1,18}$/.test(word) || word === "0") {
    throw new PgError("22023", `REJECT_LIMIT (${word}) must be greater than zero`);
  }
  return BigInt(word);
}

function requireEncoding(encoding: string | undefined): void {
  if (encoding === undefined || /^utf-?8$|^unicode$/i.test(encoding)) return;
  throw new PgError("0A000", `COPY in encoding "${encoding}" is not supported`);
}

/** PostgreSQL, ProcessCopyOptions. */
function checkCharacters(options: CopyOptions): void {
  const { format, delimiter, null: nullText, quote } = options;
  const isCsv = format === "csv";
  if (Buffer.byteLength(delimiter) !== 1)
    throw new PgError("0A000", "COPY delimiter must be a single one-byte character");
  if (/[\r\n]/.test(delimiter))
    throw new PgError("22023", "COPY delimiter cannot be newline or carriage return");
  if (/[\r\n]/.test(nullText))
    throw new PgError("22023", "COPY null representation cannot use newline or carriage return");
  if (!isCsv && "\\.abcdefghijklmnopqrstuvwxyz0123456789".includes(delimiter)) {
    throw new PgError("22023", `COPY delimiter cannot be "${delimiter}"`);
  }
  if (nullText.includes(delimiter))
    throw new PgError("0A000", "COPY delimiter character must not appear in the NULL specification");
  if (!isCsv) return;
  if (Buffer.byteLength(quote) !== 1)
    throw new PgError("0A000", "COPY quote must be a single one-byte character");
  if (delimiter === quote) throw new PgError("22023", "COPY delimiter and quote must be different");
  if (Buffer.byteLength(options.escape) !== 1)
    throw new PgError("0A000", "COPY escape must be a single one-byte character");
  if (nullText.includes(quote))
    throw new PgError("0A000", "CSV quote character must not appear in the NULL specification");
}
