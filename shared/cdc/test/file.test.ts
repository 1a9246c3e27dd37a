import { appendFileSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { recordChange } from "@weftkit/changes";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { openNotes, until } from "./cdc-for-test.ts";

const schemas = join(import.meta.dirname, "..", "..", "..", "docs", "schemas");

function linesOf(file: string): string[] {
  return readFileSync(file, "utf8").split("\n").slice(0, -1);
}

test.each(["debezium", "cloudevents"] as const)(
  "events in the form of %s are as their schema says",
  async (format) => {
    const notes = await openNotes();
    const folder = join(notes.dataDir, "out");
    const ops = ["insert", "update", "delete", "truncate", "schema"] as const;
    const cdc = await notes.cdc({ emitter: "file", broker: folder, format, ops });
    const exact = '{"big":9223372036854775807,"money":1.10,"bytes":"AP8=","none":null}';
    await notes.store.write((db) => {
      for (const op of ops) {
        recordChange(db, () => ({
          namespace: "public.note",
          key: Buffer.from("1"),
          op,
          format: "json",
          ...(op !== "insert" && { before: Buffer.from(exact) }),
          ...(op !== "delete" && { after: Buffer.from(exact) }),
        }));
      }
    });
    await until(() => cdc.status().sent === 5);
    const lines = linesOf(join(folder, "weftkit.changes.ndjson"));
    const schema = JSON.parse(readFileSync(join(schemas, `cdc-${format}.schema.json`), "utf8")) as object;
    const isValid = new Ajv2020({ allowUnionTypes: true, strictRequired: false }).compile(schema);
    for (const line of lines) expect([isValid(JSON.parse(line)), isValid.errors]).toEqual([true, null]);
    // No number was changed on its way.
    expect(lines[0]).toContain(`"after":${exact}`);
    expect(lines[1]).toContain(`"before":${exact},"after":${exact}`);
  },
);

test("what was confirmed is not sent again after a start, and what was not is", async () => {
  const notes = await openNotes();
  const settings = { emitter: "file", broker: join(notes.dataDir, "out"), topic: "{engine}.{namespace}" };
  const first = await notes.cdc(settings);
  await notes.write('{"n":1}', '{"n":2}');
  await until(() => first.status().sent === 2);
  await first.close();
  await notes.write('{"n":3}');
  const file = join(settings.broker, "relational.note.ndjson");
  // A crash cuts off a line.
  appendFileSync(file, '{"before":nul');
  notes.metrics.clear();
  const second = await notes.cdc(settings);
  await until(() => second.status().sent === 1);
  expect(linesOf(file).map((line) => (JSON.parse(line) as { after: unknown }).after)).toEqual([
    { n: 1 },
    { n: 2 },
    { n: 3 },
  ]);
});

test("files that are full are closed and named by the time, and the oldest go", async () => {
  const notes = await openNotes();
  const folder = join(notes.dataDir, "out");
  const cdc = await notes.cdc({
    emitter: "file",
    broker: folder,
    file_max_bytes: 1024,
    file_keep: 2,
    batch_events: 1,
  });
  for (let n = 1; n <= 6; n++) await notes.write(JSON.stringify({ n, text: "x".repeat(1000) }));
  await until(() => cdc.status().sent === 6);
  const files = readdirSync(folder).toSorted();
  expect(files).toHaveLength(2);
  const kept = files.flatMap((file) => linesOf(join(folder, file)));
  expect(kept.map((line) => (JSON.parse(line) as { after: { n: number } }).after.n)).toEqual([5, 6]);
});

test("a change that cannot be written is a dead letter, and the others go on", async () => {
  const notes = await openNotes();
  const folder = join(notes.dataDir, "out");
  const cdc = await notes.cdc({ emitter: "file", broker: folder });
  await notes.store.write((db) => {
    const change = {
      namespace: "note",
      key: Buffer.from("1"),
      op: "insert",
      after: Buffer.from("{}"),
    } as const;
    recordChange(db, () => ({ ...change, format: "unheard of" }));
    recordChange(db, () => ({ ...change, format: "json" }));
  });
  await until(() => cdc.status().sent === 1);
  expect(cdc.status()).toMatchObject({ deadLetters: 1, lost: 0 });
  const [letter] = linesOf(join(notes.dataDir, "cdc", "dead-letters.ndjson"));
  expect(JSON.parse(letter!)).toMatchObject({
    namespace: "note",
    reason: "a change is written as unheard of, which nobody says how to read",
  });
  expect(notes.readiness.components().cdc).toEqual({ ok: true, why: "1 dead letters" });
});
