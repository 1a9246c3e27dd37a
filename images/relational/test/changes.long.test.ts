import { join } from "node:path";
import { killedWhileSending } from "@weftkit/testing/killed-while-sending";
import { patientMs } from "@weftkit/testing/patience";
import pg from "pg";
import { onTestFinished, test } from "vitest";

const rounds = Number(process.env.WEFTKIT_KILL_ROUNDS ?? 8);

async function connect(port: number): Promise<pg.Client> {
  const client = new pg.Client({ host: "127.0.0.1", port, user: "ann", database: "weftkit" });
  client.on("error", () => {});
  await client.connect();
  onTestFinished(() => void client.end().catch(() => {}));
  return client;
}

test(
  "kill -9 while changes are sent to a file: each transaction is there whole, in order, and no other one",
  { timeout: patientMs(20_000 + rounds * 5_000) },
  () =>
    killedWhileSending(
      {
        main: join(import.meta.dirname, "../src/main.ts"),
        prepare: async (port) => {
          const client = await connect(port);
          await client.query("create table one (n int primary key)");
          await client.query("create table two (n int primary key)");
        },
        connect: async (port) => {
          const client = await connect(port);
          return {
            write: async (n) => {
              await client.query("begin");
              await client.query("insert into one values ($1)", [n]);
              await client.query("insert into two values ($1)", [n]);
              const isUndone = n % 5 === 0;
              await client.query(isUndone ? "rollback" : "commit");
              return isUndone ? "rolled back" : "committed";
            },
          };
        },
        stored: async (port) => {
          const client = await connect(port);
          const { rows } = await client.query("select n from one union all select n from two");
          return rows.map(({ n }: { n: number }) => n);
        },
        numberOf: (row) => (row as { n: number } | null)?.n,
      },
      rounds,
    ),
);
