import { violation } from "./violation.ts";

const lf = 0x0a;
const depthMax = 128;
/** Types whose header says how many bytes follow, and those whose header says how many elements do. */
const bulks = new Set([..."$!="].map((type) => type.charCodeAt(0)));
const aggregates = new Map([..."*~>"].map((type) => [type.charCodeAt(0), 1] as [number, number]));
aggregates.set(0x25, 2);
aggregates.set(0x7c, 2);
const lines = new Set([..."+-:_#,("].map((type) => type.charCodeAt(0)));

/**
 * Finds where replies of RESP2 and RESP3 end, in a stream that comes in any pieces: nothing is decoded, copied or kept but how
 * many elements and bytes are still to come.
 */
export class ReplyScanner {
  /** Elements to come at each level of nesting. */
  readonly #pending: number[] = [];
  #bulkBytes = 0;
  /** The header that has begun: its type, and its digits so far. */
  #type = 0;
  #header = "";
  #isPush = false;
  #isInReply = false;

  /** Whether a reply has begun and not ended. */
  get isInReply(): boolean {
    return this.#isInReply;
  }

  /** Whether the reply that ended last, or has begun, is a push: nobody's answer. */
  get isPush(): boolean {
    return this.#isPush;
  }

  /**
   * Goes on at `at`.
   *
   * @returns the first byte behind the reply when it ends here, else -1
   * @throws WireError
   */
  scan(bytes: Buffer, at: number, end: number): number {
    let position = at;
    while (position < end) {
      if (this.#bulkBytes > 0) {
        const piece = Math.min(this.#bulkBytes, end - position);
        position += piece;
        this.#bulkBytes -= piece;
        if (this.#bulkBytes === 0 && this.#element()) return position;
        continue;
      }
      if (this.#type === 0) {
        this.#begin(bytes[position++]!);
        continue;
      }
      const newline = bytes.indexOf(lf, position);
      const headerEnd = newline < 0 || newline >= end ? end : newline + 1;
      if (!lines.has(this.#type)) {
        this.#header += bytes.toString("latin1", position, headerEnd);
        if (this.#header.length > 32) throw violation("a header that is too long");
      }
      position = headerEnd;
      if (bytes[headerEnd - 1] !== lf) return -1;
      if (this.#headerRead()) return position;
    }
    return -1;
  }

  #begin(type: number): void {
    if (!bulks.has(type) && !aggregates.has(type) && !lines.has(type)) {
      throw violation(`a reply cannot begin with byte ${type}`);
    }
    if (!this.#isInReply) this.#isPush = type === 0x3e;
    this.#isInReply = true;
    this.#type = type;
    this.#header = "";
  }

  #headerRead(): boolean {
    const type = this.#type;
    this.#type = 0;
    if (lines.has(type)) return this.#element();
    const text = this.#header.endsWith("\r\n") ? this.#header.slice(0, -2) : this.#header.slice(0, -1);
    if (!/^(?:-1|\d{1,15})$/.test(text)) throw violation(`"${text}" is no length`);
    const count = Number(text);
    if (bulks.has(type)) {
      if (count < 0) return this.#element();
      this.#bulkBytes = count + 2;
      return false;
    }
    const elements = Math.max(0, count) * aggregates.get(type)!;
    // An attribute stands before the value that it is of.
    if (type === 0x7c) {
      if (elements > 0) this.#push(elements + 1);
      return false;
    }
    if (elements === 0) return this.#element();
    this.#push(elements);
    return false;
  }

  #push(elements: number): void {
    if (this.#pending.length === depthMax) throw violation("replies are nested too deeply");
    this.#pending.push(elements);
  }

  /** One element is complete: true when the reply is. */
  #element(): boolean {
    while (this.#pending.length > 0) {
      const last = this.#pending.length - 1;
      this.#pending[last]!--;
      if (this.#pending[last]! > 0) return false;
      this.#pending.pop();
    }
    this.#isInReply = false;
    return true;
  }
}
