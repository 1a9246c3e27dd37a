import type { ChangeQuery } from "../analyse/expr.ts";
import { Changer } from "./changer.ts";
import type { PlanContext } from "./context.ts";
import { PartitionedChanger } from "./partitioned-changer.ts";
import type { RowChanger } from "./row-changer.ts";
import { ViewChanger } from "./view-changer.ts";

/** What changes the rows of a statement's target. */
export function changerOf(ctx: PlanContext, { relation }: ChangeQuery): RowChanger {
  if (relation.kind === "v") return new ViewChanger(ctx, relation);
  return relation.kind === "p" ? new PartitionedChanger(ctx, relation) : Changer.of(ctx, relation);
}
