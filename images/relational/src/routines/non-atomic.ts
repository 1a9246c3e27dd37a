import { checkOf, type Limits } from "../session/running.ts";
import type { SessionState } from "../session/state.ts";
import { runWithin } from "../session/write.ts";
import type { Steps } from "./plpgsql/interpreter.ts";

/**
 * Runs a body that may end its transaction. Each statement of it is a unit on the writer, so that a lock that has to be waited for lets
 * that statement run again and none before it; between two of them others may have the writer, as between the statements
 * of a client. The body itself is never begun again: what it has committed stays so.
 */
export async function runNonAtomic(session: SessionState, limits: Limits, steps: Steps<void>): Promise<void> {
  const check = checkOf(limits);
  let step = steps.next(undefined);
  while (step.done !== true) {
    const ask = step.value;
    let answer: unknown;
    let failed: { readonly error: unknown } | undefined;
    try {
      check();
      if (ask === undefined) await new Promise<void>((resolve) => setImmediate(resolve));
      else if (ask.kind === "end") await session.transactions.endWithin(ask.command, ask.chain);
      else {
        const block = session.transactions.current();
        const { sql, work } = ask;
        answer = await runWithin(session, block, [], limits, function* (exec) {
          sql.rebind(block, exec);
          yield;
          return work();
        });
        block.hasQueried = true;
      }
    } catch (error) {
      failed = { error };
    }
    step = failed === undefined ? steps.next(answer) : steps.throw(failed.error);
  }
}
