import { PgError } from "../../errors.ts";
import { oid } from "../../types/oids.ts";
import type { InnerSql } from "../inner-sql.ts";
import type { Statement } from "./ast.ts";
import { sqlstatesOf } from "./conditions.ts";
import type { Frame, NameScope } from "./variables.ts";

/** What OTHERS leaves to those around: a cancel, and a failed assertion. */
const notOthers: ReadonlySet<string> = new Set(["57014", "P0004"]);

/** Whether a handler's conditions name an error. @throws PgError 42704 */
export function matches(error: PgError, conditions: readonly string[]): boolean {
  return conditions.some((condition) => {
    if (condition === "others") return !notOthers.has(error.code);
    return codesOf(condition).some(
      (code) => code === error.code || (code.endsWith("000") && error.code.startsWith(code.slice(0, 2))),
    );
  });
}

/** @throws PgError 42704 */
function codesOf(condition: string): readonly string[] {
  if (condition.startsWith("sqlstate:")) return [condition.slice("sqlstate:".length)];
  const codes = sqlstatesOf(condition);
  if (codes === undefined) throw new PgError("42704", `unrecognized exception condition "${condition}"`);
  return codes;
}

interface Options {
  errcode?: string;
  message?: string;
  detail?: string;
  hint?: string;
  column?: string;
  constraint?: string;
  datatype?: string;
  table?: string;
  schema?: string;
}

const optionNames: ReadonlySet<string> = new Set([
  "errcode",
  "message",
  "detail",
  "hint",
  "column",
  "constraint",
  "datatype",
  "table",
  "schema",
]);

/** The call that raises. */
export interface Raising {
  readonly sql: InnerSql;
  readonly frame: Frame;
  /** The text of an expression's value. */
  textOf(text: string, scope: NameScope): string;
}

type Raise = Extract<Statement, { kind: "raise" }>;

/** RAISE: a notice, or an error. @throws PgError what was raised */
export function raise(call: Raising, statement: Raise, scope: NameScope, current: PgError | undefined): void {
  const { format, condition, level } = statement;
  if (format === undefined && condition === undefined && statement.options.length === 0) {
    if (current === undefined)
      throw new PgError("0Z002", "RAISE without parameters cannot be used outside an exception handler");
    throw current;
  }
  const options = optionsOf(call, statement, scope);
  const given = condition === undefined ? undefined : codesOf(condition)[0]!;
  let code = options.errcode ?? given ?? (level === "EXCEPTION" ? "P0001" : "00000");
  if (!/^[0-9A-Z]{5}$/.test(code)) code = codesOf(code)[0]!;
  const message =
    options.message ??
    (format === undefined ? undefined : formatted(call, format, statement.args, scope)) ??
    (condition !== undefined && !condition.startsWith("sqlstate:") ? condition : code);
  if (level !== "EXCEPTION") {
    call.sql.exec.notice(level, message, code, { detail: options.detail, hint: options.hint });
    return;
  }
  throw new PgError(code, message, {
    detail: options.detail,
    hint: options.hint,
    schema: options.schema,
    table: options.table,
    column: options.column,
    constraint: options.constraint,
    dataType: options.datatype,
  });
}

function optionsOf(call: Raising, statement: Raise, scope: NameScope): Options {
  const options: Options = {};
  for (const { name, value } of statement.options) {
    if (!optionNames.has(name))
      throw new PgError("42601", `unrecognized RAISE statement option at or near "${name}"`);
    const key = name as keyof Options;
    if (options[key] !== undefined || (key === "message" && statement.format !== undefined))
      throw new PgError("42601", `RAISE option already specified: ${name.toUpperCase()}`);
    const text = call.sql.value(value, scope, call.frame, { type: oid.text, typmod: -1 });
    if (text === null) throw new PgError("22004", "RAISE statement option cannot be null");
    options[key] = String(text);
  }
  return options;
}

function formatted(call: Raising, format: string, args: readonly string[], scope: NameScope): string {
  let next = 0;
  return format.replace(/%%|%/g, (mark) => (mark === "%%" ? "%" : call.textOf(args[next++]!, scope)));
}

/** What GET STACKED DIAGNOSTICS tells of an error. */
export function stackedItem(error: PgError, item: string): string {
  const { details } = error;
  switch (item) {
    case "returned_sqlstate":
      return error.code;
    case "message_text":
      return error.message;
    case "pg_exception_detail":
      return details.detail ?? "";
    case "pg_exception_hint":
      return details.hint ?? "";
    case "pg_exception_context":
      return details.where ?? "";
    case "column_name":
      return details.column ?? "";
    case "constraint_name":
      return details.constraint ?? "";
    case "pg_datatype_name":
      return details.dataType ?? "";
    case "table_name":
      return details.table ?? "";
    case "schema_name":
      return details.schema ?? "";
    default:
      throw new PgError("42601", `unrecognized GET DIAGNOSTICS item at or near "${item}"`);
  }
}
