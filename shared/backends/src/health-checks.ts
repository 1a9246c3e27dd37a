import type { Backend } from "./backend.ts";
import type { Probe } from "./probes.ts";

/** How often backends are looked after. */
export interface HealthPolicy {
  /** Between two looks, milliseconds; 0 never looks. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** So many looks on end that fail make it unhealthy, and so many that succeed make it healthy again. */
  readonly unhealthyAfter: number;
  readonly healthyAfter: number;
}

export const defaultHealthPolicy: HealthPolicy = {
  intervalMs: 5000,
  timeoutMs: 2000,
  unhealthyAfter: 2,
  healthyAfter: 1,
};

/** Told when enough looks agree; the same verdict may be told again. */
export type Verdict = (isHealthy: boolean, reason: string | undefined) => void;

/** Looks after one backend until it is stopped, which also gives up a look that is under way. */
export class HealthCheck {
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #successes = 0;
  #failures = 0;

  constructor(backend: Backend, probe: Probe, policy: HealthPolicy, random: () => number, verdict: Verdict) {
    const look = async () => {
      let reason: string | undefined;
      try {
        await probe(backend, policy.timeoutMs, this.#stopping.signal);
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
      }
      if (this.#stopping.signal.aborted) return;
      this.#successes = reason === undefined ? this.#successes + 1 : 0;
      this.#failures = reason === undefined ? 0 : this.#failures + 1;
      if (this.#successes >= policy.healthyAfter) verdict(true, undefined);
      if (this.#failures >= policy.unhealthyAfter) verdict(false, reason);
      // Not all at once: a tenth more or less.
      next(policy.intervalMs * (0.9 + 0.2 * random()));
    };
    const next = (afterMs: number) => {
      this.#timer = setTimeout(look, afterMs).unref();
    };
    if (policy.intervalMs > 0) next(policy.intervalMs * random() * 0.2);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#stopping.abort();
  }
}
