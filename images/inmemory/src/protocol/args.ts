import { parseInteger } from "./numbers.ts";
import { Replacements } from "./replacements.ts";

/**
 * The arguments of the command being run, as ranges of the buffer they arrived in: parsing allocates nothing.
 * Argument 0 is the command's name. All of it is void after the command, except copies.
 */
export class Args {
  buffer: Buffer = Buffer.alloc(0);
  offsets = new Int32Array(64);
  lengths = new Int32Array(64);
  count = 0;
  /** Where the whole request, headers included, is in the buffer; -1 when it did not come as an array of bulks. */
  requestStart = -1;
  requestEnd = -1;

  /** What stands in the journal in the place of some arguments. Cleared when the command is recorded. */
  readonly replaced = new Replacements();

  /** Bytes of the whole request; infinite when it did not come as an array of bulks. */
  get requestBytes(): number {
    return this.requestStart < 0 ? Number.POSITIVE_INFINITY : this.requestEnd - this.requestStart;
  }

  /** Records one more argument. */
  push(offset: number, length: number): void {
    const index = this.count++;
    if (index === this.offsets.length) this.#grow();
    this.offsets[index] = offset;
    this.lengths[index] = length;
  }

  /** The argument's bytes, shared with the buffer: only valid until the command ends. */
  view(index: number): Buffer {
    const offset = this.offsets[index]!;
    return this.buffer.subarray(offset, offset + this.lengths[index]!);
  }

  /** A copy of the argument. */
  copy(index: number): Buffer {
    return Buffer.from(this.view(index));
  }

  /** The argument with a character per byte. */
  latin1(index: number): string {
    const offset = this.offsets[index]!;
    return this.buffer.toString("latin1", offset, offset + this.lengths[index]!);
  }

  utf8(index: number): string {
    const offset = this.offsets[index]!;
    return this.buffer.toString("utf8", offset, offset + this.lengths[index]!);
  }

  /** Whether the argument is this keyword, in any case. `keyword` is in upper case. */
  is(index: number, keyword: string): boolean {
    const length = this.lengths[index]!;
    if (length !== keyword.length) return false;
    const offset = this.offsets[index]!;
    for (let i = 0; i < length; i++) {
      let byte = this.buffer[offset + i]!;
      if (byte >= 0x61 && byte <= 0x7a) byte -= 0x20;
      if (byte !== keyword.charCodeAt(i)) return false;
    }
    return true;
  }

  /**
   * The argument as a signed 64-bit integer in Redis's strict form (no spaces, no plus, no leading zeros), or NaN.
   * Beyond 2^53 the number is the nearest double: use `parseInteger64` where every bit counts.
   */
  integer(index: number): number {
    return parseInteger(this.buffer, this.offsets[index]!, this.lengths[index]!);
  }

  /** Copies of all arguments, with what replaces them, for a command that is queued, blocked or logged. */
  copyAll(): Buffer[] {
    const { replaced } = this;
    return Array.from({ length: this.count }, (_, index) => {
      const which = replaced.find(index);
      if (which < 0) return this.copy(index);
      const start = replaced.start(which);
      return Buffer.from(replaced.buffer.subarray(start, start + replaced.length(which)));
    });
  }

  /** Points at arguments kept as separate buffers, by packing them into one. */
  load(values: readonly Buffer[]): void {
    this.buffer = Buffer.concat(values);
    this.count = 0;
    this.requestStart = -1;
    let offset = 0;
    for (const value of values) {
      this.push(offset, value.length);
      offset += value.length;
    }
  }

  /** Points at another instance's arguments. */
  loadFrom(other: Args): void {
    this.buffer = other.buffer;
    this.count = 0;
    this.requestStart = -1;
    for (let i = 0; i < other.count; i++) this.push(other.offsets[i]!, other.lengths[i]!);
  }

  /** Exchanges the recorded arguments with another instance's. */
  swap(other: Args): void {
    const { offsets, lengths, count } = this;
    this.offsets = other.offsets;
    this.lengths = other.lengths;
    this.count = other.count;
    other.offsets = offsets;
    other.lengths = lengths;
    other.count = count;
  }

  #grow(): void {
    const length = this.offsets.length * 2;
    const offsets = new Int32Array(length);
    offsets.set(this.offsets);
    this.offsets = offsets;
    const lengths = new Int32Array(length);
    lengths.set(this.lengths);
    this.lengths = lengths;
  }
}
