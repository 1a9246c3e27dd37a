import { join } from "node:path";
import { killedWhileSending } from "@weftkit/testing/killed-while-sending";
import { patientMs } from "@weftkit/testing/patience";
import neo4j, { type Driver } from "neo4j-driver";
import { onTestFinished, test } from "vitest";
import { rows } from "./running-engine.ts";

const rounds = Number(process.env.WEFTKIT_KILL_ROUNDS ?? 8);

function connect(port: number): Driver {
  const driver = neo4j.driver(`bolt://127.0.0.1:${port}`, neo4j.auth.basic("ann", "secret"), {
    disableLosslessIntegers: true,
  });
  onTestFinished(() => driver.close());
  return driver;
}

test(
  "kill -9 while changes are sent to a file: each transaction is there whole, in order, and no other one",
  { timeout: patientMs(20_000 + rounds * 5_000) },
  () =>
    killedWhileSending(
      {
        main: join(import.meta.dirname, "../src/main.ts"),
        prepare: async () => {},
        connect: async (port) => {
          const session = connect(port).session();
          return {
            write: async (n) => {
              const transaction = session.beginTransaction();
              await transaction.run("CREATE (:One {n: $n})", { n: neo4j.int(n) });
              await transaction.run("CREATE (:Two {n: $n})", { n: neo4j.int(n) });
              const isUndone = n % 5 === 0;
              await (isUndone ? transaction.rollback() : transaction.commit());
              return isUndone ? "rolled back" : "committed";
            },
          };
        },
        stored: async (port) => {
          const found = await rows(connect(port), "MATCH (x) RETURN x.n AS n");
          return found.map(({ n }) => n as number);
        },
        numberOf: (row) => (row as { properties: { n: number } } | null)?.properties.n,
      },
      rounds,
    ),
);
