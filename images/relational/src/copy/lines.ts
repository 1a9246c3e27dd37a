import { isUtf8 } from "node:buffer";
import { PgError } from "../errors.ts";

/** A line longer than this is no row of anybody's: PostgreSQL's own limit of a row's text. */
export const lineBytesMax = 1 << 30;

/** What was read of a file's rows: the fields of each, NULL as null, and the number of the line it ended on. */
export interface TextRow {
  readonly fields: readonly (string | null)[];
  readonly line: number;
  /** Fields that stand for their column's default value, by index. */
  readonly defaults: ReadonlySet<number> | undefined;
}

/** The text of bytes. @throws PgError 22021 */
export function textOf(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new PgError("22021", 'invalid byte sequence for encoding "UTF8"');
  return bytes.toString("utf8");
}

/** Joins chunks that were cut anywhere. What was taken is dropped from the front; a view is valid until the next chunk is added. */
export class Chunks {
  #buffer: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;

  get bytes(): Buffer {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /** @throws PgError 54000 */
  add(chunk: Uint8Array): void {
    const held = this.#end - this.#start;
    if (held + chunk.length > lineBytesMax) throw new PgError("54000", "a row of the COPY data is too long");
    if (this.#end + chunk.length > this.#buffer.length) {
      // Doubled, so that a row that comes in many chunks is copied a few times only.
      const isRoomy = held + chunk.length <= this.#buffer.length / 2;
      const target = isRoomy
        ? this.#buffer
        : Buffer.allocUnsafeSlow(Math.max(held + chunk.length, held * 2, 1 << 16));
      this.#buffer.copy(target, 0, this.#start, this.#end);
      this.#buffer = target;
      this.#start = 0;
      this.#end = held;
    }
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  drop(count: number): void {
    this.#start += count;
  }
}
