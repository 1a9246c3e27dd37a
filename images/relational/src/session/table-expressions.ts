import { StatementAnalyser } from "../analyse/analyse.ts";
import { coerceToTarget } from "../analyse/coerce.ts";
import { AnalyseContext, Level } from "../analyse/context.ts";
import { analyseExpr } from "../analyse/expressions.ts";
import { itemOf, tableEntry } from "../analyse/from.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { catalogNamespace, publicNamespace, type Relation } from "../catalog/model.ts";
import { sqlTexts } from "../parse/parse.ts";
import { type TableExpression, useTableExpressions } from "../plan/table-expressions.ts";
import { useDomainChecks } from "../run/domains.ts";
import { Scope } from "../run/scope.ts";
import { storageIo } from "../storage/codec.ts";

const kept = new WeakMap<Relation, Map<string, { catalog: Catalog; made: TableExpression }>>();

/** Texts in the catalog name what they use with its schema, where it is not one of these. */
function contextOf(catalog: Catalog): AnalyseContext {
  return new AnalyseContext(
    { ...storageIo(catalog), searchPath: [catalogNamespace, publicNamespace] },
    [],
    false,
  );
}

useTableExpressions((catalog, relation, text, wanted) => {
  const texts = kept.get(relation) ?? new Map<string, { catalog: Catalog; made: TableExpression }>();
  kept.set(relation, texts);
  const key = `${wanted?.type}.${wanted?.typmod}.${text}`;
  const known = texts.get(key);
  if (known !== undefined && known.catalog === catalog) return known.made;
  const ctx = contextOf(catalog);
  const analyser = new StatementAnalyser(ctx, sqlTexts);
  const level = new Level();
  level.place = "CHECK";
  const entry = tableEntry(ctx, relation, relation.name);
  level.namespace = [itemOf(entry)];
  const expr = analyseExpr(analyser, level, sqlTexts.expression(text));
  const coerced =
    wanted === undefined
      ? expr
      : (coerceToTarget(ctx, expr, wanted.type, wanted.typmod, "assignment", "implicit") ?? expr);
  const made = { expr: coerced, entry };
  texts.set(key, { catalog, made });
  return made;
});

useDomainChecks((compiler, typeOid) => {
  const { catalog } = compiler;
  const type = catalog.type(typeOid)!;
  // NOT NULL is a constraint without an expression, which the type itself says.
  const checks = catalog.domainConstraints(typeOid).filter(({ expression }) => expression !== undefined);
  return checks.map((constraint) => {
    const ctx = contextOf(catalog);
    const analyser = new StatementAnalyser(ctx, sqlTexts);
    const level = new Level();
    level.place = "CHECK";
    // VALUE stands for what is checked.
    level.namespace = [
      {
        alias: "",
        columns: [
          {
            name: "value",
            expr: {
              kind: "caseTest",
              type: type.baseType,
              typmod: type.baseTypmod,
              collation: type.collation,
            },
          },
        ],
        columnsVisible: true,
        tableVisible: false,
        lateralOnly: false,
        lateralOk: true,
      },
    ];
    const expr = analyseExpr(analyser, level, sqlTexts.expression(constraint.expression!));
    const { cell, compiled } = compiler.withTest(expr, new Scope(undefined));
    return {
      name: constraint.name,
      holds: (value, exec) => {
        cell.value = value;
        return compiled([], { exec, row: [], outer: undefined }) !== false;
      },
    };
  });
});
