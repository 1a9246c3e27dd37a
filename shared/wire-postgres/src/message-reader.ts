import { violation } from "./violation.ts";

/** Reads the fields of one message, in order. Every read past its end is a protocol violation. */
export class MessageReader {
  readonly bytes: Buffer;
  at: number;
  readonly end: number;

  /** @param at the first byte of the body; `end` the first after it */
  constructor(bytes: Buffer, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  /** Bytes that were not read yet. */
  get left(): number {
    return this.end - this.at;
  }

  #take(length: number): number {
    if (length < 0 || this.end - this.at < length) throw violation("insufficient data left in message");
    const from = this.at;
    this.at += length;
    return from;
  }

  byte(): number {
    return this.bytes[this.#take(1)]!;
  }

  int16(): number {
    return this.bytes.readInt16BE(this.#take(2));
  }

  int32(): number {
    return this.bytes.readInt32BE(this.#take(4));
  }

  /** A view of the message, not a copy. */
  raw(length: number): Buffer {
    const from = this.#take(length);
    return this.bytes.subarray(from, from + length);
  }

  /** Text up to a NUL. */
  text(): string {
    const nul = this.bytes.indexOf(0, this.at);
    if (nul < 0 || nul >= this.end) throw violation("invalid string in message");
    const text = this.bytes.toString("utf8", this.at, nul);
    this.at = nul + 1;
    return text;
  }

  /** A number of elements, then each. */
  list<T>(read: () => T): T[] {
    const count = this.int16() & 0xffff;
    const list: T[] = [];
    for (let i = 0; i < count; i++) list.push(read());
    return list;
  }

  /** A length, -1 for NULL, and so many bytes. */
  value(): Buffer | null {
    const length = this.int32();
    if (length === -1) return null;
    return this.raw(length);
  }

  /** @throws WireError when there is more than was read */
  done(): void {
    if (this.at !== this.end) throw violation("invalid message format");
  }
}
