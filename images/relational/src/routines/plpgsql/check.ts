import { PgError } from "../../errors.ts";
import { parse } from "../../parse/parse.ts";
import type { Declaration, Target } from "./ast.ts";
import { parsePlpgsql } from "./parse.ts";

/** Members of statements that hold a whole statement of SQL; those that hold an expression. */
const statements: ReadonlySet<string> = new Set(["query", "text"]);
const expressions: ReadonlySet<string> = new Set([
  "value",
  "condition",
  "operand",
  "from",
  "to",
  "by",
  "array",
  "when",
  "default",
]);
const lists: ReadonlySet<string> = new Set(["using", "args"]);

/** Checks the grammar of a body and of all SQL in it, as CREATE FUNCTION does. @throws PgError 42601 */
export function checkPlpgsql(source: string, returnsValue: boolean): void {
  const block = parsePlpgsql(source);
  visit(block, returnsValue);
  checkConstants(block, new Map());
}

/** Assignments to constants are told before the body ever runs. @throws PgError 22005 */
function checkConstants(value: unknown, outer: ReadonlyMap<string, boolean>): void {
  if (Array.isArray(value)) {
    for (const item of value) checkConstants(item, outer);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const { kind, declarations, target } = value as {
    kind?: string;
    declarations?: readonly Declaration[];
    target?: Target;
  };
  const names = new Map(outer);
  for (const { name, constant } of declarations ?? []) names.set(name, constant);
  if (kind === "assign" && target !== undefined && names.get(target.names[0]!) === true)
    throw new PgError("22005", `variable "${target.names[0]}" is declared CONSTANT`);
  for (const member of Object.values(value)) checkConstants(member, names);
}

function visit(value: unknown, returnsValue: boolean): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, returnsValue);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const { kind } = value as { kind?: string };
  if (kind === "return" && returnsValue && (value as { value?: string }).value === undefined)
    throw new PgError("42601", 'missing expression at or near ";"');
  for (const [name, member] of Object.entries(value)) {
    if (kind === "raise" && name === "condition") continue;
    if (kind === "case" && name === "branches" && (value as { operand?: string }).operand !== undefined) {
      for (const branch of member as { condition: string; body: unknown }[]) {
        parse(`SELECT 1 IN (${branch.condition})`);
        visit(branch.body, returnsValue);
      }
    } else if (typeof member === "string" && statements.has(name)) {
      // The text of EXECUTE is an expression.
      parse("using" in value ? `SELECT ${member}` : member);
    } else if (typeof member === "string" && expressions.has(name)) parse(`SELECT ${member}`);
    else if (Array.isArray(member) && lists.has(name)) {
      for (const item of member) parse(`SELECT ${item}`);
    } else visit(member, returnsValue);
  }
}
