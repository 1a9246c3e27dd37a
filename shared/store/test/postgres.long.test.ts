import { isPostgresMissing, RealPostgres } from "@weftkit/testing/real-postgres";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { openForTest } from "./open-for-test.ts";
import { playScript, type ScriptTally } from "./postgres/play-script.ts";

const scripts = Number(process.env.WEFTKIT_POSTGRES_SCRIPTS ?? 300);
const sessions = 4;
const table = "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, n INTEGER NOT NULL)";

if (isPostgresMissing) console.log("left out, as there is no PostgreSQL: apt-get install postgresql");

test.skipIf(isPostgresMissing)(
  `${scripts} interleaved scripts give the rows, errors and waits of the real PostgreSQL`,
  { timeout: 60_000 + scripts * 1000 },
  async () => {
    const { port } = await RealPostgres.start({ deadlock_timeout: "20ms" });
    const connect = async () => {
      const client = new pg.Client({ host: "127.0.0.1", port, user: "postgres", database: "postgres" });
      await client.connect();
      onTestFinished(() => client.end());
      return client;
    };
    const observer = await connect();
    await observer.query(table);
    const real = { observer, sessions: await Promise.all(Array.from({ length: sessions }, connect)) };
    const { store } = await openForTest({
      migrations: [{ name: "create item", apply: (db) => db.exec(table) }],
      walFsync: false,
      deadlockTimeoutMs: 20,
    });
    const first = Number(process.env.WEFTKIT_TEST_SEED ?? Date.now() % 1_000_000_000);
    console.log(`the scripts begin at WEFTKIT_TEST_SEED=${first}`);
    const tally: ScriptTally = { statements: 0, waits: 0, deadlocks: 0, undecided: 0, codes: {} };
    for (let script = 0; script < scripts; script++) await playScript(real, store, first + script, tally);
    console.log(JSON.stringify(tally));
    expect(tally.waits).toBeGreaterThan(scripts / 3);
    expect(tally.codes["23505"]).toBeGreaterThan(0);
  },
);
