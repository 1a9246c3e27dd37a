import type { Relation } from "../catalog/model.ts";
import { ancestorsOf, attnumsIn } from "../catalog/partitions.ts";
import { isSuperuser } from "../catalog/roles.ts";
import { notSupported, PgError } from "../errors.ts";
import { type Node, type pg, tagOf } from "../parse/ast.ts";
import { oid } from "../types/oids.ts";
import { analyseDelete, analyseMerge, analyseUpdate } from "./change-rows.ts";
import { coerceToTarget } from "./coerce.ts";
import { type AnalyseContext, Level } from "./context.ts";
import type { Expr, Query, RangeEntry, SelectQuery } from "./expr.ts";
import { analyseExpr } from "./expressions.ts";
import { itemOf, tableEntry } from "./from.ts";
import { analyseInsert } from "./modify.ts";
import type { ModifyAnalyser } from "./modify-analyser.ts";
import { analyseSelect } from "./select.ts";

/** nextval(regclass) */
const nextvalProc = 1574;

/** How SQL text that the catalog keeps is parsed. */
export interface SqlTexts {
  query(text: string): Node;
  expression(text: string): Node;
}

/** Turns what the grammar gives into queries and expressions with types. One for each statement. */
export class StatementAnalyser implements ModifyAnalyser {
  readonly ctx: AnalyseContext;
  readonly #texts: SqlTexts;
  #depth = 0;

  constructor(ctx: AnalyseContext, texts: SqlTexts) {
    this.ctx = ctx;
    this.#texts = texts;
  }

  /** A whole statement. Parameters that nothing gave a type are errors. @throws PgError 42P18 */
  statement(node: Node): Query {
    const query = this.query(node, undefined);
    this.checkParameters();
    return query;
  }

  checkParameters(): void {
    const { params } = this.ctx;
    for (const [i, type] of params.entries()) {
      if (type === 0 || type === oid.unknown)
        throw new PgError("42P18", `could not determine data type of parameter $${i + 1}`);
    }
  }

  query(node: Node, parent: Level | undefined): Query {
    if (node.SelectStmt !== undefined) return analyseSelect(this, node.SelectStmt, parent);
    if (node.InsertStmt !== undefined) return analyseInsert(this, node.InsertStmt, parent);
    if (node.UpdateStmt !== undefined) return analyseUpdate(this, node.UpdateStmt, parent);
    if (node.DeleteStmt !== undefined) return analyseDelete(this, node.DeleteStmt, parent);
    if (node.MergeStmt !== undefined) return analyseMerge(this, node.MergeStmt, parent);
    throw notSupported(tagOf(node));
  }

  subquery(node: Node, parent: Level): Query {
    this.#depth++;
    try {
      if (this.#depth > 200) throw new PgError("54001", "stack depth limit exceeded");
      return this.query(node, parent);
    } finally {
      this.#depth--;
    }
  }

  select(node: pg.SelectStmt, parent: Level, keepUnknown: boolean): SelectQuery {
    return analyseSelect(this, node, parent, { keepUnknown });
  }

  viewQuery(relation: Relation): Query {
    const { query } = relation;
    if (query === undefined) throw notSupported(`reading ${relation.name}`);
    if (!isSuperuser(this.ctx.catalog, relation.owner)) this.ctx.readsForOthers = true;
    return this.#asStored(() => this.subquery(this.#texts.query(query), new Level()));
  }

  /** What the catalog keeps knows nothing of the routine that a statement is in. */
  #asStored<T>(work: () => T): T {
    const { variables, tables, io } = this.ctx;
    this.ctx.variables = undefined;
    this.ctx.tables = undefined;
    if (io.requireUsage !== undefined) {
      const { requireUsage: _not, ...rest } = io;
      this.ctx.io = rest;
    }
    try {
      return work();
    } finally {
      this.ctx.variables = variables;
      this.ctx.tables = tables;
      this.ctx.io = io;
    }
  }

  /** An expression over the columns of one table: a check, an index's key, a generated column. */
  expressionOf(relation: Relation, text: string, level?: Level): Expr {
    const inner = level ?? this.tableLevel(relation).level;
    return this.columnExpression(inner, this.#texts.expression(text));
  }

  /** An expression over a table's columns, as a level has them. */
  columnExpression(level: Level, node: Node): Expr {
    const { place } = level;
    level.place = "CHECK";
    const expr = this.#asStored(() => analyseExpr(this, level, node));
    level.place = place;
    return expr;
  }

  tableLevel(relation: Relation): { level: Level; entry: RangeEntry } {
    const level = new Level();
    const entry = tableEntry(this.ctx, relation, relation.name);
    level.namespace = [itemOf(entry)];
    return { level, entry };
  }

  /** An expression that sees no columns. */
  constantExpression(node: Node, place: Level["place"] = "DEFAULT"): Expr {
    const level = new Level();
    level.place = place;
    return analyseExpr(this, level, node);
  }

  /** nextval() of an identity column's sequence. */
  #identityValue(
    relation: Relation,
    attnum: number,
    column: { type: number; typmod: number },
  ): Expr | undefined {
    const { catalog } = this.ctx;
    // A partition's identity is that of the table that it is in.
    const root = ancestorsOf(catalog, relation).at(-1);
    const owner = root ?? relation;
    const place = root === undefined ? attnum : attnumsIn(relation, root).get(attnum);
    for (const sequence of catalog.all("sequence")) {
      if (sequence.ownedBy?.relation !== owner.oid || sequence.ownedBy.attnum !== place) continue;
      const argument: Expr = { kind: "const", value: sequence.oid, type: oid.regclass, typmod: -1 };
      const next: Expr = {
        kind: "func",
        proc: this.ctx.proc(nextvalProc),
        args: [argument, { kind: "const", value: true, type: oid.bool, typmod: -1 }],
        form: "call",
        type: oid.int8,
        typmod: -1,
      };
      return coerceToTarget(this.ctx, next, column.type, column.typmod, "assignment", "implicit");
    }
    return undefined;
  }

  defaultOf(relation: Relation, attnum: number): Expr | undefined {
    const column = relation.columns.find((c) => c.attnum === attnum);
    if (column === undefined || column.generated !== undefined) return undefined;
    if (column.identity !== undefined) return this.#identityValue(relation, attnum, column);
    const text = column.default ?? this.ctx.type(column.type).default;
    if (text === undefined) return undefined;
    const expr = this.#asStored(() => this.constantExpression(this.#texts.expression(text)));
    return coerceToTarget(this.ctx, expr, column.type, column.typmod, "assignment", "implicit") ?? expr;
  }
}
