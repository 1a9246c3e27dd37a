import type { Catalog } from "../catalog/catalog.ts";
import { catalogNamespace, type Publication, theDatabase } from "../catalog/model.ts";
import {
  columnsPublished,
  isPublishable,
  publicationNamed,
  tablesPublished,
} from "../catalog/publications.ts";
import { roleNamed } from "../catalog/roles.ts";
import { shownExpression } from "../deparse/stored.ts";
import { PgError } from "../errors.ts";
import { defineSet, defineWith } from "../functions/registry.ts";
import { endLsn } from "../replication/lsn.ts";
import { identityIndex } from "../replication/shape.ts";
import type { Exec } from "../run/exec.ts";
import { type Datum, PgArray } from "../types/datum.ts";
import { lsnText } from "../types/lsn.ts";
import { defineRows } from "./row-sources.ts";

/** The tables of pg_catalog that are about logical replication. */

function rows(
  name: string,
  source: (exec: Exec) => Iterable<Readonly<Record<string, Datum | undefined>>>,
): void {
  defineRows(name, function* (exec) {
    const relation = exec.catalog.relationByName(catalogNamespace, name)!;
    const names = relation.columns.map((column) => column.name);
    for (const values of source(exec)) yield names.map((column) => values[column] ?? null);
  });
}

rows("pg_replication_slots", function* ({ session, db }) {
  const { slots } = session;
  if (slots === undefined) return;
  for (const { name, plugin, isTemporary, confirmed, lagBytes, lost } of slots.in(db)) {
    const activeProcess = slots.activeProcess(name);
    const isLost = lost !== undefined;
    const lsn = lsnText(endLsn(confirmed));
    yield {
      slot_name: name,
      plugin,
      slot_type: "logical",
      datoid: theDatabase,
      database: session.database,
      temporary: isTemporary,
      active: activeProcess !== undefined,
      active_pid: activeProcess ?? null,
      restart_lsn: isLost ? null : lsn,
      confirmed_flush_lsn: lsn,
      wal_status: isLost ? "lost" : "reserved",
      safe_wal_size: isLost ? null : BigInt(Math.max(0, slots.bytesMax - lagBytes)),
      two_phase: false,
      conflicting: false,
      invalidation_reason: isLost ? "wal_removed" : null,
      failover: false,
      synced: false,
    };
  }
});

rows("pg_stat_replication", function* ({ session, catalog }) {
  const sessions = new Map([...session.sessions()].map((one) => [one.processId, one]));
  for (const [processId, sender] of session.slots?.senders ?? []) {
    const one = sessions.get(processId);
    if (one === undefined) continue;
    yield {
      pid: processId,
      usesysid: roleNamed(catalog, one.user)?.oid ?? null,
      usename: one.user,
      application_name: one.applicationName,
      client_port: one.clientPort ?? null,
      backend_start: one.startedAt,
      state: sender.isCaughtUp ? "streaming" : "catchup",
      sent_lsn: lsnText(sender.sent),
      write_lsn: sender.written === 0n ? null : lsnText(sender.written),
      flush_lsn: sender.flushed === 0n ? null : lsnText(sender.flushed),
      replay_lsn: sender.applied === 0n ? null : lsnText(sender.applied),
      sync_priority: 0,
      sync_state: "async",
      reply_time: sender.repliedUs ?? null,
    };
  }
});

rows("pg_publication", function* ({ catalog }) {
  for (const p of catalog.all("publication"))
    yield {
      oid: p.oid,
      pubname: p.name,
      pubowner: p.owner,
      puballtables: p.allTables,
      pubinsert: p.insert,
      pubupdate: p.update,
      pubdelete: p.delete,
      pubtruncate: p.truncate,
      pubviaroot: p.viaRoot,
      pubgencols: p.generated ? "s" : "n",
    };
});
rows("pg_publication_rel", function* ({ catalog }) {
  for (const { oid, tables } of catalog.all("publication"))
    for (const table of tables)
      yield {
        oid: table.oid,
        prpubid: oid,
        prrelid: table.relation,
        prqual: table.where ?? null,
        prattrs: table.columns === undefined ? null : vector(table.columns),
      };
});
rows("pg_publication_namespace", function* ({ catalog }) {
  for (const { oid, schemas } of catalog.all("publication"))
    for (const schema of schemas) yield { oid: schema.oid, pnpubid: oid, pnnspid: schema.namespace };
});
rows("pg_publication_tables", function* ({ catalog, io }) {
  for (const publication of catalog.all("publication"))
    for (const { relation, table } of tablesPublished(catalog, publication))
      yield {
        pubname: publication.name,
        schemaname: catalog.get("namespace", relation.namespace)?.name,
        tablename: relation.name,
        attnames: new PgArray(columnsPublished(publication, relation, table).map(({ name }) => name)),
        rowfilter: table?.where === undefined ? null : shownExpression(catalog, io, relation, table.where),
      };
});

const vector = (attnums: readonly number[]) => new PgArray(attnums, [attnums.length], [0]);

function* publicationTables(catalog: Catalog, publication: Publication): Generator<Datum[]> {
  for (const { relation, table } of tablesPublished(catalog, publication)) {
    const attnums = columnsPublished(publication, relation, table).map(({ attnum }) => attnum);
    yield [publication.oid, relation.oid, vector(attnums), table?.where ?? null];
  }
}

/** Rows of the publication, the table, its columns and its filter. @throws PgError 42704 */
defineSet("pg_get_publication_tables", function* (call, names: PgArray) {
  for (const name of names.elements as readonly string[]) {
    const publication = publicationNamed(call.run.catalog, name);
    if (publication === undefined) throw new PgError("42704", `publication "${name}" does not exist`);
    yield* publicationTables(call.run.catalog, publication);
  }
});
defineWith("pg_get_replica_identity_index", (call, id: number) => {
  const relation = call.run.catalog.get("relation", id);
  return relation === undefined ? null : (identityIndex(call.run.catalog, relation) ?? null);
});
defineWith("pg_relation_is_publishable", (call, id: number) => {
  const relation = call.run.catalog.get("relation", id);
  return relation === undefined ? null : isPublishable(relation);
});
