import { rmSync } from "node:fs";
import { join } from "node:path";
import { linkOf } from "../contract/manifest.ts";
import type { CapturedPiece, ChainPiece, Substitute } from "../stream.ts";
import type { ChangedPages } from "./changed-pages.ts";
import type { PageView } from "./page-view.ts";
import { planPiece } from "./plan.ts";
import {
  type Change,
  type PieceHead,
  type TimeLimit,
  type WrittenPages,
  writeBase,
  writeCompacted,
  writeDelta,
} from "./write-pages.ts";

/** Where a piece goes, and what it follows. */
export interface PiecePlace {
  readonly name: string;
  readonly folder: string;
  readonly epoch: number;
  readonly seq: number;
  readonly time: number;
  readonly pieces: readonly ChainPiece[];
  /** Where a substitute goes; undefined when none may be made. */
  readonly substituteFolder: string | undefined;
}

export interface WrittenPiece {
  readonly piece: CapturedPiece;
  readonly replaces: number;
  readonly substitute: Substitute | undefined;
  readonly checksum: bigint;
}

/**
 * Writes what changed as a delta, and with it the base or compacted piece that the chain needs by now; a base alone
 * where there is no `change` to go on from.
 */
export async function writePiece(
  place: PiecePlace,
  view: PageView,
  change: Change | undefined,
  lists: ChangedPages,
  limit: TimeLimit,
  remark: (text: string) => void,
): Promise<WrittenPiece> {
  const { pieces } = place;
  if (change === undefined) {
    const { piece, checksum } = await write(place, undefined, (path, head) =>
      writeBase(path, head, view, limit),
    );
    return { piece, replaces: pieces.length, substitute: undefined, checksum };
  }
  const { piece, checksum, pages } = await write(place, pieces.at(-1), (path, head) =>
    writeDelta(path, head, change, limit),
  );
  lists.write(piece.sha256, pages);
  try {
    const substitute = await writeSubstitute(place, { piece, checksum }, view, change, lists, limit, remark);
    return { piece, replaces: 0, substitute, checksum };
  } catch (error) {
    rmSync(join(place.folder, piece.file), { force: true });
    lists.remove(piece.sha256);
    throw error;
  }
}

/** What stands for the delta and pieces before it, where the chain has grown long enough; undefined when given up. */
async function writeSubstitute(
  place: PiecePlace,
  delta: { readonly piece: CapturedPiece; readonly checksum: bigint },
  view: PageView,
  change: Change,
  lists: ChangedPages,
  limit: TimeLimit,
  remark: (text: string) => void,
): Promise<Substitute | undefined> {
  const { pieces, time, substituteFolder: folder } = place;
  if (folder === undefined) return undefined;
  const plan = planPiece(pieces, time);
  if (plan.kind === "delta") return undefined;
  const replaced = plan.kind === "compacted" ? plan.replaced : pieces;
  const touched = plan.kind === "compacted" ? lists.union(replaced.map((piece) => linkOf(piece))) : undefined;
  if (plan.kind === "compacted" && touched === undefined) {
    remark("a new base is written: the lists of changed pages are not on the volume");
  }
  try {
    const before = touched === undefined ? undefined : pieces[pieces.length - replaced.length - 1]!;
    const { piece, checksum } = await write({ ...place, folder }, before, (path, head) =>
      touched === undefined
        ? writeBase(path, head, view, limit.untilHurry)
        : writeCompacted(path, head, change, delta.checksum, touched, limit.untilHurry),
    );
    // A base reads all pages: the moment to find out whether the checksum that was kept from piece to piece is true.
    if (checksum !== delta.checksum) {
      remark(
        "pages of the database file have changed by themselves or by another program since they were captured: run integrity_check, and look at the disk",
      );
      return undefined;
    }
    return { ...piece, standsFor: delta.piece.sha256 };
  } catch (error) {
    if ((error as { code?: string }).code === "hurried") return undefined;
    throw error;
  }
}

/** Writes one piece behind `before`: a base where there is none, a compacted one where pieces come between. */
async function write(
  place: PiecePlace,
  before: ChainPiece | undefined,
  fill: (path: string, head: PieceHead) => Promise<WrittenPages>,
): Promise<WrittenPages & { readonly piece: CapturedPiece }> {
  const head = headOf(place, before);
  const file = `${place.name}.wkd1`;
  const path = join(place.folder, file);
  try {
    const written = await fill(path, head);
    const { bytes, sha256 } = written;
    const { kind, seqFrom, seqTo } = head;
    return { ...written, piece: { kind, file, bytes, sha256, seqFrom, seqTo } };
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}

function headOf({ name, epoch, seq, time, pieces }: PiecePlace, before: ChainPiece | undefined): PieceHead {
  const place = { name, epoch, seqTo: seq, time };
  if (before === undefined) return { kind: "base", ...place, seqFrom: seq, previous: null };
  const kind = before === pieces.at(-1) ? "delta" : "compacted";
  return { kind, ...place, seqFrom: before.seqTo + 1, previous: linkOf(before) };
}
