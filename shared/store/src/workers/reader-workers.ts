import { Worker } from "node:worker_threads";
import { WeftkitError } from "@weftkit/core";
import Database from "better-sqlite3";
import { cancelWork } from "../interrupt.ts";
import { canceledError, closedError, statementTimeoutError } from "../store-error.ts";
import { workerUrl } from "../wal/worker-calls.ts";
import type { WorkOptions } from "../work.ts";
import type { FromWorker, ReaderData, ToWorker, WorkerError } from "./messages.ts";

const workersMaxDefault = 2;
/** More than this wait for a worker only where something is wrong. */
const waitingMax = 1024;
/** What has not ended so long after it was canceled is left alone with its thread. */
const abandonAfterMs = 40;
const interruptEveryMs = 5;
const closeMsMax = 2000;

/** What a worker runs: an export of a module, `(db, argument) => result`, which only reads. */
export interface WorkerTask {
  /** The module as the worker imports it: `workerUrl(import.meta.url, "name")`. */
  readonly module: URL;
  /** Of the export. Default: "default". */
  readonly name?: string;
  /** Copied to the worker, as what it returns or yields is copied back. */
  readonly argument: unknown;
}

export interface ReaderWorkersOptions {
  readonly file: string;
  readonly workersMax?: number;
  readonly prepareModule?: URL;
  readonly statementsMax?: number;
}

interface Task {
  readonly id: number;
  readonly task: WorkerTask;
  readonly limits: WorkOptions | undefined;
  readonly part: (value: unknown) => void;
  readonly done: (value: unknown) => void;
  readonly failed: (error: unknown) => void;
  isOver: boolean;
  unwatch: () => void;
}

interface Reader {
  readonly worker: Worker;
  token: number | undefined;
  task: Task | undefined;
  /** Interrupts what runs, again and again until it has ended. */
  interrupting: NodeJS.Timeout | undefined;
}

/** The threads that read what may take long, so that the event loop goes on, and its short reads. */
export class ReaderWorkers {
  readonly #options: ReaderWorkersOptions;
  readonly #workersMax: number;
  readonly #readers = new Set<Reader>();
  readonly #waiting = new Set<Task>();
  #lastId = 0;
  #isClosed = false;

  constructor(options: ReaderWorkersOptions) {
    this.#options = options;
    this.#workersMax = options.workersMax ?? workersMaxDefault;
  }

