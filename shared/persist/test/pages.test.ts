import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { createLogger } from "@weftkit/observe";
import { openStore } from "@weftkit/store";
import { startMaintenance } from "@weftkit/store/wal";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PagesChain } from "./pages-chain.ts";
import { storeOptions } from "./store-options.ts";

let chain: PagesChain;
beforeEach(async () => {
  chain = new PagesChain({ sealBytes: 1 << 20 });
  await chain.open();
});
afterEach(() => chain.remove());

/** Writes `count` rows from `id`, about two to a page. */
async function insert(id: number, count: number): Promise<void> {
  await chain.store.write((db) => {
    const insert = db.prepare("INSERT OR REPLACE INTO item VALUES (?, ?, ?)");
    for (let row = id; row < id + count; row++) insert.run(row, `item ${row}`, randomBytes(1500));
  });
}

/** Rows, in a database that nobody else has open. */
async function rowsOf(file: string): Promise<number> {
  const store = await openStore(storeOptions(file));
  const rows = await store.read((db) => db.prepare("SELECT count(*) FROM item").pluck().get() as number);
  await store.close();
  return rows;
}

describe("captures", () => {
  afterEach(() => chain.close());

  test("begin with a base, go on with deltas, and lead to the same pages", async () => {
    await insert(0, 200);
    const base = await chain.capture();
    expect(base).toMatchObject({ piece: { kind: "base", seqFrom: 1, seqTo: 1 }, replaces: 0 });
    expect(await chain.difference()).toBe("");
    await insert(100, 20);
    const delta = await chain.capture();
    expect(delta).toMatchObject({ piece: { kind: "delta", seqFrom: 2, seqTo: 2 }, replaces: 0 });
    expect(await chain.difference()).toBe("");
    expect(chain.remarks).toEqual([]);
  });

  test("write nothing where nothing has changed", async () => {
    await insert(0, 10);
    await chain.capture();
    const capture = await chain.begin();
    expect(capture.piece).toBeUndefined();
    expect(capture.cursor).toEqual(chain.cursor);
    await capture.settle();
    await insert(0, 10);
    expect((await chain.capture()).piece).toMatchObject({ kind: "delta", seqFrom: 2 });
    expect(chain.remarks).toEqual([]);
  });

  test("skip numbers of pushes without a gap in what they cover", async () => {
    await insert(0, 10);
    await chain.capture();
    chain.seq += 5;
    await insert(0, 10);
    expect((await chain.capture()).piece).toMatchObject({ seqFrom: 2, seqTo: 7 });
    expect(await chain.difference()).toBe("");
  });

  test("hold what they have not captured back from every checkpoint, also when they are abandoned", async () => {
    await insert(0, 50);
    await chain.capture();
    await insert(50, 50);
    const abandoned = await chain.begin();
    await insert(100, 50);
    await abandoned.abandon();
    expect(
      readdirSync(join(chain.folder, "pieces")).flatMap((name) =>
        readdirSync(join(chain.folder, "pieces", name)),
      ),
    ).toEqual(["pages.wkd1", "substitute", "substitute"]);
    expect((await chain.capture()).piece).toMatchObject({ kind: "delta", seqFrom: 2, seqTo: 2 });
    expect(await chain.difference()).toBe("");
    expect(chain.remarks).toEqual([]);
  });

  test("become one piece after 16 deltas, and a base where the lists of their pages are lost", async () => {
    await insert(0, 3000);
    await chain.capture();
    const deltas = async () => {
      for (let delta = 0; delta < 16; delta++) {
        await insert(delta * 10, 2);
        expect((await chain.capture()).piece?.kind).toBe("delta");
      }
    };
    await deltas();
    await insert(500, 2);
    const compacted = await chain.capture();
    expect(compacted).toMatchObject({
      piece: { kind: "delta", seqFrom: 18, seqTo: 18 },
      substitute: { kind: "compacted", seqFrom: 2, seqTo: 18, standsFor: compacted.piece!.sha256 },
    });
    expect(chain.pieces.map(({ kind }) => kind)).toEqual(["base", "compacted"]);
    expect(await chain.difference()).toBe("");
    await deltas();
    const state = join(chain.folder, "state");
    rmSync(join(state, readdirSync(state).find((name) => name.endsWith(".pages"))!));
    await insert(0, 2);
    expect(await chain.capture()).toMatchObject({ piece: { kind: "delta" }, substitute: { kind: "base" } });
    expect(chain.remarks).toEqual([expect.stringContaining("lists of changed pages")]);
    expect(await chain.difference()).toBe("");
  });

  test("build on what a substitute stands for, whether or not it has its place already", async () => {
    chain.isSubstituting = false;
    await insert(0, 3000);
    for (let push = 0; push < 17; push++) {
      await insert(push * 10, 2);
      await chain.capture();
    }
    await insert(500, 2);
    const { substitute, piece } = await chain.capture();
    expect(substitute?.kind).toBe("compacted");
    await insert(600, 2);
    expect((await chain.capture()).piece).toMatchObject({ kind: "delta", seqFrom: piece!.seqTo + 1 });
    expect(await chain.difference()).toBe("");
    const [base, ...others] = chain.pieces;
    const folder = dirname(others.at(-2)!.path);
    const { file, ...standing } = substitute!;
    chain.pieces = [
      base!,
      { ...standing, time: chain.time, path: join(folder, "substitute", file) },
      others.at(-1)!,
    ];
    expect(await chain.difference()).toBe("");
  });

  test("are the least that completes the chain at the end, and give up a substitute for it", async () => {
    await insert(0, 3000);
    for (let push = 0; push < 17; push++) {
      await insert(push * 10, 2);
      await chain.capture();
    }
    await insert(500, 2);
    const folder = join(chain.folder, "pieces", "hurried");
    mkdirSync(join(folder, "substitute"), { recursive: true });
    const { epoch, time, cursor, pieces } = chain;
    const capture = await chain.stream.capture({
      folder,
      substituteFolder: join(folder, "substitute"),
      hurry: AbortSignal.abort(),
      epoch,
      seq: 19,
      time,
      cursor,
      pieces,
      final: false,
    });
    expect(capture).toMatchObject({ piece: { kind: "delta" }, substitute: undefined });
    expect(readdirSync(join(folder, "substitute"))).toEqual([]);
    await capture.abandon();
    expect(await chain.capture({ final: true })).toMatchObject({ piece: { kind: "delta" } });
    expect(await chain.difference()).toBe("");
  });

  test("go on compacting where the database was restored, as the lists are made again", async () => {
    await insert(0, 3000);
    await chain.capture();
    for (let delta = 0; delta < 16; delta++) {
      await insert(delta * 10, 2);
      await chain.capture();
    }
    await chain.close();
    for (const name of ["data", "state"]) {
      rmSync(join(chain.folder, name), { recursive: true });
      mkdirSync(join(chain.folder, name));
    }
    const stream = chain.newStream();
    chain.cursor = await stream.restore(chain.restorePieces());
    await stream.close();
    await chain.open();
    await insert(7, 2);
    expect((await chain.capture()).substitute?.kind).toBe("compacted");
    expect(await chain.difference()).toBe("");
    expect(chain.remarks).toEqual([]);
  });

  test("start the log over when it is long, and readers and writers notice nothing but a wait", async () => {
    let isWriting = true;
    const writer = (async () => {
      for (let id = 0; isWriting; id = (id + 40) % 4000) await insert(id, 40);
    })();
    const lengths: number[] = [];
    let seals = 0;
    for (let captures = 0; captures < 200 && seals < 3; captures++) {
      const capture = await chain.begin();
      const length = (chain.cursor?.wal as { frame: number } | undefined)?.frame ?? 0;
      lengths.push(length);
      await capture.keep();
      const now = (chain.cursor!.wal as { frame: number }).frame;
      if (now < length) seals++;
      await setImmediate();
    }
    isWriting = false;
    await writer;
    expect(seals).toBe(3);
    await chain.capture();
    expect(await chain.difference()).toBe("");
    expect(chain.remarks).toEqual([]);
  });

  test("ask for more until the log can be started over, and say when they should be made", async () => {
    await insert(0, 10);
    await chain.capture();
    const pressed = new Promise<void>((resolve) => {
      chain.stream.onPressure = resolve;
    });
    for (let id = 0; id < 4000; id += 200) await insert(id, 200);
    await pressed;
    expect(chain.stream.lagBytes()).toBeGreaterThan(1 << 20);
    let captures = 0;
    for (let more = true; more && captures < 10; captures++) more = (await chain.capture()).more;
    expect(captures).toBeGreaterThan(1);
    await insert(0, 1);
    await insert(0, 1);
    expect(chain.stream.lagBytes()).toBeLessThan(1 << 20);
    await chain.capture();
    expect((chain.cursor!.wal as { frame: number }).frame).toBeLessThan(100);
    expect(await chain.difference()).toBe("");
    expect(chain.remarks).toEqual([]);
  });

  test("go on beside a reader of an old state, and start the log over once it has ended", async () => {
    await insert(0, 10);
    await chain.capture();
    const reader = await chain.store.snapshot();
    await reader.read((db) => db.prepare("SELECT count(*) FROM item").get());
    for (let id = 0; id < 4000; id += 200) {
      await insert(id, 200);
      await chain.capture();
    }
    expect((chain.cursor!.wal as { frame: number }).frame).toBeGreaterThan(1000);
    expect(await chain.difference()).toBe("");
    reader.release();
    for (let id = 0; id < 4000; id += 200) {
      await insert(id, 200);
      await chain.capture();
    }
    expect((chain.cursor!.wal as { frame: number }).frame).toBeLessThan(1500);
    expect(await chain.difference()).toBe("");
    expect(chain.remarks).toEqual([]);
  });

  test("that fail for want of a folder leave everything as it was", async () => {
    await insert(0, 10);
    await chain.capture();
    await insert(0, 10);
    const { cursor, pieces, epoch, time } = chain;
    const request = {
      folder: join(chain.folder, "missing"),
      epoch,
      seq: 2,
      time,
      cursor,
      pieces,
      final: false,
    };
    await expect(chain.stream.capture(request)).rejects.toMatchObject({ code: "ENOENT" });
    expect((await chain.capture()).piece?.kind).toBe("delta");
    expect(await chain.difference()).toBe("");
  });

  test("are cut short by their deadline", async () => {
    await insert(0, 2000);
    const folder = join(chain.folder, "pieces", "late");
    mkdirSync(folder);
    const { Deadline } = await import("@weftkit/core");
    using deadline = Deadline.after(0);
    const request = {
      folder,
      epoch: 1,
      seq: 1,
      time: 1,
      cursor: undefined,
      pieces: [],
      final: false,
      deadline,
    };
    await expect(chain.stream.capture(request)).rejects.toMatchObject({ code: "deadline_exceeded" });
    expect(readdirSync(folder)).toEqual([]);
    await chain.capture();
    expect(await chain.difference()).toBe("");
  });
});

