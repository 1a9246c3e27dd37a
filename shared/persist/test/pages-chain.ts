import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "@weftkit/observe";
import { openStore, type Store } from "@weftkit/store";
import { Checkpointer, checkDatabase } from "@weftkit/store/wal";
import { PagesStream, type PagesStreamOptions } from "../src/pages/index.ts";
import type { Capture, ChainPiece, Cursor, RestorePiece } from "../src/stream.ts";
import { storeOptions } from "./store-options.ts";

const silent = createLogger({ image: "test", level: "silent" });

type KeptPiece = ChainPiece & { readonly path: string };

export interface BegunCapture extends Capture {
  /** What the outbox does; a kill may follow. */
  keepInOutbox(): void;
  /** That, and the settling. */
  keep(): Promise<void>;
}

/** A chain of pieces and the database they are taken from: what the outbox and the object store are in the product. */
export class PagesChain {
  readonly folder: string;
  readonly file: string;
  readonly #options: Partial<PagesStreamOptions>;
  pieces: KeptPiece[] = [];
  cursor: Cursor | undefined;
  /** Whether substitutes take their place at once. */
  isSubstituting = true;
  seq = 0;
  epoch = 1;
  /** Unix time of the next capture, in milliseconds. */
  time = 1_800_000_000_000;
  stream!: PagesStream;
  store!: Store;
  readonly remarks: string[] = [];

  constructor(
    options: Partial<PagesStreamOptions> = {},
    folder = mkdtempSync(join(tmpdir(), "weftkit-pages-")),
  ) {
    this.folder = folder;
    this.#options = options;
    for (const name of ["data", "state", "pieces"]) mkdirSync(join(this.folder, name), { recursive: true });
    this.file = join(this.folder, "data", "store.db");
  }

  newStream(file = this.file, stateFolder = join(this.folder, "state")): PagesStream {
    const warn = (_: unknown, message: string) => this.remarks.push(message);
    const log = Object.assign(Object.create(silent), { warn }) as PagesStreamOptions["log"];
    return new PagesStream({ name: "pages", file, stateFolder, log, ...this.#options });
  }

  async open(): Promise<void> {
    this.stream = this.newStream();
    this.store = await openStore(storeOptions(this.file));
    await this.stream.attach(this.store);
  }

  async close(): Promise<void> {
    await this.store.close();
    this.stream.detach();
    await this.stream.close();
  }

  /** A capture that is neither settled nor abandoned yet. */
  async begin({ final = false } = {}): Promise<BegunCapture> {
    const seq = this.seq + 1;
    const folder = join(this.folder, "pieces", `${seq}-${Math.random()}`);
    mkdirSync(folder);
    const { epoch, time, cursor, pieces } = this;
    // Through JSON, as the outbox keeps it.
    const substituteFolder = final ? undefined : join(folder, "substitute");
    if (substituteFolder !== undefined) mkdirSync(substituteFolder);
    const call = { folder, epoch, seq, time, cursor, pieces, final, substituteFolder };
    const request = JSON.parse(JSON.stringify(call));
    const capture = await this.stream.capture(request);
    const keepInOutbox = () => this.#keep(capture, seq, folder);
    const keep = async () => {
      keepInOutbox();
      await capture.settle();
    };
    return { ...capture, keepInOutbox, keep };
  }

  /** One capture, settled. */
  async capture(options: { final?: boolean } = {}): Promise<Capture> {
    const capture = await this.begin(options);
    await capture.keep();
    return capture;
  }

  #keep(capture: Capture, seq: number, folder: string): void {
    this.cursor = JSON.parse(JSON.stringify(capture.cursor));
    const { piece, replaces, substitute } = capture;
    if (piece === undefined) return;
    this.seq = seq;
    const { file, ...rest } = piece;
    const kept = replaces === 0 ? this.pieces : this.pieces.slice(0, -replaces);
    this.pieces = [...kept, { ...rest, time: this.time, path: join(folder, file) }];
    if (substitute === undefined || !this.isSubstituting) return;
    const { file: name, ...standing } = substitute;
    const before = standing.kind === "base" ? [] : kept.filter(({ seqTo }) => seqTo < standing.seqFrom);
    this.pieces = [...before, { ...standing, time: this.time, path: join(folder, "substitute", name) }];
  }

  async *restorePieces(pieces: readonly KeptPiece[] = this.pieces): AsyncGenerator<RestorePiece> {
    for (const piece of pieces) yield piece;
  }

  /** Builds the database from the pieces alone, elsewhere; returns the file. */
  async restored(pieces = this.pieces): Promise<string> {
    const folder = mkdtempSync(join(this.folder, "restored-"));
    const file = join(folder, "store.db");
    const stream = this.newStream(file, join(folder, "state"));
    try {
      await stream.restore(this.restorePieces(pieces));
    } finally {
      await stream.close();
    }
    return file;
  }

  /** The database as it is now, its log moved into it, in a copy. Nobody may be writing. */
  copy(): string {
    const folder = mkdtempSync(join(this.folder, "copy-"));
    // By another process: a descriptor closed in this one would drop SQLite's locks.
    for (const suffix of ["", "-wal"]) {
      if (existsSync(this.file + suffix)) execFileSync("cp", [this.file + suffix, folder]);
    }
    const file = join(folder, "store.db");
    const checkpointer = new Checkpointer(file);
    checkpointer.restart();
    checkpointer.close();
    return file;
  }

  /** What differs between the database as it is now and what the pieces lead to; "" when nothing does. */
  async difference(): Promise<string> {
    return await this.differenceFrom(this.copy());
  }

  /** What differs between a copy, which is removed, and what the pieces lead to. */
  async differenceFrom(copy: string): Promise<string> {
    const restored = await this.restored();
    const check = checkDatabase(restored, "integrity_check");
    if (check !== "ok") return check;
    const [one, other] = [readFileSync(restored), readFileSync(copy)];
    rmSync(join(restored, ".."), { recursive: true });
    rmSync(join(copy, ".."), { recursive: true });
    if (one.length !== other.length) return `${one.length} and ${other.length} bytes`;
    for (let at = 0; at < one.length; at += 4096) {
      if (one.compare(other, at, at + 4096, at, at + 4096) !== 0) return `page ${at / 4096 + 1}`;
    }
    return "";
  }

  /**
   * As after a kill at this moment: the volume is what the files are now, and nobody has closed anything. What was
   * open is closed without harm to the copy, and the chain goes on there.
   */
  async crash(): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), "weftkit-pages-"));
    execFileSync("cp", ["-a", join(this.folder, "data"), join(this.folder, "state"), folder]);
    await this.close();
    for (const name of ["data", "state"]) {
      rmSync(join(this.folder, name), { recursive: true });
      renameSync(join(folder, name), join(this.folder, name));
    }
    rmSync(folder, { recursive: true });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
