import type { Constraint, Relation, Trigger, TriggerEvent } from "../catalog/model.ts";
import type { Exec, TransitionRows } from "../run/exec.ts";
import type { Row } from "../types/datum.ts";
import type { PlanContext } from "./context.ts";

/** The triggers of a table, when they fire. */
export class Triggers {
  readonly #relation: Relation;
  readonly #all: readonly Trigger[];

  readonly #hasBelow: boolean;

  /** `below` are the partitions that have the rows, and triggers for them. */
  constructor(ctx: PlanContext, relation: Relation, below: readonly Relation[] = []) {
    this.#relation = relation;
    const firing = ({ oid }: Relation) =>
      ctx.catalog.triggersOf(oid).filter(({ enabled }) => enabled !== "D");
    this.#all = firing(relation);
    this.#hasBelow = below.some((partition) => firing(partition).length > 0);
  }

  get hasAny(): boolean {
    return this.#all.length > 0 || this.#hasBelow;
  }

  hasBefore(event: TriggerEvent, exec: Exec): boolean {
    return this.#all.some((trigger) => applies(trigger, exec, "before", event, true));
  }

  /** BEFORE ... FOR EACH ROW: they may change `after`, in place. False leaves the row out. */
  beforeRow(
    event: TriggerEvent,
    before: Row | undefined,
    after: Row | undefined,
    exec: Exec,
    columns?: ReadonlySet<number>,
  ): boolean {
    return this.#rowByRow("before", event, before, after, exec, columns);
  }

  /** INSTEAD OF: they do with a view's row what they do. False when it does not count as changed. */
  insteadOfRow(event: TriggerEvent, before: Row | undefined, after: Row | undefined, exec: Exec): boolean {
    return this.#rowByRow("instead", event, before, after, exec);
  }

  #rowByRow(
    timing: Trigger["timing"],
    event: TriggerEvent,
    before: Row | undefined,
    after: Row | undefined,
    exec: Exec,
    columns?: ReadonlySet<number>,
  ): boolean {
    const relation = this.#relation;
    for (const trigger of this.#all) {
      if (!applies(trigger, exec, timing, event, true, columns)) continue;
      const row = exec.routines.fire({ trigger, event, relation, before, after }, exec);
      if (row === undefined) return false;
      if (after !== undefined) for (let i = 0; i < row.length; i++) after[i] = row[i]!;
    }
    return true;
  }

  /** AFTER ... FOR EACH ROW: at the end of the statement, or of the transaction. */
  afterRow(
    event: TriggerEvent,
    before: Row | undefined,
    after: Row | undefined,
    exec: Exec,
    columns?: ReadonlySet<number>,
  ): void {
    const relation = this.#relation;
    const transition = this.keepRows(event, before, after, exec);
    for (const trigger of this.#all) {
      if (!applies(trigger, exec, "after", event, true, columns)) continue;
      const [was, is] = [before?.slice(), after?.slice()];
      const fire = (later: Exec): void => {
        later.routines.fire({ trigger, event, relation, before: was, after: is, transition }, later);
      };
      const constraint = { oid: trigger.oid, ...trigger.constraint } as Constraint;
      if (trigger.constraint?.deferrable === true && exec.isDeferred(constraint))
        exec.defer(constraint, fire);
      else exec.events.push(fire);
    }
  }

  /** Keeps a changed row for triggers that ask for all of them. */
  keepRows(
    event: TriggerEvent,
    before: Row | undefined,
    after: Row | undefined,
    exec: Exec,
  ): TransitionRows | undefined {
    const transition = exec.transitions.get(keyOf(this.#relation, event));
    if (before !== undefined) transition?.before.push(before.slice());
    if (after !== undefined) transition?.after.push(after.slice());
    return transition;
  }

  beforeStatement(event: TriggerEvent, exec: Exec, columns?: ReadonlySet<number>): void {
    if (this.#all.length === 0 || !exec.firesStatementTriggers) return;
    const relation = this.#relation;
    const keepsRows = this.#all.some(
      (trigger) =>
        trigger.events.includes(event) && (trigger.oldTable !== undefined || trigger.newTable !== undefined),
    );
    if (keepsRows) exec.transitions.set(keyOf(relation, event), { before: [], after: [] });
    for (const trigger of this.#all)
      if (applies(trigger, exec, "before", event, false, columns))
        exec.routines.fire({ trigger, event, relation }, exec);
  }

  afterStatement(event: TriggerEvent, exec: Exec, columns?: ReadonlySet<number>): void {
    if (!exec.firesStatementTriggers) return;
    const relation = this.#relation;
    const transition: TransitionRows | undefined = exec.transitions.get(keyOf(relation, event));
    for (const trigger of this.#all)
      if (applies(trigger, exec, "after", event, false, columns))
        exec.events.push((later) => {
          later.routines.fire({ trigger, event, relation, transition }, later);
        });
  }
}

function keyOf(relation: Relation, event: TriggerEvent): string {
  return `${relation.oid} ${event}`;
}

function applies(
  trigger: Trigger,
  { isReplica }: Exec,
  timing: Trigger["timing"],
  event: TriggerEvent,
  perRow: boolean,
  columns?: ReadonlySet<number>,
): boolean {
  if (trigger.enabled !== "A" && trigger.enabled !== (isReplica ? "R" : "O")) return false;
  if (trigger.timing !== timing || trigger.perRow !== perRow || !trigger.events.includes(event)) return false;
  if (event !== "update" || trigger.columns.length === 0 || columns === undefined) return true;
  return trigger.columns.some((attnum) => columns.has(attnum));
}
