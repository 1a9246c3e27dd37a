import type { Expr, FuncExpr, SubLink } from "../analyse/expr.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { notSupported, PgError } from "../errors.ts";
import { callOf } from "../functions/calls.ts";
import { ctidText, readPartitionRowid } from "../storage/ctid.ts";
import { type Datum, PgArray, PgRecord, type Row } from "../types/datum.ts";
import { oid } from "../types/oids.ts";
import { typeOps } from "../types/registry.ts";
import type { Cell, Compiled, ExprCompiler } from "./compiler.ts";
import { compileDomain } from "./domains.ts";
import type { Env } from "./exec.ts";
import { rowidSlot, type Scope } from "./scope.ts";
import { compileSpecial } from "./special.ts";
import { sqlValue } from "./sql-values.ts";
import { compileSubscript } from "./subscript.ts";

/** Runs subqueries in expressions; given by the planner. */
export type SubqueryCompiler = (link: SubLink, scope: Scope, compiler: ExprCompiler) => Compiled;

/** Turns expressions into functions of a row. */
export class Compiler implements ExprCompiler {
  readonly catalog: Catalog;
  readonly #subquery: SubqueryCompiler;
  /** The value that CASE, casts of elements and the like test: the innermost last. */
  readonly #tests: Cell[] = [];
  readonly #outputs: { row: Row }[] = [];

  constructor(catalog: Catalog, subquery: SubqueryCompiler) {
    this.catalog = catalog;
    this.#subquery = subquery;
  }

  /** As `compile`, with a condition's result as a boolean: NULL is false. */
  condition(expr: Expr, scope: Scope): (row: Row, env: Env) => boolean {
    const compiled = this.compile(expr, scope);
    return (row, env) => compiled(row, env) === true;
  }

  /** Compiles what sees `cell.value` as the value under test. */
  withTest(expr: Expr, scope: Scope): { cell: Cell; compiled: Compiled } {
    const cell: Cell = { value: null };
    this.#tests.push(cell);
    const compiled = this.compile(expr, scope);
    this.#tests.pop();
    return { cell, compiled };
  }

  /** Compiles what sees `cell.row` as the row that a subquery gave. */
  withOutput(expr: Expr, scope: Scope): { cell: { row: Row }; compiled: Compiled } {
    const cell = { row: [] as Row };
    this.#outputs.push(cell);
    const compiled = this.compile(expr, scope);
    this.#outputs.pop();
    return { cell, compiled };
  }

