import { availableParallelism } from "node:os";
import { setTimeout } from "node:timers/promises";
import { type Problem, problems } from "@weftkit/http";
import type { Logger } from "@weftkit/observe";
import { WorkerCalls, workerUrl } from "@weftkit/store/wal";
import { settled } from "./outcome.ts";
import { type TextWork, textWork } from "./text-work.ts";
import type { TextWorkerApi } from "./text-worker.ts";

/**
 * Shorter texts (UTF-16 units) are worked on in place: 8 KB of prose take 0.2 ms of a processor, full of links 1 ms, and
 * what is written to be slow at most 100 ms. The way to a worker and back takes 0.03 ms while the machine is idle.
 */
export const inPlaceMax = 8192;
/** One hostile text must not hold up all others, and one processor is for the event loop. */
const workersMax = Math.max(1, Math.min(2, availableParallelism() - 1));
/** Texts that wait for a worker, together (UTF-16 units). */
const waitingLengthMax = 32 * 1024 ** 2;
/** A megabyte of prose takes a tenth of a second; some texts take time with the square of their length. */
const timeMaxMs = 10_000;
/** On a busy machine a thread may wait for its processor time; one that waits so many times as long is stuck. */
const patience = 12;

export interface TextWorkersOptions {
  readonly log: Logger;
  /** The module of the workers. Default: the one that does `textWork`. */
  readonly url?: URL;
  /** Default: two, or one where there are fewer than three processors. */
  readonly workersMax?: number;
  /** UTF-16 units. Default: 32 Mi. */
  readonly waitingLengthMax?: number;
  /** Of processor time for one text, the start of a worker included. Default: 10 s. */
  readonly timeMaxMs?: number;
}

type Name = keyof TextWork & keyof TextWorkerApi;
type Argument<N extends Name> = Parameters<TextWork[N]>[0];
type Result<N extends Name> = ReturnType<TextWork[N]>;
type Calls = WorkerCalls<TextWorkerApi>;

interface Job {
  readonly length: number;
  run(worker: Calls): Promise<void>;
  fail(error: unknown): void;
}

/**
 * Keeps the work on long texts away from the event loop: worker threads, started when they are needed first, each with
 * one text at a time; the others wait here.
 */
export class TextWorkers {
  readonly #options: Required<TextWorkersOptions>;
  readonly #workers = new Set<Calls>();
  readonly #idle: Calls[] = [];
  readonly #waiting = new Set<Job>();
  #waitingLength = 0;
  #isClosed = false;

  constructor(options: TextWorkersOptions) {
    const url = workerUrl(import.meta.url, "text-worker");
    this.#options = { url, workersMax, waitingLengthMax, timeMaxMs, ...options };
  }

  /** How many texts wait for a worker. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Does some work on a text of that length (UTF-16 units), in place when it is short.
   *
   * @throws what the work throws; Problem `unavailable` when too much waits or the text takes too long; WeftkitError
   * `worker_ended` when the worker has crashed
   */
  async run<N extends Name>(
    name: N,
    argument: Argument<N>,
    length: number,
    signal?: AbortSignal,
  ): Promise<Result<N>> {
    if (length < inPlaceMax) return textWork[name](argument as never) as Result<N>;
    return this.runAside(name, argument, length, signal);
  }

  /** As `run`, but never in place: for many texts in a row. */
  runAside<N extends Name>(
    name: N,
    argument: Argument<N>,
    length: number,
    signal?: AbortSignal,
  ): Promise<Result<N>> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) throw shuttingDown();
      if (this.#waiting.size > 0 && this.#waitingLength + length > this.#options.waitingLengthMax) {
        throw unavailable("too many long texts are waiting to be read; try again");
      }
      signal?.throwIfAborted();
      const forget = () => {
        if (this.#forget(job)) reject(signal!.reason);
      };
      const job: Job = {
        length,
        run: async (worker) => {
          signal?.removeEventListener("abort", forget);
          const outcome = await this.#limited(worker, worker.call(name, argument as never));
          resolve(settled(outcome) as Result<N>);
        },
        fail: reject,
      };
      signal?.addEventListener("abort", forget, { once: true });
      this.#waiting.add(job);
      this.#waitingLength += length;
      this.#next();
    });
  }

  /** Ends the workers, and what they are doing. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const job of this.#waiting) {
      this.#forget(job);
      job.fail(shuttingDown());
    }
    await Promise.all([...this.#workers].map((worker) => worker.kill()));
  }

  /** Gives the text that has waited longest to a worker that has nothing to do, if there is one. */
  #next(): void {
    const [job] = this.#waiting;
    if (job === undefined) return;
    const worker =
      this.#idle.pop() ?? (this.#workers.size < this.#options.workersMax ? this.#start() : undefined);
    if (worker === undefined) return;
    this.#forget(job);
    void job
      .run(worker)
      .catch((error: unknown) => job.fail(this.#isClosed ? shuttingDown() : error))
      .finally(() => {
        if (this.#workers.has(worker)) this.#idle.push(worker);
        this.#next();
      });
  }

  #start(): Calls {
    const worker: Calls = new WorkerCalls(this.#options.url);
    this.#workers.add(worker);
    void worker.ended.then(() => {
      this.#discard(worker);
      if (this.#isClosed) return;
      this.#options.log.warn("a worker for long texts has ended; the next text gets a new one");
      this.#next();
    });
    return worker;
  }

  #discard(worker: Calls): void {
    this.#workers.delete(worker);
    const index = this.#idle.indexOf(worker);
    if (index >= 0) this.#idle.splice(index, 1);
  }

  /** Ends a worker that does not come back from a text. */
  async #limited<T>(worker: Calls, work: Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const over = new AbortController();
    void this.#takesTooLong(worker, over.signal).then((isTooLong) => {
      if (!isTooLong) return;
      this.#discard(worker);
      const { timeMaxMs } = this.#options;
      late.reject(
        unavailable(`the text was not read within ${timeMaxMs} ms: make it shorter or less nested`),
      );
      void worker.kill();
    });
    try {
      return await Promise.race([work, late.promise]);
    } finally {
      over.abort();
    }
  }

  /** Whether a worker has used up the time for a text before it is done. */
  async #takesTooLong(worker: Calls, done: AbortSignal): Promise<boolean> {
    const { timeMaxMs } = this.#options;
    // A thread that has not begun yet cannot be asked.
    const cpuMs = () => worker.cpuMs().catch(() => 0);
    const until = performance.now() + timeMaxMs * patience;
    let leftMs = timeMaxMs;
    const before = await cpuMs();
    while (leftMs > 0 && performance.now() < until) {
      await setTimeout(Math.max(leftMs, 50), undefined, { signal: done }).catch(() => {});
      if (done.aborted) return false;
      leftMs = before + timeMaxMs - (await cpuMs());
    }
    return !done.aborted;
  }

  /** Whether it was waiting. */
  #forget(job: Job): boolean {
    const wasWaiting = this.#waiting.delete(job);
    if (wasWaiting) this.#waitingLength -= job.length;
    return wasWaiting;
  }
}

function shuttingDown(): Problem {
  return unavailable("the engine is shutting down; try again");
}

function unavailable(detail: string): Problem {
  return problems.unavailable(detail, { headers: { "retry-after": "1" } });
}
