import type { Relation } from "../catalog/model.ts";
import { PgError } from "../errors.ts";
import type { pg } from "../parse/ast.ts";
import type { Ddl } from "./context.ts";

/** ALTER TABLE ... REPLICA IDENTITY. @throws PgError 0A000, 42704, 42809 */
export function setReplicaIdentity(ddl: Ddl, relation: Relation, node: pg.ReplicaIdentityStmt): void {
  const replicaIdentity = (node.identity_type ?? "d") as NonNullable<Relation["replicaIdentity"]>;
  const { replicaIdentityIndex: _before, ...rest } = relation;
  const index = replicaIdentity === "i" ? requireIndex(ddl, relation, node.name ?? "") : undefined;
  ddl.catalog.set("relation", {
    ...rest,
    replicaIdentity,
    ...(index === undefined ? {} : { replicaIdentityIndex: index }),
  });
}

function requireIndex(ddl: Ddl, relation: Relation, name: string): number {
  const { catalog } = ddl;
  const index = catalog
    .indexesOf(relation.oid)
    .find(({ oid }) => catalog.get("relation", oid)?.name === name);
  if (index === undefined)
    throw new PgError("42704", `index "${name}" for table "${relation.name}" does not exist`);
  const refuse = (kind: string, code = "42809") => {
    throw new PgError(code, `cannot use ${kind} index "${name}" as replica identity`);
  };
  if (!index.unique) refuse("non-unique");
  if (catalog.constraintsOf(relation.oid).some((c) => c.index === index.oid && c.deferrable))
    refuse("non-immediate", "0A000");
  if (index.keys.some(({ attnum }) => attnum === 0)) refuse("expression", "0A000");
  if (index.predicate !== undefined) refuse("partial", "0A000");
  for (const { attnum } of index.keys) {
    const column = relation.columns.find((each) => each.attnum === attnum)!;
    if (!column.notNull)
      throw new PgError(
        "42809",
        `index "${name}" cannot be used as replica identity because column "${column.name}" is nullable`,
      );
  }
  return index.oid;
}
