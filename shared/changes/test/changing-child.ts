import { recordChange, StoreChanges } from "@weftkit/changes";
import { createLogger, createMetrics, ReadinessRegistry } from "@weftkit/observe";
import { openStore } from "@weftkit/store";

// Writes to the file it is given until it is killed, by four writers and two sessions whose transactions are open for
// several calls, while three consumers follow and say durably how far they are. Lines on standard output: "w <n>": note n
// is acknowledged; "c <consumer> <n ...>": a consumer has seen these notes of one batch.
const log = createLogger({ level: "silent", image: "test" });
const store = await openStore({
  file: process.argv[2]!,
  applicationId: 0x57464b54,
  migrations: [
    {
      name: "create note",
      apply: (db) => db.exec("CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL)"),
    },
  ],
  log,
  metrics: createMetrics({ image: "test", processMetrics: false }),
  readiness: new ReadinessRegistry(log),
});
const changes = await StoreChanges.open({ store, log, windowBytes: 4096 });
let next = Number(process.argv[3]!);
const { signal } = new AbortController();

const seen = (number: number) => ({
  namespace: "note",
  key: Buffer.from(String(number)),
  op: "insert" as const,
  format: "none",
});

async function write(): Promise<void> {
  for (;;) {
    const number = next++;
    const isUndone = number % 7 === 0;
    try {
      await store.write((db) => {
        db.prepare("INSERT INTO note (id, body) VALUES (?, 'x')").run(number);
        recordChange(db, () => seen(number));
        if (isUndone) throw new Error("undone");
      });
      process.stdout.write(`w ${number}\n`);
    } catch {
      // As it was meant to be.
    }
  }
}

async function transact(): Promise<void> {
  for (;;) {
    const numbers = [next++, next++];
    const transaction = store.begin();
    for (const number of numbers) {
      await transaction.run((work) => {
        work.change("INSERT INTO note (id, body) VALUES (?, 'x')", [number]);
        recordChange(work.db, () => seen(number));
      });
    }
    if (numbers[0]! % 5 === 0) {
      transaction.rollback();
    } else {
      await transaction.commit();
      process.stdout.write(`${numbers.map((number) => `w ${number}\n`).join("")}`);
    }
  }
}

async function consume(name: string): Promise<void> {
  const known = (await changes.consumers()).find((consumer) => consumer.name === name);
  let unsaid = 0;
  const from = known?.position ?? (await changes.retain(name));
  for await (const { position, changes: batch } of changes.follow(from, signal)) {
    process.stdout.write(`c ${name} ${batch.map(({ key }) => Buffer.from(key).toString()).join(" ")}\n`);
    // Not each time: what comes after the last position that was said comes again.
    if (++unsaid % 10 === 0) await changes.retain(name, position);
  }
}

// Consumers first, so that nothing is written that they do not hear of.
const consuming = ["a", "b", "c"].map(consume);
await changes.listen();
await Promise.all([...consuming, write(), write(), write(), write(), transact(), transact()]);
