import type { Relation } from "../catalog/model.ts";
import { publishedBy } from "../catalog/publications.ts";
import { PgError } from "../errors.ts";
import { identityIndex } from "../replication/shape.ts";
import type { PlanContext } from "./context.ts";
import { tableExpression } from "./table-expressions.ts";

const doings = {
  update: ["update", "updates"],
  delete: ["delete from", "deletes"],
} as const;

/**
 * What keeps rows of a table from being updated or deleted because a publication tells it: nobody could tell there which row is
 * meant. Undefined when nothing does.
 */
export function identityFault(
  ctx: Pick<PlanContext, "catalog">,
  relation: Relation,
  action: "update" | "delete",
): PgError | undefined {
  const { catalog } = ctx;
  const all = catalog.derive("publications", () => [...catalog.all("publication")]);
  if (all.length === 0) return undefined;
  const [doing, changes] = doings[action];
  const those = all.filter((publication) => publication[action]);
  const published = publishedBy(catalog, those, relation);
  if (published === undefined) return undefined;
  if (relation.replicaIdentity === "f") {
    const lists = published.by.some(({ table }) => table?.columns !== undefined);
    return lists
      ? cannot(doing, relation, "Column list used by the publication does not cover the replica identity.")
      : undefined;
  }
  const index = identityIndex(catalog, relation);
  if (index === undefined)
    return new PgError(
      "55000",
      `cannot ${doing} table "${relation.name}" because it does not have a replica identity and publishes ${changes}`,
      {
        hint: `To enable ${action === "update" ? "updating" : "deleting from"} the table, set REPLICA IDENTITY using ALTER TABLE.`,
      },
    );
  const keys = new Set(
    catalog
      .get("index", index)!
      .keys.map(({ attnum }) => relation.columns.find((c) => c.attnum === attnum)?.name),
  );
  for (const { table } of published.by) {
    if (table === undefined) continue;
    const named = (attnum: number) => published.as.columns.find((c) => c.attnum === attnum)?.name;
    if (table.columns !== undefined) {
      const list = new Set(table.columns.map(named));
      if ([...keys].some((key) => !list.has(key)))
        return cannot(
          doing,
          relation,
          "Column list used by the publication does not cover the replica identity.",
        );
    }
    if (table.where === undefined) continue;
    const { entry } = tableExpression(ctx, published.as, table.where);
    if ([...entry.used].some((attnum) => !keys.has(named(attnum))))
      return cannot(
        doing,
        relation,
        "Column used in the publication WHERE expression is not part of the replica identity.",
      );
  }
  return undefined;
}

function cannot(doing: string, { name }: Relation, detail: string): PgError {
  return new PgError("42P10", `cannot ${doing} table "${name}"`, { detail });
}
