import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { formatBytes } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import type { AppendFsync, Settings } from "../settings.ts";
import type { AppendOnlyFile } from "./append-only-file.ts";
import type { LogControl, LogStatus } from "./journal.ts";
import { baseName, type LogFile, unfinishedName } from "./manifest.ts";

/** What the rewriting worker is given. */
export interface RewriteRequest {
  readonly folder: string;
  readonly files: readonly string[];
  readonly target: string;
  readonly databases: number;
}

/** What it answers. */
export interface RewriteResult {
  readonly bytes: number;
}

/** The state in the worker, its buffers and its heap, in parts of what the data takes here. */
const WORKER_MEMORY = 1.2;
const WORKER_HEAP_BYTES = 32 << 20;

/** After a rewrite has failed, the next automatic one waits this long. */
const RETRY_AFTER_MS = 60_000;

/** The worker beside this module: TypeScript in the source tree, its bundle in the image. */
const workerFile = import.meta.url.endsWith(".ts")
  ? new URL("../rewrite-worker.ts", import.meta.url)
  : new URL("./rewrite-worker.mjs", import.meta.url);

/**
 * Keeps the log from growing without end. A rewrite starts a new increment and lets a worker thread replay the files
 * before it and write their state as a new base; then the manifest names the new base instead of them. The main
 * thread goes on meanwhile: it does no more than open one file and swap one manifest.
 */
export class LogKeeper implements LogControl {
  readonly #file: AppendOnlyFile;
  readonly #settings: Settings;
  readonly #log: Logger;
  readonly #dataBytes: () => number;
  #worker: Worker | undefined;
  /** The swap of the files after the worker is done. */
  #finishing: Promise<void> | undefined;
  #startedAt = 0;
  #failedAt = Number.NEGATIVE_INFINITY;
  #lastSeconds = -1;
  #baseBytes = 0;

  /** `dataBytes` tells what the data takes in memory. */
  constructor(file: AppendOnlyFile, settings: Settings, log: Logger, dataBytes: () => number) {
    this.#file = file;
    this.#settings = settings;
    this.#log = log;
    this.#dataBytes = dataBytes;
  }

  get status(): LogStatus {
    return {
      sizeBytes: this.#file.sizeBytes,
      baseBytes: this.#baseBytes,
      pendingBytes: this.#file.pendingBytes,
      isRewriting: this.#isRewriting,
      lastRewriteSeconds: this.#lastSeconds,
      lastRewriteFailed: this.#failedAt > this.#startedAt,
    };
  }

  get #isRewriting(): boolean {
    return this.#worker !== undefined || this.#finishing !== undefined;
  }

  get isDurable(): boolean {
    return this.#file.isDurable;
  }

  whenDurable(done: () => void): void {
    this.#file.whenDurable(done);
  }

  setPolicy(policy: AppendFsync): void {
    this.#file.policy = policy;
  }

  /** Starts a rewrite when the log has grown by the configured part; called from time to time. */
  rewriteIfGrown(): void {
    const { rewritePercentage, rewriteMinBytes } = this.#settings;
    const { sizeBytes, rewrittenBytes } = this.#file;
    if (rewritePercentage === 0 || this.#isRewriting || sizeBytes < rewriteMinBytes) return;
    if (sizeBytes - rewrittenBytes < (rewrittenBytes * rewritePercentage) / 100) return;
    if (performance.now() - this.#failedAt < RETRY_AFTER_MS) return;
    const refusal = this.startRewrite();
    if (refusal === undefined) return;
    this.#failedAt = performance.now();
    this.#log.warn({ sizeBytes }, `the append-only file should be rewritten, but: ${refusal}`);
  }

  startRewrite(): string | undefined {
    if (this.#isRewriting) return "Background append only file rewriting already in progress";
    // The worker holds the data a second time. A container that is killed for it would restart into the same.
    const needed = Math.round(this.#dataBytes() * WORKER_MEMORY) + WORKER_HEAP_BYTES;
    const available = process.availableMemory();
    if (available < needed) {
      return `Rewriting needs ${formatBytes(needed)} of memory and ${formatBytes(available)} are available: raise the memory limit, or lower max_memory_bytes`;
    }
    const finished = this.#file.rotate();
    if (finished === undefined)
      return "The append-only file cannot be rewritten while the disk refuses writes";
    this.#startedAt = performance.now();
    const { folder } = this.#file;
    const base: LogFile = { name: "", sequence: finished.at(-1)!.sequence, type: "base" };
    const named = { ...base, name: baseName(base.sequence) };
    const request: RewriteRequest = {
      folder,
      files: finished.map(({ name }) => name),
      target: join(folder, unfinishedName(named.name)),
      databases: this.#settings.databases,
    };
    const worker = new Worker(workerFile, { workerData: request });
    this.#worker = worker;
    let result: RewriteResult | undefined;
    worker.once("message", (message: RewriteResult) => {
      result = message;
    });
    worker.once("error", (error) => this.#failed(error));
    worker.once("exit", () => {
      this.#worker = undefined;
      if (result !== undefined) this.#finishing = this.#finish(finished, named, result);
    });
    this.#log.info({ files: request.files }, "rewriting the append-only file");
    return undefined;
  }

  /** Ends a rewrite without using it; what it has written is removed at the next start. */
  async stop(): Promise<void> {
    this.#worker?.removeAllListeners("message");
    await this.#worker?.terminate();
    await this.#finishing;
  }

  async #finish(files: readonly LogFile[], base: LogFile, { bytes }: RewriteResult): Promise<void> {
    try {
      await this.#file.replaceBase(files, base, bytes);
    } catch (error) {
      this.#failed(error as Error);
      return;
    } finally {
      this.#finishing = undefined;
    }
    this.#baseBytes = bytes;
    this.#lastSeconds = Math.round((performance.now() - this.#startedAt) / 1000);
    this.#log.info({ baseBytes: bytes, seconds: this.#lastSeconds }, "the append-only file is rewritten");
  }

  #failed(error: Error): void {
    this.#failedAt = performance.now();
    this.#log.error({ err: error }, "rewriting the append-only file failed; the files stay as they were");
  }
}
