import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BlobFolder } from "../src/blobs/index.ts";
import {
  encodeAdded,
  encodeParts,
  encodeRemoved,
  type IndexRecord,
  readRecords,
} from "../src/blobs/records.ts";
import { isBaseDue } from "../src/blobs/write-index.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "blob-folder-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const sha256 = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");
const open = () => BlobFolder.open(join(root, "blobs"));
async function* chunks(...contents: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* contents;
}

describe("a folder of blobs", () => {
  test("keeps a content under its hash, once", async () => {
    const folder = await open();
    const content = randomBytes(100_000);
    const put = await folder.put(chunks(content.subarray(0, 10), content.subarray(10)));
    expect(put).toEqual({ sha256: sha256(content), bytes: 100_000 });
    expect(await folder.put(chunks(content))).toEqual(put);
    const path = join(root, "blobs", put.sha256.slice(0, 2), put.sha256);
    expect(readFileSync(path)).toEqual(content);
    expect(await folder.put(chunks())).toEqual({ sha256: sha256(Buffer.alloc(0)), bytes: 0 });
    const listed: string[] = [];
    for await (const blob of folder.list()) listed.push(blob.sha256);
    expect(listed.sort()).toEqual([put.sha256, sha256(Buffer.alloc(0))].sort());
    expect(readdirSync(join(root, "blobs", "incoming"))).toEqual([]);
  });

  test("keeps nothing of a content that ends with an error, or is too long", async () => {
    const folder = await open();
    const failing = async function* () {
      yield Buffer.from("half");
      throw new Error("the client is gone");
    };
    await expect(folder.put(failing())).rejects.toThrow("the client is gone");
    await expect(folder.put(chunks(randomBytes(11)), { bytesMax: 10 })).rejects.toMatchObject({
      code: "blob_too_large",
    });
    await folder.put(chunks(randomBytes(10)), { bytesMax: 10 });
    expect(readdirSync(join(root, "blobs", "incoming"))).toEqual([]);
  });

  test("forgets what a crash has left half written", async () => {
    const folder = await open();
    writeFileSync(join(folder.path, "incoming", "half"), "half");
    await open();
    expect(existsSync(join(folder.path, "incoming", "half"))).toBe(false);
  });

  test("removes, and lets be read what is open", async () => {
    const folder = await open();
    const { sha256: name } = await folder.put(chunks(Buffer.from("content")));
    const file = await folder.openBlob(name);
    await folder.remove(name);
    await folder.remove(name);
    expect(folder.has(name)).toBe(false);
    expect((await file.readFile()).toString()).toBe("content");
    await file.close();
    await expect(folder.openBlob(name)).rejects.toMatchObject({ code: "blob_missing" });
    expect(folder.has("../../etc/passwd")).toBe(false);
  });

  test("finds a damaged file when asked to, and heals a short one when the content is put again", async () => {
    const folder = await open();
    const content = randomBytes(5000);
    const { sha256: name } = await folder.put(chunks(content));
    const damaged = Buffer.from(content);
    damaged[4999]! ^= 1;
    writeFileSync(folder.pathOf(name), damaged);
    await expect(folder.openBlob(name, { verify: true })).rejects.toMatchObject({ code: "blob_damaged" });
    writeFileSync(folder.pathOf(name), content.subarray(0, 4096));
    await folder.put(chunks(content));
    await (await folder.openBlob(name, { verify: true })).close();
  });

  test("takes the same content from many at once", async () => {
    const folder = await open();
    const puts = Array.from({ length: 20 }, (_, index) =>
      folder.put(chunks(Buffer.from(`content ${index % 3}`))),
    );
    const names = new Set((await Promise.all(puts)).map((put) => put.sha256));
    expect(names.size).toBe(3);
    for (const name of names) await (await folder.openBlob(name, { verify: true })).close();
  });
});

describe("records of an index", () => {
  const parts = [
    { sha256: sha256(Buffer.from("a")), bytes: 4096 },
    { sha256: sha256(Buffer.from("b")), bytes: 17 },
  ];
  const names = [1, 2, 3].map((number) => createHash("sha256").update(`${number}`).digest());
  const bytes = Buffer.concat([
    encodeAdded(names[0]!, 4113, encodeParts(parts)),
    encodeRemoved(names[1]!),
    encodeAdded(names[2]!, 0, encodeParts([])),
  ]);
  const read = async (...runs: readonly Buffer[]) => {
    const records: IndexRecord[] = [];
    for await (const record of readRecords(runs)) records.push(record);
    return records;
  };

  test("come out as they went in, wherever the runs are cut", async () => {
    const expected = [
      { type: "added", sha256: names[0]!.toString("hex"), bytes: 4113, parts },
      { type: "removed", sha256: names[1]!.toString("hex") },
      { type: "added", sha256: names[2]!.toString("hex"), bytes: 0, parts: [] },
    ];
    for (let at = 0; at <= bytes.length; at++) {
      expect(await read(bytes.subarray(0, at), bytes.subarray(at))).toEqual(expected);
    }
  });

  test("are refused when they are cut off, of another type, or claim too much", async () => {
    for (const at of [1, 40, 50, bytes.length - 1]) {
      await expect(read(bytes.subarray(0, at))).rejects.toMatchObject({ code: "piece_damaged" });
    }
    const change = (at: number, value: number) => {
      const changed = Buffer.from(bytes);
      changed[at] = value;
      return changed;
    };
    // The type, the highest byte of the length, of the number of parts, of a part's length.
    for (const changed of [change(0, 9), change(40, 1), change(44, 1), change(80, 0xff)]) {
      await expect(read(changed)).rejects.toMatchObject({ code: "piece_damaged" });
    }
  });
});

test("a base is due after many, long or old deltas, and when there is none", () => {
  const hourMs = 3_600_000;
  const piece = { seqFrom: 1, seqTo: 1, sha256: "", time: 0 };
  const base = { ...piece, kind: "base" as const, bytes: 10 << 20 };
  const deltas = (count: number, bytes: number) =>
    Array.from({ length: count }, () => ({ ...piece, kind: "delta" as const, bytes }));
  expect(isBaseDue([], 0)).toBe(true);
  expect(isBaseDue([base, ...deltas(63, 1000)], hourMs)).toBe(false);
  expect(isBaseDue([base, ...deltas(64, 1000)], hourMs)).toBe(true);
  expect(isBaseDue([base, ...deltas(2, 3 << 20)], hourMs)).toBe(true);
  expect(isBaseDue([base, ...deltas(2, 1000)], 25 * hourMs)).toBe(true);
});
