import { PgError } from "../errors.ts";
import { Chunks } from "./lines.ts";

const signature = Buffer.from("PGCOPY\n\xff\r\n\0", "latin1");
const hasOids = 1 << 16;

/** Reads COPY's binary format (sql-copy, "Binary Format") from chunks that are cut anywhere; fields are in their types' own. */
export class BinaryReader {
  readonly #columns: number;
  readonly #chunks = new Chunks();
  #isStarted = false;
  #isOver = false;

  constructor(columns: number) {
    this.#columns = columns;
  }

  *read(chunk: Uint8Array): Generator<readonly (Buffer | null)[]> {
    if (this.#isOver) return;
    this.#chunks.add(chunk);
    const { bytes } = this.#chunks;
    let at = this.#isStarted ? 0 : this.#header(bytes);
    if (at < 0) return;
    for (;;) {
      const row = this.#row(bytes, at);
      if (row === undefined) break;
      at = row.end;
      if (this.#isOver) break;
      yield row.fields;
    }
    this.#chunks.drop(at);
  }

  /** @throws PgError 22P04 when something is missing */
  end(): void {
    if (!this.#isStarted) throw new PgError("22P04", "COPY file signature not recognized");
    if (!this.#isOver && this.#chunks.bytes.length > 0)
      throw new PgError("22P04", "unexpected EOF in COPY data");
  }

  /** Where the rows begin, or -1. */
  #header(bytes: Buffer): number {
    const known = Math.min(bytes.length, signature.length);
    if (!bytes.subarray(0, known).equals(signature.subarray(0, known))) {
      throw new PgError("22P04", "COPY file signature not recognized");
    }
    if (bytes.length < signature.length + 8) return -1;
    const flags = bytes.readInt32BE(signature.length);
    if ((flags & hasOids) !== 0) throw new PgError("22P04", "invalid COPY file header (WITH OIDS)");
    if (flags >> 16 !== 0) throw new PgError("22P04", "unrecognized critical flags in COPY file header");
    const extension = bytes.readInt32BE(signature.length + 4);
    if (extension < 0) throw new PgError("22P04", "invalid COPY file header (missing length)");
    const end = signature.length + 8 + extension;
    if (bytes.length < end) return -1;
    this.#isStarted = true;
    return end;
  }

  #row(bytes: Buffer, from: number): { fields: (Buffer | null)[]; end: number } | undefined {
    if (bytes.length < from + 2) return undefined;
    const count = bytes.readInt16BE(from);
    if (count === -1) {
      this.#isOver = true;
      return { fields: [], end: bytes.length };
    }
    if (count !== this.#columns)
      throw new PgError("22P04", `row field count is ${count}, expected ${this.#columns}`);
    const fields: (Buffer | null)[] = [];
    let at = from + 2;
    for (let i = 0; i < count; i++) {
      if (bytes.length < at + 4) return undefined;
      const length = bytes.readInt32BE(at);
      at += 4;
      if (length < -1) throw new PgError("22P04", "invalid field size");
      if (length === -1) {
        fields.push(null);
        continue;
      }
      if (bytes.length < at + length) return undefined;
      fields.push(bytes.subarray(at, at + length));
      at += length;
    }
    return { fields, end: at };
  }
}
