import type { Database, TransactionWork } from "@weftkit/store";
import type { Catalog } from "../catalog/catalog.ts";
import type { Relation } from "../catalog/model.ts";
import { temporaryPrefix } from "../catalog/namespaces.ts";
import { removeNamespace, removeQuietly } from "../ddl/drop.ts";
import { loadCatalog } from "../storage/catalog-store.ts";
import { tableName } from "../storage/tables.ts";
import type { Block } from "./block.ts";
import { ddlWithin, inDdl } from "./ddl-runner.ts";
import type { SessionState } from "./state.ts";

/** Temporary objects: they end with their session, some with their transaction. */

function* ownRelations(session: SessionState, catalog: Catalog): Generator<Relation> {
  const namespace = catalog.namespaceByName(`${temporaryPrefix}${session.processId}`);
  if (namespace === undefined) return;
  for (const relation of catalog.all("relation")) if (relation.namespace === namespace.oid) yield relation;
}

/** Drops all that a session has made that is temporary. */
export async function dropTemporary(session: SessionState): Promise<void> {
  const name = `${temporaryPrefix}${session.processId}`;
  if (session.catalog.namespaceByName(name) === undefined) return;
  await inDdl(session, (ddl) => {
    const namespace = ddl.catalog.namespaceByName(name);
    if (namespace !== undefined) removeNamespace(ddl, namespace.oid);
  });
}

/** What ON COMMIT asks at the end of a transaction; undefined when there is nothing to do. */
export function atCommit(session: SessionState, block: Block): ((work: TransactionWork) => void) | undefined {
  const relations = [...ownRelations(session, session.catalog)].filter((r) => r.onCommit !== undefined);
  if (relations.length === 0 || block.transaction?.hasChanges !== true) return undefined;
  return (work) => {
    for (const relation of relations)
      if (relation.onCommit === "delete") work.db.exec(`DELETE FROM ${tableName(relation.oid)}`);
    const dropped = relations.filter((relation) => relation.onCommit === "drop");
    if (dropped.length > 0)
      ddlWithin(session, block, work, (ddl) => {
        for (const relation of dropped) removeQuietly(ddl, relation);
      });
  };
}

/** Removes what sessions have left behind whose process was killed: nobody can reach it any more. */
export function dropLeftovers(db: Database): void {
  const catalog = loadCatalog(db);
  const remove = db.prepare("DELETE FROM catalog_object WHERE kind = ? AND oid = ?");
  for (const namespace of catalog.all("namespace")) {
    if (!namespace.name.startsWith(temporaryPrefix)) continue;
    remove.run("namespace", namespace.oid);
    for (const relation of catalog.all("relation")) {
      if (relation.namespace !== namespace.oid) continue;
      db.exec(`DROP TABLE IF EXISTS ${tableName(relation.oid)}`);
      for (const kind of ["relation", "index", "sequence"]) remove.run(kind, relation.oid);
      db.prepare("DELETE FROM sequence_value WHERE oid = ?").run(relation.oid);
      for (const constraint of catalog.constraintsOf(relation.oid)) remove.run("constraint", constraint.oid);
      for (const trigger of catalog.triggersOf(relation.oid)) remove.run("trigger", trigger.oid);
      for (const dependency of catalog.all("depend"))
        if (dependency.dependent === relation.oid) remove.run("depend", dependency.oid);
      for (const comment of catalog.all("comment"))
        if (comment.object === relation.oid) remove.run("comment", comment.oid);
    }
    for (const type of catalog.all("type"))
      if (type.namespace === namespace.oid) remove.run("type", type.oid);
    for (const proc of catalog.all("proc"))
      if (proc.namespace === namespace.oid) remove.run("proc", proc.oid);
  }
}
