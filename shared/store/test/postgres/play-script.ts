import { setImmediate } from "node:timers/promises";
import type { Store } from "@weftkit/store";
import { randomIntegers } from "@weftkit/testing/random-numbers";
import type { Client } from "pg";
import { SmallSession } from "./small-engine.ts";
import { type Result, randomStatement, type Statement, sqlOf } from "./statements.ts";

const startRows = [
  [1, "a"],
  [2, "b"],
  [3, "c"],
  [4, "d"],
] as const;

/** What happened in many scripts. */
export interface ScriptTally {
  statements: number;
  waits: number;
  deadlocks: number;
  /** Scripts that ended early, as the order in which the real one goes on is left to chance. */
  undecided: number;
  codes: Record<string, number>;
}

interface Running {
  readonly statement: Statement;
  readonly real: Promise<Result>;
  readonly ours: Promise<Result>;
}

/** The real one and what it is asked through: a connection for each session, and one to look at them. */
export interface Real {
  readonly sessions: readonly Client[];
  readonly observer: Client;
}

const sessionsMax = 4;
const waitingMax = 2;
/** The real one is asked so often, and the event loop of ours turns so often, before something is said to hang. */
const asksMax = 3000;
const turnsMax = 20_000;

/** Plays one script, made of a seed, on the real PostgreSQL and on ours, and compares them after each statement. */
export async function playScript(real: Real, store: Store, seed: number, tally: ScriptTally): Promise<void> {
  const pick = randomIntegers(seed);
  const history: string[] = [];
  const pids = await Promise.all(real.sessions.map(pidOf));
  await real.observer.query("TRUNCATE item");
  await store.write((db) => db.exec("DELETE FROM item"));
  for (const [id, name] of startRows) {
    await real.observer.query("INSERT INTO item VALUES ($1, $2, 0)", [id, name]);
    await store.write((db) => db.prepare("INSERT INTO item VALUES (?, ?, 0)").run(id, name));
  }
  const count = 2 + pick(sessionsMax - 1);
  const ours = Array.from({ length: count }, () => new SmallSession(store));
  const isOpen = ours.map(() => false);
  const running = new Map<number, Running>();
  /** Rows that somebody has deleted, committed or not. */
  const deleted = new Set<number>();
  let lastId = 100;

  const start = (session: number, statement: Statement) => {
    history.push(`${session}: ${sqlOf(statement)}`);
    tally.statements++;
    if (statement.do === "delete") deleted.add(statement.id);
    const realResult = ask(real.sessions[session]!, statement);
    const oursResult = ours[session]!.run(statement);
    realResult.catch(() => {});
    oursResult.catch(() => {});
    running.set(session, { statement, real: realResult, ours: oursResult });
  };

  /** The pids that wait for a lock in the real one, with those that they wait for. */
  const realWaits = async (): Promise<Map<number, number[]>> => {
    const { rows } = await real.observer.query<{ pid: number; blockers: number[] }>(
      "SELECT pid, pg_blocking_pids(pid) AS blockers FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND pid = ANY($1)",
      [pids],
    );
    // One that was granted its lock says that it waits until it has woken up; nobody blocks it any more.
    const waiting = rows.filter(({ blockers }) => blockers.length > 0);
    return new Map(
      waiting.map(({ pid, blockers }) => [
        pids.indexOf(pid),
        blockers.map((blocker) => pids.indexOf(blocker)),
      ]),
    );
  };

  /** Waits until everybody has ended or waits in the real one, twice in a row, and until ours is there, too. */
  const settle = async (): Promise<"goes on" | "undecided"> => {
    let before = "";
    let waits = new Map<number, number[]>();
    for (let asked = 0; ; asked++) {
      if (asked > asksMax) throw new Error("the real one does not come to rest");
      const ended = await Promise.all(
        [...running].map(async ([session, { real: result }]) =>
          (await Promise.race([result, undefined])) === undefined ? -1 : session,
        ),
      );
      waits = await realWaits();
      const isAtRest = [...running.keys()].every((session) => ended.includes(session) || waits.has(session));
      const now = JSON.stringify([ended, [...waits]]);
      if (isAtRest && now === before) break;
      before = now;
    }
    const isCircle = [...running.keys()].some((session) => reached(waits, session).has(session));
    const ended = await Promise.all([...running.values()].map((one) => Promise.race([one.real, undefined])));
    const isFreed = ended.some(
      (result) => result !== undefined && "code" in result && result.code === "40P01",
    );
    if (isCircle || isFreed) return deadlock();
    for (const [session, { real: realResult, ours: oursResult, statement }] of [...running]) {
      const expected = await Promise.race([realResult, undefined]);
      if (expected === undefined) continue;
      const actual = await orHang(oursResult, `${session}: ${sqlOf(statement)}`);
      running.delete(session);
      history.push(`   ${session} -> ${JSON.stringify(expected)}`);
      if (JSON.stringify(actual) !== JSON.stringify(expected)) {
        throw new Error(`session ${session} got ${JSON.stringify(actual)} from ours`);
      }
      if ("code" in expected) tally.codes[expected.code] = (tally.codes[expected.code] ?? 0) + 1;
    }
    const mustWait = [...running.keys()];
    await until(
      () => mustWait.every((session) => ourWaits().has(session)),
      "ours waits where the real one does",
    );
    // The real one waits for one after the other of those who share a row, and ours for all of them at once.
    for (const session of mustWait) {
      const found = reached(ourWaits(), session);
      const missing = [...reached(waits, session)].filter((other) => !found.has(other));
      if (missing.length > 0) throw new Error(`session ${session} waits for ${missing} in the real one`);
    }
    const waiting = store.locks.waits().filter(({ kind, key }) => kind !== "row" || deleted.has(Number(key)));
    // Which of two that want the same value, or the same table and then perhaps the same row, is first, is decided there by
    // who wakes up first. And of two that wait for a row that is gone in the end, the second waits here for the first, which
    // has its lock; there nobody has one. One that gives a name away is first or second to one that wants a name, too.
    const statements = mustWait.map((session) => running.get(session)!.statement.do);
    const wantsName = (of: number) =>
      statements.some((one, i) => i !== of && (one === "insert" || one === "rename"));
    if (statements.some((one, i) => (one === "delete" || one === "rename") && wantsName(i)))
      return "undecided";
    return new Set(waiting.map(({ kind, key }) => `${kind} ${key}`)).size < waiting.length
      ? "undecided"
      : "goes on";
  };

  /** Of a circle one must get the error in each; which one is a matter of time. */
  const deadlock = async (): Promise<"undecided"> => {
    const first = (of: (one: Running) => Promise<Result>) =>
      Promise.race(
        [...running.values()].map(async (one) => {
          const result = await of(one);
          return "code" in result && result.code === "40P01" ? true : new Promise<never>(() => {});
        }),
      );
    await Promise.all([first((one) => one.real), first((one) => one.ours)]);
    tally.deadlocks++;
    return "undecided";
  };

  const ourWaits = (): Map<number, number[]> =>
    new Map(
      store.locks
        .waits()
        .map(({ owner, blockers }) => [
          ours.findIndex((session) => session.owner === owner),
          blockers.map((blocker) => ours.findIndex((session) => session.owner === blocker)),
        ]),
    );

  try {
    const steps = 10 + pick(20);
    for (let step = 0; step < steps; step++) {
      const session = pick(count);
      if (running.has(session)) {
        if (pick(4) !== 0) continue;
        history.push(`${session}: canceled`);
        await real.observer.query("SELECT pg_cancel_backend($1)", [pids[session]]);
        ours[session]!.cancel();
        await running.get(session)!.real;
      } else if (!isOpen[session]) {
        isOpen[session] = true;
        start(session, { do: "begin" });
      } else {
        const drawn = randomStatement(pick, () => ++lastId);
        // Before version 17 NOWAIT fails also where it could go before those who wait.
        const statement: Statement =
          drawn.do === "lock table" && running.size > 0 ? { ...drawn, wait: "" } : drawn;
        if (running.size >= waitingMax && !["commit", "rollback", "read"].includes(statement.do)) continue;
        if (statement.do === "commit" || statement.do === "rollback") isOpen[session] = false;
        start(session, statement);
      }
      const outcome = await settle();
      tally.waits += running.size > 0 ? 1 : 0;
      if (outcome === "undecided") {
        tally.undecided++;
        break;
      }
      if (pick(2) === 0) await store.write(() => {});
    }
    for (const session of running.keys()) {
      await real.observer.query("SELECT pg_cancel_backend($1)", [pids[session]]);
      ours[session]!.cancel();
    }
    for (const { real: result, ours: our } of running.values()) await Promise.all([result, our]);
    for (const [session, our] of ours.entries()) {
      await real.sessions[session]!.query("ROLLBACK");
      our.end();
    }
    const { rows } = await real.observer.query(sqlOf({ do: "read" }));
    const found = await store.read((db) => db.prepare(sqlOf({ do: "read" })).all());
    if (JSON.stringify(found) !== JSON.stringify(rows)) {
      throw new Error(`ours holds ${JSON.stringify(found)} instead of ${JSON.stringify(rows)}`);
    }
  } catch (error) {
    throw new Error(`seed ${seed}: ${String(error)}\n${history.join("\n")}`, { cause: error });
  }
}

