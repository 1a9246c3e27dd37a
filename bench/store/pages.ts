import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createLogger, createMetrics, ReadinessRegistry } from "@weftkit/observe";
import type { CaptureRequest, ChainPiece, Cursor } from "@weftkit/persist";
import { PagesStream } from "@weftkit/persist/pages";
import { openStore, type Store } from "@weftkit/store";

/**
 * What a capture and a restore of a large database take:
 *
 *   node bench/store/pages.ts [--megabytes 1000] [--deltas 1000] [--folder FOLDER]
 */
const { values } = parseArgs({
  options: {
    megabytes: { type: "string", default: "1000" },
    deltas: { type: "string", default: "1000" },
    folder: { type: "string", default: tmpdir() },
  },
});
/** One row of the table takes so much of the file. */
const ROW_BYTES = 256;
const rows = Math.round((Number(values.megabytes) * 1e6) / ROW_BYTES);
const deltas = Number(values.deltas);
const folder = mkdtempSync(join(values.folder, "weftkit-bench-"));
const file = join(folder, "store.db");
const log = createLogger({ image: "bench", level: "warn" });

type KeptPiece = ChainPiece & { readonly path: string };
let pieces: KeptPiece[] = [];
let cursor: Cursor | undefined;
let seq = 0;
let time = Date.now();

function say(what: string, numbers: Record<string, number | string | undefined>): void {
  console.log(what.padEnd(44), JSON.stringify(numbers));
}

function seconds(sinceMs: number): number {
  return Math.round(performance.now() - sinceMs) / 1000;
}

/** Of all threads: what does not depend on what else the machine does. */
function cpuSeconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return Math.round((user + system) / 1e3) / 1e3;
}

async function open(): Promise<{ store: Store; stream: PagesStream }> {
  const stream = new PagesStream({ name: "pages", file, stateFolder: join(folder, "state"), log });
  const store = await openStore({
    file,
    applicationId: 0x57464b42,
    migrations: [
      {
        name: "create",
        apply: (db) =>
          db.exec("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, count INTEGER, body TEXT)"),
      },
    ],
    log,
    metrics: createMetrics({ image: "bench", processMetrics: false }),
    readiness: new ReadinessRegistry(log),
  });
  await stream.attach(store);
  return { store, stream };
}

/** Rows such as an application has: some words, some digits, some noise. */
async function fill(store: Store): Promise<void> {
  for (let from = 0; from < rows; from += 20_000) {
    await store.write((db) => {
      const insert = db.prepare("INSERT INTO item VALUES (?, ?, ?, ?)");
      for (let id = from; id < Math.min(from + 20_000, rows); id++) {
        const body = `lorem ipsum dolor sit amet consectetur ${randomBytes(60).toString("base64")} adipiscing elit sed do eiusmod tempor ${id * 7919}`;
        insert.run(id, `customer ${id} ${randomBytes(8).toString("hex")}`, id % 1000, body);
      }
    });
  }
}

async function update(store: Store, count: number): Promise<void> {
  for (let done = 0; done < count; done += 1000) {
    await store.write((db) => {
      const change = db.prepare("UPDATE item SET count = count + 1, name = name || '+' WHERE id = ?");
      for (let row = 0; row < Math.min(1000, count - done); row++)
        change.run(Math.floor(Math.random() * rows));
    });
  }
}

async function capture(stream: PagesStream, what: string | undefined): Promise<boolean> {
  seq++;
  time += 1000;
  const to = join(folder, "pieces", `${seq}`);
  mkdirSync(to, { recursive: true });
  const request: CaptureRequest = { folder: to, epoch: 1, seq, time, cursor, pieces, final: false };
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  const captured = await stream.capture(request);
  const captureSeconds = seconds(startedMs);
  const settleMs = performance.now();
  await captured.settle();
  delay.disable();
  const { piece, replaces } = captured;
  cursor = captured.cursor;
  if (piece !== undefined) {
    const { file: name, ...rest } = piece;
    pieces = [...pieces.slice(0, pieces.length - replaces), { ...rest, time, path: join(to, name) }];
  }
  if (what !== undefined) {
    say(what, {
      kind: piece?.kind,
      bytes: piece?.bytes,
      captureSeconds,
      settleSeconds: seconds(settleMs),
      cpuSeconds: cpuSeconds(cpu),
      stallMsMax: Math.round(delay.max / 1e4) / 100,
    });
  }
  return captured.more;
}

async function restore(what: string, from: readonly KeptPiece[]): Promise<void> {
  const to = join(folder, "restored");
  mkdirSync(to);
  const stream = new PagesStream({
    name: "pages",
    file: join(to, "store.db"),
    stateFolder: join(to, "state"),
    log,
  });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  await stream.restore(
    (async function* () {
      yield* from;
    })(),
  );
  delay.disable();
  say(what, {
    pieces: from.length,
    bytes: from.reduce((sum, { bytes }) => sum + bytes, 0),
    seconds: seconds(startedMs),
    cpuSeconds: cpuSeconds(cpu),
    stallMsMax: Math.round(delay.max / 1e4) / 100,
  });
  await stream.close();
  rmSync(to, { recursive: true });
}

try {
  const idle = monitorEventLoopDelay({ resolution: 1 });
  idle.enable();
  await setTimeout(2000);
  say("the event loop when nothing is done", { stallMsMax: Math.round(idle.max / 1e4) / 100 });
  idle.disable();
  let { store, stream } = await open();
  await fill(store);
  while (await capture(stream, "base")) await store.write(() => {});
  say("database", { bytes: statSync(file).size, rows });
  for (const count of [1000, 1000, 10_000, 100_000]) {
    await update(store, count);
    while (await capture(stream, `after ${count} row updates`)) {}
  }
  await store.close();
  stream.detach();
  await stream.close();

  const startedMs = performance.now();
  ({ store, stream } = await open());
  const openSeconds = seconds(startedMs);
  await update(store, 1);
  const firstMs = performance.now();
  await capture(stream, "first capture after a start");
  say("start with an intact volume", { openSeconds, firstCaptureSeconds: seconds(firstMs) });

  await restore("restore", pieces);
  const kept = pieces;
  // The longest chain there can be: without compaction, 100 row updates each.
  const chain: KeptPiece[] = [];
  await update(store, 1000);
  pieces = [];
  await capture(stream, "a new base");
  chain.push(...pieces);
  const chainStartMs = performance.now();
  for (let delta = 0; delta < deltas; delta++) {
    await update(store, 100);
    // Only the last piece is shown, so that nothing is compacted.
    const last = chain.at(-1)!;
    pieces = [{ ...chain[0]!, seqFrom: last.seqFrom, seqTo: last.seqTo, sha256: last.sha256, time }];
    await capture(stream, undefined);
    chain.push(pieces.at(-1)!);
  }
  say(`${deltas} deltas of 100 row updates`, { seconds: seconds(chainStartMs), before: kept.length });
  await restore("restore of the base and all deltas", chain);
  await store.close();
  stream.detach();
  await stream.close();
} finally {
  rmSync(folder, { recursive: true });
}