  compile(expr: Expr, scope: Scope): Compiled {
    const slot = expr.kind === "const" || expr.kind === "param" ? undefined : scope.slotOf(expr);
    if (slot !== undefined) return (row) => row[slot]!;
    switch (expr.kind) {
      case "const": {
        const { value } = expr;
        return () => value;
      }
      case "param": {
        const { index } = expr;
        return (_row, env) => env.exec.params[index] ?? null;
      }
      case "var":
        return compileVar(expr, scope);
      case "func":
        return this.#func(expr, scope);
      case "bool":
        return this.#bool(
          expr.op,
          expr.args.map((arg) => this.compile(arg, scope)),
        );
      case "case":
        return this.#case(expr, scope);
      case "caseTest": {
        const cell = this.#tests.at(-1);
        if (cell === undefined) throw new PgError("XX000", "no value under test");
        return () => cell.value;
      }
      case "subOutput": {
        const cell = this.#outputs.at(-1);
        if (cell === undefined) throw new PgError("XX000", "no row of a subquery");
        const { index } = expr;
        return () => cell.row[index]!;
      }
      case "coalesce": {
        const args = expr.args.map((arg) => this.compile(arg, scope));
        return (row, env) => {
          for (const arg of args) {
            const value = arg(row, env);
            if (value !== null) return value;
          }
          return null;
        };
      }
      case "minmax": {
        const args = expr.args.map((arg) => this.compile(arg, scope));
        const compare = this.#compareOf(expr.type);
        const direction = expr.op === "greatest" ? 1 : -1;
        return (row, env) => {
          let best: Datum = null;
          for (const arg of args) {
            const value = arg(row, env);
            if (value !== null && (best === null || compare(value, best) * direction > 0)) best = value;
          }
          return best;
        };
      }
      case "nullif": {
        const [first, second] = expr.equal.args.map((arg) => this.compile(arg, scope));
        const equal = callOf(this.catalog, expr.equal);
        const original = first!;
        return (row, env) => {
          const a = original(row, env);
          const b = second!(row, env);
          if (a === null || b === null) return a;
          return equal([a, b], env.exec) === true ? null : a;
        };
      }
      case "distinct": {
        const [first, second] = expr.equal.args.map((arg) => this.compile(arg, scope));
        const equal = callOf(this.catalog, expr.equal);
        const { not } = expr;
        return (row, env) => {
          const a = first!(row, env);
          const b = second!(row, env);
          const isDistinct = a === null || b === null ? a !== b : equal([a, b], env.exec) !== true;
          return isDistinct !== not;
        };
      }
      case "scalarArray":
        return this.#scalarArray(expr, scope);
      case "array":
        return this.#array(expr, scope);
      case "row": {
        const fields = expr.fields.map((field) => this.compile(field, scope));
        const types = expr.fields.map((field) => field.type);
        const { names, type, wholeRow } = expr;
        const rowid = wholeRow?.kind === "table" ? scope.offsets.get(wholeRow) : undefined;
        const rowidAt = rowid === undefined ? -1 : rowid + rowidSlot(wholeRow!);
        return (row, env) => {
          const values = fields.map((field) => field(row, env));
          // A row that an outer join did not find is NULL as a whole.
          if (
            wholeRow !== undefined &&
            values.every((value) => value === null) &&
            (rowidAt < 0 || row[rowidAt] === null)
          )
            return null;
          return new PgRecord(values, types, names, type);
        };
      }
      case "rowCompare":
        return this.#rowCompare(expr, scope);
      case "nullTest": {
        const arg = this.compile(expr.arg, scope);
        const { not, row: isRow } = expr;
        if (!isRow) return not ? (row, env) => arg(row, env) !== null : (row, env) => arg(row, env) === null;
        return (row, env) => {
          const value = arg(row, env);
          if (!(value instanceof PgRecord)) return (value === null) !== not;
          return not ? value.values.every((v) => v !== null) : value.values.every((v) => v === null);
        };
      }
      case "booleanTest": {
        const arg = this.compile(expr.arg, scope);
        const wanted = expr.is === "unknown" ? null : expr.is === "true";
        const { not } = expr;
        return (row, env) => (arg(row, env) === wanted) !== not;
      }
      case "relabel":
        return this.#relabel(expr, scope);
      case "collate":
        return this.compile(expr.arg, scope);
      case "coerceIo":
        return this.#coerceIo(expr, scope);
      case "arrayCoerce": {
        const arg = this.compile(expr.arg, scope);
        const { cell, compiled } = this.withTest(expr.element, scope);
        return (row, env) => {
          const array = arg(row, env) as PgArray | null;
          if (array === null) return null;
          const elements = array.elements.map((element) => {
            if (element === null) return null;
            cell.value = element;
            return compiled(row, env);
          });
          return new PgArray(elements, array.dimensions, array.lowerBounds);
        };
      }
      case "domainCoerce":
        return compileDomain(this, expr, scope);
      case "rowCoerce":
        throw notSupported("conversion of a row value");
      case "field": {
        const arg = this.compile(expr.arg, scope);
        const { index } = expr;
        return (row, env) => {
          const record = arg(row, env) as PgRecord | null;
          return record === null ? null : (record.values[index] ?? null);
        };
      }
      case "subscript":
        return compileSubscript(this, expr, scope);
      case "sublink":
        return this.#subquery(expr, scope, this);
      case "multiField": {
        const link = this.compile(expr.link, scope);
        const { index } = expr;
        return (row, env) => {
          const record = link(row, env) as PgRecord | null;
          return record === null ? null : (record.values[index] ?? null);
        };
      }
      case "sqlValue":
        return sqlValue(expr);
      case "special":
        return compileSpecial(this, expr, scope);
      case "aggref": {
        // An aggregate of a query around this one: computed there.
        let up: Scope | undefined = scope;
        let levels = 0;
        for (; levels < expr.levelsUp; levels++) up = up?.parent;
        const slot = up?.slots.get(exprKeyOf(expr));
        if (slot === undefined) throw new PgError("XX000", "aggregate outside of a grouped query");
        return (_row, env) => outerRow(env, levels)[slot]!;
      }
      case "default":
        throw new PgError("42601", "DEFAULT is not allowed in this context");
      default:
        throw new PgError("XX000", `expression ${expr.kind} is out of place`);
    }
  }

  #compareOf(type: number): (a: Datum, b: Datum) => number {
    const { compare } = typeOps(this.catalog, type);
    if (compare === undefined) throw new PgError("42883", "could not identify a comparison function");
    return compare;
  }

  #func(expr: FuncExpr, scope: Scope): Compiled {
    if (expr.proc.returnsSet)
      throw new PgError(
        "0A000",
        "set-valued function called in context that cannot accept a set",
        {},
        expr.location,
      );
    const args = expr.args.map((arg) => this.compile(arg, scope));
    const call = callOf(this.catalog, expr);
    const { strict } = expr.proc;
    const [a, b] = args;
    if (args.length === 2 && strict) {
      return (row, env) => {
        const x = a!(row, env);
        if (x === null) return null;
        const y = b!(row, env);
        return y === null ? null : call([x, y], env.exec);
      };
    }
    if (args.length === 1 && strict) {
      return (row, env) => {
        const x = a!(row, env);
        return x === null ? null : call([x], env.exec);
      };
    }
    return (row, env) => {
      const values: Datum[] = [];
      for (const arg of args) {
        const value = arg(row, env);
        if (value === null && strict) return null;
        values.push(value);
      }
      return call(values, env.exec);
    };
  }

  #bool(op: "and" | "or" | "not", args: readonly Compiled[]): Compiled {
    if (op === "not") {
      const [arg] = args;
      return (row, env) => {
        const value = arg!(row, env);
        return value === null ? null : value !== true;
      };
    }
    const decides = op === "or";
    return (row, env) => {
      let unknown = false;
      for (const arg of args) {
        const value = arg(row, env);
        if (value === decides) return decides;
        if (value === null) unknown = true;
      }
      return unknown ? null : !decides;
    };
  }

  #case(expr: Extract<Expr, { kind: "case" }>, scope: Scope): Compiled {
    const operand = expr.operand === undefined ? undefined : this.compile(expr.operand, scope);
    const cell: Cell = { value: null };
    const whens = expr.whens.map(({ when, result: value }) => {
      if (operand !== undefined) this.#tests.push(cell);
      const condition = this.compile(when, scope);
      if (operand !== undefined) this.#tests.pop();
      return { condition, result: this.compile(value, scope) };
    });
    const otherwise = expr.otherwise === undefined ? undefined : this.compile(expr.otherwise, scope);
    return (row, env) => {
      const tested = operand === undefined ? null : operand(row, env);
      for (const { condition, result } of whens) {
        cell.value = tested;
        if (condition(row, env) === true) return result(row, env);
      }
      return otherwise === undefined ? null : otherwise(row, env);
    };
  }

  #scalarArray(expr: Extract<Expr, { kind: "scalarArray" }>, scope: Scope): Compiled {
    const left = this.compile(expr.left, scope);
    const right = this.compile(expr.right, scope);
    const elementType = this.catalog.type(expr.right.type)?.element || expr.left.type;
    const call = callOf(this.catalog, {
      proc: expr.proc,
      argTypes: [expr.left.type, elementType],
      type: oid.bool,
      inputCollation: expr.left.collation ?? 0,
    });
    const { any } = expr;
    const { strict } = expr.proc;
    const fast = any && expr.operator === "=" ? this.#constantSet(expr, elementType) : undefined;
    return (row, env) => {
      const value = left(row, env);
      if (fast !== undefined) {
        if (value === null) return fast.isEmpty ? false : null;
        if (fast.keys.has(fast.key(value))) return true;
        return fast.hasNull ? null : false;
      }
      const array = right(row, env) as PgArray | null;
      if (array === null) return null;
      if (array.elements.length === 0) return !any;
      if (value === null && strict) return null;
      let unknown = false;
      for (const element of array.elements) {
        const result = element === null && strict ? null : call([value, element], env.exec);
        if (result === any) return any;
        if (result === null) unknown = true;
      }
      return unknown ? null : !any;
    };
  }

  /** `x = ANY (constants)` with many constants is a look into a set. */
  #constantSet(expr: Extract<Expr, { kind: "scalarArray" }>, elementType: number) {
    const { right, left } = expr;
    let elements: readonly Datum[];
    if (right.kind === "const" && right.value instanceof PgArray) elements = right.value.elements;
    else if (right.kind === "array" && right.elements.every((e) => e.kind === "const"))
      elements = right.elements.map((e) => (e as { value: Datum }).value);
    else return undefined;
    if (elements.length < 9 || left.type !== elementType) return undefined;
    const { key } = typeOps(this.catalog, elementType);
    if (key === undefined) return undefined;
    const keys = new Set(elements.filter((e) => e !== null).map((e) => key(e)));
    return { keys, key, hasNull: elements.includes(null), isEmpty: elements.length === 0 };
  }

  #array(expr: Extract<Expr, { kind: "array" }>, scope: Scope): Compiled {
    const elements = expr.elements.map((element) => this.compile(element, scope));
    if (!expr.nested) return (row, env) => new PgArray(elements.map((element) => element(row, env)));
    return (row, env) => {
      const parts = elements.map((element) => element(row, env) as PgArray | null);
      return nestArrays(parts);
    };
  }

  #rowCompare(expr: Extract<Expr, { kind: "rowCompare" }>, scope: Scope): Compiled {
    const pairs = expr.pairs.map(({ left, right, less, equal }) => {
      const argTypes = [left.type, right.type];
      const shared = { argTypes, type: oid.bool, inputCollation: left.collation ?? 0 };
      return {
        left: this.compile(left, scope),
        right: this.compile(right, scope),
        less: callOf(this.catalog, { ...shared, proc: less }),
        equal: callOf(this.catalog, { ...shared, proc: equal }),
      };
    });
    const wantsLess = expr.op.startsWith("<");
    const ifEqual = expr.op.endsWith("=");
    return (row, env) => {
      for (const { left, right, less, equal } of pairs) {
        const a = left(row, env);
        const b = right(row, env);
        if (a === null || b === null) return null;
        if (equal([a, b], env.exec) === true) continue;
        return (less([a, b], env.exec) === true) === wantsLess;
      }
      return ifEqual;
    };
  }

  #relabel(expr: Extract<Expr, { kind: "relabel" }>, scope: Scope): Compiled {
    const arg = this.compile(expr.arg, scope);
    const target = this.catalog.type(expr.type);
    if (target?.kind === "c" && expr.type !== oid.record) {
      const { type } = expr;
      return (row, env) => {
        const record = arg(row, env);
        return record instanceof PgRecord
          ? new PgRecord(record.values, record.types, record.names, type)
          : record;
      };
    }
    return arg;
  }

  #coerceIo(expr: Extract<Expr, { kind: "coerceIo" }>, scope: Scope): Compiled {
    const arg = this.compile(expr.arg, scope);
    const from = typeOps(this.catalog, expr.arg.type);
    const to = typeOps(this.catalog, expr.type);
    return (row, env) => {
      const value = arg(row, env);
      if (value === null) return null;
      return to.input(from.output(value, env.exec.io), -1, env.exec.io);
    };
  }
}

