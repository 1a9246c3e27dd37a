import { WeftkitError } from "@weftkit/core";
import type { Logger, Readiness } from "@weftkit/observe";

/** So often it is tried whether the disk takes writes again. */
const probeEveryMs = 1000;

/** These pass when somebody makes room or mounts the volume again. The others need a restart or a restore. */
const passing: ReadonlySet<string> = new Set(["disk_full", "read_only", "io_error"]);
const lasting: ReadonlySet<string> = new Set(["corrupt", "failed"]);

/**
 * What readiness says about the store. While writes fail, it tries one by itself: a replica that gets no traffic would
 * never find out that they work again.
 */
export class StoreHealth {
  readonly #readiness: Readiness;
  readonly #log: Logger;
  readonly #probe: () => void;
  #state: "open" | "passing" | "lasting" | "closed" = "open";
  #timer: NodeJS.Timeout | undefined;

  /** `probe` begins a write, whose outcome is told to `wrote` or `failed`. */
  constructor(readiness: Readiness, log: Logger, probe: () => void) {
    this.#readiness = readiness;
    this.#log = log;
    this.#probe = probe;
    readiness.set("store", true);
  }

  /** A commit has reached the disk. */
  wrote(): void {
    if (this.#state !== "passing") return;
    this.#state = "open";
    clearInterval(this.#timer);
    this.#log.info("writes work again");
    this.#readiness.set("store", true);
  }

  /** Work has failed; of no interest unless the machine below is to blame. */
  failed(error: unknown): void {
    if (!(error instanceof WeftkitError) || this.#state === "lasting" || this.#state === "closed") return;
    if (lasting.has(error.code)) {
      clearInterval(this.#timer);
      this.#state = "lasting";
    } else if (!passing.has(error.code)) {
      return;
    } else if (this.#state === "open") {
      this.#state = "passing";
      this.#timer = setInterval(this.#probe, probeEveryMs).unref();
    }
    this.#log.error({ err: error }, "the store cannot write");
    this.#readiness.set("store", false, error.message);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#state = "closed";
  }
}
