import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { linkOf } from "../contract/manifest.ts";
import { packRuns } from "../log/pack.ts";
import type { PieceHeader } from "../piece/index.ts";
import type { CapturedPiece, CaptureRequest, ChainPiece } from "../stream.ts";
import type { CatalogRow, CatalogView, Span } from "./catalog-view.ts";
import { encodeAdded, encodeRemoved } from "./records.ts";

/** A base is due when the deltas since the last one are so many, so old, or half as long as it is. */
const deltasMax = 64;
const baseAgeMsMax = 24 * 3_600_000;
const deltaBytesMin = 1 << 20;

/** Records are gathered up to this before they are written. */
const bufferBytes = 1 << 18;

/** Whether a base would be worth its bytes by now. */
export function isBaseDue([base, ...deltas]: readonly ChainPiece[], time: number): boolean {
  if (base === undefined) return true;
  const deltaBytes = deltas.reduce((sum, piece) => sum + piece.bytes, 0);
  return (
    time - base.time > baseAgeMsMax ||
    deltas.length >= deltasMax ||
    deltaBytes > Math.max(deltaBytesMin, base.bytes / 2)
  );
}

export interface IndexToWrite {
  readonly name: string;
  readonly view: CatalogView;
  /** What the set is to be; without `from` all of it is written. */
  readonly to: Span;
  readonly from: Span | undefined;
  /** Offset in the stream of the first byte. */
  readonly offset: number;
  /** Gives the parts of a blob that has none yet; undefined when it must be left out. */
  cut(row: CatalogRow): Promise<Buffer | undefined>;
}

/** Writes a piece of the index; undefined when there is nothing to write into a delta. */
export async function writeIndex(
  { folder, epoch, seq, time, pieces }: Omit<CaptureRequest, "final">,
  { name, view, to, from, offset, cut }: IndexToWrite,
): Promise<{ piece: CapturedPiece; bytes: number } | undefined> {
  const path = join(folder, `${name}.records`);
  const spool = await open(path, "wx+", 0o600);
  try {
    const bytes = await writeRecords(spool, view, to, from, cut);
    if (from !== undefined && bytes === 0) return undefined;
    const kind = from === undefined ? "base" : "delta";
    const file = `${name}.wkd1`;
    const seqFrom = from === undefined ? seq : pieces.at(-1)!.seqTo + 1;
    const header: PieceHeader = {
      kind,
      name,
      epoch,
      seqFrom,
      seqTo: seq,
      time,
      previous: from === undefined ? null : linkOf(pieces.at(-1)!),
      body: { stream: "blobs", from: offset, to: offset + bytes },
    };
    // How long the body is stands before it, so that it is known only now.
    const runs = [{ fd: spool.fd, from: 0, to: bytes }];
    const written = await packRuns({ path: join(folder, file), header, runs }, bytes);
    return { piece: { kind, file, ...written, seqFrom, seqTo: seq }, bytes };
  } finally {
    await spool.close();
    await rm(path);
  }
}

async function writeRecords(
  spool: FileHandle,
  view: CatalogView,
  to: Span,
  from: Span | undefined,
  cut: IndexToWrite["cut"],
): Promise<number> {
  let buffered: Buffer[] = [];
  let bufferedBytes = 0;
  let bytes = 0;
  const flush = async () => {
    const run = Buffer.concat(buffered);
    buffered = [];
    bufferedBytes = 0;
    for (let at = 0; at < run.length; ) {
      const { bytesWritten } = await spool.write(run, at, run.length - at, bytes);
      at += bytesWritten;
      bytes += bytesWritten;
    }
  };
  const append = async (record: Buffer) => {
    buffered.push(record);
    bufferedBytes += record.length;
    if (bufferedBytes >= bufferBytes) await flush();
  };
  for await (const row of view.added(to, from)) {
    const parts = row.parts ?? (await cut(row));
    if (parts !== undefined) await append(encodeAdded(row.sha256, row.bytes, parts));
  }
  if (from !== undefined) for await (const name of view.removed(to, from)) await append(encodeRemoved(name));
  await flush();
  return bytes;
}
