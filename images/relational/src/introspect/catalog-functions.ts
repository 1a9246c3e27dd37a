import { builtinExtensions, extensions } from "../catalog/extensions.ts";
import { constraintDefinition, indexDefinition } from "../deparse/catalog.ts";
import { shownExpression, shownQuery } from "../deparse/stored.ts";
import { type CallContext, define, defineSet, defineWith } from "../functions/registry.ts";
import { oid } from "../types/oids.ts";
import { typeOps } from "../types/registry.ts";

/** Functions that write definitions as SQL. */
defineWith("pg_get_constraintdef pg_get_constraintdef_ext", (call, id: number, isPretty?: boolean) => {
  const constraint = call.run.catalog.get("constraint", id);
  return constraint === undefined
    ? null
    : constraintDefinition(call.run.catalog, call.run.io, constraint, isPretty === true);
});
defineWith("pg_get_indexdef", (call, id: number) => {
  const index = call.run.catalog.get("index", id);
  return index === undefined ? null : indexDefinition(call.run.catalog, call.run.io, index);
});
defineWith("pg_get_indexdef_ext", (call, id: number, position: number, isPretty: boolean) => {
  const index = call.run.catalog.get("index", id);
  return index === undefined
    ? null
    : indexDefinition(call.run.catalog, call.run.io, index, position, isPretty);
});
defineWith("pg_get_expr pg_get_expr_ext", (call, text: string, id: number, isPretty?: boolean) => {
  const relation = call.catalog.get("relation", id);
  return shownExpression(call.catalog, call.run.io, relation, text, isPretty === true);
});
const view = (call: CallContext, id: number, how?: boolean | number): string | null => {
  const relation = call.run.catalog.get("relation", id);
  if (relation?.query === undefined) return relation === undefined ? null : "Not a view";
  // A column to wrap at asks for the pretty form, too.
  const isPretty = how === true || typeof how === "number";
  return `${shownQuery(call.catalog, call.run.io, relation, isPretty)};`;
};
defineWith("pg_get_viewdef pg_get_viewdef_ext pg_get_viewdef_wrap", view);
defineWith("pg_get_viewdef_name pg_get_viewdef_name_ext", (call, name: string) =>
  view(call, typeOps(call.catalog, oid.regclass).input(name, -1, call.run.io) as number),
);
define(
  "pg_get_ruledef pg_get_ruledef_ext pg_get_statisticsobjdef pg_get_statisticsobjdef_columns",
  () => null,
);
defineWith("pg_relation_filenode", (call, id: number) =>
  call.run.catalog.get("relation", id)?.kind === "v" ? null : id,
);
define("pg_index_column_has_property pg_index_has_property pg_indexam_has_property", () => null);
defineWith("pg_sequence_last_value", (call, id: number) => {
  try {
    return call.run.currval(id);
  } catch {
    return null;
  }
});
define("pg_blocking_pids", () => null);
defineSet("pg_available_extension_versions", () => []);
defineSet("pg_available_extensions", () => [
  ...[...builtinExtensions].map(([name, version]) => [name, version, "PL/pgSQL procedural language"]),
  ...[...extensions].map(([name, { version, comment }]) => [name, version, comment]),
]);
