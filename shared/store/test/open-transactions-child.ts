import { createLogger, createMetrics, ReadinessRegistry } from "@weftkit/observe";
import { openStore, postgresRowLocks } from "@weftkit/store";
import { applicationId, noteTable } from "./open-for-test.ts";

// Keeps eight transactions open on the file it is given until it is killed, each of four notes in four calls, which all
// have its number; others write in between, so that they are parked at times. A line on standard output says the number
// of a transaction that was acknowledged. One in four is rolled back, and says nothing.
const log = createLogger({ level: "silent", image: "test" });
const store = await openStore({
  file: process.argv[2]!,
  applicationId,
  migrations: [noteTable],
  log,
  metrics: createMetrics({ image: "test", processMetrics: false }),
  readiness: new ReadinessRegistry(log),
});
const sessions = 8;
const notesPerTransaction = 4;
let next = Number(process.argv[3] ?? "0");

async function transactForEver(session: number): Promise<void> {
  for (;;) {
    const number = next++;
    const transaction = store.begin();
    for (let note = 0; note < notesPerTransaction; note++) {
      await transaction.run((work) => {
        const id = work.nextRowid("note");
        work.change("INSERT INTO note (id, body) VALUES (?, ?)", [id, `${number} ${note}`]);
      });
      // A row that all want, one after the other: some wait in the middle of their transaction.
      if (note === 1 && session % 2 === 0) {
        await transaction.lock(postgresRowLocks, "note", 0, "update");
      }
      // Half of them are left on the writer as they are, the others make everybody park.
      if (session % 2 === 1) await store.write(() => {});
    }
    if (number % 4 === 3) {
      transaction.rollback();
      continue;
    }
    await transaction.commit();
    process.stdout.write(`${number}\n`);
  }
}

await Promise.all(Array.from({ length: sessions }, (_, session) => transactForEver(session)));
