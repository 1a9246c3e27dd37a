import { WeftkitError } from "@weftkit/core";
import {
  type LockKind,
  type Mark,
  type Migration,
  postgresRowLocks,
  postgresTableLocks,
  type Snapshot,
  type Store,
  statement,
  type Transaction,
  type TransactionWork,
  uniqueValueLocks,
  type WorkOptions,
} from "@weftkit/store";
import type { Database } from "better-sqlite3";
import type { Item, Operation, Outcome } from "./operations.ts";

export const itemTable: Migration = {
  name: "create item",
  apply: (db) =>
    db.exec("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, n INTEGER NOT NULL)"),
};

export function allItems(db: Database): Map<number, Item> {
  const rows = statement(db, "SELECT id, name, n FROM item ORDER BY id").all() as ({ id: number } & Item)[];
  return new Map(rows.map(({ id, name, n }) => [id, { name, n }]));
}

/** One client of an engine that keeps its rows with the store's transactions. */
export class ToySession {
  readonly #store: Store;
  readonly #inserted: (id: number) => void;
  #transaction: Transaction | undefined;
  #snapshot: Snapshot | undefined;
  #marks: Mark[] = [];

  /** `inserted` is told the rowid of each row before it is there. */
  constructor(store: Store, inserted: (id: number) => void) {
    this.#store = store;
    this.#inserted = inserted;
  }

  get owner(): Transaction["owner"] | undefined {
    return this.#transaction?.owner;
  }

  async begin(onSnapshot: boolean): Promise<void> {
    this.#snapshot = onSnapshot ? await this.#store.snapshot() : undefined;
    this.#transaction = this.#store.begin(this.#snapshot === undefined ? {} : { from: this.#snapshot });
    this.#marks = [];
  }

  rollback(): void {
    this.#transaction?.rollback();
    this.#end();
  }

  async run(operation: Operation, limits: WorkOptions): Promise<Outcome> {
    try {
      return { value: await this.#do(operation, limits) };
    } catch (error) {
      if (error instanceof WeftkitError) return { error: error.code };
      throw error;
    }
  }

  async #do(operation: Operation, limits: WorkOptions): Promise<unknown> {
    const transaction = this.#transaction!;
    switch (operation.do) {
      case "read":
        return [...(await this.#read(limits))];
      case "lock": {
        const kind = (operation.on === "row" ? postgresRowLocks : postgresTableLocks) as LockKind;
        const { wait, mode, key, on } = operation;
        return transaction.lock(kind, on === "row" ? "item" : "table", key, mode, {
          ...limits,
          nowait: wait === "nowait",
          skipLocked: wait === "skip",
          ...(wait === "timeout" ? { timeoutMs: 1 } : {}),
        });
      }
      case "mark":
        this.#marks.push(transaction.mark());
        return "marked";
      case "rollbackTo":
        transaction.rollbackTo(this.#marks[operation.index]!);
        this.#marks.length = operation.index + 1;
        return "back";
      case "release":
        transaction.release(this.#marks[operation.index]!);
        this.#marks.length = operation.index;
        return "released";
      case "commit":
        await transaction.commit(limits);
        this.#end();
        return "committed";
      default: {
        const seen = this.#snapshot === undefined ? undefined : await this.#read(limits);
        return transaction.run((work) => this.#change(work, operation, seen), limits);
      }
    }
  }

  #change(
    work: TransactionWork,
    operation: Exclude<Operation, { do: "read" | "lock" | "mark" | "rollbackTo" | "release" | "commit" }>,
    seen: ReadonlyMap<number, Item> | undefined,
  ): unknown {
    const item = (id: number) =>
      statement(work.db, "SELECT name, n FROM item WHERE id = ?").get(id) as Item | undefined;
    // On the snapshot a row that this work has deleted itself is still to be seen; it is looked for again under its lock.
    const isSeen = (id: number) => (seen === undefined ? item(id) !== undefined : seen.has(id));
    const lockRow = (id: number, mode: "no key update" | "update") =>
      work.lock(postgresRowLocks, "item", id, mode);
    const lockName = (name: string) => work.lock(uniqueValueLocks, "item.name", name, "exclusive");
    const idOf = (name: string) =>
      statement(work.db, "SELECT id FROM item WHERE name = ?", { pluck: true }).get(name) as
        | number
        | undefined;
    const update = (id: number, { name, n }: Item) =>
      work.change("UPDATE item SET name = ?, n = ? WHERE id = ?", [name, n, id], {
        scope: "item",
        key: id,
        after: { name, n },
      });
    switch (operation.do) {
      case "add": {
        let count = 0;
        for (const id of operation.ids) {
          if (!isSeen(id)) continue;
          lockRow(id, "no key update");
          const found = item(id);
          if (found !== undefined) count += update(id, { ...found, n: found.n + operation.by });
        }
        if (operation.fails) throw new WeftkitError("asked_to_fail", "as asked");
        return count;
      }
      case "insert": {
        lockName(operation.name);
        if (idOf(operation.name) !== undefined) throw new WeftkitError("duplicate", operation.name);
        const id = work.nextRowid("item");
        this.#inserted(id);
        work.change("INSERT INTO item (id, name, n) VALUES (?, ?, 0)", [id, operation.name], {
          scope: "item",
          key: id,
          after: { name: operation.name, n: 0 },
        });
        return "inserted";
      }
      case "rename": {
        if (!isSeen(operation.id)) return 0;
        lockRow(operation.id, "update");
        const found = item(operation.id);
        if (found === undefined) return 0;
        lockName(found.name);
        lockName(operation.name);
        const other = idOf(operation.name);
        if (other !== undefined && other !== operation.id)
          throw new WeftkitError("duplicate", operation.name);
        return update(operation.id, { ...found, name: operation.name });
      }
      case "delete": {
        if (!isSeen(operation.id)) return 0;
        lockRow(operation.id, "update");
        const found = item(operation.id);
        if (found === undefined) return 0;
        lockName(found.name);
        return work.change("DELETE FROM item WHERE id = ?", [operation.id], {
          scope: "item",
          key: operation.id,
          after: undefined,
        });
      }
      case "hold":
        work.hold();
        return "holds";
    }
  }

  async #read(limits: WorkOptions): Promise<Map<number, Item>> {
    const transaction = this.#transaction!;
    const rows = await transaction.read(allItems, limits);
    if (this.#snapshot === undefined) return rows;
    for (const [id, after] of transaction.overlay("item")) {
      if (after === undefined) rows.delete(id as number);
      else rows.set(id as number, after as Item);
    }
    return new Map([...rows].sort(([a], [b]) => a - b));
  }

  #end(): void {
    this.#snapshot?.release();
    this.#snapshot = undefined;
    this.#transaction = undefined;
  }
}