function exprKeyOf(expr: Extract<Expr, { kind: "aggref" }>): string {
  return `agg${expr.ordinal}`;
}

function outerRow(env: Env, levels: number): Row {
  let at: Env | undefined = env;
  for (let i = 1; i < levels; i++) at = at?.outer;
  return at!.row;
}

function compileVar(expr: Extract<Expr, { kind: "var" }>, scope: Scope): Compiled {
  let up: Scope | undefined = scope;
  for (let i = 0; i < expr.levelsUp; i++) up = up?.parent;
  const { levelsUp, entry } = expr;
  let slot = levelsUp > 0 ? up?.slotOf({ ...expr, levelsUp: 0 }) : undefined;
  if (slot === undefined) {
    const offset = up?.offsets.get(entry);
    if (offset === undefined)
      throw new PgError("XX000", `column ${expr.attnum} of "${entry.alias}" is not at hand`);
    if (expr.attnum === -6) {
      const table = entry.relation?.oid ?? 0;
      const rowid = offset + rowidSlot(entry);
      const tableOf = (place: Datum): Datum =>
        place === null ? null : typeof place === "string" ? readPartitionRowid(place).leaf : table;
      return levelsUp === 0
        ? (row) => tableOf(row[rowid]!)
        : (_row, env) => tableOf(outerRow(env, levelsUp)[rowid]!);
    }
    if (expr.attnum < 0) return systemColumn(expr.attnum, offset + rowidSlot(entry), levelsUp);
    slot = offset + expr.attnum - 1;
  }
  const at = slot;
  if (levelsUp === 0) return (row) => row[at]!;
  if (levelsUp === 1) return (_row, env) => env.row[at]!;
  return (_row, env) => outerRow(env, levelsUp)[at]!;
}

