import { BoltViolation } from "./violation.ts";

const chunkBytesMax = 0xffff;

/** A message as it is sent: chunks of up to 65,535 bytes, and an empty one at its end. */
export function chunked(message: Buffer): Buffer {
  const chunks = Math.ceil(message.length / chunkBytesMax);
  const bytes = Buffer.allocUnsafe(message.length + 2 * chunks + 2);
  let at = 0;
  for (let from = 0; from < message.length; from += chunkBytesMax) {
    const length = Math.min(chunkBytesMax, message.length - from);
    at = bytes.writeUInt16BE(length, at);
    message.copy(bytes, at, from, from + length);
    at += length;
  }
  bytes.writeUInt16BE(0, at);
  return bytes;
}

/** Puts the messages of a stream of chunks together. Empty messages, which keep connections alive, are left out. */
export class MessageAssembler {
  readonly #messageBytesMax: number;
  readonly #told: (message: Buffer) => void;
  #parts: Buffer[] = [];
  #partBytes = 0;
  /** Input whose chunk is not whole. */
  #rest: Buffer | undefined;

  constructor(messageBytesMax: number, told: (message: Buffer) => void) {
    this.#messageBytesMax = messageBytesMax;
    this.#told = told;
  }

  /** Tells each message that is whole; `bytes` may be used again afterwards. @throws BoltViolation */
  add(bytes: Buffer): void {
    const input = this.#rest === undefined ? bytes : Buffer.concat([this.#rest, bytes]);
    this.#rest = undefined;
    let at = 0;
    while (at + 2 <= input.length) {
      const length = input.readUInt16BE(at);
      if (at + 2 + length > input.length) break;
      at += 2;
      if (length > 0) this.#part(input.subarray(at, at + length));
      else this.#end();
      at += length;
    }
    if (at < input.length) this.#rest = Buffer.from(input.subarray(at));
  }

  #part(part: Buffer): void {
    this.#partBytes += part.length;
    if (this.#partBytes > this.#messageBytesMax)
      throw new BoltViolation(`a message of more than ${this.#messageBytesMax} bytes`);
    this.#parts.push(Buffer.from(part));
  }

  #end(): void {
    if (this.#parts.length === 0) return;
    const message = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#partBytes = 0;
    this.#told(message);
  }
}