describe("a start", () => {
  const log = createLogger({ image: "test", level: "silent" });
  const wal = () => `${chain.file}-wal`;
  const note = () => join(chain.folder, "state", "volume.json");

  beforeEach(async () => {
    await insert(0, 400);
    await chain.capture();
    await insert(50, 10);
    await chain.capture();
  });
  afterEach(() => chain.close());

  /** What the first capture after the start is. */
  async function firstPiece(): Promise<string | undefined> {
    await chain.open();
    await insert(200, 5);
    const { piece } = await chain.capture();
    expect(await chain.difference()).toBe("");
    return piece?.kind;
  }

  test("goes on after a kill", async () => {
    await insert(100, 10);
    await chain.crash();
    expect(await firstPiece()).toBe("delta");
  });

  test("goes on after a kill between the outbox and the settling of a capture", async () => {
    await insert(100, 10);
    const capture = await chain.begin();
    capture.keepInOutbox();
    await chain.crash();
    expect(await firstPiece()).toBe("delta");
  });

  test("goes on after a clean end with a last capture, where the log is gone", async () => {
    await insert(100, 10);
    await chain.store.close();
    chain.stream.detach();
    expect((await chain.capture({ final: true })).piece?.kind).toBe("delta");
    await chain.stream.close();
    expect(existsSync(wal())).toBe(false);
    expect(await firstPiece()).toBe("delta");
  });

  test("goes on after an end without a last capture: what was not captured stays in the log", async () => {
    await insert(100, 10);
    await chain.close();
    expect(existsSync(wal())).toBe(true);
    expect(await firstPiece()).toBe("delta");
  });

  test("goes on without its note, and with a file whose times have changed, by comparing all pages", async () => {
    await insert(100, 10);
    await chain.crash();
    rmSync(note());
    expect(await firstPiece()).toBe("delta");
    await chain.crash();
    utimesSync(chain.file, 1, 1);
    expect(await firstPiece()).toBe("delta");
    expect(chain.remarks).toEqual([]);
  });

  test("goes on when the log was lost with what was not captured, and writes a base when with what was", async () => {
    await insert(100, 10);
    await chain.crash();
    writeFileSync(wal(), "");
    rmSync(`${chain.file}-shm`, { force: true });
    // All that was captured is in the database file: the state is the captured one, the rest is nowhere.
    expect(await firstPiece()).toBe("delta");
    expect(chain.remarks).toEqual([]);
    await insert(100, 10);
    const capture = await chain.begin();
    capture.keepInOutbox();
    await chain.crash();
    writeFileSync(wal(), "");
    rmSync(`${chain.file}-shm`, { force: true });
    expect(await firstPiece()).toBe("base");
  });

  test("writes a base when the database was written to without being captured", async () => {
    await chain.close();
    const store = await openStore(storeOptions(chain.file));
    await store.write((db) => db.exec("DELETE FROM item WHERE id < 100"));
    await store.close();
    expect(await firstPiece()).toBe("base");
    expect(chain.remarks).toEqual([expect.stringContaining("a new base is written")]);
  });

  test("writes a base when the log was started over exactly once without being captured", async () => {
    await chain.crash();
    const store = await openStore(storeOptions(chain.file));
    const maintenance = startMaintenance(store, { log });
    await store.write((db) => db.exec("DELETE FROM item WHERE id < 100"));
    await maintenance.pass();
    await store.write((db) => db.exec("DELETE FROM item WHERE id < 110"));
    await maintenance.stop();
    // Ended as by a kill: the log stays, with salts that are one further.
    const files = ["", "-wal"].map(
      (suffix) => [chain.file + suffix, readFileSync(chain.file + suffix)] as const,
    );
    await store.close();
    for (const [path, content] of files) writeFileSync(path, content);
    rmSync(`${chain.file}-shm`, { force: true });
    expect(await firstPiece()).toBe("base");
  });

  test("writes a base when the cursor follows another piece, or is none of ours", async () => {
    await chain.close();
    chain.cursor = { ...chain.cursor, piece: "0".repeat(64) };
    expect(await firstPiece()).toBe("base");
    await chain.close();
    chain.cursor = { version: 2 };
    expect(await firstPiece()).toBe("base");
    await chain.close();
    chain.cursor = undefined;
    expect(await firstPiece()).toBe("base");
  });

  test("goes on after the database was parked and restored", async () => {
    await insert(100, 10);
    await chain.capture();
    await chain.close();
    const parked = join(chain.folder, "parked");
    mkdirSync(parked);
    const stream = chain.newStream();
    expect(await stream.isEmpty()).toBe(false);
    await stream.park(parked);
    expect(await stream.isEmpty()).toBe(true);
    expect(await rowsOf(join(parked, "store.db"))).toBe(400);
    chain.cursor = await stream.restore(chain.restorePieces());
    expect(await stream.isEmpty()).toBe(false);
    await stream.close();
    expect(await firstPiece()).toBe("delta");
    expect(chain.remarks).toEqual([]);
  });
});
