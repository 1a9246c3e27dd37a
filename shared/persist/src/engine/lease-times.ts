/** Milliseconds that never go back, the same in all threads of the process. */
export function processMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

/**
 * Until when a lease holds, and when the main thread was last seen: shared by the thread that renews and the one that
 * serves, so that the one sees at once what the other knows, however busy either is.
 */
export class LeaseTimes {
  readonly buffer: SharedArrayBuffer;
  readonly #values: Float64Array;

  constructor(buffer = new SharedArrayBuffer(3 * 8)) {
    this.buffer = buffer;
    this.#values = new Float64Array(buffer);
  }

  /** The lease was renewed by a request that was sent at `askedMs` (of `processMs`) and holds for `leaseMs`. */
  renewed(askedMs: number, leaseMs: number): void {
    const elapsedMs = processMs() - askedMs;
    this.#values[0] = askedMs + leaseMs;
    this.#values[1] = Date.now() - elapsedMs + leaseMs;
  }

  /**
   * Whether the lease has not run out, by both clocks: the monotonic one stands still while a machine is suspended, the
   * other may be set.
   */
  get isHeld(): boolean {
    return processMs() < this.#values[0]! && Date.now() < this.#values[1]!;
  }

  /** How long it holds on. */
  get remainingMs(): number {
    return Math.max(0, Math.min(this.#values[0]! - processMs(), this.#values[1]! - Date.now()));
  }

  end(): void {
    this.#values[0] = 0;
  }

  /** The main thread runs. */
  beat(): void {
    this.#values[2] = processMs();
  }

  get sinceBeatMs(): number {
    return processMs() - this.#values[2]!;
  }
}
