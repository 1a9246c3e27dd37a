import { createLogger, createMetrics, ReadinessRegistry } from "@weftkit/observe";
import { openStore } from "@weftkit/store";
import { applicationId, noteTable } from "./open-for-test.ts";

// Writes to the file it is given until it is killed: each transaction two notes, from eight writers at once. A line on
// standard output says the number of a transaction that was acknowledged, or the code of the error that ended one.
const log = createLogger({ level: "silent", image: "test" });
const store = await openStore({
  file: process.argv[2]!,
  applicationId,
  migrations: [noteTable],
  log,
  metrics: createMetrics({ image: "test", processMetrics: false }),
  readiness: new ReadinessRegistry(log),
});
const writers = 8;
let next = Number(process.argv[3] ?? "0");

async function writeForEver(): Promise<void> {
  for (;;) {
    const number = next++;
    try {
      await store.write((db) => {
        const insert = db.prepare("INSERT INTO note (body) VALUES (?)");
        insert.run(`${number} a ${"x".repeat(200)}`);
        insert.run(`${number} b ${"x".repeat(200)}`);
      });
      process.stdout.write(`${number}\n`);
    } catch (error) {
      process.stdout.write(`${(error as { code: string }).code}\n`);
      if ((error as { code: string }).code === "failed") return;
    }
  }
}

await Promise.all(Array.from({ length: writers }, writeForEver));
