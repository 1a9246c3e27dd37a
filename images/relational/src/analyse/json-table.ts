import { PgError } from "../errors.ts";
import { at, type Node, type pg } from "../parse/ast.ts";
import { oid } from "../types/oids.ts";
import type { AnalyseContext } from "./context.ts";
import { resolveTypeName } from "./type-names.ts";

/**
 * JSON_TABLE as the query that it stands for (https://www.postgresql.org/docs/18/functions-json.html#FUNCTIONS-SQLJSON-TABLE): the row
 * pattern gives an array of items, whose elements are the rows; each column asks its path of the item; nested
 * patterns are joined on as in an outer join, those that stand beside each other by UNION ALL.
 */
export function jsonTableQuery(ctx: AnalyseContext, node: pg.JsonTable): pg.RangeSubselect {
  const select = new JsonTableQuery(ctx, node).select();
  return {
    lateral: true,
    subquery: { SelectStmt: select } as pg.Node,
    alias: node.alias ?? { aliasname: "json_table" },
  };
}

/** The columns of one pattern: its own, and those of the patterns nested in it. */
interface Pattern {
  readonly rows: string;
  readonly path: pg.Node;
  readonly own: readonly Node[];
  readonly nested: readonly Pattern[];
}

class JsonTableQuery {
  readonly #ctx: AnalyseContext;
  readonly #node: pg.JsonTable;
  readonly #isStrict: boolean;
  readonly #names = new Set<string>();
  #patterns = 0;

  constructor(ctx: AnalyseContext, node: pg.JsonTable) {
    this.#ctx = ctx;
    this.#node = node;
    this.#isStrict = node.on_error?.btype === "JSON_BEHAVIOR_ERROR";
    const behaviour = node.on_error?.btype ?? "JSON_BEHAVIOR_EMPTY_ARRAY";
    if (!["JSON_BEHAVIOR_ERROR", "JSON_BEHAVIOR_EMPTY", "JSON_BEHAVIOR_EMPTY_ARRAY"].includes(behaviour))
      throw new PgError(
        "42601",
        "invalid ON ERROR behavior",
        { detail: "Only EMPTY [ ARRAY ] or ERROR is allowed in the top-level ON ERROR clause." },
        at(node.on_error?.location),
      );
  }

  select(): pg.SelectStmt {
    const { context_item, pathspec, columns } = this.#node;
    this.#take(pathspec?.name, at(pathspec?.name_location));
    const pattern = this.#pattern(pathspec!.string as pg.Node, (columns ?? []) as Node[]);
    return this.#selectOf(pattern, context_item!);
  }

  /** @throws PgError 42712 */
  #take(name: string | undefined, location: number | undefined): void {
    if (name === undefined) return;
    if (this.#names.has(name))
      throw new PgError("42712", `duplicate JSON_TABLE column or path name: ${name}`, {}, location);
    this.#names.add(name);
  }

