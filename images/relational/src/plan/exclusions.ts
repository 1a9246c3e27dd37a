import { type SqlValue, statement, type TransactionWork, uniqueValueLocks } from "@weftkit/store";
import type { Expr, RangeEntry } from "../analyse/expr.ts";
import { builtinOperators, builtinProcs } from "../catalog/builtin.ts";
import type { Constraint, IndexKey, Relation } from "../catalog/model.ts";
import { PgError } from "../errors.ts";
import type { Exec } from "../run/exec.ts";
import { Scope } from "../run/scope.ts";
import { columnName, storedColumns, tableName } from "../storage/tables.ts";
import type { Datum, Row } from "../types/datum.ts";
import { oid } from "../types/oids.ts";
import { typeOps } from "../types/registry.ts";
import type { PlanContext } from "./context.ts";
import { decodeRow } from "./stored-rows.ts";
import { membership, tableExpression } from "./table-expressions.ts";

/** Types whose values are equal in SQLite when they are for PostgreSQL. */
const comparable: ReadonlySet<number> = new Set([
  oid.bool,
  oid.int2,
  oid.int4,
  oid.int8,
  oid.text,
  oid.uuid,
  oid.date,
  oid.timestamp,
  oid.timestamptz,
]);

/** So many rows are read at once. */
const pageRows = 1000;

interface Part {
  readonly shown: string;
  readonly type: number;
  value(row: Row, exec: Exec): Datum;
  /** The column that SQLite compares, when its operator is equality. */
  readonly column: string | undefined;
  encode(value: Datum): SqlValue;
}

export function planExclusions(ctx: PlanContext, relation: Relation): Exclusion[] {
  return ctx.catalog
    .constraintsOf(relation.oid)
    .filter(({ exclusion }) => exclusion !== undefined)
    .map((constraint) => new Exclusion(ctx, relation, constraint));
}

/**
 * An EXCLUDE constraint: of no two rows do all operators hold. The rows are read, those first left out that differ where
 * the operator is equality; who changes rows that are equal there waits for the end of the transaction that did so before.
 */
export class Exclusion {
  readonly constraint: Constraint;
  readonly #ctx: PlanContext;
  readonly #relation: Relation;
  readonly #parts: readonly Part[];
  readonly #holds: (values: readonly Datum[], others: readonly Datum[], exec: Exec) => boolean;
  readonly #isMember: (row: Row, exec: Exec) => boolean;
  readonly #sql: string;

