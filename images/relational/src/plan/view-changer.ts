import type { Relation } from "../catalog/model.ts";
import type { Exec } from "../run/exec.ts";
import type { Datum, Row } from "../types/datum.ts";
import type { PlanContext } from "./context.ts";
import type { RowChanger } from "./row-changer.ts";
import { Triggers } from "./triggers.ts";

/** Changes of a view by its INSTEAD OF triggers. Its rows have no rowid. */
export class ViewChanger implements RowChanger {
  readonly triggers: Triggers;

  constructor(ctx: PlanContext, view: Relation) {
    this.triggers = new Triggers(ctx, view);
  }

  prepareInsert(row: Row, exec: Exec): boolean {
    return this.triggers.insteadOfRow("insert", undefined, row, exec);
  }

  insert(): Datum {
    return null;
  }

  update(_rowid: Datum, before: Row, after: Row, exec: Exec): boolean {
    return this.triggers.insteadOfRow("update", before, after, exec);
  }

  delete(_rowid: Datum, before: Row, exec: Exec): boolean {
    return this.triggers.insteadOfRow("delete", before, undefined, exec);
  }

  conflicting(): undefined {
    return undefined;
  }
}
