/** When a backend that fails is left alone, and for how long. */
export interface OutlierPolicy {
  /** So many failures on end eject it; 0 never does. */
  readonly failuresMax: number;
  /** The first time out, milliseconds; each further one is longer by as much again. */
  readonly ejectionMs: number;
  readonly ejectionMsMax: number;
}

export const defaultOutlierPolicy: OutlierPolicy = {
  failuresMax: 5,
  ejectionMs: 10_000,
  ejectionMsMax: 300_000,
};

/**
 * Whether a backend is in: what its connections and its health checks say of it. Time is given, and nothing waits: an ejection is
 * over when somebody asks after its end.
 *
 * After an ejection one more failure ejects it again, for longer; it has to stay in as long as it was out before that is
 * forgotten.
 */
export class Health {
  readonly #policy: OutlierPolicy;
  #failures = 0;
  #ejections = 0;
  #ejectedUntilMs = Number.NEGATIVE_INFINITY;
  #isOnProbation = false;
  #isUnhealthy = false;
  #lastError: string | undefined;

  constructor(policy: OutlierPolicy) {
    this.#policy = policy;
  }

  /** Whether it gets connections: no health check says otherwise, and it is not ejected. */
  isIn(nowMs: number): boolean {
    return !this.#isUnhealthy && nowMs >= this.#ejectedUntilMs;
  }

  stateAt(nowMs: number): "in" | "unhealthy" | "ejected" {
    if (this.#isUnhealthy) return "unhealthy";
    return nowMs < this.#ejectedUntilMs ? "ejected" : "in";
  }

  /** Why it was last found wanting. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  get ejections(): number {
    return this.#ejections;
  }

  /** How long it is out from now on, milliseconds. */
  ejectedForMs(nowMs: number): number {
    return Math.max(0, this.#ejectedUntilMs - nowMs);
  }

  succeeded(nowMs: number): void {
    this.#failures = 0;
    if (nowMs < this.#ejectedUntilMs) return;
    this.#isOnProbation = false;
    if (this.#ejections > 0 && nowMs - this.#ejectedUntilMs >= this.#ejectionMs(this.#ejections))
      this.#ejections = 0;
  }

  /** True when this failure ejects it. */
  failed(nowMs: number, reason: string): boolean {
    this.#lastError = reason;
    this.#failures++;
    const { failuresMax } = this.#policy;
    if (failuresMax === 0 || nowMs < this.#ejectedUntilMs) return false;
    if (!this.#isOnProbation && this.#failures < failuresMax) return false;
    this.#ejections++;
    this.#failures = 0;
    this.#isOnProbation = true;
    this.#ejectedUntilMs = nowMs + this.#ejectionMs(this.#ejections);
    return true;
  }

  /** What the health checks say; true when that is new. */
  checked(isHealthy: boolean, reason?: string): boolean {
    if (!isHealthy) this.#lastError = reason;
    const isNew = this.#isUnhealthy === isHealthy;
    this.#isUnhealthy = !isHealthy;
    return isNew;
  }

  #ejectionMs(ejections: number): number {
    return Math.min(this.#policy.ejectionMs * ejections, this.#policy.ejectionMsMax);
  }
}
