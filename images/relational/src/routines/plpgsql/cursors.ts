import { PgError } from "../../errors.ts";
import { placeOf } from "../../session/current-rows.ts";
import type { Row } from "../../types/datum.ts";
import { oid } from "../../types/oids.ts";
import type { CursorResult, InnerSql, OutputColumn, Result } from "../inner-sql.ts";
import type { CursorDefinition, Dynamic, FetchDirection, Statement } from "./ast.ts";
import { declaredType, variableIn } from "./compile.ts";
import { type Frame, NameScope, type Variable } from "./variables.ts";

interface OpenCursor {
  readonly result: CursorResult;
  /** The row that was fetched last, from 1; 0 is before the first. */
  at: number;
}

/** What FOR goes through. */
export interface LoopRows {
  readonly columns: readonly OutputColumn[];
  readonly rows: Iterable<Row>;
  readonly isEmpty: boolean;
  /** They are of a statement that changes rows. */
  readonly isChange: boolean;
}

let unnamed = 0;

/** The cursors of one call. They end with it: one that a function returns by name is not supported. */
export class Cursors {
  readonly #sql: InnerSql;
  readonly #definitions: ReadonlyMap<Variable, CursorDefinition>;
  readonly #open = new Map<string, OpenCursor>();
  readonly #looped = new WeakSet<OpenCursor>();

  constructor(sql: InnerSql, definitions: ReadonlyMap<Variable, CursorDefinition>) {
    this.#sql = sql;
    this.#definitions = definitions;
  }

