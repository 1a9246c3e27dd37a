import { notSupported, PgError } from "../errors.ts";
import { at, locationOf, type Node, type pg, tagOf } from "../parse/ast.ts";
import { oid } from "../types/oids.ts";
import type { AnalyseExpr, Analyser } from "./analyser.ts";
import { analyseCall } from "./calls.ts";
import { coerceToTarget, resolveUnknown } from "./coerce.ts";
import type { Level } from "./context.ts";
import type { Expr, SpecialExpr } from "./expr.ts";
import { resolveTypeName } from "./type-names.ts";

/** SQL/JSON: constructors, IS JSON, and the functions that ask a path (PostgreSQL's documentation, 9.16). */

const featureNames: Readonly<Record<string, string>> = {
  XmlExpr: "XML",
  XmlSerialize: "XMLSERIALIZE",
  MultiAssignRef: "multiple-column assignment here",
};

export function analyseSpecial(a: Analyser, level: Level, node: Node, analyse: AnalyseExpr): Expr {
  const tag = tagOf(node);
  if (tag === "MergeSupportFunc") return special("mergeAction", [], {}, oid.text, 100);
  const json = new JsonAnalysis(a, level, analyse);
  switch (tag) {
    case "JsonObjectConstructor":
      return json.object(node.JsonObjectConstructor!);
    case "JsonArrayConstructor":
      return json.array(node.JsonArrayConstructor!);
    case "JsonArrayQueryConstructor":
      return json.arrayOfQuery(node.JsonArrayQueryConstructor!);
    case "JsonObjectAgg":
      return json.objectAggregate(node.JsonObjectAgg!);
    case "JsonArrayAgg":
      return json.arrayAggregate(node.JsonArrayAgg!);
    case "JsonIsPredicate":
      return json.isJson(node.JsonIsPredicate!);
    case "JsonParseExpr":
      return json.parse(node.JsonParseExpr!);
    case "JsonScalarExpr":
      return json.scalar(node.JsonScalarExpr!);
    case "JsonSerializeExpr":
      return json.serialize(node.JsonSerializeExpr!);
    case "JsonFuncExpr":
      return json.ask(node.JsonFuncExpr!);
    default:
      throw notSupported(featureNames[tag] ?? tag, locationOf(node));
  }
}

function special(
  name: string,
  args: readonly Expr[],
  options: SpecialExpr["options"],
  type: number,
  collation = 0,
): SpecialExpr {
  return { kind: "special", name, args, options, type, typmod: -1, collation };
}

const texts: ReadonlySet<number> = new Set([oid.text, oid.varchar, oid.bpchar, oid.name]);

interface Returning {
  readonly type: number;
  readonly typmod: number;
}

class JsonAnalysis {
  readonly #a: Analyser;
  readonly #level: Level;
  readonly #analyse: AnalyseExpr;

  constructor(a: Analyser, level: Level, analyse: AnalyseExpr) {
    this.#a = a;
    this.#level = level;
    this.#analyse = analyse;
  }

  #expr(node: pg.Node | undefined): Expr {
    return resolveUnknown(this.#a.ctx, this.#analyse(this.#a, this.#level, node as Node));
  }

