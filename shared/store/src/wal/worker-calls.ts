import { parentPort, Worker } from "node:worker_threads";
import { WeftkitError } from "@weftkit/core";

/** Names a worker's functions and their types: what is passed and returned is copied between the threads. */
export type WorkerApi = Record<string, (argument: never) => unknown>;

interface Call {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: { readonly code: string; readonly message: string } };

/** Ends the worker: it closes what it has open and its event loop runs empty. */
const END = "end";

/**
 * The worker file beside a module: TypeScript in the source tree; beside a bundle its own bundle, which has the
 * file's name (scripts/build.mjs puts all entries of an image into one folder).
 */
export function workerUrl(moduleUrl: string, name: string): URL {
  return new URL(moduleUrl.endsWith(".ts") ? `./${name}.ts` : `./${name}.mjs`, moduleUrl);
}

/** Calls the functions of one worker thread; they run one after the other, in the order of the calls. */
export class WorkerCalls<Api extends WorkerApi> {
  /** Resolves when the thread has ended. */
  readonly ended: Promise<void>;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #lastId = 0;
  #failure: Error | undefined;

  constructor(url: URL, workerData?: unknown) {
    this.#worker = new Worker(url, { workerData });
    this.#worker.on("message", (answer: Answer) => this.#answered(answer));
    this.#worker.on("error", (error) => {
      this.#failure = error;
    });
    this.ended = new Promise((resolve) => {
      this.#worker.once("exit", () => {
        const why = this.#failure === undefined ? "it has ended" : String(this.#failure);
        this.#failure = new WeftkitError("worker_ended", `the worker thread cannot be called: ${why}`);
        for (const { reject } of this.#waiting.values()) reject(this.#failure);
        this.#waiting.clear();
        resolve();
      });
    });
  }

  /** @throws what the function throws (its code and message), or WeftkitError `worker_ended` */
  call<Name extends keyof Api & string>(
    name: Name,
    argument: Parameters<Api[Name]>[0],
  ): Promise<Awaited<ReturnType<Api[Name]>>> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      const id = ++this.#lastId;
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#worker.postMessage({ id, name, argument } satisfies Call);
    });
  }

  /** Processor time that the thread has taken so far, in milliseconds; also while it is in a call. */
  async cpuMs(): Promise<number> {
    const { user, system } = await this.#worker.cpuUsage();
    return (user + system) / 1000;
  }

  /** Lets the worker close what it has open, and waits for its end. */
  async end(): Promise<void> {
    if (this.#failure === undefined) this.#worker.postMessage({ id: 0, name: END, argument: undefined });
    await this.ended;
  }

  /** Ends the thread wherever it is: for one that holds nothing, or does not come back from a call. */
  async kill(): Promise<void> {
    await this.#worker.terminate();
    await this.ended;
  }

  #answered(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ("value" in answer) waiting?.resolve(answer.value);
    else waiting?.reject(new WeftkitError(answer.error.code, answer.error.message));
  }
}

/** The other side: answers calls with `api`; `close` is called once, at the end. */
export function serveCalls<Api extends WorkerApi>(api: Api, close: () => void | Promise<void>): void {
  const port = parentPort!;
  let last: Promise<void> = Promise.resolve();
  port.on("message", ({ id, name, argument }: Call) => {
    last = last.then(async () => {
      if (name === END) {
        await close();
        port.close();
        return;
      }
      try {
        const value = await api[name]!(argument as never);
        port.postMessage({ id, value } satisfies Answer);
      } catch (error) {
        port.postMessage({ id, error: describe(error) } satisfies Answer);
      }
    });
  });
}

function describe(error: unknown): { code: string; message: string } {
  if (!(error instanceof Error)) return { code: "internal", message: String(error) };
  const code = (error as { code?: unknown }).code;
  return typeof code === "string"
    ? { code, message: error.message }
    : { code: "internal", message: error.stack ?? error.message };
}
