const initialBytes = 8192;

/** A buffer that grows, and messages in it whose length is written when they end. */
export class Output {
  buffer: Buffer = Buffer.allocUnsafe(initialBytes);
  length = 0;
  #messageAt = 0;

  /** Makes room for so many more bytes. */
  reserve(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }

  begin(type: string): void {
    this.reserve(5);
    this.buffer[this.length] = type.charCodeAt(0);
    this.#messageAt = this.length;
    this.length += 5;
  }

  end(): void {
    this.buffer.writeInt32BE(this.length - this.#messageAt - 1, this.#messageAt + 1);
  }

  /** Drops the message that was begun. */
  abandon(): void {
    this.length = this.#messageAt;
  }

  byte(value: number): void {
    this.reserve(1);
    this.buffer[this.length++] = value;
  }

  int16(value: number): void {
    this.reserve(2);
    this.length = this.buffer.writeInt16BE((value << 16) >> 16, this.length);
  }

  int32(value: number): void {
    this.reserve(4);
    this.length = this.buffer.writeInt32BE(value | 0, this.length);
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Text and the NUL after it; a NUL inside would end it for the reader, and is left out. */
  text(value: string): void {
    const clean = value.includes("\0") ? value.replaceAll("\0", "") : value;
    this.reserve(clean.length * 3 + 1);
    this.length += this.buffer.write(clean, this.length, "utf8");
    this.buffer[this.length++] = 0;
  }

  /** A length and the bytes; NULL is the length -1. */
  value(value: Uint8Array | string | null): void {
    if (value === null) {
      this.int32(-1);
    } else if (typeof value === "string") {
      this.reserve(value.length * 3 + 4);
      const written = this.buffer.write(value, this.length + 4, "utf8");
      this.buffer.writeInt32BE(written, this.length);
      this.length += 4 + written;
    } else {
      this.int32(value.length);
      this.raw(value);
    }
  }

  /** All that was written, which belongs to the caller from now on. */
  take(): Buffer {
    const taken = this.buffer.subarray(0, this.length);
    this.buffer = Buffer.allocUnsafe(initialBytes);
    this.length = 0;
    return taken;
  }
}
