import type { Catalog } from "../catalog/catalog.ts";
import { catalogNamespace, type Relation } from "../catalog/model.ts";
import type { Exec } from "../run/exec.ts";
import type { Datum } from "../types/datum.ts";
import { defineRows } from "./row-sources.ts";

/** Sessions, locks, and the tables that statistics are asked of; what is not counted here is NULL or 0. */

type Values = Readonly<Record<string, Datum | undefined>>;

function rows(names: string, source: (exec: Exec) => Iterable<Values>): void {
  for (const name of names.split(" ")) {
    defineRows(name, function* (exec) {
      const relation = exec.catalog.relationByName(catalogNamespace, name)!;
      const columns = relation.columns.map((column) => column.name);
      for (const values of source(exec)) yield columns.map((column) => values[column] ?? null);
    });
  }
}

const schemaOf = (catalog: Catalog, relation: Relation) =>
  catalog.get("namespace", relation.namespace)?.name ?? "";

function* tables(exec: Exec): Generator<Values> {
  const { catalog } = exec;
  for (const relation of catalog.all("relation")) {
    if ((relation.kind !== "r" && relation.kind !== "m") || relation.system === true) continue;
    yield {
      relid: relation.oid,
      schemaname: schemaOf(catalog, relation),
      relname: relation.name,
      seq_scan: 0n,
      seq_tup_read: 0n,
      idx_scan: 0n,
      idx_tup_fetch: 0n,
      n_tup_ins: 0n,
      n_tup_upd: 0n,
      n_tup_del: 0n,
      n_tup_hot_upd: 0n,
      n_tup_newpage_upd: 0n,
      n_live_tup: BigInt(Math.round((exec.relationSize(relation.oid) / 8192) * 81)),
      n_dead_tup: 0n,
      n_mod_since_analyze: 0n,
      n_ins_since_vacuum: 0n,
      vacuum_count: 0n,
      autovacuum_count: 0n,
      analyze_count: 0n,
      autoanalyze_count: 0n,
      heap_blks_read: 0n,
      heap_blks_hit: 0n,
      idx_blks_read: 0n,
      idx_blks_hit: 0n,
    };
  }
}
rows("pg_stat_all_tables pg_stat_user_tables pg_statio_all_tables pg_statio_user_tables", tables);
rows("pg_stat_sys_tables", () => []);

function* indexes({ catalog }: Exec): Generator<Values> {
  for (const index of catalog.all("index")) {
    const relation = catalog.get("relation", index.relation);
    const own = catalog.get("relation", index.oid);
    if (relation === undefined || own === undefined) continue;
    yield {
      relid: relation.oid,
      indexrelid: index.oid,
      schemaname: schemaOf(catalog, relation),
      relname: relation.name,
      indexrelname: own.name,
      idx_scan: 0n,
      idx_tup_read: 0n,
      idx_tup_fetch: 0n,
      idx_blks_read: 0n,
      idx_blks_hit: 0n,
    };
  }
}
rows("pg_stat_all_indexes pg_stat_user_indexes pg_statio_all_indexes pg_statio_user_indexes", indexes);

rows("pg_stat_activity", function* ({ session }) {
  for (const one of session.sessions()) {
    yield {
      datid: 16384,
      datname: session.database,
      pid: one.processId,
      usesysid: 10,
      usename: one.user,
      application_name: one.applicationName,
      client_port: one.clientPort ?? null,
      backend_start: one.startedAt,
      xact_start: one.transactionAt ?? null,
      query_start: one.queryAt ?? null,
      state_change: one.queryAt ?? one.startedAt,
      wait_event_type: one.waitsFor === undefined ? (one.state === "active" ? null : "Client") : "Lock",
      wait_event: one.waitsFor ?? (one.state === "active" ? null : "ClientRead"),
      state: one.state,
      query: one.query,
      backend_type: "client backend",
    };
  }
});

rows("pg_locks", function* ({ session }) {
  for (const lock of session.locks()) {
    yield {
      locktype: lock.type,
      database: 16384,
      relation: lock.relation ?? null,
      page: lock.tuple === undefined ? null : Math.floor((lock.tuple - 1) / 65536),
      tuple: lock.tuple === undefined ? null : ((lock.tuple - 1) % 65536) + 1,
      classid: lock.classId ?? null,
      objid: lock.objectId ?? null,
      objsubid: lock.objectSubId ?? null,
      virtualtransaction: `${lock.processId}/1`,
      pid: lock.processId,
      mode: lock.mode,
      granted: lock.isGranted,
      fastpath: false,
    };
  }
});

rows("pg_prepared_statements", function* ({ session }) {
  for (const { name, statement, preparedAt } of session.preparedStatements())
    yield { name, statement, prepare_time: preparedAt, from_sql: true, generic_plans: 0n, custom_plans: 0n };
});
