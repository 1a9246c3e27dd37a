import type { Logger } from "@weftkit/observe";

/** After a failure so much time passes before it is tried again: a push sends everything anyway. */
const pauseMs = 10_000;
/** More at once would only make the steps longer in which it cannot be stopped. */
const batchMax = 16;

export interface BackgroundWork {
  readonly log: Logger;
  /** Sends some of what waits, at most `limit`; resolves to whether there is more. */
  step(limit: number, signal: AbortSignal): Promise<boolean>;
}

/** Sends what waits to be sent, step by step, whenever it is woken, until it is stopped. It never rejects. */
export class BackgroundSender {
  readonly #work: BackgroundWork;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #isWoken = false;
  #pause: NodeJS.Timeout | undefined;

  constructor(work: BackgroundWork) {
    this.#work = work;
  }

  /** There may be something to send. */
  wake(): void {
    this.#isWoken = true;
    if (this.#running !== undefined || this.#pause !== undefined || this.#stopping.signal.aborted) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves when nothing is sent any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#pause);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    try {
      while (this.#isWoken && !signal.aborted) {
        // Before the step, so that who wakes it meanwhile is not forgotten.
        this.#isWoken = false;
        if (await this.#work.step(batchMax, signal)) this.#isWoken = true;
      }
    } catch (error) {
      if (signal.aborted) return;
      this.#work.log.info(
        { err: error },
        "blobs could not be sent in the background; the next push sends them",
      );
      this.#pause = setTimeout(() => {
        this.#pause = undefined;
        this.wake();
      }, pauseMs).unref();
    }
  }
}
