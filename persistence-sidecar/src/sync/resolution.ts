import type { FieldKind } from "../crdt/field-map.ts";
import { type Decision, decideByTime } from "./decide.ts";
import { decideByColumns } from "./merge-columns.ts";
import type { Row } from "./rows.ts";
import type { ColumnVersions, QueuedChange, RowName } from "./side.ts";
import type { Version } from "./versions.ts";

/** The row where a change is to be applied. */
export interface Target {
  readonly row: Row | undefined;
  readonly at: Version;
  readonly columns: ColumnVersions;
}

/** What a column of a row is. */
export type KindOf = (row: RowName, column: string) => FieldKind;

/** Who decides between two writes that did not know of each other. */
export interface Resolution {
  readonly how: "lww" | "crdt" | "custom";
  decide(change: QueuedChange, target: Target): Decision | Promise<Decision>;
}

/** The row that was written last. */
export const lastWriteWins: Resolution = {
  how: "lww",
  decide: (change, { row, at }) => decideByTime(change, row, at),
};

/** Column by column, each by its kind. `writer` names the journal and the side: no two versions of different rows are equal. */
export function mergeColumns(kindOf: KindOf, writer: string): Resolution {
  return {
    how: "crdt",
    decide: (change, target) => decideByColumns(change, target, (column) => kindOf(change, column), writer),
  };
}
