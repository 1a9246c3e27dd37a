import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";
import { WeftkitError } from "@weftkit/core";
import { Args } from "../protocol/args.ts";
import { COMPLETE, INCOMPLETE, ProtocolError, RequestParser } from "../protocol/request.ts";

const READ_BYTES = 4 << 20;
/** A checksum line after its `#CRC:`, at the longest. */
const CHECKSUM_REST_BYTES = 24;
const HASH = 0x23;
const LF = 10;
const LIMITS = { bulkBytes: 2 ** 31, isAuthenticated: true };

export interface ReplayResult {
  commands: number;
  /** Bytes that hold whole writes; less than the file when its end is torn. */
  goodBytes: number;
  fileBytes: number;
  /** What stands between the last checksum line and `goodBytes`. */
  unchecked: { checksum: number; bytes: number };
  /** After the last command that says when it was made; 0 when none does. */
  stamp: bigint;
}

/** Told where the commands of each write end, what is selected there, and the stamp of the command that comes next. */
export type WriteObserver = (offset: number, database: number, stamp: bigint) => void;

/** The line that says when the commands behind it were committed. */
export const stampLine = /^#AT:(\d{1,19})$/;

/** The middle of a log file cannot be read; what comes after it would be lost by cutting. */
export class CorruptLog extends WeftkitError {
  readonly path: string;
  readonly offset: number;
  /** Bytes before the damage that are whole writes: where a repair cuts. */
  readonly goodBytes: number;
  /** What is wrong there. */
  readonly what: string;

  constructor(path: string, offset: number, goodBytes: number, what: string) {
    super(
      "AOF_CORRUPT",
      `${path} is damaged at byte ${offset}: ${what}. Nothing was changed. Look with "weftkit aof check ${path}"; "weftkit aof repair ${path}" cuts it there, and everything after that byte is lost`,
    );
    this.path = path;
    this.offset = offset;
    this.goodBytes = goodBytes;
    this.what = what;
  }
}

/**
 * Reads a log file command by command and checks each checksum line.
 *
 * An end that is torn (a command or a transaction that stops at the end of the file, or a last write whose checksum
 * fails with nothing valid behind it) is not an error: `goodBytes` says where the good part ends. Damage before the
 * end throws CorruptLog. `run` is called only for commands that are whole; those of a write whose checksum fails have
 * been run by then, which is why damage stops the start.
 */
export function readLog(path: string, run: (args: Args) => void, onWrite?: WriteObserver): ReplayResult {
  const file = openSync(path, "r");
  try {
    return new LogReader(path, file, run, onWrite).read();
  } finally {
    closeSync(file);
  }
}

class LogReader {
  readonly #path: string;
  readonly #file: number;
  readonly #run: (args: Args) => void;
  readonly #onWrite: WriteObserver | undefined;
  readonly #args = new Args();
  readonly #parser = new RequestParser();
  #buffer: Buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  #length = 0;
  /** File offset of buffer[0]. */
  #base = 0;
  readonly #fileBytes: number;
  #commands = 0;
  #goodBytes = 0;
  /** Commands of an unfinished MULTI are held back: it happened whole or not at all. */
  #transaction: Buffer[][] | undefined;
  #checksum = 0;
  #checkedFrom = 0;
  #goodChecksum = 0;
  #database = -1;
  #stamp = 0n;
  #unitsSinceStamp = 0;

  constructor(path: string, file: number, run: (args: Args) => void, onWrite: WriteObserver | undefined) {
    this.#path = path;
    this.#file = file;
    this.#run = run;
    this.#onWrite = onWrite;
    this.#fileBytes = fstatSync(file).size;
  }

