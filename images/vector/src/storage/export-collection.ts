// Gives all points of a collection as lines: in a thread, on one snapshot (collections/collection-snapshots.ts).
import type { Database } from "@weftkit/store";
import type { CollectionDefinition } from "../model/definition.ts";
import { PointRows } from "./points.ts";

export interface ExportedCollection {
  readonly collection: number;
  readonly definition: CollectionDefinition;
  readonly positions: ReadonlyMap<string, number>;
}

/** The first line of a snapshot. */
export interface SnapshotHeader {
  readonly weftkit_snapshot: 1;
  readonly definition: CollectionDefinition;
}

/** Every other line: ids and vectors as they are stored, in base64. */
export interface SnapshotLine {
  readonly id: string;
  readonly payload: string | null;
  readonly vectors: Readonly<Record<string, string>>;
}

const pieceLength = 1024 * 1024;

export function* exportCollection(
  db: Database,
  { collection, definition, positions }: ExportedCollection,
): Generator<string, void> {
  const rows = new PointRows(db, collection);
  let piece = `${JSON.stringify({ weftkit_snapshot: 1, definition } satisfies SnapshotHeader)}\n`;
  for (const slot of rows.slots()) {
    const row = rows.bySlot(slot);
    if (row === undefined) continue;
    const vectors: Record<string, string> = {};
    for (const [name, position] of positions) {
      const data = rows.vector(slot, position);
      if (data !== undefined) vectors[name] = data.toString("base64");
    }
    const line: SnapshotLine = { id: row.id.toString("base64"), payload: row.payload, vectors };
    piece += `${JSON.stringify(line)}\n`;
    if (piece.length < pieceLength) continue;
    yield piece;
    piece = "";
  }
  yield piece;
}
