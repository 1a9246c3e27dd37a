import { closeSync, createWriteStream, openSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { syncFile, WeftkitError } from "@weftkit/core";
import { bytesOfChain } from "../bytes-chain.ts";
import { linkOf } from "../contract/manifest.ts";
import type { PieceHeader } from "../piece/index.ts";
import type {
  AcknowledgeGate,
  BuiltState,
  Capture,
  CaptureRequest,
  ChainPiece,
  Cursor,
  RestorePiece,
  Stream,
  Substitute,
} from "../stream.ts";
import { type LogCursor, readLogCursor, tailChecksum } from "./cursor.ts";
import type { LogFile, LogSource } from "./log-source.ts";
import { packRuns } from "./pack.ts";

/** A base is due when the deltas since the last one are so many, so old, or half as long as it is. */
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
  captureNow: () => Promise<void> = async () => {};
  readonly #source: LogSource;
  /** What of `source.appendedBytes` was captured. */
  #capturedBytes = 0;

  constructor(name: string, source: LogSource) {
    this.name = name;
    this.#source = source;
    source.beforeReplace = () => this.captureNow();
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

  guard(gate: AcknowledgeGate): void {
    this.#source.guard?.(gate);
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
      const runs = isFollowing(request, cursor) ? runsSince(files, cursor) : undefined;
      if (runs === undefined) return await this.#write(request, files, wholeLog(files), cursor, appended);
      if (runs.bytes === 0) {
        this.#capturedBytes = appended;
        const same = { ...cursor!, base: baseOf(files) };
        return { piece: undefined, replaces: 0, cursor: same, more: false, ...nothingToSettle };
      }
      return await this.#write(request, files, runs, cursor, appended);
    } finally {
      for (const { fd } of files) closeSync(fd);
    }
  }

  async build(pieces: AsyncIterable<RestorePiece>): Promise<BuiltState> {
    const target = await this.#source.prepareRestore();
    const state = { to: 0, piece: "" };
    await pipeline(
      Readable.from(bytesOfChain(pieces, { kind: this.kind, name: this.name }, state)),
      createWriteStream(target, { mode: 0o600 }),
    );
    await syncFile(target);
    return {
      install: async () => {
        await this.#source.install();
        return this.#cursorAt(state.to, state.piece);
      },
      discard: () => rm(target, { force: true }),
    };
  }

  /** Builds and installs, where nothing is to be moved aside in between. */
  async restore(pieces: AsyncIterable<RestorePiece>): Promise<Cursor> {
    return await (await this.build(pieces)).install();
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
    const { pieces, seq, folder, substituteFolder } = request;
    const from = isBase ? 0 : cursor!.to;
    const before = isBase ? undefined : pieces.at(-1)!;
    const header = this.#header(request, before, { from, to: from + bytes });
    const file = `${this.name}.wkd1`;
    const written = await packRuns({ path: join(folder, file), header, runs }, bytes);
    const { kind, seqFrom } = header;
    const substitute =
      isBase || substituteFolder === undefined || !isBaseDue(pieces, request.time)
        ? undefined
        : await this.#substitute(request, substituteFolder, files, written.sha256);
    return {
      piece: { kind, file, ...written, seqFrom, seqTo: seq },
      replaces: isBase ? pieces.length : 0,
      substitute,
      cursor: cursorBehind(files.at(-1)!, baseOf(files), from + bytes, written.sha256),
      more: false,
      settle: async () => {
        this.#capturedBytes = appended;
      },
      abandon: async () => {},
    };
  }

  /** The whole log, as it is behind the delta; undefined when there is no time for it. */
  async #substitute(
    request: CaptureRequest,
    folder: string,
    files: readonly OpenFile[],
    standsFor: string,
  ): Promise<Substitute | undefined> {
    const { runs, bytes } = wholeLog(files);
    const { seq, hurry } = request;
    const header = this.#header(request, undefined, { from: 0, to: bytes });
    const file = `${this.name}.wkd1`;
    try {
      const written = await packRuns({ path: join(folder, file), header, runs }, bytes, hurry);
      return { kind: "base", file, ...written, seqFrom: seq, seqTo: seq, standsFor };
    } catch (error) {
      if (hurry?.aborted === true) return undefined;
      throw error;
    }
  }

  /** Of a delta, or of a base where nothing is before. */
  #header(
    { epoch, seq, time }: CaptureRequest,
    before: ChainPiece | undefined,
    span: { readonly from: number; readonly to: number },
  ): PieceHeader {
    return {
      kind: before === undefined ? "base" : "delta",
      name: this.name,
      epoch,
      seqFrom: before === undefined ? seq : before.seqTo + 1,
      seqTo: seq,
      time,
      previous: before === undefined ? null : linkOf(before),
      body: { stream: "log", ...span },
    };
  }
}

const nothingToSettle = { settle: async () => {}, abandon: async () => {} };

/** Whether a base would be worth its bytes by now. */
function isBaseDue([base, ...deltas]: readonly ChainPiece[], time: number): boolean {
  const deltaBytes = deltas.reduce((sum, piece) => sum + piece.bytes, 0);
  return (
    time - base!.time > baseAgeMsMax ||
    deltas.length >= deltasMax ||
    deltaBytes > Math.max(deltaBytesMin, base!.bytes / 2)
  );
}

function wholeLog(files: readonly OpenFile[]): Runs {
  const runs = files.map(({ fd, bytes }) => ({ fd, from: 0, to: bytes }));
  return { isBase: true, runs, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** A cursor that was not left by the last piece of the chain says nothing about what follows it. */
function isFollowing({ pieces }: CaptureRequest, cursor: LogCursor | undefined): cursor is LogCursor {
  return pieces.length > 0 && cursor?.piece === linkOf(pieces.at(-1)!);
}

/**
 * What was appended since the cursor; undefined when the log does not provably go on from there. A rewrite meanwhile
 * changes nothing: as long as the cursor's file is there, only files before it were replaced, all of which was captured.
 */
function runsSince(files: readonly OpenFile[], cursor: LogCursor): Runs | undefined {
  const at = files.findIndex(({ id }) => id === cursor.file);
  const file = files[at];
  if (file === undefined || file.bytes < cursor.offset) return undefined;
  // Nothing of the file was captured yet that could prove it the same: then it must stand behind the same base.
  const isBehindBase = [baseOf(files), files[0]!.continues].includes(cursor.base);
  if (cursor.offset === 0 && !isBehindBase) return undefined;
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
