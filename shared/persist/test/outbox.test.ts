import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Outbox, type OutboxEntry } from "../src/engine/outbox.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "outbox-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function entry(seq: number): OutboxEntry {
  const piece = {
    kind: "delta",
    file: "log.wkd1",
    bytes: 3,
    sha256: "0".repeat(64),
    seqFrom: seq,
    seqTo: seq,
  } as const;
  return {
    version: 1,
    seq,
    epoch: 1,
    time: 1,
    streams: { log: { kind: "log", piece, replaces: 0, cursor: {} } },
  };
}

async function add(outbox: Outbox, seq: number): Promise<void> {
  writeFileSync(join(await outbox.draft(), "log.wkd1"), "abc");
  await outbox.add(entry(seq));
}

describe("the outbox", () => {
  test("keeps entries over a restart, oldest first", async () => {
    const outbox = new Outbox(folder);
    for (const seq of [9, 10, 11]) await add(outbox, seq);
    const again = new Outbox(folder);
    expect(again.entries).toEqual([entry(9), entry(10), entry(11)]);
    expect(again.bytes).toBe(9);
  });

  test("forgets what was not finished: a draft, an entry half removed", async () => {
    await add(new Outbox(folder), 1);
    mkdirSync(join(folder, "draft"));
    writeFileSync(join(folder, "draft", "log.wkd1"), "half");
    mkdirSync(join(folder, "removed-0"));
    expect(new Outbox(folder).entries.map(({ seq }) => seq)).toEqual([1]);
  });

  test("forgets what was confirmed before a crash kept it from being removed", async () => {
    const outbox = new Outbox(folder);
    for (const seq of [1, 2, 3]) await add(outbox, seq);
    expect(new Outbox(folder, 2).entries.map(({ seq }) => seq)).toEqual([3]);
    expect(new Outbox(folder).entries.map(({ seq }) => seq)).toEqual([3]);
  });

  test("refuses to guess what a damaged entry held", async () => {
    await add(new Outbox(folder), 1);
    writeFileSync(join(folder, "1", "entry.json"), "{");
    expect(() => new Outbox(folder)).toThrow(expect.objectContaining({ code: "outbox_damaged" }));
  });

  test("remembers with which manifest a push was tried", async () => {
    const outbox = new Outbox(folder);
    await add(outbox, 1);
    expect(outbox.triedManifest(outbox.entries[0]!)).toBeUndefined();
    await outbox.noteManifest(outbox.entries[0]!, "{}");
    const again = new Outbox(folder);
    expect(again.triedManifest(again.entries[0]!)).toBe("{}");
    await again.remove(again.entries);
    expect(new Outbox(folder).entries).toEqual([]);
  });
});
