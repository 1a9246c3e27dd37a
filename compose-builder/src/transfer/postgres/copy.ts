import type pg from "pg";
import type { Wire } from "./connection.ts";

/** So many bytes are sent with one message. */
const sentAtOnce = 1 << 16;

/** A COPY as node-postgres runs it: it hands on what the server says of it. */
abstract class Copy implements pg.Submittable {
  readonly #text: string;
  readonly #ended = Promise.withResolvers<void>();

  constructor(text: string) {
    this.#text = text;
    // Who waits for it hears of its failure; before that nobody does.
    this.#ended.promise.catch(() => {});
  }

  /** Resolves when the server is done with it. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  submit(connection: pg.Connection): void {
    connection.query(this.#text);
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.#ended.resolve();
  }

  handleError(error: Error): void {
    this.#ended.reject(error);
  }
}

class CopyOut extends Copy {
  readonly #take: (chunk: Uint8Array, wire: Wire) => void;

  constructor(text: string, take: (chunk: Uint8Array, wire: Wire) => void) {
    super(text);
    this.#take = take;
  }

  handleCopyData({ chunk }: { readonly chunk: Uint8Array }, wire: Wire): void {
    this.#take(chunk, wire);
  }
}

class CopyIn extends Copy {
  readonly #begun = Promise.withResolvers<Wire>();

  constructor(text: string) {
    super(text);
    this.#begun.promise.catch(() => {});
  }

  /** Resolves with what takes the rows, when the server is ready for them. */
  get begun(): Promise<Wire> {
    return this.#begun.promise;
  }

  handleCopyInResponse(wire: Wire): void {
    this.#begun.resolve(wire);
  }

  override handleError(error: Error): void {
    this.#begun.reject(error);
    super.handleError(error);
  }
}

/** The lines of COPY's text format, put together again where chunks cut them. */
class Lines {
  #rest: Buffer | undefined;

  /** Calls `each` with the lines that end in this chunk, without their ends; they are valid during the call. */
  take(chunk: Uint8Array, each: (line: Uint8Array) => void): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    let from = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      each(bytes.subarray(from, end));
      from = end + 1;
    }
    this.#rest = from === bytes.length ? undefined : Buffer.from(bytes.subarray(from));
  }
}

/** What one COPY has brought over. */
export interface CopiedRows {
  readonly rows: number;
  readonly bytes: number;
  /** The last row, as COPY writes it. */
  readonly last: Buffer | undefined;
}

/** Copies what `select` gives into `table`, a name with columns in parentheses, as it comes; no faster than the target takes it. */
export async function copyRows(
  source: pg.Client,
  select: string,
  target: pg.Client,
  table: string,
): Promise<CopiedRows> {
  const into = target.query(new CopyIn(`COPY ${table} FROM STDIN`));
  const to = await into.begun;
  const lines = new Lines();
  let [rows, bytes] = [0, 0];
  let last: Buffer | undefined;
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  const send = () => {
    if (waitingBytes > 0) to.sendCopyFromChunk(Buffer.concat(waiting, waitingBytes));
    [waiting, waitingBytes] = [[], 0];
  };
  const from = source.query(
    new CopyOut(`COPY (${select}) TO STDOUT`, (chunk, wire) => {
      // The bytes are node-postgres's, and used again.
      const own = Buffer.from(chunk);
      waiting.push(own);
      waitingBytes += own.length;
      bytes += own.length;
      lines.take(own, (line) => {
        rows++;
        last = line as Buffer;
      });
      if (waitingBytes < sentAtOnce) return;
      send();
      if (!to.stream.writableNeedDrain) return;
      wire.stream.pause();
      to.stream.once("drain", () => wire.stream.resume());
    }),
  );
  // A target that refuses a row says so at once, and what the source still sends is for nobody.
  await Promise.race([from.ended, into.ended.then(() => from.ended)]);
  send();
  to.endCopyFrom();
  await into.ended;
  return { rows, bytes, last };
}

/** Reads what `select` gives, row by row, as COPY writes it. */
export async function readRows(
  client: pg.Client,
  select: string,
  each: (row: Uint8Array) => void,
): Promise<void> {
  const lines = new Lines();
  await client.query(new CopyOut(`COPY (${select}) TO STDOUT`, (chunk) => lines.take(chunk, each))).ended;
}

const escapes: Readonly<Record<string, string>> = {
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** The values of a row as COPY writes it; NULL is null. */
export function fieldsOf(row: Uint8Array): (string | null)[] {
  return Buffer.from(row)
    .toString("utf8")
    .split("\t")
    .map((field) =>
      field === "\\N" ? null : field.replace(/\\(.)/gs, (_, letter: string) => escapes[letter] ?? letter),
    );
}