async function pidOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  return rows[0]!.pid;
}

async function ask(client: Client, statement: Statement): Promise<Result> {
  try {
    const { rows, rowCount, command } = await client.query(sqlOf(statement));
    if (command === "SELECT") return { rows };
    return { count: ["INSERT", "UPDATE", "DELETE"].includes(command) ? (rowCount ?? 0) : 0 };
  } catch (error) {
    // PostgreSQL tells the error before it gives the locks of the transaction back; it takes the next statement after.
    await client.query("");
    return { code: (error as { code: string }).code };
  }
}

/** All that a session waits for, directly or through others. */
function reached(waits: ReadonlyMap<number, readonly number[]>, from: number): Set<number> {
  const found = new Set<number>();
  const next = [...(waits.get(from) ?? [])];
  for (let one = next.pop(); one !== undefined; one = next.pop()) {
    if (found.has(one)) continue;
    found.add(one);
    next.push(...(waits.get(one) ?? []));
  }
  return found;
}

async function until(isTrue: () => boolean, what: string): Promise<void> {
  for (let turn = 0; !isTrue(); turn++) {
    if (turn > turnsMax) throw new Error(`it does not come about that ${what}`);
    await setImmediate();
  }
}

async function orHang(result: Promise<Result>, what: string): Promise<Result> {
  let ended: Result | undefined;
  let failed: unknown;
  result.then(
    (value) => {
      ended = value;
    },
    (error: unknown) => {
      failed = error;
    },
  );
  await until(() => ended !== undefined || failed !== undefined, `ours ends ${what}`);
  if (failed !== undefined) throw failed;
  return ended!;
}
