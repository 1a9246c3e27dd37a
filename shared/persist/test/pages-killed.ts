import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { replaceFileSync } from "@weftkit/core";
import { createLogger } from "@weftkit/observe";
import { openStore } from "@weftkit/store";
import { PagesStream } from "../src/pages/index.ts";
import type { ChainPiece, Cursor } from "../src/stream.ts";
import { storeOptions } from "./store-options.ts";

/**
 * A process that writes and captures until it is killed. Its outbox is one file that names the chain, replaced in one
 * step. Each line it prints is a write that was acknowledged, or a push: "w 12", "p 3 11".
 */
export interface Chain {
  readonly seq: number;
  readonly cursor: Cursor | undefined;
  readonly pieces: readonly (ChainPiece & { readonly path: string })[];
}

const folder = process.argv[2]!;
const outbox = join(folder, "chain.json");
const log = createLogger({ image: "test", level: "silent" });
const remarks: string[] = [];
const warning = Object.assign(Object.create(log), { warn: (_: unknown, text: string) => remarks.push(text) });
const stream = new PagesStream({
  name: "pages",
  file: join(folder, "store.db"),
  stateFolder: join(folder, "state"),
  log: warning,
  sealBytes: 1 << 20,
});
const store = await openStore(storeOptions(join(folder, "store.db")));
await stream.attach(store);
let chain: Chain = JSON.parse(readFileSync(outbox, "utf8"));

const print = (line: string) => process.stdout.write(`${line}\n`);

/** Each write leaves the count of all writes in the database, and that many marks. */
async function write(): Promise<void> {
  const count = await store.write((db) => {
    const before = db.prepare("SELECT coalesce(max(id), 0) FROM item").pluck().get() as number;
    const insert = db.prepare("INSERT INTO item VALUES (?, ?, randomblob(2000))");
    insert.run(before + 1, `write ${before + 1}`);
    db.prepare("UPDATE item SET name = name || '.' WHERE id % 17 = ?").run(before % 17);
    return before + 1;
  });
  print(`w ${count}`);
}

async function push(): Promise<void> {
  const seq = chain.seq + 1;
  const pieceFolder = join(folder, "pieces", `${seq}-${process.pid}`);
  mkdirSync(pieceFolder, { recursive: true });
  const { cursor, pieces } = chain;
  const capture = await stream.capture({
    folder: pieceFolder,
    epoch: 1,
    seq,
    time: 1_800_000_000_000 + seq,
    cursor,
    pieces,
    final: false,
  });
  const { piece, replaces } = capture;
  if (piece !== undefined) {
    const { file, ...rest } = piece;
    const kept = { ...rest, time: 1_800_000_000_000 + seq, path: join(pieceFolder, file) };
    chain = { seq, cursor: capture.cursor, pieces: [...pieces.slice(0, pieces.length - replaces), kept] };
    replaceFileSync(outbox, JSON.stringify(chain));
  }
  await capture.settle();
  print(`p ${chain.seq} ${remarks.splice(0).join("; ")}`);
}

if (process.argv[3] === "once") {
  await push();
  writeFileSync(join(folder, "done"), "");
  await store.close();
  stream.detach();
  await stream.close();
} else {
  void (async () => {
    for (;;) await Promise.all([write(), write(), write()]);
  })();
  for (;;) {
    await push();
    for (let turn = 0; turn < 20; turn++) await setImmediate();
  }
}
