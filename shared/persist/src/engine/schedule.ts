import type { Clock } from "@weftkit/core";
import { Cron } from "croner";

/** How often the lag is looked at. */
const tickMs = 1000;
/** After a failed push the next comes so much later, doubled each time. */
const backoffMs = { first: 2000, max: 300_000 } as const;

export interface ScheduleOptions {
  /** A cron expression of five fields, or six with seconds, in UTC. */
  readonly pattern: string;
  readonly clock: Clock;
  /** Whether enough was written, or waits since a failure, that a push should not wait for its time. */
  isUrgent(): boolean;
  /** Resolves to whether the push succeeded. */
  push(): Promise<boolean>;
  /** Captures without pushing: keeps the files of the engine from growing while pushes fail, or are not due. */
  capture(): Promise<void>;
}

/** Checks a cron expression; returns what is wrong with it, undefined when it is fine. */
export function scheduleMistake(pattern: string): string | undefined {
  try {
    new Cron(pattern, { paused: true, timezone: "UTC" }).stop();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Decides when to push: by the clock, by what was written, and later and later while it fails. */
export class Schedule {
  readonly #options: ScheduleOptions;
  readonly #cron: Cron;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | undefined;
  /** A stream's files have grown since the last capture. */
  #isPressed = false;
  #failures = 0;
  #retryAtMs = 0;

  /** The pattern was checked by `scheduleMistake`. */
  constructor(options: ScheduleOptions) {
    this.#options = options;
    this.#cron = new Cron(options.pattern, { timezone: "UTC" }, () => this.#run(() => this.#push()));
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  /** A stream asks to be captured soon, whether or not a push is due. */
  hurry(): void {
    this.#isPressed = true;
    this.#tick();
  }

  /** No push begins after this; resolves when the one that runs has ended. */
  async stop(): Promise<void> {
    this.#cron.stop();
    clearInterval(this.#timer);
    await this.#running;
  }

  #tick(): void {
    const { clock, isUrgent, capture } = this.#options;
    if (this.#running !== undefined) return;
    const isDue = isUrgent();
    if (isDue && clock.monotonicMs() >= this.#retryAtMs) this.#run(() => this.#push());
    else if (isDue || this.#isPressed) this.#run(capture);
  }

  /** Either begins with a capture, which takes what has pressed until then. */
  #run(work: () => Promise<void>): void {
    if (this.#running !== undefined) return;
    this.#isPressed = false;
    this.#running = work().finally(() => {
      this.#running = undefined;
    });
  }

  async #push(): Promise<void> {
    if (await this.#options.push()) {
      this.#failures = 0;
      this.#retryAtMs = 0;
      return;
    }
    const waitMs = Math.min(backoffMs.max, backoffMs.first * 2 ** this.#failures++);
    this.#retryAtMs = this.#options.clock.monotonicMs() + waitMs;
  }
}
