import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openDatabase } from "../src/connection.ts";
import { Checkpointer, NewestFrames, WalFile, WalPin } from "../src/wal/index.ts";

let folder: string;
let file: string;
let db: ReturnType<typeof openDatabase>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "weftkit-wal-"));
  file = join(folder, "store.db");
  db = openDatabase(file, { readonly: false });
  db.pragma("journal_mode = WAL");
  db.pragma("wal_autocheckpoint = 0");
  db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB)");
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true });
});

function insert(rows: number, bytes = 1000): void {
  db.prepare(
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) INSERT INTO t (body) SELECT randomblob(?) FROM n",
  ).run(rows, bytes);
}

function frames(): number {
  const [row] = db.pragma("wal_checkpoint(NOOP)") as { log: number }[];
  return row!.log;
}

describe("the log's reader", () => {
  test("finds the newest version of each page, all checksums verified, in one pass or in several", () => {
    insert(100);
    const middle = frames();
    insert(300);
    db.exec("UPDATE t SET body = randomblob(500) WHERE id % 7 = 0");
    const wal = new WalFile(file);
    const header = wal.header()!;
    const whole = new NewestFrames();
    const end = wal.scan(header, 0, frames(), header.checksum, whole);
    const parts = new NewestFrames();
    const atMiddle = wal.scan(header, 0, middle, header.checksum, parts);
    expect(wal.checksumAt(header, middle)).toEqual(atMiddle);
    const later = new NewestFrames(parts);
    expect(wal.scan(header, middle, frames(), atMiddle, later)).toEqual(end);
    expect(later.pages).toEqual(whole.pages);
    expect(whole.pageCount).toBe(db.pragma("page_count", { simple: true }));
    // What it says is in the log is what a checkpoint moves into the database.
    db.pragma("wal_checkpoint(PASSIVE)");
    const database = readFileSync(file);
    const page = Buffer.alloc(4096);
    for (const [number, frame] of whole.pages) {
      wal.readPage(header, frame, page);
      expect(database.compare(page, 0, 4096, (number - 1) * 4096, number * 4096)).toBe(0);
    }
    wal.close();
  });

  test("reads logs of both byte orders", () => {
    insert(20);
    const count = frames();
    const swapped = join(folder, "swapped.db");
    writeFileSync(`${swapped}-wal`, inOtherByteOrder(readFileSync(`${file}-wal`), count));
    const wal = new WalFile(swapped);
    const header = wal.header()!;
    expect(header.isBigEndian).toBe(true);
    const found = new NewestFrames();
    wal.scan(header, 0, count, header.checksum, found);
    expect(found.pages.size).toBeGreaterThan(5);
    wal.close();
  });

  test("refuses every frame in which a byte was changed, and where a commit does not end", () => {
    insert(10);
    const count = frames();
    const whole = readFileSync(`${file}-wal`);
    const copy = join(folder, "copy.db");
    for (let at = 32; at < 32 + count * 4120; at += 37) {
      const bytes = Buffer.from(whole);
      bytes[at]! ^= 4;
      writeFileSync(`${copy}-wal`, bytes);
      const wal = new WalFile(copy);
      const header = wal.header()!;
      const scan = () => wal.scan(header, 0, count, header.checksum, new NewestFrames());
      expect(scan).toThrow(/checksum is wrong/);
      wal.close();
    }
    copyFileSync(`${file}-wal`, `${copy}-wal`);
    const wal = new WalFile(copy);
    const header = wal.header()!;
    expect(() => wal.scan(header, 0, count - 1, header.checksum, new NewestFrames())).toThrow(
      /does not end a commit/,
    );
    expect(() => wal.scan(header, 0, count + 1, header.checksum, new NewestFrames())).toThrow(
      /ends before it/,
    );
    wal.close();
  });

  test("has no header where it was not written whole", () => {
    insert(1);
    const copy = join(folder, "copy.db");
    const whole = readFileSync(`${file}-wal`);
    for (let at = 0; at < 32; at++) {
      const bytes = Buffer.from(whole);
      bytes[at]! ^= 1;
      writeFileSync(`${copy}-wal`, bytes);
      const wal = new WalFile(copy);
      expect(wal.header()).toBeUndefined();
      wal.close();
    }
    writeFileSync(`${copy}-wal`, whole.subarray(0, 31));
    const wal = new WalFile(copy);
    expect(wal.header()).toBeUndefined();
    wal.close();
  });

  test("tells pages that were cut off and are there again without having been written", () => {
    const found = new NewestFrames();
    found.add(1, 7, 10);
    found.add(2, 9, 10);
    found.add(3, 1, 8);
    expect(found.hasUnwrittenPages()).toBe(false);
    found.add(4, 1, 10);
    expect(found.hasUnwrittenPages()).toBe(true);
    expect(new NewestFrames(found).hasUnwrittenPages()).toBe(true);
    found.add(5, 9, 10);
    expect(found.hasUnwrittenPages()).toBe(false);
    expect(found.pagesAfter(3)).toEqual(new Set([1, 9]));
  });
});

describe("a pin", () => {
  test("keeps what came after it from being moved into the database, and the log from starting over", () => {
    const checkpointer = new Checkpointer(file);
    insert(10);
    const pin = new WalPin(file);
    pin.hold();
    const pinned = frames();
    insert(10);
    expect(checkpointer.passive()).toEqual({ log: frames(), checkpointed: pinned });
    expect(checkpointer.restart()).toBe(false);
    pin.release();
    expect(checkpointer.restart()).toBe(true);
    insert(1);
    expect(frames()).toBeLessThan(pinned);
    pin.close();
    checkpointer.close();
  });

  test("of a database that has everything lets the log start over, but not be moved again", () => {
    const checkpointer = new Checkpointer(file);
    insert(10);
    checkpointer.passive();
    const pin = new WalPin(file);
    pin.hold();
    insert(1);
    expect(checkpointer.passive()).toMatchObject({ checkpointed: 0 });
    pin.release();
    expect(checkpointer.passive()).toEqual({ log: frames(), checkpointed: frames() });
    pin.close();
    checkpointer.close();
  });
});

/** The same log with checksums over words in the other byte order. */
function inOtherByteOrder(bytes: Buffer, count: number): Buffer {
  const log = Buffer.from(bytes);
  log.writeUInt32BE(log.readUInt32BE(0) | 1, 0);
  let [first, second] = [0, 0];
  const add = (from: number, to: number) => {
    for (let at = from; at < to; at += 8) {
      first = (first + log.readUInt32BE(at) + second) >>> 0;
      second = (second + log.readUInt32BE(at + 4) + first) >>> 0;
    }
  };
  const put = (at: number) => {
    log.writeUInt32BE(first, at);
    log.writeUInt32BE(second, at + 4);
  };
  add(0, 24);
  put(24);
  for (let frame = 0; frame < count; frame++) {
    const at = 32 + frame * 4120;
    add(at, at + 8);
    add(at + 24, at + 4120);
    put(at + 16);
  }
  return log;
}
