const CR = 13;
const LF = 10;
const DOLLAR = 0x24;
const MINUS = 0x2d;
const ZERO = 0x30;

/** Counts the replies in a connection's bytes, whatever their packets: statuses, integers and bulk strings. */
export class ReplyCounter {
  /** Replies that have begun, and whose first line is over. */
  replies = 0;
  errors = 0;
  /** The type byte of the line at hand; 0 at its start. */
  #type = 0;
  #length = 0;
  /** Bytes of a bulk string, its line end included, that are still to come. */
  #skipped = 0;

  /** Whether the last reply counted is here as a whole. */
  get isWhole(): boolean {
    return this.#skipped === 0;
  }

  read(bytes: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end) {
      if (this.#skipped > 0) {
        const step = Math.min(this.#skipped, end - at);
        this.#skipped -= step;
        at += step;
        continue;
      }
      const byte = bytes[at++]!;
      if (this.#type === 0) {
        this.#type = byte;
        this.#length = 0;
        if (byte === MINUS) this.errors++;
      } else if (byte === LF) {
        this.replies++;
        if (this.#type === DOLLAR && this.#length >= 0) this.#skipped = this.#length + 2;
        this.#type = 0;
      } else if (this.#type === DOLLAR && byte !== CR) {
        // A null bulk string has a length of -1, and no bytes follow.
        this.#length = byte === MINUS ? Number.NEGATIVE_INFINITY : this.#length * 10 + byte - ZERO;
      }
    }
  }
}