  read(): ReplayResult {
    try {
      while (this.#fill()) {
        this.#consume();
      }
    } catch (error) {
      if (!(error instanceof CorruptLog) || !this.#isLastWrite()) throw error;
      // The machine stopped while the last write went to the disk, and some of its blocks came out and some did not.
      this.#goodBytes = this.#checkedFrom;
    }
    if (this.#goodBytes > this.#checkedFrom && this.#endsWithChecksum()) {
      // The last write is whole, and what was read as its commands has swallowed its checksum.
      this.#goodBytes = this.#checkedFrom;
    }
    if (this.#goodBytes < this.#fileBytes && this.#isFollowedByWrites(this.#goodBytes)) {
      // Not torn: a damaged length that reaches beyond the end makes whole writes look like the rest of one.
      const what = "the command that starts there has no end";
      throw new CorruptLog(this.#path, this.#goodBytes, this.#checkedFrom, what);
    }
    return {
      commands: this.#commands,
      goodBytes: this.#goodBytes,
      fileBytes: this.#fileBytes,
      unchecked: { checksum: this.#goodChecksum, bytes: this.#goodBytes - this.#checkedFrom },
      stamp: this.#nextStamp,
    };
  }

  /** Whether what is damaged is the last write: there was a good one before, and none comes behind. */
  #isLastWrite(): boolean {
    return this.#checkedFrom > 0 && !this.#isFollowedByWrites(this.#checkedFrom);
  }

  /** Whether the file's last line is a checksum. */
  #endsWithChecksum(): boolean {
    const end = Buffer.alloc(CHECKSUM_REST_BYTES + 16);
    const from = Math.max(0, this.#fileBytes - end.length);
    const count = readSync(this.#file, end, 0, end.length, from);
    return /\n#CRC:[0-9a-f]{8} \d+\r\n$/.test(end.toString("latin1", 0, count));
  }

  /** Whether a checksum line with more data behind it comes after `from`. */
  #isFollowedByWrites(from: number): boolean {
    const marker = Buffer.from("\n#CRC:");
    const chunk = Buffer.allocUnsafe(READ_BYTES);
    for (let at = from; at < this.#fileBytes; ) {
      const count = readSync(this.#file, chunk, 0, chunk.length, at);
      const found = chunk.subarray(0, count).indexOf(marker);
      // The write's own checksum line may be there: only one that more data follows shows a damaged middle.
      if (found >= 0) return at + found + marker.length + CHECKSUM_REST_BYTES < this.#fileBytes;
      if (count < chunk.length) return false;
      at += count - marker.length;
    }
    return false;
  }

  /** Reads more behind what is left; false at the end of the file. */
  #fill(): boolean {
    if (this.#length === this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(this.#buffer.length * 2);
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    const count = readSync(
      this.#file,
      this.#buffer,
      this.#length,
      this.#buffer.length - this.#length,
      this.#base + this.#length,
    );
    this.#length += count;
    return count > 0;
  }

  #consume(): void {
    const buffer = this.#buffer;
    let at = 0;
    while (at < this.#length) {
      if (buffer[at] === HASH) {
        const lineEnd = buffer.indexOf(LF, at);
        if (lineEnd < 0 || lineEnd >= this.#length) break;
        this.#annotation(at, lineEnd);
        at = lineEnd + 1;
        continue;
      }
      const next = this.#command(at);
      if (next < 0) break;
      this.#checksum = crc32(buffer.subarray(at, next), this.#checksum);
      at = next;
      if (this.#transaction === undefined) this.#good(this.#base + at);
    }
    buffer.copyWithin(0, at, this.#length);
    this.#length -= at;
    this.#base += at;
  }

  /** Runs the command at `at`; where the next one starts, or -1 when it is not all there. */
  #command(at: number): number {
    const parser = this.#parser;
    parser.reset(at);
    if (this.#buffer[at] !== 0x2a) this.#damaged(at, "a command should start here");
    try {
      const result = parser.parse(this.#buffer, this.#length, this.#args, LIMITS);
      if (result === INCOMPLETE) return -1;
      if (result !== COMPLETE) this.#damaged(at, "an empty command");
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#damaged(at, error.message);
    }
    const args = this.#args;
    this.#unitsSinceStamp++;
    if (args.is(0, "SELECT")) this.#database = args.integer(1);
    if (args.is(0, "MULTI")) this.#transaction = [];
    else if (args.is(0, "EXEC")) {
      for (const values of this.#transaction ?? []) {
        args.load(values);
        this.#run(args);
      }
      this.#transaction = undefined;
    } else if (this.#transaction !== undefined) this.#transaction.push(args.copyAll());
    else this.#run(args);
    this.#commands++;
    return parser.position;
  }

  #annotation(at: number, lineEnd: number): void {
    const line = this.#buffer.toString("latin1", at, lineEnd - 1);
    const start = this.#base + at;
    const end = this.#base + lineEnd + 1;
    const match = /^#CRC:([0-9a-f]{8}) (\d+)$/.exec(line);
    if (match === null) {
      this.#checksum = crc32(this.#buffer.subarray(at, lineEnd + 1), this.#checksum);
      const stamp = stampLine.exec(line)?.[1];
      if (stamp === undefined) return;
      this.#stamp = BigInt(stamp);
      this.#unitsSinceStamp = 0;
      return;
    }
    const isWhole = start - this.#checkedFrom === Number(match[2]);
    if (!isWhole || Number.parseInt(match[1]!, 16) !== this.#checksum) {
      throw new CorruptLog(
        this.#path,
        this.#checkedFrom,
        this.#checkedFrom,
        "the checksum of the write that starts there does not match",
      );
    }
    this.#onWrite?.(start, this.#database, this.#nextStamp);
    this.#checksum = 0;
    this.#checkedFrom = end;
    if (this.#transaction === undefined) this.#good(end);
  }

  get #nextStamp(): bigint {
    return this.#stamp === 0n ? 0n : this.#stamp + BigInt(this.#unitsSinceStamp);
  }

  #good(offset: number): void {
    this.#goodBytes = offset;
    this.#goodChecksum = this.#checksum;
  }

  #damaged(at: number, what: string): never {
    throw new CorruptLog(this.#path, this.#base + at, this.#goodBytes, what);
  }
}
