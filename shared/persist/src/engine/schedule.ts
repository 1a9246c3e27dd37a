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
  /** Whether enough was written since the last capture that it should be captured, even while pushes fail. */
  isFull(): boolean;
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
  #pushing: Promise<void> | undefined;
  #capturing: Promise<void> | undefined;
  /** A stream's files have grown since the last capture. */
  #isPressed = false;
  #failures = 0;
  #retryAtMs = 0;

  /** The pattern was checked by `scheduleMistake`. */
  constructor(options: ScheduleOptions) {
    this.#options = options;
    this.#cron = new Cron(options.pattern, { timezone: "UTC" }, () => this.#startPush());
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  /** A stream asks to be captured soon, whether or not a push is due. */
  hurry(): void {
    this.#isPressed = true;
    this.#tick();
  }

  /** Nothing begins after this; resolves when what runs has ended. */
  async stop(): Promise<void> {
    this.#cron.stop();
    clearInterval(this.#timer);
    await Promise.all([this.#pushing, this.#capturing]);
  }

  /** A push that takes long does not keep captures from being made: they queue behind it. */
  #tick(): void {
    const { clock, isUrgent, isFull } = this.#options;
    const mayPush = this.#pushing === undefined && clock.monotonicMs() >= this.#retryAtMs;
    if (mayPush && isUrgent()) this.#startPush();
    else if (this.#isPressed || isFull()) this.#startCapture();
  }

  /** Begins with a capture, which takes what has pressed until then. */
  #startPush(): void {
    if (this.#pushing !== undefined) return;
    this.#isPressed = false;
    this.#pushing = this.#push().finally(() => {
      this.#pushing = undefined;
    });
  }

  #startCapture(): void {
    if (this.#capturing !== undefined) return;
    this.#isPressed = false;
    this.#capturing = this.#options.capture().finally(() => {
      this.#capturing = undefined;
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