  /** A value that may be said to be JSON already. */
  #value(node: pg.JsonValueExpr | undefined): Expr {
    const expr = this.#expr(node?.raw_expr);
    return node?.format?.format_type === "JS_FORMAT_JSON" ? this.#as(expr, oid.json) : expr;
  }

  /** @throws PgError 42846 */
  #as(expr: Expr, type: number, typmod = -1): Expr {
    const { ctx } = this.#a;
    if (expr.type === type && typmod < 0) return expr;
    const given =
      expr.type === oid.bytea && type !== oid.bytea
        ? special("bytesAsText", [expr], {}, oid.text, 100)
        : expr;
    const coerced = coerceToTarget(ctx, given, type, typmod, "explicit", "cast");
    if (coerced === undefined)
      throw new PgError(
        "42846",
        `cannot cast type ${ctx.formatType(expr.type)} to ${ctx.formatType(type)}`,
        {},
        expr.location,
      );
    return coerced;
  }

  #returning(output: pg.JsonOutput | undefined, otherwise: number): Returning {
    if (output?.typeName === undefined) return { type: otherwise, typmod: -1 };
    return resolveTypeName(this.#a.ctx, output.typeName);
  }

  /** What was built as json or jsonb in the type that was asked for. */
  #returned(expr: Expr, { type, typmod }: Returning): Expr {
    if (type === oid.bytea) return special("textAsBytes", [this.#as(expr, oid.text)], {}, oid.bytea);
    if (typmod < 0) return this.#as(expr, type);
    // What is too long is an error here, where a cast would cut it.
    return coerceToTarget(this.#a.ctx, this.#as(expr, oid.text), type, typmod, "assignment", "implicit")!;
  }

  object(node: pg.JsonObjectConstructor): Expr {
    const returning = this.#returning(node.output, oid.json);
    const type = returning.type === oid.jsonb ? oid.jsonb : oid.json;
    const args = ((node.exprs ?? []) as Node[]).flatMap(({ JsonKeyValue: pair }) => [
      this.#expr(pair!.key),
      this.#value(pair!.value),
    ]);
    const options = { unique: node.unique === true, absent: node.absent_on_null === true };
    return this.#returned(special("jsonObject", args, options, type), returning);
  }

  array(node: pg.JsonArrayConstructor): Expr {
    const returning = this.#returning(node.output, oid.json);
    const type = returning.type === oid.jsonb ? oid.jsonb : oid.json;
    const args = ((node.exprs ?? []) as Node[]).map((item) => this.#value(item.JsonValueExpr));
    const options = { absent: node.absent_on_null === true };
    return this.#returned(special("jsonArray", args, options, type), returning);
  }

  arrayOfQuery(node: pg.JsonArrayQueryConstructor): Expr {
    const column = { ColumnRef: { fields: [{ String: { sval: "a" } }] } } as pg.Node;
    const aggregate: pg.JsonArrayAgg = {
      constructor: { ...(node.output === undefined ? {} : { output: node.output }) },
      arg: { raw_expr: column, ...(node.format === undefined ? {} : { format: node.format }) },
      absent_on_null: node.absent_on_null === true,
    };
    const alias = { aliasname: "q", colnames: [{ String: { sval: "a" } }] } as pg.Alias;
    const select = {
      SelectStmt: {
        targetList: [{ ResTarget: { val: { JsonArrayAgg: aggregate } } }],
        fromClause: [{ RangeSubselect: { subquery: node.query, alias } }],
      },
    } as unknown as Node;
    return this.#analyse(this.#a, this.#level, {
      SubLink: { subLinkType: "EXPR_SUBLINK", subselect: select as pg.Node },
    });
  }

  /** The aggregate of PostgreSQL's own that a JSON one stands for. */
  #aggregate(name: string, args: readonly pg.Node[], how: pg.JsonAggConstructor | undefined): Expr {
    const call: pg.FuncCall = {
      funcname: [{ String: { sval: "pg_catalog" } }, { String: { sval: name } }],
      args: [...args],
      ...(how?.agg_order === undefined ? {} : { agg_order: how.agg_order }),
      ...(how?.agg_filter === undefined ? {} : { agg_filter: how.agg_filter }),
      ...(how?.over === undefined ? {} : { over: how.over }),
      ...(how?.location === undefined ? {} : { location: how.location }),
    };
    return analyseCall(this.#a, this.#level, call, this.#analyse);
  }

  objectAggregate({ arg, constructor: how, absent_on_null, unique }: pg.JsonObjectAgg): Expr {
    const returning = this.#returning(how?.output, oid.json);
    const name = `${returning.type === oid.jsonb ? "jsonb" : "json"}_object_agg${unique === true ? "_unique" : ""}${absent_on_null === true ? "_strict" : ""}`;
    const args = [arg!.key!, asNode(arg!.value)];
    return this.#returned(this.#aggregate(name, args, how), returning);
  }

  arrayAggregate({ arg, constructor: how, absent_on_null }: pg.JsonArrayAgg): Expr {
    const returning = this.#returning(how?.output, oid.json);
    const name = `${returning.type === oid.jsonb ? "jsonb" : "json"}_agg${absent_on_null === true ? "_strict" : ""}`;
    return this.#returned(this.#aggregate(name, [asNode(arg)], how), returning);
  }

  isJson(node: pg.JsonIsPredicate): Expr {
    const { ctx } = this.#a;
    const expr = this.#expr(node.expr);
    const base = ctx.base(expr.type).oid;
    if (base !== oid.json && base !== oid.jsonb && base !== oid.bytea && !texts.has(base))
      throw new PgError(
        "42804",
        `cannot use type ${ctx.formatType(expr.type)} in IS JSON predicate`,
        {},
        at(node.location),
      );
    const item = (node.item_type ?? "JS_TYPE_ANY").replace("JS_TYPE_", "").toLowerCase();
    const arg =
      base === oid.json || base === oid.jsonb || base === oid.bytea ? expr : this.#as(expr, oid.text);
    return special("isJson", [arg], { item, unique: node.unique_keys === true }, oid.bool);
  }

  parse(node: pg.JsonParseExpr): Expr {
    const { ctx } = this.#a;
    const given = this.#analyse(this.#a, this.#level, node.expr?.raw_expr as Node);
    const expr = given.type === oid.unknown ? resolveUnknown(ctx, given) : given;
    const unique = node.unique_keys === true;
    if (expr.type !== oid.json && expr.type !== oid.jsonb && expr.type !== oid.bytea && !texts.has(expr.type))
      throw new PgError(
        "42846",
        `cannot cast type ${ctx.formatType(expr.type)} to json`,
        {},
        at(node.location),
      );
    return special("jsonParse", [this.#as(expr, oid.json)], { unique }, oid.json);
  }

  scalar(node: pg.JsonScalarExpr): Expr {
    const expr = this.#expr(node.expr);
    return this.#returned(
      special("jsonScalar", [expr], {}, oid.json),
      this.#returning(node.output, oid.json),
    );
  }

  serialize(node: pg.JsonSerializeExpr): Expr {
    const expr = this.#expr(node.expr?.raw_expr);
    const json = expr.type === oid.json || expr.type === oid.jsonb ? expr : this.#as(expr, oid.json);
    const returning = this.#returning(node.output, oid.text);
    if (!texts.has(returning.type) && returning.type !== oid.bytea)
      throw new PgError(
        "42804",
        `cannot use type ${this.#a.ctx.formatType(returning.type)} in RETURNING clause of JSON_SERIALIZE()`,
        { hint: "Try returning a string type or bytea." },
        at(node.location),
      );
    return this.#returned(json, returning);
  }

  /** JSON_EXISTS, JSON_VALUE, JSON_QUERY. */
  ask(node: pg.JsonFuncExpr): Expr {
    const op = { JSON_EXISTS_OP: "exists", JSON_QUERY_OP: "query", JSON_VALUE_OP: "value" }[
      node.op as "JSON_VALUE_OP"
    ];
    if (op === undefined) throw notSupported("JSON_TABLE", at(node.location));
    const { ctx } = this.#a;
    if (
      node.quotes !== undefined &&
      node.quotes !== "JS_QUOTES_UNSPEC" &&
      /CONDITIONAL/.test(node.wrapper ?? "")
    )
      throw new PgError(
        "42601",
        "SQL/JSON QUOTES behavior must not be specified when WITH WRAPPER is used",
        {},
        at(node.location),
      );
    const returning = this.#returning(
      node.output,
      op === "exists" ? oid.bool : op === "query" ? oid.jsonb : oid.text,
    );
    const info = ctx.type(ctx.base(returning.type).oid);
    const isPlain =
      info.kind !== "c" && ctx.elementOf(info.oid) === undefined && info.kind !== "r" && info.kind !== "m";
    if (!isPlain)
      throw notSupported(
        `RETURNING ${ctx.formatType(returning.type)} of JSON_${op.toUpperCase()}`,
        at(node.location),
      );
    const context = this.#as(this.#value(node.context_item), oid.jsonb);
    const path = this.#as(this.#analyse(this.#a, this.#level, node.pathspec as Node), oid.jsonpath);
    const passing = ((node.passing ?? []) as Node[]).map((item) => item.JsonArgument!);
    const variables = passing.map(({ val }) => this.#value(val));
    const behaviours = [node.on_empty, node.on_error].map((behaviour) => ({
      does: (behaviour?.btype ?? "").replace("JSON_BEHAVIOR_", "").toLowerCase(),
      value:
        behaviour?.btype === "JSON_BEHAVIOR_DEFAULT"
          ? this.#as(
              this.#analyse(this.#a, this.#level, behaviour.expr as Node),
              returning.type,
              returning.typmod,
            )
          : undefined,
    }));
    const defaults = behaviours.flatMap(({ value }) => (value === undefined ? [] : [value]));
    return {
      ...special(
        "jsonAsk",
        [context, path, ...variables, ...defaults],
        {
          op,
          names: passing.map(({ name }) => name ?? ""),
          types: variables.map(({ type }) => type),
          wrapper: (node.wrapper ?? "JSW_UNSPEC").replace("JSW_", "").toLowerCase(),
          omitsQuotes: node.quotes === "JS_QUOTES_OMIT",
          onEmpty: behaviours[0]!.does,
          onError: behaviours[1]!.does,
          typmod: returning.typmod,
        },
        returning.type,
        ctx.type(returning.type).collation,
      ),
      typmod: returning.typmod,
    };
  }
}

/** A JSON value as a plain expression: what is said to be JSON is a cast. */
function asNode(value: pg.JsonValueExpr | undefined): pg.Node {
  const raw = value!.raw_expr!;
  if (value?.format?.format_type !== "JS_FORMAT_JSON") return raw;
  const names = [{ String: { sval: "pg_catalog" } }, { String: { sval: "json" } }];
  return { TypeCast: { arg: raw, typeName: { names, typemod: -1 } } } as pg.Node;
}
