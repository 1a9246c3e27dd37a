import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Logger } from "@weftkit/observe";
import { workerUrl } from "@weftkit/store";
import { VectorError } from "../errors.ts";
import type { DenseIndex, Found, NodeSet } from "./dense-index.ts";
import type { FromIndexThread, SearchOrder, ToIndexThread } from "./messages.ts";
import type { Scratch } from "./scratch.ts";

export interface IndexThreadsOptions {
  readonly log: Logger;
  /** Threads that search. Default: one less than there are processors, and one at the least. */
  readonly searchersMax?: number;
}

/** A search of about a tenth of a millisecond; to hear of it costs another thread about as much. */
const briefFloats = 600_000;
const briefsMax = 4;

/** What a search in a thread is asked for. */
export interface ThreadSearch {
  readonly query: Float32Array;
  readonly k: number;
  /** 0 compares with all. */
  readonly ef: number;
  readonly set: NodeSet | undefined;
  readonly budget: number;
}

interface Thread {
  readonly worker: Worker;
  readonly attached: Set<number>;
  readonly scratches: Map<number, Scratch>;
  orders: SearchOrder[];
  /** Searches that are not answered. */
  pending: number;
}

type Waiting = { resolve(value: never): void; reject(error: Error): void };
type WorkMessage = Exclude<ToIndexThread, { do: "attach" | "detach" | "search" }>;
/** What the builder can be told to do. */
export type Work = WorkMessage extends infer Message
  ? Message extends unknown
    ? Omit<Message, "id" | "index">
    : never
  : never;

/**
 * The threads of all indexes: some that search, one that builds. They are started when they are needed first. Searches of one turn
 * of the event loop go to a thread in one message.
 */
export class IndexThreads {
  readonly #log: Logger;
  readonly #searchersMax: number;
  readonly #searchers: Thread[] = [];
  readonly #numbers = new Map<DenseIndex, number>();
  readonly #waiting = new Map<number, Waiting>();
  #builder: Thread | undefined;
  #lastNumber = 0;
  #lastId = 0;
  #isFlushing = false;
  /** Searches of this turn that were made in place. */
  #briefs = 0;
  #isClosed = false;

  constructor({
    log,
    searchersMax = Math.max(1, Math.min(8, availableParallelism() - 1)),
  }: IndexThreadsOptions) {
    this.#log = log;
    this.#searchersMax = searchersMax;
  }

  /** Searches that are not answered yet. */
  get pending(): number {
    return this.#searchers.reduce((sum, { pending }) => sum + pending, 0);
  }

