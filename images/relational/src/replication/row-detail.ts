import type { ChangeDetail } from "@weftkit/changes";
import type { Row } from "../types/datum.ts";
import type { Cell, Shaping, TableShape } from "./shape.ts";

/** What is kept of a change for logical decoding, beside the table's shape: JSON with short names. */
export interface StoredDetail {
  readonly op: "I" | "U" | "D" | "T";
  /** The new row. */
  readonly new?: readonly Cell[];
  /** The old one, as far as the replica identity wants it; what is not in its key is null. */
  readonly old?: readonly Cell[];
  readonly isWhole?: boolean;
  /** Of TRUNCATE: the place of the table in its statement, whose first also has the partitioned tables. */
  readonly place?: number;
  readonly cascade?: boolean;
  readonly restart?: boolean;
  readonly parents?: readonly TableShape[];
}

export function detailOf(shaping: Shaping, stored: StoredDetail): ChangeDetail {
  return { shared: shaping.bytes, own: Buffer.from(JSON.stringify(stored)) };
}

/** A row that came, went or has changed; as PostgreSQL logs the old one: whole, its key, or not at all. */
export function rowDetail(shaping: Shaping, before: Row | undefined, after: Row | undefined): ChangeDetail {
  const op = before === undefined ? "I" : after === undefined ? "D" : "U";
  const cells = after && shaping.cells(after);
  return detailOf(shaping, {
    op,
    ...(cells && { new: cells }),
    ...(before && oldOf(shaping, shaping.cells(before), cells)),
  });
}

function oldOf(
  { shape }: Shaping,
  before: readonly Cell[],
  after: readonly Cell[] | undefined,
): Pick<StoredDetail, "old" | "isWhole"> {
  if (shape.identity === "f") return { old: before, isWhole: true };
  const isSame = (place: number) => after !== undefined && before[place] === after[place];
  if (!shape.columns.some(({ isKey }, place) => isKey && !isSame(place))) return {};
  return { old: before.map((cell, place) => (shape.columns[place]!.isKey ? cell : null)) };
}
