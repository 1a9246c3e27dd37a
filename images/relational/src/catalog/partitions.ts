import type { Catalog } from "./catalog.ts";
import type { Constraint, Relation } from "./model.ts";

/** Partitioned tables: which tables are in which. A partitioned table has no rows of its own; its leaves have them. */

/** The partitions directly under a table, those without a bound of their own last. */
export function partitionsOf(catalog: Catalog, parent: number): readonly Relation[] {
  const groups = catalog.derive("partitions", () => {
    const map = new Map<number, Relation[]>();
    for (const relation of catalog.all("relation")) {
      const { partitionOf } = relation;
      if (partitionOf === undefined) continue;
      const group = map.get(partitionOf.parent) ?? [];
      group.push(relation);
      map.set(partitionOf.parent, group);
    }
    const isDefault = ({ partitionOf }: Relation) => (partitionOf?.bound.kind === "default" ? 1 : 0);
    for (const group of map.values()) group.sort((a, b) => isDefault(a) - isDefault(b));
    return map;
  });
  return groups.get(parent) ?? [];
}

/** The tables that have the rows of a table: itself, or its partitions, theirs among them. */
export function leavesOf(catalog: Catalog, relation: Relation): readonly Relation[] {
  if (relation.kind !== "p") return [relation];
  return partitionsOf(catalog, relation.oid).flatMap((partition) => leavesOf(catalog, partition));
}

/** A table with its partitions, parents first. */
export function treeOf(catalog: Catalog, relation: Relation): readonly Relation[] {
  return [relation, ...partitionsOf(catalog, relation.oid).flatMap((each) => treeOf(catalog, each))];
}

/** The tables that a partition is in, the nearest first. */
export function ancestorsOf(catalog: Catalog, relation: Relation): readonly Relation[] {
  const parent =
    relation.partitionOf === undefined ? undefined : catalog.get("relation", relation.partitionOf.parent);
  return parent === undefined ? [] : [parent, ...ancestorsOf(catalog, parent)];
}

const columnMaps = new WeakMap<Relation, WeakMap<Relation, ReadonlyMap<number, number>>>();

/** The attnums of one table's columns in another of the same tree: they have the same names. */
export function attnumsIn(from: Relation, to: Relation): ReadonlyMap<number, number> {
  const maps = columnMaps.get(from) ?? new WeakMap<Relation, ReadonlyMap<number, number>>();
  columnMaps.set(from, maps);
  let map = maps.get(to);
  if (map === undefined) {
    const byName = new Map(
      to.columns.filter(({ dropped }) => dropped !== true).map(({ name, attnum }) => [name, attnum]),
    );
    map = new Map(
      from.columns
        .filter(({ dropped }) => dropped !== true)
        .flatMap(({ name, attnum }) => {
          const other = byName.get(name);
          return other === undefined ? [] : [[attnum, other] as const];
        }),
    );
    maps.set(to, map);
  }
  return map;
}

/** Whether a partition has a constraint because its table has it. */
export function isInheritedConstraint(catalog: Catalog, constraint: Constraint): boolean {
  if (constraint.parent !== undefined) return true;
  const relation = catalog.get("relation", constraint.relation);
  if (relation?.partitionOf === undefined) return false;
  const parent = catalog.get("relation", relation.partitionOf.parent);
  if (parent === undefined) return false;
  if (constraint.type === "c")
    return catalog
      .constraintsOf(parent.oid)
      .some(({ type, name }) => type === "c" && name === constraint.name);
  if (constraint.type !== "n") return false;
  const name = relation.columns.find(({ attnum }) => attnum === constraint.keys[0])?.name;
  return parent.columns.some((column) => column.name === name && column.notNull && column.dropped !== true);
}