/** ctid is made of the rowid; the others have no counterpart here and are constant. */
function systemColumn(attnum: number, slot: number, levelsUp: number): Compiled {
  const rowid = (row: Row, env: Env): Datum => (levelsUp === 0 ? row : outerRow(env, levelsUp))[slot]!;
  if (attnum === -1) {
    return (row, env) => {
      const id = rowid(row, env);
      return id === null
        ? null
        : ctidText(typeof id === "string" ? readPartitionRowid(id).rowid : Number(id));
    };
  }
  const constant = attnum === -2 ? 2 : 0;
  return (row, env) => (rowid(row, env) === null ? null : constant);
}

/** An array of arrays: one more dimension. @throws PgError 2202E */
export function nestArrays(parts: readonly (PgArray | null)[]): PgArray {
  const arrays = parts.filter((part) => part !== null);
  const [first] = arrays;
  if (first === undefined || arrays.every((array) => array.dimensions.length === 0)) return new PgArray([]);
  const mismatch = () =>
    new PgError("2202E", "multidimensional arrays must have array expressions with matching dimensions");
  if (parts.includes(null)) throw mismatch();
  for (const array of arrays) {
    if (
      array.dimensions.join() !== first.dimensions.join() ||
      array.lowerBounds.join() !== first.lowerBounds.join()
    )
      throw mismatch();
  }
  return new PgArray(
    arrays.flatMap((array) => array.elements),
    [arrays.length, ...first.dimensions],
    [1, ...first.lowerBounds],
  );
}
