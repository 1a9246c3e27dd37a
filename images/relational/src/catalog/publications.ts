import type { Catalog } from "./catalog.ts";
import type { Publication, PublicationTable, Relation } from "./model.ts";
import { ancestorsOf, leavesOf } from "./partitions.ts";

/** Which tables publications publish, and how (PostgreSQL's documentation, 29.1). */

export type PublishedAction = "insert" | "update" | "delete" | "truncate";

export function publicationNamed(catalog: Catalog, name: string): Publication | undefined {
  return [...catalog.all("publication")].find((publication) => publication.name === name);
}

/** What can be published at all: tables whose changes are logged. */
export function isPublishable({ kind, persistence, system }: Relation): boolean {
  return (kind === "r" || kind === "p") && persistence === "p" && system !== true;
}

/** Whether a publication names a table, or the schema that it is in. */
function names({ tables, schemas }: Publication, relation: Relation): boolean {
  return (
    tables.some((table) => table.relation === relation.oid) ||
    schemas.some(({ namespace }) => namespace === relation.namespace)
  );
}

/** A table as publications publish it. */
export interface Published {
  readonly actions: ReadonlySet<PublishedAction>;
  /** What its rows are told as being of: the table itself, or the partitioned table that it is in. */
  readonly as: Relation;
  /** Those that publish it as that. */
  readonly by: readonly { readonly publication: Publication; readonly table: PublicationTable | undefined }[];
}

/** Undefined where none of the publications publishes the table. */
export function publishedBy(
  catalog: Catalog,
  publications: readonly Publication[],
  relation: Relation,
): Published | undefined {
  if (!isPublishable(relation)) return undefined;
  const ancestors = ancestorsOf(catalog, relation);
  const actions = new Set<PublishedAction>();
  let level = -1;
  let as = relation;
  let by: Published["by"] = [];
  for (const publication of publications) {
    const { allTables, viaRoot } = publication;
    // The topmost one counts, as all of its partitions are published with it.
    const top = allTables
      ? ancestors.length - 1
      : ancestors.findLastIndex((ancestor) => names(publication, ancestor));
    if (!allTables && top < 0 && !names(publication, relation)) continue;
    if (relation.kind === "p" && !viaRoot) continue;
    for (const action of ["insert", "update", "delete", "truncate"] as const)
      if (publication[action]) actions.add(action);
    const own = viaRoot ? top : -1;
    if (own < level) continue;
    if (own > level) by = [];
    level = own;
    as = own < 0 ? relation : ancestors[own]!;
    by = [
      ...by,
      {
        publication,
        table: allTables ? undefined : publication.tables.find((table) => table.relation === as.oid),
      },
    ];
  }
  return by.length === 0 ? undefined : { actions, as, by };
}

/** The tables that a subscriber has to have for a publication. */
export function tablesPublished(
  catalog: Catalog,
  publication: Publication,
): readonly { readonly relation: Relation; readonly table: PublicationTable | undefined }[] {
  const { allTables, viaRoot, tables, schemas } = publication;
  const listed = [...catalog.all("relation")].filter(
    (relation) =>
      isPublishable(relation) &&
      (allTables ||
        tables.some((table) => table.relation === relation.oid) ||
        schemas.some(({ namespace }) => namespace === relation.namespace)),
  );
  const all = viaRoot ? listed : listed.flatMap((relation) => leavesOf(catalog, relation));
  const roots = new Set(listed.map(({ oid }) => oid));
  return [...new Set(all)]
    .filter((relation) => !viaRoot || !ancestorsOf(catalog, relation).some(({ oid }) => roots.has(oid)))
    .filter(isPublishable)
    .map((relation) => ({ relation, table: tables.find((each) => each.relation === relation.oid) }));
}

/** The columns that are published of a table, in its order. */
export function columnsPublished(
  { generated }: Publication,
  relation: Relation,
  table: PublicationTable | undefined,
): Relation["columns"] {
  return relation.columns.filter((column) => {
    if (column.dropped === true || column.generated === "v") return false;
    if (table?.columns !== undefined) return table.columns.includes(column.attnum);
    return generated || column.generated === undefined;
  });
}
