import type { TransactionWork } from "@weftkit/store";
import { MustWait } from "../functions/registry.ts";
import type { Datum } from "../types/datum.ts";
import type { Block } from "./block.ts";
import { makeExec } from "./exec.ts";
import { checkOf, type Limits, runLimited, Told } from "./running.ts";
import type { SessionState } from "./state.ts";

export type StatementExec = ReturnType<typeof makeExec>;

/** Runs one statement on the writer, as `runWithin` does, under the session's limits. */
export function runOnWriter<T>(
  session: SessionState,
  block: Block,
  params: readonly Datum[],
  steps: (exec: StatementExec, work: TransactionWork) => Generator<void, T, void>,
): Promise<T> {
  return runLimited(session, (limits) => runWithin(session, block, params, limits, steps));
}

/**
 * Runs one statement on the writer, under limits that hold for more than it. `steps` is run again from its start when a lock has to be
 * waited for, or a call such as pg_sleep() waits; what it gives is the result of its last run.
 */
export async function runWithin<T>(
  session: SessionState,
  block: Block,
  params: readonly Datum[],
  limits: Limits,
  steps: (exec: StatementExec, work: TransactionWork) => Generator<void, T, void>,
): Promise<T> {
  const { catalog } = block;
  const deferred = block.deferred.length;
  const known: Datum[] = [];
  const told = new Told(session);
  const once = (): Promise<T> =>
    session.transactions.transaction(block).runInSlices(function* (work) {
      block.deferred.splice(deferred);
      block.catalog = catalog;
      const exec = makeExec(session, block, work.db, work, params, known);
      exec.notice = told.again();
      exec.check = checkOf(limits);
      const result = yield* steps(exec, work);
      for (const [oid, isReset] of exec.touchedSequences) session.database.sequences.save(work, oid, isReset);
      return result;
    }, limits);
  while (true) {
    try {
      return await once();
    } catch (error) {
      // A routine may have changed definitions before it failed.
      block.catalog = catalog;
      if (!(error instanceof MustWait)) throw error;
      known.push(await error.wait(limits.signal));
    }
  }
}
