import type { Catalog } from "../catalog/catalog.ts";
import type { Relation } from "../catalog/model.ts";
import type { IoContext } from "../types/type-ops.ts";
import { quoteName } from "../types/type-text.ts";

/** A relation's name, with its schema where the path does not find it. */
export function relationName(catalog: Catalog, io: IoContext, relation: Relation, always = false): string {
  const first = io.searchPath.find((ns) => catalog.relationByName(ns, relation.name) !== undefined);
  const name = quoteName(relation.name);
  return first === relation.namespace && !always
    ? name
    : `${quoteName(catalog.get("namespace", relation.namespace)?.name ?? "?")}.${name}`;
}
