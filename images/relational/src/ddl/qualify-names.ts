import type { AnalyseContext } from "../analyse/context.ts";
import { findRelation } from "../analyse/from.ts";
import { procsByName } from "../catalog/builtin.ts";
import { catalogNamespace } from "../catalog/model.ts";
import { type Node, strings } from "../parse/ast.ts";

/** A statement with the schemas of its tables, functions and types written, so that it means the same on every search path. */
export function qualifyNames(ctx: AnalyseContext, node: Node): Node {
  const ctes = new Set<string>();
  collectCtes(node, ctes);
  return qualified(ctx, node, ctes) as Node;
}

function collectCtes(value: unknown, found: Set<string>): void {
  if (typeof value !== "object" || value === null) return;
  const { CommonTableExpr } = value as Node;
  if (CommonTableExpr?.ctename !== undefined) found.add(CommonTableExpr.ctename);
  for (const item of Object.values(value)) collectCtes(item, found);
}

/** A table to change stands without its tag. */
interface Named {
  readonly relname?: string;
  readonly schemaname?: string;
  readonly funcname?: Node[];
  readonly names?: Node[];
  readonly typemod?: number;
}

function qualified(ctx: AnalyseContext, value: unknown, ctes: ReadonlySet<string>): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => qualified(ctx, item, ctes));
  const { relname, schemaname = "", funcname, names, typemod } = value as Named;
  const copy = Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, qualified(ctx, item, ctes)]),
  );
  if (relname !== undefined && schemaname === "" && !ctes.has(relname)) {
    const { namespace } = findRelation(ctx, { relname });
    return { ...copy, schemaname: ctx.catalog.get("namespace", namespace)?.name ?? "" };
  }
  if (funcname?.length === 1) return { ...copy, funcname: inSchema(ctx, funcname, routineNamespace) };
  if (names?.length === 1 && typemod !== undefined)
    return { ...copy, names: inSchema(ctx, names, typeNamespace) };
  return copy;
}

function inSchema(
  ctx: AnalyseContext,
  names: readonly Node[],
  namespaceOf: (ctx: AnalyseContext, name: string) => number | undefined,
): Node[] {
  const namespace = namespaceOf(ctx, strings(names)[0]!);
  const schema = namespace === undefined ? undefined : ctx.catalog.get("namespace", namespace)?.name;
  return schema === undefined ? [...names] : [{ String: { sval: schema } } as Node, ...names];
}

function routineNamespace(ctx: AnalyseContext, name: string): number | undefined {
  if (procsByName.has(name)) return undefined;
  const found = ctx.catalog.procsNamed(name).map(({ namespace }) => namespace);
  return ctx.searchPath.find((namespace) => found.includes(namespace));
}

function typeNamespace(ctx: AnalyseContext, name: string): number | undefined {
  for (const namespace of [catalogNamespace, ...ctx.searchPath])
    for (const type of ctx.catalog.all("type"))
      if (type.name === name && type.namespace === namespace)
        return namespace === catalogNamespace ? undefined : namespace;
  return undefined;
}
