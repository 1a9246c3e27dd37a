import type { Clock } from "@weftkit/core";

/** After a base that was to heal turned out damaged as well, the next one comes so much later, doubled each time. */
const backoffMs = { first: 60_000, max: 3_600_000 } as const;

/** Codes by which something stored is not what it should be, as against not being reached. */
const damageCodes: ReadonlySet<string> = new Set([
  "piece_damaged",
  "chain_broken",
  "hash_mismatch",
  "not_found",
  "damaged",
  "too_large",
  "decryption_failed",
]);

export function isDamage(error: unknown): boolean {
  return damageCodes.has((error as { code?: string }).code ?? "");
}

/** Whether the remote state is known to be damaged, and what is done about it: a new base, sent soon. */
export class RemoteDamage {
  readonly #clock: Clock;
  readonly #tell: (why: string | undefined) => void;
  #why: string | undefined;
  #failures = 0;
  #healAtMs = 0;

  /** `tell` is told why the remote state is damaged, and undefined when it is whole again. */
  constructor(clock: Clock, tell: (why: string | undefined) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** Undefined when nothing is known to be damaged. */
  get why(): string | undefined {
    return this.#why;
  }

  /** Whether a base that heals should be pushed now. */
  get isHealingDue(): boolean {
    return this.#why !== undefined && this.#clock.monotonicMs() >= this.#healAtMs;
  }

  found(why: string): void {
    const waitMs =
      this.#failures === 0 ? 0 : Math.min(backoffMs.max, backoffMs.first * 2 ** (this.#failures - 1));
    this.#failures++;
    this.#healAtMs = this.#clock.monotonicMs() + waitMs;
    this.#why = why;
    this.#tell(why);
  }

  /** A base is on its way; whether it heals is told by reading it back. */
  healing(): void {
    this.#healAtMs = Number.POSITIVE_INFINITY;
  }

  healed(): void {
    if (this.#why === undefined) return;
    this.#why = undefined;
    this.#failures = 0;
    this.#tell(undefined);
  }
}
