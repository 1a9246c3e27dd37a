import type { Catalog } from "../catalog/catalog.ts";
import type { Relation } from "../catalog/model.ts";
import { partitionsOf } from "../catalog/partitions.ts";
import { partitionConstraintText, partitionKeyText } from "../deparse/partitions.ts";
import { partitionHash } from "../functions/hash-values.ts";
import { defineSet, defineWith } from "../functions/registry.ts";
import type { Datum, Row } from "../types/datum.ts";

/** Functions about partitioned tables and their indexes. */

/** What a partitioned table or index is directly a part of. */
export function parentOf(catalog: Catalog, relation: Relation): Relation | undefined {
  const id =
    relation.kind === "i" ? catalog.get("index", relation.oid)?.parent : relation.partitionOf?.parent;
  return id === undefined ? undefined : catalog.get("relation", id);
}

export function partsOf(catalog: Catalog, relation: Relation): readonly Relation[] {
  if (relation.kind !== "i") return partitionsOf(catalog, relation.oid);
  return [...catalog.all("index")]
    .filter(({ parent }) => parent === relation.oid)
    .map(({ oid }) => catalog.get("relation", oid)!);
}

/** Whether a relation is partitioned: a table, or an index of one. */
export function isPartitioned(catalog: Catalog, relation: Relation): boolean {
  if (relation.kind !== "i") return relation.kind === "p";
  const table = catalog.get("index", relation.oid)?.relation;
  return table !== undefined && catalog.get("relation", table)?.kind === "p";
}

defineWith("pg_get_partkeydef", (call, id: number) => {
  const relation = call.run.catalog.get("relation", id);
  return relation?.partitionBy === undefined
    ? null
    : partitionKeyText(call.run.catalog, call.run.io, relation);
});
defineWith("pg_get_partition_constraintdef", (call, id: number) => {
  const relation = call.run.catalog.get("relation", id);
  return relation?.partitionOf === undefined
    ? null
    : partitionConstraintText(call.run.catalog, call.run.io, relation);
});
defineWith("pg_partition_root", (call, id: number) => {
  const { catalog } = call.run;
  let relation = catalog.get("relation", id);
  if (
    relation === undefined ||
    (!isPartitioned(catalog, relation) && parentOf(catalog, relation) === undefined)
  )
    return null;
  for (let next = parentOf(catalog, relation); next !== undefined; next = parentOf(catalog, relation))
    relation = next;
  return relation.oid;
});
defineSet("pg_partition_ancestors", (call, id: number) => {
  const { catalog } = call.run;
  const found: Row[] = [];
  const first = catalog.get("relation", id);
  if (first === undefined || (!isPartitioned(catalog, first) && parentOf(catalog, first) === undefined))
    return [];
  for (let at: Relation | undefined = first; at !== undefined; at = parentOf(catalog, at))
    found.push([at.oid]);
  return found.map(([oid]) => oid as Datum);
});
defineSet("pg_partition_tree", (call, id: number) => {
  const { catalog } = call.run;
  const first = catalog.get("relation", id);
  if (first === undefined || (!isPartitioned(catalog, first) && parentOf(catalog, first) === undefined))
    return [];
  const rows: Datum[][] = [];
  let level: Relation[] = [first];
  for (let depth = 0; level.length > 0; depth++) {
    for (const relation of level)
      rows.push([
        relation.oid,
        parentOf(catalog, relation)?.oid ?? null,
        !isPartitioned(catalog, relation),
        depth,
      ]);
    level = level.flatMap((relation) => [...partsOf(catalog, relation)]);
  }
  return rows as never;
});
defineWith(
  "satisfies_hash_partition",
  (call, id: number, modulus: number, remainder: number, ...values: Datum[]) => {
    const relation = call.run.catalog.get("relation", id);
    const types = relation?.partitionBy?.keys.map(({ type }) => type) ?? [];
    return partitionHash(types, values) % BigInt(modulus) === BigInt(remainder);
  },
);
