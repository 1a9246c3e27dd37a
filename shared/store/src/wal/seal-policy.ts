/** So large, the log is started over. */
export const SEAL_BYTES = 64 << 20;
/** So much of the log may be left when the writers are held back: some milliseconds of their time. */
const TAIL_FRAMES_MAX = 500;
/** After each pass that left more than that, twice as much is allowed: writers who are that fast still end. */
const TAIL_GROWTH = 2;
const PASSES_MAX = 8;

/**
 * Decides when the log is started over. Passes without the lock shorten the tail first, so that writers are held back
 * for some milliseconds only; where a reader of an old state was in the way, the log must grow on before the next try.
 */
export class SealPolicy {
  readonly #sealBytes: number;
  #passes = 0;
  #busyAtBytes = 0;

  constructor(sealBytes = SEAL_BYTES) {
    this.#sealBytes = sealBytes;
  }

  /** Whether a log so long should be started over. */
  isDue(walBytes: number): boolean {
    if (walBytes < this.#busyAtBytes) this.#busyAtBytes = 0;
    return walBytes - this.#busyAtBytes > this.#sealBytes;
  }

  /** Whether the next pass may hold the writers back; when not, it should be made without, and this asked again. */
  mayHold(walBytes: number, tailFrames: number): boolean {
    if (!this.isDue(walBytes)) return false;
    const allowed = TAIL_FRAMES_MAX * TAIL_GROWTH ** this.#passes;
    if (tailFrames < allowed || this.#passes >= PASSES_MAX) return true;
    this.#passes++;
    return false;
  }

  /** The writers were held back; `isDone` tells whether the log will be started over. */
  held(walBytes: number, isDone: boolean): void {
    this.#passes = 0;
    this.#busyAtBytes = isDone ? 0 : walBytes;
  }
}