  run(task: WorkerTask, limits: WorkOptions | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const part = () => reject(new TypeError("the task gives parts: stream it"));
      this.#enqueue({ task, limits, part, done: resolve, failed: reject });
    });
  }

  /** The parts of a task that is a generator; the next is computed while one is looked at. */
  async *stream(task: WorkerTask, limits: WorkOptions | undefined): AsyncGenerator<unknown, unknown> {
    const arrived: ({ readonly part: unknown } | { readonly done: unknown })[] = [];
    let failure: { readonly error: unknown } | undefined;
    let wake = () => {};
    const arrive = (what: { readonly part: unknown } | { readonly done: unknown }) => {
      arrived.push(what);
      wake();
    };
    const running = this.#enqueue({
      task,
      limits,
      part: (part) => arrive({ part }),
      done: (done) => arrive({ done }),
      failed: (error) => {
        failure = { error };
        wake();
      },
    });
    try {
      for (;;) {
        const next = arrived.shift();
        if (next === undefined) {
          if (failure !== undefined) throw failure.error;
          const { promise, resolve } = Promise.withResolvers<void>();
          wake = resolve;
          await promise;
        } else if ("done" in next) {
          return next.done;
        } else {
          this.#send(running, { do: "more", task: running.id });
          yield next.part;
        }
      }
    } finally {
      if (!running.isOver) this.#stop(running, canceledError());
    }
  }

  /** Ends all threads; what runs is canceled. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const error = closedError(this.#options.file);
    for (const task of this.#waiting) this.#over(task, () => task.failed(error));
    await Promise.all(
      [...this.#readers].map((reader) => {
        const ended = new Promise<void>((resolve) => {
          reader.worker.once("exit", () => resolve());
          // One whose statement nobody can interrupt here is left to the end of the process.
          setTimeout(resolve, closeMsMax).unref();
        });
        if (reader.task !== undefined) this.#stop(reader.task, error);
        reader.worker.postMessage({ do: "close" } satisfies ToWorker);
        return ended;
      }),
    );
  }

  #enqueue(of: Pick<Task, "task" | "limits" | "part" | "done" | "failed">): Task {
    const task: Task = { ...of, id: ++this.#lastId, isOver: false, unwatch: () => {} };
    const { limits } = of;
    const refusal = this.#isClosed
      ? closedError(this.#options.file)
      : limits?.signal?.aborted
        ? canceledError()
        : limits?.deadline?.remainingMs() === 0
          ? statementTimeoutError()
          : this.#waiting.size >= waitingMax
            ? new WeftkitError("lock_timeout", `${waitingMax} reads wait for a worker: try again later`)
            : undefined;
    if (refusal !== undefined) {
      task.isOver = true;
      task.failed(refusal);
      return task;
    }
    const cancel = () => this.#stop(task, canceledError());
    const late = () => this.#stop(task, statementTimeoutError());
    limits?.signal?.addEventListener("abort", cancel, { once: true });
    limits?.deadline?.signal.addEventListener("abort", late, { once: true });
    task.unwatch = () => {
      limits?.signal?.removeEventListener("abort", cancel);
      limits?.deadline?.signal.removeEventListener("abort", late);
    };
    this.#waiting.add(task);
    this.#dispatch();
    return task;
  }

  #dispatch(): void {
    for (const task of this.#waiting) {
      const reader = [...this.#readers].find((idle) => idle.task === undefined) ?? this.#start();
      if (reader === undefined) return;
      this.#waiting.delete(task);
      reader.task = task;
      reader.worker.ref();
      const { module, name = "default", argument } = task.task;
      const remainingMs = task.limits?.deadline?.remainingMs();
      const message: ToWorker = {
        do: "run",
        task: task.id,
        module: module.href,
        name,
        argument,
        remainingMs,
      };
      try {
        reader.worker.postMessage(message);
      } catch (error) {
        // The argument cannot be copied.
        this.#over(task, () => task.failed(error));
        this.#free(reader);
      }
    }
  }

  #start(): Reader | undefined {
    if (this.#readers.size >= this.#workersMax || this.#isClosed) return undefined;
    const { file, prepareModule, statementsMax } = this.#options;
    const workerData: ReaderData = { file, prepare: prepareModule?.href, statementsMax };
    const worker = new Worker(workerUrl(import.meta.url, "reader-worker"), { workerData });
    const reader: Reader = { worker, token: undefined, task: undefined, interrupting: undefined };
    this.#readers.add(reader);
    let failure: unknown;
    worker.on("message", (message: FromWorker) => this.#told(reader, message));
    worker.on("error", (error) => {
      failure = error;
    });
    worker.once("exit", () => {
      this.#readers.delete(reader);
      clearInterval(reader.interrupting);
      const { task } = reader;
      if (task !== undefined) {
        const why = failure === undefined ? "it has ended" : String(failure);
        this.#over(task, () =>
          task.failed(new WeftkitError("worker_ended", `the thread that reads cannot go on: ${why}`)),
        );
      }
      this.#dispatch();
    });
    return reader;
  }

  #told(reader: Reader, message: FromWorker): void {
    if (message.say === "open") {
      reader.token = message.token;
      return;
    }
    const { task } = reader;
    if (task === undefined || message.task !== task.id) return;
    if (message.say === "part") {
      if (!task.isOver) task.part(message.value);
      return;
    }
    this.#over(task, () => {
      if (message.say === "done") task.done(message.value);
      else task.failed(asError(message.error));
    });
    this.#free(reader);
  }

  /** Ends a task whose result nobody wants any more, and says why. */
  #stop(task: Task, why: WeftkitError): void {
    if (this.#waiting.has(task)) {
      this.#over(task, () => task.failed(why));
      return;
    }
    const reader = [...this.#readers].find((one) => one.task === task);
    if (reader === undefined || task.isOver) return;
    task.unwatch();
    // Two ways: the statement that runs is interrupted; between two parts of a stream none runs.
    const interrupt = () => {
      if (reader.token !== undefined) cancelWork(reader.token);
    };
    interrupt();
    // The first may have come before the statement began.
    reader.interrupting = setInterval(interrupt, interruptEveryMs);
    reader.worker.postMessage({ do: "cancel", task: task.id } satisfies ToWorker);
    const abandon = setTimeout(() => {
      if (reader.task !== task) return;
      // Nothing can interrupt it here, or it computes without SQL. Its thread goes when the statement comes back, and
      // another one takes its place at once.
      this.#readers.delete(reader);
      this.#over(task, () => task.failed(why));
      void reader.worker.terminate();
      this.#dispatch();
    }, abandonAfterMs);
    const over = task.failed;
    Object.assign(task, {
      failed: () => {
        clearTimeout(abandon);
        over(why);
      },
      done: () => {
        clearTimeout(abandon);
        over(why);
      },
    });
  }

  #over(task: Task, tell: () => void): void {
    this.#waiting.delete(task);
    if (task.isOver) return;
    task.unwatch();
    tell();
    task.isOver = true;
  }

  #free(reader: Reader): void {
    reader.task = undefined;
    clearInterval(reader.interrupting);
    reader.interrupting = undefined;
    // A thread without a task must not keep the process.
    reader.worker.unref();
    this.#dispatch();
  }

  #send(task: Task, message: ToWorker): void {
    const reader = [...this.#readers].find((one) => one.task === task);
    reader?.worker.postMessage(message);
  }
}

function asError({ kind, code, message }: WorkerError): Error {
  if (kind === "coded") return new WeftkitError(code!, message);
  return kind === "sqlite" ? new Database.SqliteError(message, code!) : new Error(message);
}
