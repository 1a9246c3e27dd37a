import { closeSync, createWriteStream, openSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { syncFile, WeftkitError } from "@weftkit/core";
import { bytesOfChain } from "../bytes-chain.ts";
import type { PieceHeader } from "../piece/index.ts";
import type { Capture, CaptureRequest, Cursor, RestorePiece, Stream } from "../stream.ts";
import { type LogCursor, readLogCursor, tailChecksum } from "./cursor.ts";
import type { LogFile, LogSource } from "./log-source.ts";
import { packRuns } from "./pack.ts";

/** A new base is written when the deltas since the last one are so many, so old, or half as long as it is. */
const deltasMax = 64;
const baseAgeMsMax = 24 * 3_600_000;
const deltaBytesMin = 1 << 20;

interface OpenFile extends LogFile {
  readonly fd: number;
}

/** A run of the log that one capture takes. */
interface Runs {
  readonly isBase: boolean;
  readonly runs: readonly { fd: number; from: number; to: number }[];
  readonly bytes: number;
}

/** The `log` stream: an append-only log whose deltas are the bytes that were appended, cut at a whole record. */
export class LogStream implements Stream {
  readonly kind = "log";
  readonly name: string;
  onPressure: () => void = () => {};
  readonly #source: LogSource;
  /** What of `source.appendedBytes` was captured. */
  #capturedBytes = 0;

  constructor(name: string, source: LogSource) {
    this.name = name;
    this.#source = source;
  }

  isEmpty(): Promise<boolean> {
    return this.#source.isEmpty();
  }

  lagBytes(): number {
    return Math.max(0, this.#source.appendedBytes - this.#capturedBytes);
  }

  park(folder: string): Promise<void> {
    return this.#source.park(folder);
  }

  async close(): Promise<void> {}

  async capture(request: CaptureRequest): Promise<Capture> {
    const appended = this.#source.appendedBytes;
    // Opened before anything is awaited: a rewrite may remove them meanwhile, and what is open stays readable.
    const files = this.#source.files().map((file) => ({ ...file, fd: openSync(file.path, "r") }));
    try {
      // The engine has not written anything yet, not even an empty file.
      if (files.length === 0)
        return { piece: undefined, replaces: 0, cursor: {}, more: false, ...nothingToSettle };
      // What is pushed must be on this disk too, or the volume could come back older than the remote state.
      await this.#source.sync();
      const cursor = readLogCursor(request.cursor);
      const runs = needsBase(request) ? wholeLog(files) : (runsSince(files, cursor) ?? wholeLog(files));
      if (!runs.isBase && runs.bytes === 0) {
        this.#capturedBytes = appended;
        return { piece: undefined, replaces: 0, cursor: request.cursor!, more: false, ...nothingToSettle };
      }
      return await this.#write(request, files, runs, cursor, appended);
    } finally {
      for (const { fd } of files) closeSync(fd);
    }
  }

  async restore(pieces: AsyncIterable<RestorePiece>): Promise<Cursor> {
    const target = await this.#source.prepareRestore();
    const state = { to: 0, piece: "" };
    await pipeline(
      Readable.from(bytesOfChain(pieces, { kind: this.kind, name: this.name }, state)),
      createWriteStream(target, { mode: 0o600 }),
    );
    await syncFile(target);
    await this.#source.install();
    return this.#cursorAt(state.to, state.piece);
  }

  /** The cursor behind everything that is in the files. */
  #cursorAt(to: number, piece: string): Cursor {
    const files = this.#source.files();
    const last = files.at(-1);
    if (last === undefined) throw new WeftkitError("restore_failed", "the restored log has no files");
    const fd = openSync(last.path, "r");
    try {
      return cursorBehind({ ...last, fd }, baseOf(files), to, piece);
    } finally {
      closeSync(fd);
    }
  }

  async #write(
    request: CaptureRequest,
    files: readonly OpenFile[],
    { isBase, runs, bytes }: Runs,
    cursor: LogCursor | undefined,
    appended: number,
  ): Promise<Capture> {
    const { epoch, seq, time, folder, pieces } = request;
    const from = isBase ? 0 : cursor!.to;
    const file = `${this.name}.wkd1`;
    const seqFrom = isBase ? seq : pieces.at(-1)!.seqTo + 1;
    const header: PieceHeader = {
      kind: isBase ? "base" : "delta",
      name: this.name,
      epoch,
      seqFrom,
      seqTo: seq,
      time,
      previous: isBase ? null : pieces.at(-1)!.sha256,
      body: { stream: "log", from, to: from + bytes },
    };
    const written = await packRuns({ path: join(folder, file), header, runs }, bytes);
    return {
      piece: { kind: isBase ? "base" : "delta", file, ...written, seqFrom, seqTo: seq },
      replaces: isBase ? pieces.length : 0,
      cursor: cursorBehind(files.at(-1)!, baseOf(files), from + bytes, written.sha256),
      more: false,
      settle: async () => {
        this.#capturedBytes = appended;
      },
      abandon: async () => {},
    };
  }
}

const nothingToSettle = { settle: async () => {}, abandon: async () => {} };

function needsBase({ pieces, time, cursor }: CaptureRequest): boolean {
  const [base, ...deltas] = pieces;
  // A cursor that was not left by the last piece of the chain says nothing about what follows it.
  if (base === undefined || readLogCursor(cursor)?.piece !== pieces.at(-1)!.sha256) return true;
  const deltaBytes = deltas.reduce((sum, piece) => sum + piece.bytes, 0);
  return (
    time - base.time > baseAgeMsMax ||
    deltas.length >= deltasMax ||
    deltaBytes > Math.max(deltaBytesMin, base.bytes / 2)
  );
}

function wholeLog(files: readonly OpenFile[]): Runs {
  const runs = files.map(({ fd, bytes }) => ({ fd, from: 0, to: bytes }));
  return { isBase: true, runs, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** What was appended since the cursor; undefined when the log does not provably go on from there. */
function runsSince(files: readonly OpenFile[], cursor: LogCursor | undefined): Runs | undefined {
  if (cursor === undefined || baseOf(files) !== cursor.base) return undefined;
  const at = files.findIndex(({ id }) => id === cursor.file);
  const file = files[at];
  if (file === undefined || file.bytes < cursor.offset) return undefined;
  if (tailChecksum(file.fd, cursor.offset) !== cursor.tail) return undefined;
  const runs = files
    .slice(at)
    .map(({ fd, bytes }, index) => ({ fd, from: index === 0 ? cursor.offset : 0, to: bytes }));
  return { isBase: false, runs, bytes: runs.reduce((sum, { from, to }) => sum + to - from, 0) };
}

function baseOf(files: readonly LogFile[]): string {
  return files[0]?.type === "base" ? files[0].id : "";
}

function cursorBehind(last: OpenFile, base: string, to: number, piece: string): Cursor {
  const tail = tailChecksum(last.fd, last.bytes) ?? 0;
  return { base, file: last.id, offset: last.bytes, tail, to, piece } satisfies LogCursor;
}
