import type { Exec } from "../run/exec.ts";
import type { Datum, Row } from "../types/datum.ts";
import type { RowGuard } from "./row-security.ts";
import type { Triggers } from "./triggers.ts";

/** What inserts, updates and deletes the rows of one target, each with what stands for it in the rowid's place. */
export interface RowChanger {
  readonly triggers: Triggers;
  /** What comes before a row is written; false leaves it out. */
  prepareInsert(row: Row, exec: Exec, guard?: RowGuard): boolean;
  insert(row: Row, exec: Exec): Datum;
  /**
   * `after` is changed in place. False when the row was left as it was. `onElsewhere` is called for one that has become a row of
   * another partition, where it is not simply moved there.
   */
  update(
    rowid: Datum,
    before: Row,
    after: Row,
    exec: Exec,
    columns?: ReadonlySet<number>,
    guard?: RowGuard,
    onElsewhere?: () => void,
  ): boolean;
  delete(rowid: Datum, before: Row, exec: Exec): boolean;
  /**
   * For ON CONFLICT: a row that has the same value of one of these unique indexes, or of any when there are none; it is
   * locked and read when it is to be updated.
   */
  conflicting(
    indexes: readonly number[],
    row: Row,
    exec: Exec,
    locks: boolean,
  ): { rowid: Datum; before: Row } | undefined;
}
