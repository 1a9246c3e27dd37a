import { PgError } from "../errors.ts";
import { at, locationOf, type Node, stringOf, strings, tagOf } from "../parse/ast.ts";
import { oid } from "../types/oids.ts";
import type { Analyser } from "./analyser.ts";
import { findTable, missingTable, raise } from "./columns.ts";
import type { Level, NamespaceColumn, NamespaceItem } from "./context.ts";
import type { Expr, Target } from "./expr.ts";
import { analyseExpr } from "./expressions.ts";
import { fieldsOf } from "./fields.ts";

/** A target list, stars spread out. */
export function analyseTargets(a: Analyser, level: Level, nodes: readonly Node[]): Target[] {
  const targets: Target[] = [];
  for (const node of nodes) {
    const { val, name } = node.ResTarget!;
    const value = val as Node;
    const star = starOf(value);
    if (star !== undefined) {
      targets.push(...expandStar(a, level, star, at(value.ColumnRef?.location)));
      continue;
    }
    const indirection = value.A_Indirection?.indirection as Node[] | undefined;
    if (indirection?.at(-1)?.A_Star !== undefined) {
      targets.push(...expandComposite(a, level, value));
      continue;
    }
    const expr = analyseExpr(a, level, value);
    targets.push({ expr, name: name ?? figureName(value), junk: false, origin: originOf(level, expr) });
  }
  return targets;
}

function starOf(node: Node): string[] | undefined {
  const fields = node.ColumnRef?.fields as Node[] | undefined;
  return fields?.at(-1)?.A_Star === undefined ? undefined : fields.slice(0, -1).map(stringOf);
}

export function originOf(level: Level, expr: Expr): Target["origin"] {
  if (expr.kind !== "var" || expr.attnum < 0) return undefined;
  let home: Level | undefined = level;
  for (let i = 0; i < expr.levelsUp; i++) home = home?.parent;
  for (const item of home?.namespace ?? []) {
    if (item.entry !== expr.entry) continue;
    return item.columns.find((column) => column.expr.kind === "var" && column.expr.attnum === expr.attnum)
      ?.origin;
  }
  return undefined;
}

export function expandStar(
  a: Analyser,
  level: Level,
  names: readonly string[],
  location: number | undefined,
): Target[] {
  if (names.length === 0) {
    const items = level.namespace.filter((item) => item.columnsVisible);
    if (items.length === 0 && !level.namespace.some((item) => item.tableVisible))
      throw new PgError("42601", "SELECT * with no tables specified is not valid", {}, location);
    return items.flatMap((item) =>
      shownColumns(item).map((column) => ({
        expr: raise(column.expr, 0),
        name: column.name,
        junk: false,
        origin: column.origin,
      })),
    );
  }
  const found = findTable(level, names.at(-2), names.at(-1)!, location);
  if (found === undefined) {
    const variable = a.ctx.variables?.resolve(a.ctx, names);
    if (variable === undefined) throw missingTable(level, names.at(-1)!, location);
    return spread(a, variable, location);
  }
  return shownColumns(found.item).map((column) => ({
    expr: raise(column.expr, found.levels),
    name: column.name,
    junk: false,
    origin: column.origin,
  }));
}

function shownColumns(item: NamespaceItem): NamespaceColumn[] {
  return item.columns.filter((column) => column.isHidden !== true);
}

/** `(expr).*` */
function expandComposite(a: Analyser, level: Level, node: Node): Target[] {
  const { arg, indirection } = node.A_Indirection!;
  const rest = (indirection ?? []).slice(0, -1);
  const inner = (rest.length === 0 ? arg : { A_Indirection: { arg, indirection: rest } }) as Node;
  return spread(a, analyseExpr(a, level, inner), locationOf(node));
}

/** The fields of a composite value, each as a column. */
function spread(a: Analyser, expr: Expr, location: number | undefined): Target[] {
  const fields = fieldsOf(a.ctx, expr);
  if (fields === undefined) {
    if (expr.type === oid.record)
      throw new PgError("42601", "record type has not been registered", {}, location);
    throw new PgError("42809", `type ${a.ctx.formatType(expr.type)} is not composite`, {}, location);
  }
  return fields
    .map((field, index) => ({ field, index }))
    .filter(({ field }) => field.name !== "")
    .map(({ field, index }) => ({
      expr: {
        kind: "field",
        arg: expr,
        index,
        name: field.name,
        type: field.type,
        typmod: field.typmod,
        collation: field.collation,
      },
      name: field.name,
      junk: false,
    }));
}