  #variable(name: string, scope: NameScope): Variable {
    const variable = scope.find(name);
    if (variable === undefined) throw new PgError("42601", `"${name}" is not a known variable`);
    if (variable.type !== oid.refcursor)
      throw new PgError("42804", `variable "${name}" must be of type cursor or refcursor`);
    return variable;
  }

  open(
    statement: Extract<Statement, { kind: "open" }>,
    scope: NameScope,
    frame: Frame,
    execute: (dynamic: Dynamic) => Result,
  ): void {
    const variable = this.#variable(statement.cursor, scope);
    const { source } = statement;
    let result: CursorResult;
    if ("query" in source) result = this.#sql.open(source.query, scope, frame);
    else if ("dynamic" in source) result = execute(source.dynamic);
    else result = this.#bound(variable, source.args, scope, frame);
    this.#put(variable, frame, result);
  }

  /** Opens a cursor on a result, by the name that its variable has or now gets. */
  #put(
    variable: Variable,
    frame: Frame,
    result: CursorResult,
  ): { readonly name: string; cursor: OpenCursor } {
    const name = (frame[variable.slot] as string | null) ?? `<unnamed portal ${++unnamed}>`;
    if (this.#open.has(name)) throw new PgError("42P03", `cursor "${name}" already in use`);
    frame[variable.slot] = name;
    const cursor: OpenCursor = { result, at: 0 };
    this.#open.set(name, cursor);
    const { session } = this.#sql;
    session.currentRows.set(name, (tables) => {
      if (this.#open.get(name) !== cursor) throw new PgError("34000", `cursor "${name}" does not exist`);
      const nameOf = (oid: number) => session.catalog.get("relation", oid)?.name ?? "";
      return placeOf(name, result.carried, result.rows[cursor.at - 1], tables, nameOf);
    });
    return { name, cursor };
  }

  /** The rows of a cursor's own query, with its arguments. */
  #bound(variable: Variable, args: string | undefined, scope: NameScope, frame: Frame): CursorResult {
    const definition = this.#definitions.get(variable);
    if (definition === undefined)
      throw new PgError("42601", `cursor variable "${variable.name}" has no query: use OPEN ... FOR`);
    const { parameters, query } = definition;
    if (parameters.length === 0) return this.#sql.open(query, scope, frame);
    const given = args === undefined ? [] : splitArguments(args);
    if (given.length !== parameters.length)
      throw new PgError("42601", `wrong number of arguments for cursor "${variable.name}"`);
    const inner = new NameScope(scope, variable.name);
    const slots = { count: frame.length };
    parameters.forEach(({ name, type }, i) => {
      const { type: typeOid, typmod } = declaredType(type, scope, this.#sql.session.io);
      const named = /^\s*"?(\w+)"?\s*(?::=|=>)\s*(.*)$/s.exec(given[i]!);
      const text =
        named === null
          ? given[i]!
          : (given.find((arg) => new RegExp(`^\\s*"?${name}"?\\s*(?::=|=>)`).test(arg)) ?? "").replace(
              /^[^:=]*(?::=|=>)/,
              "",
            );
      const value = this.#sql.value(text, scope, frame, { type: typeOid, typmod });
      frame[variableIn(inner, slots, name, typeOid, { typmod }).slot] = value;
    });
    return this.#sql.open(query, inner, frame);
  }

  /** FOR over a cursor: all of its rows, from its start; it is open while they are gone through. */
  all(name: string, args: string | undefined, scope: NameScope, frame: Frame): LoopRows {
    const variable = this.#variable(name, scope);
    const result = this.#bound(variable, args, scope, frame);
    return {
      columns: result.columns,
      isEmpty: result.rows.length === 0,
      isChange: result.isChange === true,
      rows: this.#each(variable, frame, result),
    };
  }

  *#each(variable: Variable, frame: Frame, result: CursorResult): Generator<Row, void, void> {
    const before = frame[variable.slot]!;
    const { name, cursor } = this.#put(variable, frame, result);
    this.#looped.add(cursor);
    try {
      for (const row of result.rows) {
        cursor.at++;
        yield shown(result, row);
      }
    } finally {
      this.#open.delete(name);
      frame[variable.slot] = before;
    }
  }

  #cursor(name: string, scope: NameScope, frame: Frame): { cursor: OpenCursor; portal: string } {
    const variable = this.#variable(name, scope);
    const portal = frame[variable.slot] as string | null;
    if (portal === null) throw new PgError("22004", `cursor variable "${name}" is null`);
    const cursor = this.#open.get(portal);
    if (cursor === undefined) throw new PgError("34000", `cursor "${portal}" does not exist`);
    return { cursor, portal };
  }

  fetch(
    statement: Extract<Statement, { kind: "fetch" }>,
    scope: NameScope,
    frame: Frame,
  ): { readonly row: Row | undefined; readonly columns: readonly OutputColumn[]; readonly count: number } {
    const { cursor } = this.#cursor(statement.cursor, scope, frame);
    const { rows, columns } = cursor.result;
    const from = cursor.at;
    const to = Math.max(
      0,
      Math.min(rows.length + 1, this.#destination(statement.direction, cursor, scope, frame)),
    );
    cursor.at = to;
    const found = rows[to - 1];
    const row = found === undefined ? undefined : shown(cursor.result, found);
    const count =
      statement.into === undefined ? Math.min(Math.abs(to - from), rows.length) : row === undefined ? 0 : 1;
    const moved = statement.into === undefined && row === undefined && count > 0 ? count - 1 : count;
    return { row, columns, count: moved };
  }

  #destination(direction: FetchDirection, cursor: OpenCursor, scope: NameScope, frame: Frame): number {
    const { rows } = cursor.result;
    const count = (otherwise: number): number => {
      if (direction.count === undefined) return otherwise;
      if (direction.count === "all") return rows.length + 1;
      const value = this.#sql.value(direction.count, scope, frame, { type: oid.int4, typmod: -1 });
      if (value === null) throw new PgError("22004", "relative or absolute cursor position is null");
      return value as number;
    };
    switch (direction.kind) {
      case "first":
        return 1;
      case "last":
        return rows.length;
      case "prior":
        return cursor.at - 1;
      case "backward":
        return cursor.at - count(1);
      case "absolute": {
        const at = count(0);
        return at < 0 ? rows.length + 1 + at : at;
      }
      case "relative":
        return cursor.at + count(0);
      case "forward":
        return cursor.at + count(1);
      default:
        return cursor.at + 1;
    }
  }

  /** The end of a transaction closes them, but not those that a loop goes through. */
  closeOpened(): void {
    for (const [name, cursor] of this.#open) if (!this.#looped.has(cursor)) this.#open.delete(name);
  }

  close(name: string, scope: NameScope, frame: Frame): void {
    this.#open.delete(this.#cursor(name, scope, frame).portal);
  }
}

/** A row without what it carries behind its columns. */
function shown({ columns }: CursorResult, row: Row): Row {
  return row.length > columns.length && columns.length > 0 ? row.slice(0, columns.length) : row;
}

/** Arguments between commas that are outside of brackets and strings. */
function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = "";
  let part = "";
  for (const char of text) {
    if (quote !== "") {
      if (char === quote) quote = "";
    } else if (char === "'" || char === '"') quote = char;
    else if ("([".includes(char)) depth++;
    else if (")]".includes(char)) depth--;
    else if (char === "," && depth === 0) {
      parts.push(part);
      part = "";
      continue;
    }
    part += char;
  }
  return [...parts, part];
}
