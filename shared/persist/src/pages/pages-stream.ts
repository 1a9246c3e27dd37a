import { closeSync, existsSync, mkdirSync, openSync, renameSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { syncFolderSync, WeftkitError } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import type { Store } from "@weftkit/store";
import { SealPolicy, WorkerCalls, workerUrl } from "@weftkit/store/wal";
import type {
  AcknowledgeGate,
  BuiltState,
  Capture,
  CaptureRequest,
  Cursor,
  RestorePiece,
  Stream,
} from "../stream.ts";
import type { CaptureResult } from "./page-capturer.ts";
import type { PagesWorkerApi } from "./pages-worker.ts";
import { WritersHeld } from "./writers-held.ts";

export interface PagesStreamOptions {
  /** 1 to 64 of a-z, 0-9, ".", "_" and "-"; the same at every start. */
  readonly name: string;
  /** The database file, beside which its log and a restore's temporary file are. */
  readonly file: string;
  /** For the stream's own notes, on the same volume; made when it is missing. */
  readonly stateFolder: string;
  readonly log: Logger;
  /** The log is started over when it is longer. Default: 64 MiB. */
  readonly sealBytes?: number;
  /** What SQLite checks after a restore. Default: none, as each page was compared with its hash. */
  readonly checkAfterRestore?: "none" | "quick_check" | "integrity_check";
}

/**
 * The pages of one SQLite database as a stream.
 *
 * Its worker thread is the only one that moves the log into the database while it runs, and moves only what is
 * captured: nobody else may checkpoint. Life of one: `restore` or `park` while no store is open; `attach` right after
 * the store was opened; captures; `store.close()`; `detach`; perhaps a final capture; `close`.
 */
export class PagesStream implements Stream {
  readonly name: string;
  readonly kind = "pages";
  onPressure: () => void = () => {};
  captureNow: () => Promise<void> = async () => {};
  /** What the store's writes wait for before they are acknowledged; undefined when for nothing. */
  gate: AcknowledgeGate | undefined;
  readonly #options: PagesStreamOptions;
  readonly #policy: SealPolicy;
  #worker: WorkerCalls<PagesWorkerApi> | undefined;
  #store: Store | undefined;
  /**
   * The descriptor of the database file. It is closed only after the last connection of the process is: closing any
   * descriptor of the file drops the POSIX locks that SQLite holds on it, in all threads.
   */
  #fd: number | undefined;
  /** Length of the log after the last settle, to which the store's own count is added. */
  #walBytes = 0;
  #isPressing = false;

  constructor(options: PagesStreamOptions) {
    this.name = options.name;
    this.#options = options;
    this.#policy = new SealPolicy(options.sealBytes);
    mkdirSync(options.stateFolder, { recursive: true });
  }

  /** Pins the log of an open store: from here on nothing is moved into the database that is not captured. */
  async attach(store: Store): Promise<void> {
    this.#store = store;
    store.onWalGrowth = () => this.#grown();
    await this.#open();
  }

  /** The store is closed. Captures are still possible, of what is on the disk. */
  detach(): void {
    if (this.#store !== undefined) this.#store.onWalGrowth = () => {};
    this.#store = undefined;
  }

  async isEmpty(): Promise<boolean> {
    const { file } = this.#options;
    return [file, `${file}-wal`].every((path) => !existsSync(path) || statSync(path).size === 0);
  }

  async capture(request: CaptureRequest): Promise<Capture> {
    const worker = await this.#open();
    const { folder, epoch, seq, time, pieces, cursor, deadline } = request;
    const { walBytes, tailFrames } = await worker.call("state", cursor);
    const isHurried = this.#policy.isDue(walBytes);
    // Never for a whole database, which is what a capture without a cursor is.
    const mayHold = this.#store !== undefined && cursor !== undefined;
    const isSealing = mayHold && this.#policy.mayHold(walBytes, tailFrames);
    const held = isSealing ? await WritersHeld.of(this.#store!, deadline) : undefined;
    this.#isPressing = false;
    let result: CaptureResult;
    try {
      const budgetMs = deadline?.remainingMs();
      // The log is due to be started over: what is captured then is the least that can be.
      const substituteFolder = isHurried ? undefined : request.substituteFolder;
      const hurry = flagOf(request.hurry);
      const call = { folder, epoch, seq, time, cursor, pieces, budgetMs, substituteFolder, hurry };
      result = await worker.call("capture", call);
    } catch (error) {
      await held?.release();
      throw error;
    }
    for (const remark of result.remarks) this.#options.log.warn({ stream: this.name, seq }, remark);
    // Not when the writers could not be held back: that is tried again at the next capture, not at once.
    const isSealDue = !isSealing && this.#store !== undefined && this.#policy.isDue(result.walBytes);
    return {
      piece: result.piece,
      replaces: result.replaces,
      substitute: result.substitute,
      cursor: result.cursor,
      more: isSealDue && !request.final,
      settle: () => this.#settle(worker, held, walBytes),
      abandon: () => this.#abandon(worker, held),
    };
  }

  async build(pieces: AsyncIterable<RestorePiece>): Promise<BuiltState> {
    const { name, file, stateFolder, checkAfterRestore: check = "none" } = this.#options;
    const worker = this.#startWorker();
    const discard = async () => {
      await worker.call("abortRestore", undefined);
    };
    await worker.call("beginRestore", { name, file, stateFolder, check });
    try {
      for await (const piece of pieces) await worker.call("applyPiece", piece);
      await worker.call("sealRestore", undefined);
    } catch (error) {
      await discard();
      throw error;
    }
    const install = async () => {
      const { cursor } = await worker.call("installRestore", undefined);
      return { ...cursor };
    };
    return { install, discard };
  }

  /** Builds and installs, where nothing is to be moved aside in between. */
  async restore(pieces: AsyncIterable<RestorePiece>): Promise<Cursor> {
    const built = await this.build(pieces);
    try {
      return await built.install();
    } catch (error) {
      await built.discard();
      throw error;
    }
  }

  async park(folder: string): Promise<void> {
    const { file } = this.#options;
    // The database first: a crash in between leaves its log, which is not empty and opens as nothing. A database
    // without its log would open as an older state.
    for (const suffix of ["", "-wal", "-journal", "-shm"]) {
      if (existsSync(file + suffix)) renameSync(file + suffix, join(folder, basename(file) + suffix));
    }
    syncFolderSync(folder);
    syncFolderSync(dirname(file));
  }

  lagBytes(): number {
    return this.#store?.walBytes ?? 0;
  }

  guard(gate: AcknowledgeGate): void {
    this.gate = gate;
  }

  /** Ends the worker. To be called after `detach`, so that no connection of the process is left. */
  async close(): Promise<void> {
    await this.#worker?.end();
    this.#worker = undefined;
    if (this.#fd !== undefined && this.#store === undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #startWorker(): WorkerCalls<PagesWorkerApi> {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new WorkerCalls<PagesWorkerApi>(workerUrl(import.meta.url, "pages-worker"));
    this.#worker = worker;
    void worker.ended.then(() => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    return worker;
  }

  /** The worker with its connections open; a new one, where the last has ended by an error. */
  async #open(): Promise<WorkerCalls<PagesWorkerApi>> {
    const { name, file, stateFolder } = this.#options;
    if (this.#fd === undefined) {
      if (this.#store === undefined)
        throw new WeftkitError("not_attached", `${name}: no store is open to capture`);
      this.#fd = openSync(file, "r");
    }
    const worker = this.#startWorker();
    await worker.call("open", { name, file, stateFolder, fd: this.#fd });
    return worker;
  }

  async #settle(
    worker: WorkerCalls<PagesWorkerApi>,
    held: WritersHeld | undefined,
    walBytes: number,
  ): Promise<void> {
    try {
      const state = await worker.call("settle", { seal: held !== undefined });
      this.#walBytes = state.walBytes;
      if (held === undefined) return;
      this.#policy.held(walBytes, state.isSealed);
      if (state.isSealed) return;
      this.#options.log.info({ walBytes }, "a long read keeps the write-ahead log from starting over");
    } finally {
      await held?.release();
      this.#measure();
    }
  }

  async #abandon(worker: WorkerCalls<PagesWorkerApi>, held: WritersHeld | undefined): Promise<void> {
    try {
      await worker.call("abandon", undefined);
    } finally {
      await held?.release();
    }
  }

  /** The store counts the log at the end of a turn of its lock: without one it would count what was just moved. */
  #measure(): void {
    this.#store
      ?.exclusively(async () => {})
      .catch(() => {
        // Closed, or the lock is wanted by too many: then the count is taken at the next turn.
      });
  }

  #grown(): void {
    const walBytes = this.#walBytes + this.lagBytes();
    if (this.#isPressing || !this.#policy.isDue(walBytes)) return;
    this.#isPressing = true;
    this.onPressure();
  }
}

/** A signal as a worker that never returns to its event loop can see it. */
function flagOf(signal: AbortSignal | undefined): Int32Array | undefined {
  if (signal === undefined) return undefined;
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const raise = () => void Atomics.store(flag, 0, 1);
  if (signal.aborted) raise();
  else signal.addEventListener("abort", raise, { once: true });
  return flag;
}