  constructor(ctx: PlanContext, relation: Relation, constraint: Constraint) {
    this.#ctx = ctx;
    this.#relation = relation;
    this.constraint = constraint;
    const index = ctx.catalog.get("index", constraint.index)!;
    const operators = constraint.exclusion!.operators.map((id) => builtinOperators.get(id)!);
    this.#parts = index.keys.map((key, i) => this.#part(key, operators[i]!.name === "="));
    const width = this.#parts.length;
    const both: RangeEntry = {
      id: 0,
      kind: "result",
      alias: "",
      used: new Set(),
      columns: [...this.#parts, ...this.#parts].map(({ shown, type }, i) => ({
        name: shown,
        type,
        typmod: -1,
        collation: 0,
        attnum: i + 1,
      })),
    };
    const scope = new Scope(undefined, new Map([[both, 0]]));
    const column = (at: number): Expr => {
      const { attnum, type } = both.columns[at]!;
      return { kind: "var", levelsUp: 0, entry: both, attnum, type, typmod: -1 };
    };
    const tests = operators.map(({ proc }, i) => {
      const args = [column(i), column(width + i)];
      const call: Expr = { kind: "func", proc: builtinProcs.get(proc)!, args, type: oid.bool, typmod: -1 };
      return ctx.compiler.condition(call, scope);
    });
    this.#holds = (values, others, exec) => {
      const row = [...values, ...others];
      return tests.every((test) => test(row, { exec, row: [], outer: undefined }));
    };
    this.#isMember = membership(ctx, relation, index.predicate);
    const columns = ["rowid_", ...storedColumns(ctx.catalog, relation).map(({ name }) => name)];
    const equal = this.#parts.flatMap((part) =>
      part.column === undefined ? [] : [` AND ${part.column} = ?`],
    );
    this.#sql = `SELECT ${columns.join(", ")} FROM ${tableName(relation.oid)} WHERE rowid_ > ?${equal.join("")} ORDER BY rowid_ LIMIT ${pageRows}`;
  }

  #part(key: IndexKey, isEquality: boolean): Part {
    const ctx = this.#ctx;
    const relation = this.#relation;
    if (key.expression !== undefined) {
      const { expr, entry } = tableExpression(ctx, relation, key.expression);
      const compiled = ctx.compiler.compile(expr, new Scope(undefined, new Map([[entry, 0]])));
      return {
        shown: key.expression,
        type: expr.type,
        value: (row, exec) => compiled(row, { exec, row: [], outer: undefined }),
        column: undefined,
        encode: () => null,
      };
    }
    const column = relation.columns.find(({ attnum }) => attnum === key.attnum)!;
    const stored = storedColumns(ctx.catalog, relation).find((each) => each.column.attnum === key.attnum)!;
    return {
      shown: column.name,
      type: column.type,
      value: (row) => row[key.attnum - 1] ?? null,
      column: isEquality && comparable.has(column.type) ? columnName(key.attnum) : undefined,
      encode: stored.codec.encode,
    };
  }

  /** The values that are compared; undefined of a row that conflicts with none. */
  #values(row: Row, exec: Exec): Datum[] | undefined {
    if (!this.#isMember(row, exec)) return undefined;
    const values = this.#parts.map((part) => part.value(row, exec));
    return values.includes(null) ? undefined : values;
  }

  #equal(values: readonly Datum[]): SqlValue[] {
    return this.#parts.flatMap((part, i) => (part.column === undefined ? [] : [part.encode(values[i]!)]));
  }

  isSame(before: Row, after: Row, exec: Exec): boolean {
    const [old, now] = [this.#values(before, exec), this.#values(after, exec)];
    if (old === undefined || now === undefined) return old === now;
    return this.#parts.every(({ type }, i) => {
      const { output } = typeOps(this.#ctx.catalog, type);
      return output(old[i]!, exec.io) === output(now[i]!, exec.io);
    });
  }

  /** Whoever else changes a row that may conflict waits for the end of this transaction. */
  lock(work: TransactionWork, row: Row, exec: Exec): void {
    const values = this.#values(row, exec);
    if (values === undefined) return;
    const key = this.#equal(values)
      .map((value) =>
        typeof value === "object" && value !== null ? Buffer.from(value).toString("latin1") : String(value),
      )
      .map((text) => `${text.length}:${text}`)
      .join("");
    work.lock(uniqueValueLocks, `exclusion${this.constraint.oid}`, key, "exclusive");
  }

  /** Another row that the constraint does not allow beside this one. */
  conflict(
    row: Row,
    except: number | undefined,
    exec: Exec,
  ): { readonly rowid: number; readonly row: Row } | undefined {
    const values = this.#values(row, exec);
    if (values === undefined) return undefined;
    const equal = this.#equal(values);
    let last = -1;
    while (true) {
      exec.check();
      const page = statement(exec.db, this.#sql, { raw: true, safeIntegers: true }).all(
        last,
        ...equal,
      ) as SqlValue[][];
      for (const raw of page) {
        const rowid = Number(raw[0]);
        last = rowid;
        if (rowid === except) continue;
        const other = decodeRow(this.#ctx, this.#relation, raw);
        const others = this.#values(other, exec);
        if (others !== undefined && this.#holds(values, others, exec)) return { rowid, row: other };
      }
      if (page.length < pageRows) return undefined;
    }
  }

  /** @throws PgError 23P01 */
  check(row: Row, rowid: number, exec: Exec): void {
    const found = this.conflict(row, rowid, exec);
    if (found !== undefined) throw this.violation(row, found.row, exec, false);
  }

  violation(row: Row, other: Row, exec: Exec, isNew: boolean): PgError {
    const { catalog } = this.#ctx;
    const shown = this.#parts.map((part) => part.shown).join(", ");
    const text = (of: Row) =>
      this.#parts.map((part) => typeOps(catalog, part.type).output(part.value(of, exec), exec.io)).join(", ");
    const { name } = this.constraint;
    const message = isNew
      ? `could not create exclusion constraint "${name}"`
      : `conflicting key value violates exclusion constraint "${name}"`;
    const what = isNew ? "key" : "existing key";
    return new PgError("23P01", message, {
      detail: `Key (${shown})=(${text(row)}) conflicts with ${what} (${shown})=(${text(other)}).`,
      schema: catalog.get("namespace", this.#relation.namespace)?.name,
      table: this.#relation.name,
      constraint: name,
    });
  }
}
