import { type LockKind, postgresRowLocks, postgresTableLocks, uniqueValueLocks } from "@weftkit/store";
import type { Item, Operation, Outcome, Wait } from "./operations.ts";

const kinds: Readonly<Record<string, LockKind>> = {
  row: postgresRowLocks as LockKind,
  table: postgresTableLocks as LockKind,
  name: uniqueValueLocks as LockKind,
};

interface Need {
  readonly on: "row" | "table" | "name";
  readonly key: number | string;
  readonly mode: string;
  readonly wait: Wait;
}

interface Held {
  readonly resource: string;
  readonly mode: string;
}

interface Waiter extends Held {
  readonly session: Session;
}

/** What a transaction has done, as far as it is undone by going back. */
interface Done {
  /** Rows it has changed; undefined: deleted. */
  readonly rows: Map<number, Item | undefined>;
  changes: number;
  isHolding: boolean;
}

export interface Session {
  readonly number: number;
  isOpen: boolean;
  /** What its snapshot sees, and after which commit it was taken; undefined in read committed. */
  snapshot: { readonly rows: ReadonlyMap<number, Item>; readonly commit: number } | undefined;
  done: Done;
  locks: Held[];
  marks: { readonly done: Done; readonly locks: number }[];
  /** What waits: for a lock or for the writer. */
  blocked: { readonly operation: Operation; readonly on: "lock" | "writer" } | undefined;
}

/** Stands for the rowid of a row until the store has said it. */
const insertedId = -1;

class ModelError extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/**
 * What the store must do, said as simply as can be: maps, lists, one thing after the other. No journal, no parking, no
 * connections, nothing asynchronous.
 */
export class Reference {
  committed = new Map<number, Item>();
  readonly sessions: Session[];
  /** The number of the commit that changed a row last. */
  readonly #changed = new Map<number, number>();
  #commits = 0;
  readonly #queues = new Map<string, Waiter[]>();
  #writerQueue: Session[] = [];
  readonly #changesMax: number;
  /** What has ended since it was asked. */
  #ended: [Session, Outcome][] = [];

  constructor(sessions: number, changesMax: number) {
    this.#changesMax = changesMax;
    this.sessions = Array.from({ length: sessions }, (_, number) => ({
      number,
      isOpen: false,
      snapshot: undefined,
      done: { rows: new Map(), changes: 0, isHolding: false },
      locks: [],
      marks: [],
      blocked: undefined,
    }));
  }

  get holder(): Session | undefined {
    return this.sessions.find((session) => session.done.isHolding);
  }

  takeEnded(): [Session, Outcome][] {
    return this.#ended.splice(0);
  }

  begin(session: Session, onSnapshot: boolean): void {
    session.isOpen = true;
    session.snapshot = onSnapshot ? { rows: new Map(this.committed), commit: this.#commits } : undefined;
  }

  start(session: Session, operation: Operation): void {
    if (this.#needsWriter(session, operation)) {
      this.#writerQueue.push(session);
      session.blocked = { operation, on: "writer" };
      this.#serveWriter();
    } else {
      this.#attempt(session, operation);
      this.#serveWriter();
    }
  }

  /** The rowid that the store has given to the row that the session inserted last. */
  inserted({ done }: Session, id: number): void {
    done.rows.set(id, done.rows.get(insertedId));
    done.rows.delete(insertedId);
  }

  /** What waits is ended by its caller. */
  cancel(session: Session, code: string): void {
    const { blocked } = session;
    session.blocked = undefined;
    this.#writerQueue = this.#writerQueue.filter((waiting) => waiting !== session);
    if (blocked?.on === "lock") this.#leaveQueue(session);
    this.#ended.push([session, { error: code }]);
    this.#serveWriter();
  }

  rollback(session: Session): void {
    if (session.blocked !== undefined) this.cancel(session, "canceled");
    this.#end(session);
    this.#serveWriter();
  }

  /** Those whom a session waits for; `behind`: only because they stand before it in a queue. */
  edges(session: Session): { readonly to: Session; readonly behind: boolean }[] {
    const { blocked } = session;
    if (blocked === undefined) return [];
    if (blocked.on === "writer") return this.holder === undefined ? [] : [{ to: this.holder, behind: false }];
    for (const queue of this.#queues.values()) {
      const index = queue.findIndex((waiter) => waiter.session === session);
      if (index === -1) continue;
      const waiter = queue[index]!;
      return [
        ...this.#holdersAgainst(session, waiter.resource, waiter.mode).map((to) => ({ to, behind: false })),
        ...queue
          .slice(0, index)
          .filter((before) => conflict(waiter.resource, before.mode, waiter.mode))
          .map((before) => ({ to: before.session, behind: true })),
      ];
    }
    throw new Error("it waits in no queue");
  }

  rowsOf(session: Session): Map<number, Item> {
    return overlaid(session.snapshot?.rows ?? this.committed, session.done.rows);
  }

  #needsWriter(session: Session, { do: what }: Operation): boolean {
    const hasChanges = session.done.changes > 0 || session.done.isHolding;
    if (what === "read") return hasChanges && session.snapshot === undefined;
    if (what === "commit") return hasChanges;
    return !["lock", "mark", "rollbackTo", "release"].includes(what);
  }

