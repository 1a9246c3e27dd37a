import { setImmediate } from "node:timers/promises";
import type { Store } from "@weftkit/store";
import { randomIntegers } from "@weftkit/testing/random-numbers";
import { type Operation, type Outcome, randomOperation, startRows, type Wait } from "./operations.ts";
import { Reference, type Session } from "./reference.ts";
import { allItems, ToySession } from "./toy-engine.ts";

/** What happened in many scripts, to know that they reach what they are for. */
export interface Tally {
  scripts: number;
  operations: number;
  blocked: number;
  deadlocks: number;
  /** Circles in which somebody only stood behind another; their scripts end early. */
  reordered: number;
  errors: Record<string, number>;
}

export const emptyTally = (): Tally => ({
  scripts: 0,
  operations: 0,
  blocked: 0,
  deadlocks: 0,
  reordered: 0,
  errors: {},
});

interface Running {
  readonly operation: Operation;
  readonly outcome: Promise<Outcome>;
  readonly canceling: AbortController;
}

/** So often the event loop turns while the store comes to where the model is; then it is said to hang. */
const turnsMax = 20_000;

/**
 * Plays one script, made of a seed, on the store and on the reference: sessions take turns at random, and after each step
 * everything that must have ended has ended so, and everything else waits.
 */
export async function playInterleaving(
  store: Store,
  changesMax: number,
  seed: number,
  tally: Tally,
): Promise<void> {
  const pick = randomIntegers(seed);
  await store.write((db) => {
    db.exec("DELETE FROM item");
    const insert = db.prepare("INSERT INTO item (id, name, n) VALUES (?, ?, ?)");
    for (const [id, { name, n }] of startRows) insert.run(id, name, n);
  });
  const reference = new Reference(2 + pick(5), changesMax);
  reference.committed = new Map(startRows);
  const running = new Map<Session, Running>();
  const ids = startRows.map(([id]) => id);
  const toys = reference.sessions.map(
    (session) =>
      new ToySession(store, (id) => {
        if (reference.rowsOf(session).has(id)) throw new Error(`the rowid ${id} is taken`);
        given.set(session, id);
      }),
  );
  const given = new Map<Session, number>();
  /** One in four scripts each: nobody is made to park, everybody always, else sometimes. */
  const parks = pick(4);
  const history: string[] = [];

  const toyOf = (session: Session) => toys[session.number]!;

  /** Compares what has ended with what must have. */
  const settle = async () => {
    for (const [session, expected] of reference.takeEnded()) {
      const { operation, outcome } = running.get(session)!;
      running.delete(session);
      const actual = await orHang(outcome, `${session.number} ${JSON.stringify(operation)}`);
      history.push(`  ${session.number} ${operation.do} -> ${JSON.stringify(actual)}`);
      const [a, e] = [JSON.stringify(actual), JSON.stringify(expected)];
      if (a !== e) throw new Error(`session ${session.number} got ${a} instead of ${e}`);
      if ("error" in actual) {
        tally.errors[actual.error] = (tally.errors[actual.error] ?? 0) + 1;
        continue;
      }
      if (operation.do !== "insert") continue;
      reference.inserted(session, given.get(session)!);
      ids.push(given.get(session)!);
    }
    // Then the store may have freed somebody already.
    if (reference.sessions.some((session) => isInCircle(reference, session))) return;
    const waiting = reference.sessions.filter(({ blocked }) => blocked !== undefined);
    await until(() => waiting.every((session) => isWaiting(session)), "they wait as they must");
    for (const session of waiting) {
      const early = await Promise.race([running.get(session)!.outcome, undefined]);
      if (early !== undefined)
        throw new Error(`session ${session.number} must wait, but got ${JSON.stringify(early)}`);
    }
  };

  const isWaiting = (session: Session): boolean => {
    const { owner } = toyOf(session);
    return store.locks
      .waits()
      .some(
        (wait) => wait.owner === owner && (wait.kind === "writer") === (session.blocked!.on === "writer"),
      );
  };

  /** Whoever waits in a circle is freed by the store. Returns false when the script cannot go on after it. */
  const solveDeadlocks = async (): Promise<boolean> => {
    for (;;) {
      const circle = reference.sessions.filter((session) => isInCircle(reference, session));
      if (circle.length === 0) return true;
      const isOnlyHeld = circle.every((session) => reference.edges(session).every(({ behind }) => !behind));
      const waits = new Map(circle.map((session) => [session, waitOf(session)]));
      const ended = circle.map((session) => running.get(session)!.outcome.then(() => session));
      let freed = await Promise.race(isOnlyHeld ? ended : [...ended, changedWait(waits)]);
      if (!isOnlyHeld) {
        tally.reordered++;
        return false;
      }
      // Others may have ended after it, and because of it.
      for (const session of circle) {
        const outcome = await Promise.race([running.get(session)!.outcome, undefined]);
        if (outcome !== undefined && "error" in outcome && outcome.error === "deadlock") freed = session;
      }
      const { outcome, operation } = running.get(freed)!;
      const actual = await orHang(outcome, `${freed.number} in a circle`);
      history.push(`  ${freed.number} ${operation.do} -> ${JSON.stringify(actual)}`);
      if (!("error" in actual) || actual.error !== "deadlock") {
        throw new Error(`session ${freed.number} is in a deadlock, but got ${JSON.stringify(actual)}`);
      }
      tally.deadlocks++;
      reference.cancel(freed, "deadlock");
      await settle();
      rollback(freed);
      await settle();
    }
  };

  const waitOf = (session: Session): string => {
    const wait = store.locks.waits().find(({ owner }) => owner === toyOf(session).owner);
    return wait === undefined ? "none" : `${wait.kind} ${wait.scope} ${wait.key} ${wait.mode}`;
  };

  const changedWait = async (waits: ReadonlyMap<Session, string>): Promise<Session> => {
    for (;;) {
      for (const [session, before] of waits) if (waitOf(session) !== before) return session;
      await setImmediate();
    }
  };

  const rollback = (session: Session) => {
    history.push(`${session.number} rollback`);
    toyOf(session).rollback();
    reference.rollback(session);
  };

  const step = async (): Promise<boolean> => {
    const session = reference.sessions[pick(reference.sessions.length)]!;
    tally.operations++;
    if (session.blocked !== undefined) {
      if (pick(6) === 0) {
        rollback(session);
      } else if (pick(5) === 0) {
        history.push(`${session.number} cancel`);
        running.get(session)!.canceling.abort();
        reference.cancel(session, "canceled");
      }
      await settle();
      return true;
    }
    if (!session.isOpen) {
      const onSnapshot = pick(3) === 0;
      history.push(`${session.number} begin ${onSnapshot ? "on a snapshot" : ""}`);
      await toyOf(session).begin(onSnapshot);
      reference.begin(session, onSnapshot);
      return true;
    }
    if (pick(12) === 0) {
      rollback(session);
      await settle();
      return true;
    }
    const operation = randomOperation(pick, session.marks.length, ids);
    history.push(`${session.number} ${JSON.stringify(operation)}`);
    const canceling = new AbortController();
    reference.start(session, operation);
    const isTimed =
      operation.do === "lock" && operation.wait === "timeout" && !isInCircle(reference, session);
    const asked =
      operation.do === "lock" && !isTimed ? { ...operation, wait: waitFor(operation) } : operation;
    const outcome = toyOf(session).run(asked, { signal: canceling.signal });
    outcome.catch(() => {});
    running.set(session, { operation, outcome, canceling });
    if (session.blocked !== undefined) {
      tally.blocked++;
      history.push("  waits");
      if (isTimed) {
        const actual = await orHang(outcome, "the time limit");
        if (!("error" in actual)) throw new Error(`the time limit had no effect: ${JSON.stringify(actual)}`);
        reference.cancel(session, "lock_timeout");
      }
    }
    await settle();
    return solveDeadlocks();
  };

  try {
    const steps = 8 + pick(30);
    for (let n = 0; n < steps; n++) {
      if (!(await step())) break;
      if (reference.holder !== undefined || parks === 0) continue;
      if (parks === 1 || pick(2) === 0) await store.write(() => {});
    }
    for (const session of reference.sessions) toyOf(session).rollback();
    for (const [session, { outcome }] of running)
      await orHang(outcome, `${session.number} after its rollback`);
    const held = [...store.locks.held(), ...store.locks.waits()];
    if (held.length > 0) throw new Error(`locks are left: ${JSON.stringify(held)}`);
    const rows = await store.read(allItems);
    const [a, e] = [rows, reference.committed].map((of) =>
      JSON.stringify([...of].sort(([left], [right]) => left - right)),
    );
    if (a !== e) throw new Error(`the table holds ${a} instead of ${e}`);
    tally.scripts++;
  } catch (error) {
    throw new Error(`seed ${seed}, changesMax ${changesMax}: ${String(error)}\n${history.join("\n")}`, {
      cause: error,
    });
  }
}

/** In a circle it would be a matter of chance whether the time limit or the search for deadlocks comes first. */
function waitFor({ wait }: Operation & { do: "lock" }): Wait {
  return wait === "timeout" ? "wait" : wait;
}

function isInCircle(reference: Reference, start: Session): boolean {
  const seen = new Set<Session>();
  const next = [start];
  for (let from = next.pop(); from !== undefined; from = next.pop()) {
    for (const { to } of reference.edges(from)) {
      if (to === start) return true;
      if (!seen.has(to)) next.push(to);
      seen.add(to);
    }
  }
  return false;
}

async function until(isTrue: () => boolean, what: string): Promise<void> {
  for (let turn = 0; !isTrue(); turn++) {
    if (turn > turnsMax) throw new Error(`it does not come about that ${what}`);
    await setImmediate();
  }
}

async function orHang(outcome: Promise<Outcome>, what: string): Promise<Outcome> {
  let ended: Outcome | undefined;
  let failed: unknown;
  outcome.then(
    (value) => {
      ended = value;
    },
    (error: unknown) => {
      failed = error;
    },
  );
  await until(() => ended !== undefined || failed !== undefined, `${what} ends`);
  if (failed !== undefined) throw failed;
  return ended!;
}