const specialNames: Readonly<Record<string, string>> = {
  CoalesceExpr: "coalesce",
  A_ArrayExpr: "array",
  RowExpr: "row",
  GroupingFunc: "grouping",
  MergeSupportFunc: "merge_action",
  XmlSerialize: "xmlserialize",
  JsonParseExpr: "json",
  JsonScalarExpr: "json_scalar",
  JsonSerializeExpr: "json_serialize",
  JsonObjectConstructor: "json_object",
  JsonArrayConstructor: "json_array",
  JsonArrayQueryConstructor: "json_array",
  JsonObjectAgg: "json_objectagg",
  JsonArrayAgg: "json_arrayagg",
};

/** What a column is called that was not given a name. */
export function figureName(node: Node): string {
  return nameOf(node).name ?? "?column?";
}

function nameOf(node: Node): { name: string | undefined; strong: boolean } {
  const tag = tagOf(node);
  const strong = (name: string | undefined) => ({ name, strong: true });
  switch (tag) {
    case "ColumnRef": {
      const named = strings(node.ColumnRef!.fields as Node[]).filter((s) => s !== "");
      return named.length > 0 ? strong(named.at(-1)) : { name: undefined, strong: false };
    }
    case "A_Indirection": {
      const steps = (node.A_Indirection!.indirection ?? []) as Node[];
      const field = steps.filter((step) => step.String !== undefined).at(-1);
      if (field !== undefined) return strong(stringOf(field));
      return nameOf(node.A_Indirection!.arg as Node);
    }
    case "FuncCall":
      return strong(stringOf(node.FuncCall!.funcname?.at(-1) as Node | undefined));
    case "A_Expr":
      return node.A_Expr!.kind === "AEXPR_NULLIF" ? strong("nullif") : { name: undefined, strong: false };
    case "TypeCast": {
      const inner = node.TypeCast!.arg === undefined ? undefined : nameOf(node.TypeCast!.arg as Node);
      if (inner?.strong === true) return inner;
      const type = strings(node.TypeCast!.typeName?.names as Node[] | undefined).at(-1);
      return { name: type, strong: false };
    }
    case "CollateClause":
      return nameOf(node.CollateClause!.arg as Node);
    case "CaseExpr": {
      const otherwise = node.CaseExpr!.defresult;
      const inner = otherwise === undefined ? undefined : nameOf(otherwise as Node);
      return inner?.strong === true ? inner : { name: "case", strong: false };
    }
    case "SubLink": {
      const { subLinkType, subselect } = node.SubLink!;
      if (subLinkType === "EXISTS_SUBLINK") return strong("exists");
      if (subLinkType === "ARRAY_SUBLINK") return strong("array");
      if (subLinkType !== "EXPR_SUBLINK") return { name: undefined, strong: false };
      let select = (subselect as Node).SelectStmt;
      while (select?.larg !== undefined) select = select.larg;
      const first = select?.targetList?.[0] as Node | undefined;
      if (first?.ResTarget === undefined)
        return { name: select?.valuesLists === undefined ? undefined : "column1", strong: false };
      if (first.ResTarget.name !== undefined) return strong(first.ResTarget.name);
      return strong(figureName(first.ResTarget.val as Node));
    }
    case "MinMaxExpr":
      return strong(node.MinMaxExpr!.op === "IS_GREATEST" ? "greatest" : "least");
    case "SQLValueFunction":
      return strong((node.SQLValueFunction!.op ?? "").replace("SVFOP_", "").replace(/_N$/, "").toLowerCase());
    case "XmlExpr":
      return strong(
        (
          { IS_XMLCONCAT: "xmlconcat", IS_XMLELEMENT: "xmlelement", IS_XMLFOREST: "xmlforest" } as Record<
            string,
            string
          >
        )[node.XmlExpr!.op ?? ""] ?? "xml",
      );
    case "JsonFuncExpr":
      return strong(
        {
          JSON_EXISTS_OP: "json_exists",
          JSON_QUERY_OP: "json_query",
          JSON_VALUE_OP: "json_value",
          JSON_TABLE_OP: "json_table",
        }[node.JsonFuncExpr!.op ?? "JSON_VALUE_OP"],
      );
    default: {
      const name = specialNames[tag];
      return name === undefined ? { name: undefined, strong: false } : strong(name);
    }
  }
}
