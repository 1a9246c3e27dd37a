import { type Clock, WeftkitError } from "@weftkit/core";
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
  /** Called while pushes fail and something was written: keeps the files of the engine from growing. */
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
  #failures = 0;
  #retryAtMs = 0;

  /** @throws WeftkitError `bad_schedule` */
  constructor(options: ScheduleOptions) {
    const mistake = scheduleMistake(options.pattern);
    if (mistake !== undefined) {
      throw new WeftkitError("bad_schedule", `persist.schedule "${options.pattern}": ${mistake}`);
    }
    this.#options = options;
    this.#cron = new Cron(options.pattern, { timezone: "UTC" }, () => this.#run(() => this.#push()));
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  /** Looks at the lag now instead of at the next second. */
  hurry(): void {
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
    if (this.#running !== undefined || !isUrgent()) return;
    if (clock.monotonicMs() >= this.#retryAtMs) this.#run(() => this.#push());
    else this.#run(capture);
  }

  #run(work: () => Promise<void>): void {
    this.#running ??= work().finally(() => {
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