  #pattern(path: pg.Node, columns: readonly Node[]): Pattern {
    const rows = `json_table rows ${++this.#patterns}`;
    const own: Node[] = [];
    const nested: Pattern[] = [];
    let hasOrdinality = false;
    for (const column of columns.map((item) => item.JsonTableColumn!)) {
      if (column.coltype === "JTC_NESTED")
        this.#take(column.pathspec?.name, at(column.pathspec?.name_location));
      else this.#take(column.name, at(column.location));
    }
    for (const column of columns.map((item) => item.JsonTableColumn!)) {
      if (column.coltype === "JTC_NESTED") {
        nested.push(this.#pattern(column.pathspec!.string as pg.Node, (column.columns ?? []) as Node[]));
        continue;
      }
      if (column.coltype === "JTC_FOR_ORDINALITY") {
        if (hasOrdinality)
          throw new PgError("42601", "only one FOR ORDINALITY column is allowed", {}, at(column.location));
        hasOrdinality = true;
      }
      own.push(target(column.name ?? "", this.#value(column, rows)));
    }
    return { rows, path, own, nested };
  }

  #value(column: pg.JsonTableColumn, rows: string): pg.Node {
    if (column.coltype === "JTC_FOR_ORDINALITY") return cast(columnRef(rows, "at"), typeName("int4"));
    const path = column.pathspec?.string ?? constant(`$.${JSON.stringify(column.name ?? "")}`);
    const isOf = column.coltype === "JTC_EXISTS" ? "EXISTS" : this.#isQuery(column) ? "QUERY" : "VALUE";
    const asked = {
      JsonFuncExpr: {
        op: `JSON_${isOf}_OP`,
        context_item: { raw_expr: columnRef(rows, "item"), format: plainFormat },
        pathspec: path,
        ...(this.#node.passing === undefined ? {} : { passing: this.#node.passing }),
        ...(isOf === "EXISTS" ? {} : { output: { typeName: column.typeName! } }),
        ...(column.on_empty === undefined ? {} : { on_empty: column.on_empty }),
        ...(column.on_error === undefined ? {} : { on_error: column.on_error }),
        ...(column.wrapper === undefined ? {} : { wrapper: column.wrapper }),
        ...(column.quotes === undefined ? {} : { quotes: column.quotes }),
        location: column.location ?? 0,
      },
    } as pg.Node;
    return isOf === "EXISTS" ? cast(asked, column.typeName!) : asked;
  }

  /** Whether a column is what JSON_QUERY gives, and not JSON_VALUE: by what it says, or by its type. */
  #isQuery(column: pg.JsonTableColumn): boolean {
    if (column.coltype === "JTC_FORMATTED") return true;
    const isSaid =
      (column.wrapper ?? "JSW_UNSPEC") !== "JSW_UNSPEC" ||
      (column.quotes ?? "JS_QUOTES_UNSPEC") !== "JS_QUOTES_UNSPEC";
    const { type } = resolveTypeName(this.#ctx, column.typeName!);
    const base = this.#ctx.base(type).oid;
    const isJson = base === oid.json || base === oid.jsonb || base === oid.record;
    return isSaid || isJson || this.#ctx.elementOf(base) !== undefined || this.#ctx.type(base).kind === "c";
  }

  #selectOf(pattern: Pattern, context: pg.JsonValueExpr): pg.SelectStmt {
    const inner = pattern.nested.map((nested) => this.#flattened(nested));
    const rows = this.#rows(pattern, context);
    if (inner.length === 0) return simple(pattern.own as pg.Node[], rows);
    const joinedAs = `${pattern.rows} nested`;
    const item = { raw_expr: columnRef(pattern.rows, "item"), format: plainFormat } as pg.JsonValueExpr;
    // Each of the patterns beside each other has the columns of all of them.
    const sides = pattern.nested.map((nested, i) => {
      const part = this.#selectOf(nested, item);
      const named = `${nested.rows} side`;
      const targets = inner.flatMap((columns, other) =>
        columns.map(({ name, type }) =>
          target(
            name,
            other === i ? columnRef(named, name) : cast({ A_Const: { isnull: true } } as pg.Node, type),
          ),
        ),
      );
      const source = {
        RangeSubselect: { lateral: true, subquery: { SelectStmt: part }, alias: { aliasname: named } },
      } as pg.Node;
      return simple(targets as pg.Node[], source);
    });
    const all = sides.reduce(
      (left, right) =>
        ({
          op: "SETOP_UNION",
          all: true,
          larg: left,
          rarg: right,
          limitOption: "LIMIT_OPTION_DEFAULT",
        }) as pg.SelectStmt,
    );
    const join = {
      JoinExpr: {
        jointype: "JOIN_LEFT",
        larg: rows,
        rarg: {
          RangeSubselect: { lateral: true, subquery: { SelectStmt: all }, alias: { aliasname: joinedAs } },
        },
        quals: { A_Const: { boolval: { boolval: true } } },
      },
    } as pg.Node;
    const targets = [
      ...pattern.own,
      ...inner.flat().map(({ name }) => target(name, columnRef(joinedAs, name))),
    ];
    return simple(targets as pg.Node[], join);
  }

  /** The columns that a pattern gives, those of the patterns in it behind its own. */
  #flattened({ own, nested }: Pattern): { readonly name: string; readonly type: pg.TypeName }[] {
    const shown = own.map((item) => {
      const { name = "", val } = item.ResTarget!;
      const value = val as Node;
      const type = value.JsonFuncExpr?.output?.typeName ?? value.TypeCast?.typeName ?? typeName("text");
      return { name, type };
    });
    return [...shown, ...nested.flatMap((pattern) => this.#flattened(pattern))];
  }

  /** `jsonb_array_elements(JSON_QUERY(context, path WITH WRAPPER)) WITH ORDINALITY AS rows (item, at)` */
  #rows({ path, rows }: Pattern, context: pg.JsonValueExpr): pg.Node {
    const emptyArray = { btype: "JSON_BEHAVIOR_EMPTY_ARRAY", location: -1 };
    const items = {
      JsonFuncExpr: {
        op: "JSON_QUERY_OP",
        context_item: context,
        pathspec: path,
        ...(this.#node.passing === undefined ? {} : { passing: this.#node.passing }),
        on_empty: emptyArray,
        on_error: this.#isStrict ? { btype: "JSON_BEHAVIOR_ERROR", location: -1 } : emptyArray,
        wrapper: "JSW_UNCONDITIONAL",
        location: this.#node.location ?? 0,
      },
    };
    const call = {
      FuncCall: {
        funcname: [text("pg_catalog"), text("jsonb_array_elements")],
        args: [items],
        location: this.#node.location ?? 0,
      },
    };
    return {
      RangeFunction: {
        lateral: true,
        ordinality: true,
        functions: [{ List: { items: [call, {}] } }],
        alias: { aliasname: rows, colnames: [text("item"), text("at")] },
      },
    } as unknown as pg.Node;
  }
}

const plainFormat = { format_type: "JS_FORMAT_DEFAULT", encoding: "JS_ENC_DEFAULT", location: -1 } as const;

function text(sval: string): pg.Node {
  return { String: { sval } } as pg.Node;
}

function constant(sval: string): pg.Node {
  return { A_Const: { sval: { sval } } } as pg.Node;
}

function columnRef(table: string, name: string): pg.Node {
  return { ColumnRef: { fields: [text(table), text(name)] } } as pg.Node;
}

function typeName(name: string): pg.TypeName {
  return { names: [text("pg_catalog"), text(name)], typemod: -1 };
}

function cast(arg: pg.Node, type: pg.TypeName): pg.Node {
  return { TypeCast: { arg, typeName: type } } as pg.Node;
}

function target(name: string, val: pg.Node): Node {
  return { ResTarget: { name, val } } as Node;
}

function simple(targetList: pg.Node[], from: pg.Node): pg.SelectStmt {
  return { targetList, fromClause: [from], limitOption: "LIMIT_OPTION_DEFAULT", op: "SETOP_NONE" };
}
