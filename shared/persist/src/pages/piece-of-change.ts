import { rmSync } from "node:fs";
import { join } from "node:path";
import type { CapturedPiece, ChainPiece } from "../stream.ts";
import type { ChangedPages } from "./changed-pages.ts";
import type { PageView } from "./page-view.ts";
import { type PiecePlan, planPiece } from "./plan.ts";
import {
  type Change,
  checksumAfter,
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
  readonly isHurried: boolean;
}

export interface WrittenPiece {
  readonly piece: CapturedPiece;
  readonly replaces: number;
  readonly checksum: bigint;
}

/** Writes the piece that the chain needs next; a base where there is no `change` to go on from. */
export async function writePiece(
  place: PiecePlace,
  view: PageView,
  change: Change | undefined,
  lists: ChangedPages,
  limit: TimeLimit,
  remark: (text: string) => void,
): Promise<WrittenPiece> {
  const { pieces, time, isHurried } = place;
  let plan: PiecePlan = change === undefined ? { kind: "base" } : planPiece(pieces, time, isHurried);
  let touched: ReadonlySet<number> | undefined;
  if (plan.kind === "compacted") {
    touched = lists.union(plan.replaced.map(({ sha256 }) => sha256));
    if (touched === undefined) {
      remark("a new base is written: the lists of changed pages are not on the volume");
      plan = { kind: "base" };
    }
  }
  const replaces = replacedBy(plan, place.pieces);
  const head = headOf(plan, place, replaces);
  const file = `${place.name}.wkd1`;
  const path = join(place.folder, file);
  try {
    const written =
      plan.kind === "base"
        ? await writeBase(path, head, view, limit)
        : plan.kind === "delta"
          ? await writeDelta(path, head, change!, limit)
          : await writeCompacted(path, head, change!, touched!, limit);
    noteWritten(plan, written, change, lists, limit, remark);
    const { bytes, sha256, checksum } = written;
    const { kind, seqFrom, seqTo } = head;
    return { piece: { kind, file, bytes, sha256, seqFrom, seqTo }, replaces, checksum };
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}

function replacedBy(plan: PiecePlan, pieces: readonly ChainPiece[]): number {
  if (plan.kind === "base") return pieces.length;
  return plan.kind === "compacted" ? plan.replaced.length : 0;
}

function headOf({ kind }: PiecePlan, place: PiecePlace, replaces: number): PieceHead {
  const { name, epoch, seq, time, pieces } = place;
  if (kind === "base") return { kind, name, epoch, seqFrom: seq, seqTo: seq, time, previous: null };
  const previous = pieces[pieces.length - replaces - 1]!;
  return { kind, name, epoch, seqFrom: previous.seqTo + 1, seqTo: seq, time, previous: previous.sha256 };
}

function noteWritten(
  { kind }: PiecePlan,
  { sha256, pages, checksum }: WrittenPages,
  change: Change | undefined,
  lists: ChangedPages,
  limit: TimeLimit,
  remark: (text: string) => void,
): void {
  if (kind === "delta") lists.write(sha256, pages);
  // A base reads all pages: the moment to find out whether the checksum that was kept from piece to piece is true.
  if (kind === "base" && change !== undefined && checksumAfter(change, limit) !== checksum) {
    remark(
      "pages of the database file have changed by themselves or by another program since they were captured: run integrity_check, and look at the disk",
    );
  }
}
