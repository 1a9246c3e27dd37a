import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openForTest, TextSession } from "../open-for-test.ts";
import { difference, runOurs, runReal, statementsOf } from "./compare.ts";
import { postgresBinaries, type RealPostgres, startPostgres } from "./postgres.ts";

const binaries = postgresBinaries();
const folder = join(import.meta.dirname, "sql");
const files = readdirSync(folder).filter((name) => name.endsWith(".sql"));
/** What PostgreSQL has since 18 or does otherwise since, and roles, whose rights have changed in every version. */
const sinceNewest: ReadonlySet<string> = new Set([
  "recent.sql",
  "roles.sql",
  "policies.sql",
  "sql-json.sql",
  "json-table.sql",
  "updatable-views.sql",
  "partitions.sql",
  "cursors.sql",
]);
/** What an older server than the grammar's does not know or does otherwise. */
const newest =
  /merge_action|NOT MATCHED BY SOURCE|any_value|VIRTUAL|json_|regexp_(like|count|substr|instr)|isfinite|interval 'infinity'/i;

describe.skipIf(binaries === undefined)(
  "statements give what PostgreSQL gives (skipped without its binaries)",
  () => {
    let real: RealPostgres;
    let admin: pg.Client;
    beforeAll(async () => {
      real = await startPostgres(binaries!);
      admin = await real.connect();
    });
    afterAll(async () => {
      await admin?.end();
      await real?.stop();
    });

    test.each(files.flatMap((file) => [[file, "on"] as const, [file, "off"] as const]))(
      "%s, pushdown %s",
      async (file, pushdown) => {
        if (sinceNewest.has(file) && real.version < 18) return;
        const opened = await openForTest();
        const session = new TextSession(opened.database);
        await session.query(`SET weftkit.pushdown = ${pushdown}`);
        await admin.query(
          "DROP SCHEMA IF EXISTS app CASCADE; DROP SCHEMA public CASCADE; " +
            "CREATE SCHEMA public AUTHORIZATION pg_database_owner; GRANT USAGE ON SCHEMA public TO PUBLIC",
        );
        await admin.query("DISCARD ALL");
        const found: string[] = [];
        for (const text of statementsOf(readFileSync(join(folder, file), "utf8"))) {
          const theirs = await runReal(admin, text);
          const ours = await runOurs(session, text);
          const differs = difference(text, theirs, ours);
          if (differs !== undefined && !(real.version < 18 && (newest.test(text) || theirs.code === "42601")))
            found.push(`${text}\n${differs}`);
        }
        expect(found).toEqual([]);
        await opened.close();
      },
    );
  },
);