  #serveWriter(): void {
    for (;;) {
      const { holder } = this;
      const next = holder === undefined ? 0 : this.#writerQueue.indexOf(holder);
      const [session] = next === -1 ? [] : this.#writerQueue.splice(next, 1);
      if (session === undefined) return;
      const { operation } = session.blocked!;
      session.blocked = undefined;
      this.#attempt(session, operation);
    }
  }

  #attempt(session: Session, operation: Operation): void {
    const before = copy(session.done);
    const steps = this.#run(session, operation);
    let answer: boolean | undefined;
    try {
      for (;;) {
        const step = steps.next(answer as boolean);
        if (step.done) {
          this.#ended.push([session, { value: step.value }]);
          return;
        }
        const taken = this.#take(session, step.value);
        if (taken === "waits") {
          session.done = before;
          session.blocked = { operation, on: "lock" };
          return;
        }
        answer = taken;
      }
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      session.done = before;
      this.#ended.push([session, { error: error.code }]);
    }
  }

  *#run(session: Session, operation: Operation): Generator<Need, unknown, boolean> {
    const { done } = session;
    const row = (id: number, mode: string): Need => ({ on: "row", key: id, mode, wait: "wait" });
    const name = (key: string): Need => ({ on: "name", key, mode: "exclusive", wait: "wait" });
    /** On the writer: what is committed now, and its own changes. */
    const now = () => overlaid(this.committed, done.rows);
    switch (operation.do) {
      case "read":
        return [...this.rowsOf(session)].sort(([a], [b]) => a - b);
      case "lock":
        return yield operation;
      case "add": {
        let count = 0;
        for (const id of operation.ids) {
          if (!this.rowsOf(session).has(id)) continue;
          yield row(id, "no key update");
          const item = now().get(id);
          if (item === undefined) continue;
          this.#change(session, id, { ...item, n: item.n + operation.by });
          count++;
        }
        if (operation.fails) throw new ModelError("asked_to_fail");
        return count;
      }
      case "insert": {
        yield name(operation.name);
        if ([...now().values()].some((item) => item.name === operation.name))
          throw new ModelError("duplicate");
        this.#change(session, insertedId, { name: operation.name, n: 0 });
        return "inserted";
      }
      case "rename": {
        if (!this.rowsOf(session).has(operation.id)) return 0;
        yield row(operation.id, "update");
        const item = now().get(operation.id);
        if (item === undefined) return 0;
        yield name(item.name);
        yield name(operation.name);
        if ([...now()].some(([id, other]) => other.name === operation.name && id !== operation.id)) {
          throw new ModelError("duplicate");
        }
        this.#change(session, operation.id, { ...item, name: operation.name });
        return 1;
      }
      case "delete": {
        if (!this.rowsOf(session).has(operation.id)) return 0;
        yield row(operation.id, "update");
        const item = now().get(operation.id);
        if (item === undefined) return 0;
        yield name(item.name);
        this.#change(session, operation.id, undefined);
        return 1;
      }
      case "hold":
        done.isHolding = true;
        return "holds";
      case "mark":
        session.marks.push({ done: copy(done), locks: session.locks.length });
        return "marked";
      case "rollbackTo": {
        const mark = session.marks[operation.index]!;
        session.marks.length = operation.index + 1;
        session.done = copy(mark.done);
        this.#giveBack(session, mark.locks);
        return "back";
      }
      case "release":
        session.marks.length = operation.index;
        return "released";
      case "commit": {
        this.committed = now();
        this.#commits++;
        for (const id of done.rows.keys()) this.#changed.set(id, this.#commits);
        this.#end(session);
        return "committed";
      }
    }
  }

  #change({ done }: Session, id: number, item: Item | undefined): void {
    done.rows.set(id, item);
    if (!done.isHolding && ++done.changes > this.#changesMax) done.isHolding = true;
  }

  /** Takes a lock, gives false where it is skipped, or puts the session into the queue. */
  #take(session: Session, { on, key, mode, wait }: Need): boolean | "waits" {
    const resource = `${on}:${key}`;
    const queue = this.#queues.get(resource) ?? [];
    const own = session.locks.filter((held) => held.resource === resource).map((held) => held.mode);
    if (!own.includes(mode)) {
      // Those who wait for what this session holds cannot go on before it does.
      const found = queue.findIndex((waiter) => own.some((held) => conflict(resource, held, waiter.mode)));
      const place = found === -1 ? queue.length : found;
      const isBlocked =
        this.#holdersAgainst(session, resource, mode).length > 0 ||
        (on !== "row" && queue.slice(0, place).some((waiter) => conflict(resource, waiter.mode, mode)));
      if (isBlocked) {
        if (wait === "skip") return false;
        if (wait === "nowait") throw new ModelError("lock_not_available");
        this.#queues.set(resource, queue.toSpliced(place, 0, { session, resource, mode }));
        return "waits";
      }
      session.locks.push({ resource, mode });
    }
    const { snapshot } = session;
    if (on === "row" && snapshot !== undefined && (this.#changed.get(Number(key)) ?? 0) > snapshot.commit) {
      throw new ModelError("write_conflict");
    }
    return true;
  }

  #holdersAgainst(session: Session, resource: string, mode: string): Session[] {
    return this.sessions.filter(
      (other) =>
        other !== session &&
        other.locks.some((held) => held.resource === resource && conflict(resource, held.mode, mode)),
    );
  }

  /** Gives back all locks but the first so many, one by one; those who get them go on when all are given back. */
  #giveBack(session: Session, kept: number): void {
    const granted: Session[] = [];
    while (session.locks.length > kept) granted.push(...this.#grant(session.locks.pop()!.resource));
    for (const waiter of granted) this.#goOn(waiter);
  }

  #leaveQueue(session: Session): void {
    for (const [resource, queue] of this.#queues) {
      if (!queue.some((waiter) => waiter.session === session)) continue;
      this.#queues.set(
        resource,
        queue.filter((waiter) => waiter.session !== session),
      );
      for (const waiter of this.#grant(resource)) this.#goOn(waiter);
    }
  }

  /** Those who wait for it and can have it now. */
  #grant(resource: string): Session[] {
    const waiting: Waiter[] = [];
    const granted: Waiter[] = [];
    for (const waiter of this.#queues.get(resource) ?? []) {
      const isBlocked =
        waiting.some((before) => conflict(resource, before.mode, waiter.mode)) ||
        this.#holdersAgainst(waiter.session, resource, waiter.mode).length > 0;
      if (isBlocked) {
        waiting.push(waiter);
        continue;
      }
      waiter.session.locks.push({ resource, mode: waiter.mode });
      granted.push(waiter);
    }
    this.#queues.set(resource, waiting);
    return granted.map(({ session }) => session);
  }

  #goOn(session: Session): void {
    const { operation } = session.blocked!;
    if (this.#needsWriter(session, operation) && !session.done.isHolding) {
      session.blocked = { operation, on: "writer" };
      this.#writerQueue.push(session);
    } else {
      session.blocked = undefined;
      this.#attempt(session, operation);
    }
  }

  #end(session: Session): void {
    session.isOpen = false;
    session.snapshot = undefined;
    session.done = { rows: new Map(), changes: 0, isHolding: false };
    session.marks = [];
    this.#giveBack(session, 0);
  }
}

function conflict(resource: string, held: string, wanted: string): boolean {
  const kind = kinds[resource.slice(0, resource.indexOf(":"))]!;
  return (kind.conflictBits[wanted]! & kind.bit[held]!) !== 0;
}

function copy(done: Done): Done {
  return { ...done, rows: new Map(done.rows) };
}

function overlaid(
  rows: ReadonlyMap<number, Item>,
  changes: ReadonlyMap<number, Item | undefined>,
): Map<number, Item> {
  const result = new Map(rows);
  for (const [id, item] of changes) {
    if (item === undefined) result.delete(id);
    else result.set(id, item);
  }
  return result;
}