  /** Searches in another thread; undefined when the budget was not enough. */
  search(index: DenseIndex, { query, k, ef, set, budget }: ThreadSearch): Promise<Found | undefined> {
    if (this.#isClosed) return Promise.reject(closing());
    const thread = this.#searcher();
    const number = this.#attach(thread, index);
    const old = thread.scratches.get(number);
    // One that is in use must not be given away.
    const scratch =
      thread.pending === 0 || old === undefined
        ? index.scratchFor(old, Math.max(k, ef))
        : this.#largeEnough(index, old, Math.max(k, ef));
    thread.scratches.set(number, scratch);
    const filter = index.pointerOf(set);
    const id = ++this.#lastId;
    thread.orders.push({
      id,
      index: number,
      scratch: { at: scratch.at, query: scratch.query, results: scratch.results },
      k,
      ef,
      filter,
      budget,
      query,
    });
    thread.pending++;
    if (!this.#isFlushing) {
      this.#isFlushing = true;
      setImmediate(() => this.#flush());
    }
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: never) => void, reject });
    });
  }

  /**
   * Whether a search that compares about so many floats is better made where it is asked for: one that is brief, unless many came
   * in this turn of the event loop.
   */
  isBrief(floats: number): boolean {
    if (floats > briefFloats || this.#briefs >= briefsMax) return false;
    if (this.#briefs++ === 0) {
      setImmediate(() => {
        this.#briefs = 0;
      });
    }
    return true;
  }

  /** Lets the builder do something. */
  work(index: DenseIndex, message: Work): Promise<number> {
    if (this.#isClosed) return Promise.reject(closing());
    this.#builder ??= this.#start();
    const number = this.#attach(this.#builder, index);
    const id = ++this.#lastId;
    this.#builder.worker.postMessage({ ...message, id, index: number } as ToIndexThread);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: never) => void, reject });
    });
  }

  /** An index is used no more. */
  detach(index: DenseIndex): void {
    const number = this.#numbers.get(index);
    if (number === undefined) return;
    this.#numbers.delete(index);
    for (const thread of [...this.#searchers, ...(this.#builder === undefined ? [] : [this.#builder])]) {
      if (!thread.attached.delete(number)) continue;
      thread.scratches.delete(number);
      thread.worker.postMessage({ do: "detach", index: number } satisfies ToIndexThread);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { reject } of this.#waiting.values()) reject(closing());
    this.#waiting.clear();
    const threads = [...this.#searchers, ...(this.#builder === undefined ? [] : [this.#builder])];
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }

  /** Searches are answered in their order, so that a larger scratch is used by those that come after. */
  #largeEnough(index: DenseIndex, old: Scratch, results: number): Scratch {
    const isLarge = old.nodesMax >= index.nodes && old.resultsMax >= results;
    return isLarge ? old : index.scratchFor(undefined, results);
  }

  #searcher(): Thread {
    const least = this.#searchers.reduce<Thread | undefined>(
      (best, thread) => (best === undefined || thread.pending < best.pending ? thread : best),
      undefined,
    );
    if (least !== undefined && (least.pending === 0 || this.#searchers.length >= this.#searchersMax))
      return least;
    const thread = this.#start();
    this.#searchers.push(thread);
    return thread;
  }

  #attach(thread: Thread, index: DenseIndex): number {
    let number = this.#numbers.get(index);
    if (number === undefined) {
      number = ++this.#lastNumber;
      this.#numbers.set(index, number);
    }
    if (!thread.attached.has(number)) {
      thread.attached.add(number);
      thread.worker.postMessage({
        do: "attach",
        index: number,
        memory: index.arena.memory,
        vectorBytes: index.vectorBytes,
      } satisfies ToIndexThread);
    }
    return number;
  }

  #start(): Thread {
    const worker = new Worker(workerUrl(import.meta.url, "index-thread"));
    const thread: Thread = { worker, attached: new Set(), scratches: new Map(), orders: [], pending: 0 };
    worker.on("message", (message: FromIndexThread) => this.#told(thread, message));
    worker.on("error", (error) => {
      this.#log.error({ err: error }, "a thread of the index has failed");
      this.#lost(thread);
    });
    worker.unref();
    return thread;
  }

  #told(thread: Thread, message: FromIndexThread): void {
    if (message.say === "found") {
      for (const { id, count, nodes, distances } of message.results) {
        thread.pending--;
        this.#settle(id, ({ resolve }) => resolve((count < 0 ? undefined : { nodes, distances }) as never));
      }
      return;
    }
    this.#settle(message.id, ({ resolve, reject }) =>
      message.say === "done" ? resolve(message.value as never) : reject(new Error(message.message)),
    );
  }

  #settle(id: number, how: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (waiting !== undefined) how(waiting);
  }

  /** What it was asked for fails; the next search gets another thread. */
  #lost(thread: Thread): void {
    const at = this.#searchers.indexOf(thread);
    if (at >= 0) this.#searchers.splice(at, 1);
    if (this.#builder === thread) this.#builder = undefined;
    const error = new VectorError("internal", "a thread of the index has failed; try again");
    // Which of the waiting were its own is not known: all are told.
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    for (const other of this.#searchers) other.pending = 0;
  }

  #flush(): void {
    this.#isFlushing = false;
    for (const thread of this.#searchers) {
      if (thread.orders.length === 0) continue;
      const { orders } = thread;
      thread.orders = [];
      thread.worker.postMessage({ do: "search", orders } satisfies ToIndexThread);
    }
  }
}

function closing(): VectorError {
  return new VectorError("unavailable", "the engine is shutting down; try again");
}
