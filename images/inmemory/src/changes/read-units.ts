import type { FileHandle } from "node:fs/promises";
import type { Change } from "@weftkit/changes";
import type { LogPlace } from "../persistence/log-follower.ts";
import { stampLine } from "../persistence/read-log.ts";
import { Args } from "../protocol/args.ts";
import { INCOMPLETE, RequestParser } from "../protocol/request.ts";

/** What one command, transaction or script has changed. */
export interface Unit {
  /** Where it ends in the increment. */
  readonly end: number;
  readonly stamp: bigint;
  readonly changes: Change[];
}

export interface UnitsRequest {
  readonly file: FileHandle;
  /** Where reading begins. */
  readonly from: LogPlace;
  /** Units that end up to here are passed over. */
  readonly after: number;
  /** Nothing behind it is read; infinite for a file that is finished. */
  readonly until: number;
  /** What a command in a database has changed. */
  changesOf(database: number, args: Args): Change[];
  /** Given one unit after the other; false when it is not taken, which ends reading. */
  take(unit: Unit): boolean;
}

const chunkBytes = 256 * 1024;
const hash = 0x23;
const lineFeed = 10;
/** What is in the log was within the limits of those who wrote it. */
const limits = { bulkBytes: 2 ** 31, isAuthenticated: true };

/** Reads an increment unit by unit; resolves to the place after the last one that was taken. */
export async function readUnits(request: UnitsRequest): Promise<LogPlace> {
  const { file, from, until } = request;
  const reader = new UnitReader(request);
  let buffer = Buffer.allocUnsafe(Math.max(1, Math.min(chunkBytes, until - from.offset)));
  let base = from.offset;
  let length = 0;
  for (;;) {
    if (length === buffer.length) {
      const larger = Buffer.allocUnsafe(buffer.length * 2);
      buffer.copy(larger, 0, 0, length);
      buffer = larger;
    }
    const wanted = Math.min(buffer.length - length, until - base - length);
    const { bytesRead } =
      wanted > 0 ? await file.read(buffer, length, wanted, base + length) : { bytesRead: 0 };
    if (bytesRead === 0) return reader.place;
    length += bytesRead;
    const used = reader.consume(buffer, length, base);
    if (reader.isDone) return reader.place;
    buffer.copyWithin(0, used, length);
    length -= used;
    base += used;
  }
}

class UnitReader {
  readonly #request: UnitsRequest;
  readonly #args = new Args();
  readonly #parser = new RequestParser();
  /** The changes of a transaction whose EXEC has not come yet. */
  #transaction: Change[] | undefined;
  isDone = false;
  place: LogPlace;
  #database: number;
  #stamp: bigint;

  constructor(request: UnitsRequest) {
    this.#request = request;
    this.place = request.from;
    this.#database = request.from.database;
    this.#stamp = request.from.stamp;
  }

  /** Goes through what is whole of `buffer[0..length)`, which starts at `base` of the file; how much that was. */
  consume(buffer: Buffer, length: number, base: number): number {
    let at = 0;
    while (at < length && !this.isDone) {
      if (buffer[at] === hash) {
        const lineEnd = buffer.indexOf(lineFeed, at);
        if (lineEnd < 0 || lineEnd >= length) break;
        const stamp = stampLine.exec(buffer.toString("latin1", at, lineEnd - 1))?.[1];
        if (stamp !== undefined) this.#stamp = BigInt(stamp);
        at = lineEnd + 1;
        continue;
      }
      this.#parser.reset(at);
      if (this.#parser.parse(buffer, length, this.#args, limits) === INCOMPLETE) break;
      at = this.#parser.position;
      this.#command(base + at);
    }
    return at;
  }

  #command(end: number): void {
    const args = this.#args;
    if (args.is(0, "SELECT")) this.#database = args.integer(1);
    else if (args.is(0, "MULTI")) this.#transaction = [];
    else if (args.is(0, "EXEC")) {
      this.#unit(end, this.#transaction ?? []);
      this.#transaction = undefined;
    } else {
      const isWanted = end > this.#request.after;
      const changes = isWanted ? this.#request.changesOf(Math.max(0, this.#database), args) : [];
      if (this.#transaction === undefined) this.#unit(end, changes);
      else this.#transaction.push(...changes);
    }
  }

  #unit(end: number, changes: Change[]): void {
    const stamp = this.#stamp;
    if (end > this.#request.after && !this.#request.take({ end, stamp, changes })) {
      this.isDone = true;
      return;
    }
    this.#stamp = stamp + 1n;
    const { sequence } = this.place;
    this.place = { sequence, offset: end, database: this.#database, stamp: this.#stamp };
  }
}
