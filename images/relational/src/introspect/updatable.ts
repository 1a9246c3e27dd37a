import { columnsUnder, entryUnder, notUpdatable } from "../analyse/updatable-views.ts";
import { hasInsteadTrigger } from "../analyse/view-options.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Relation } from "../catalog/model.ts";
import { analyserFor } from "../deparse/stored.ts";
import { defineWith } from "../functions/registry.ts";
import type { IoContext } from "../types/type-ops.ts";

/** What can be done with a relation's rows, as bits by PostgreSQL's CmdType. */
export const updatable = { update: 4, insert: 8, delete: 16 } as const;
const all = updatable.update | updatable.insert | updatable.delete;

/** As PostgreSQL's relation_is_updatable: of a view, what it can be asked for `columns`, or for any when undefined. */
export function updatableEvents(
  catalog: Catalog,
  io: IoContext,
  relation: Relation,
  countsTriggers: boolean,
  columns?: readonly number[],
): number {
  if (relation.kind === "r" || relation.kind === "p") return all;
  if (relation.kind !== "v" || relation.system === true) return 0;
  let events = 0;
  if (countsTriggers)
    for (const [event, bit] of Object.entries(updatable))
      if (hasInsteadTrigger(catalog, relation, event as keyof typeof updatable)) events |= bit;
  if (events === all) return events;
  const query = analyserFor(catalog, io).viewQuery(relation);
  if (query.command !== "select" || notUpdatable(query) !== undefined) return events;
  const under = columnsUnder(query);
  const asked = [...under].filter(([attnum]) => columns === undefined || columns.includes(attnum));
  const own = asked.length > 0 ? all : updatable.delete;
  const inner = updatableEvents(
    catalog,
    io,
    entryUnder(query).relation!,
    countsTriggers,
    columns === undefined ? undefined : asked.map(([, attnum]) => attnum),
  );
  return events | (own & inner);
}

/** A column can be changed where rows can be updated and deleted. */
export function isColumnUpdatable(
  catalog: Catalog,
  io: IoContext,
  relation: Relation,
  attnum: number,
  countsTriggers: boolean,
): boolean {
  const wanted = updatable.update | updatable.delete;
  return (updatableEvents(catalog, io, relation, countsTriggers, [attnum]) & wanted) === wanted;
}

defineWith("pg_relation_is_updatable", (call, id: number, countsTriggers: boolean) => {
  const relation = call.run.catalog.get("relation", id);
  return relation === undefined
    ? 0
    : updatableEvents(call.run.catalog, call.run.io, relation, countsTriggers);
});
defineWith("pg_column_is_updatable", (call, id: number, attnum: number, countsTriggers: boolean) => {
  const relation = call.run.catalog.get("relation", id);
  return (
    relation !== undefined &&
    attnum > 0 &&
    isColumnUpdatable(call.run.catalog, call.run.io, relation, attnum, countsTriggers)
  );
});
