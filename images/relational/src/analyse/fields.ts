import { oid } from "../types/oids.ts";
import type { AnalyseContext } from "./context.ts";
import { type Expr, outputTargets } from "./expr.ts";

export interface FieldType {
  readonly name: string;
  readonly type: number;
  readonly typmod: number;
  readonly collation: number;
}

/** The fields of a row value, as far as they are known before it runs. */
export function fieldsOf(ctx: AnalyseContext, expr: Expr): readonly FieldType[] | undefined {
  const composite = compositeFields(ctx, expr.type);
  if (composite !== undefined) return composite;
  switch (expr.kind) {
    case "row":
      return expr.fields.map((field, i) => ({
        name: expr.names[i]!,
        type: field.type,
        typmod: field.typmod,
        collation: field.collation ?? 0,
      }));
    case "var": {
      // A column of type record: what the subquery's column is made of.
      const { entry } = expr;
      if (entry.query === undefined) return undefined;
      const target = outputTargets(entry.query)[expr.attnum - 1];
      return target === undefined ? undefined : fieldsOf(ctx, target.expr);
    }
    case "sublink":
      return expr.link === "scalar" ? fieldsOf(ctx, outputTargets(expr.query)[0]!.expr) : undefined;
    case "func": {
      const { allArguments, modes, argumentNames } = expr.proc;
      if (modes === "" || expr.type !== oid.record) return undefined;
      const fields: FieldType[] = [];
      allArguments.forEach((type, i) => {
        if ("obt".includes(modes[i] ?? "i"))
          fields.push({
            name: argumentNames[i] ?? `column${fields.length + 1}`,
            type,
            typmod: -1,
            collation: ctx.catalog.type(type)?.collation ?? 0,
          });
      });
      return fields;
    }
    default:
      return undefined;
  }
}

/** The attributes of a composite type. */
export function compositeFields(ctx: AnalyseContext, typeOid: number): readonly FieldType[] | undefined {
  const base =
    typeOid === oid.record || typeOid === oid.unknown ? undefined : ctx.catalog.type(ctx.base(typeOid).oid);
  if (base?.kind !== "c") return undefined;
  const relation = ctx.catalog.get("relation", base.relation);
  return relation?.columns.map((column) => ({
    name: column.dropped === true ? "" : column.name,
    type: column.type,
    typmod: column.typmod,
    collation: column.collation,
  }));
}

/** `(row).name`; undefined when there is no such field. */
export function selectField(
  ctx: AnalyseContext,
  expr: Expr,
  name: string,
  location: number | undefined,
): Expr | undefined {
  const fields = fieldsOf(ctx, expr);
  const index = fields?.findIndex((field) => field.name === name) ?? -1;
  if (fields === undefined || index < 0) return undefined;
  if (expr.kind === "row" && expr.wholeRow === undefined) return expr.fields[index];
  const { type, typmod, collation } = fields[index]!;
  return { kind: "field", arg: expr, index, name, type, typmod, collation, location };
}
