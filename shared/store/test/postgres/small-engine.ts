import { WeftkitError } from "@weftkit/core";
import {
  type Mark,
  postgresRowLocks,
  postgresTableLocks,
  statement as prepared,
  type Store,
  type Transaction,
  type TransactionWork,
  uniqueValueLocks,
} from "@weftkit/store";
import type { Result, Statement } from "./statements.ts";

const sqlStates: Readonly<Record<string, string>> = {
  lock_not_available: "55P03",
  lock_timeout: "55P03",
  deadlock: "40P01",
  canceled: "57014",
  unique_violation: "23505",
  aborted: "25P02",
  no_savepoint: "3B001",
};

interface Row {
  readonly id: number;
  readonly name: string;
  readonly n: number;
}

/** As much of an engine that behaves like PostgreSQL as the statements of the test need. */
export class SmallSession {
  readonly #store: Store;
  #transaction: Transaction | undefined;
  #isAborted = false;
  #savepoints: { readonly name: string; readonly mark: Mark }[] = [];
  #canceling = new AbortController();

  constructor(store: Store) {
    this.#store = store;
  }

  get owner(): Transaction["owner"] | undefined {
    return this.#transaction?.owner;
  }

  cancel(): void {
    this.#canceling.abort();
  }

  async run(statement: Statement): Promise<Result> {
    this.#canceling = new AbortController();
    try {
      return await this.#run(statement);
    } catch (error) {
      if (!(error instanceof WeftkitError)) throw error;
      this.#abort();
      return { code: sqlStates[error.code] ?? error.code };
    }
  }

  end(): void {
    this.#transaction?.rollback();
    this.#ended();
  }

  async #run(statement: Statement): Promise<Result> {
    switch (statement.do) {
      case "begin":
        this.#transaction = this.#store.begin();
        return { count: 0 };
      case "commit": {
        const transaction = this.#transaction!;
        if (this.#isAborted) transaction.rollback();
        else await transaction.commit({ signal: this.#canceling.signal });
        this.#ended();
        return { count: 0 };
      }
      case "rollback":
        this.end();
        return { count: 0 };
      case "rollback to": {
        const index = this.#savepointIndex(statement.name);
        this.#savepoints.length = index + 1;
        this.#transaction!.rollbackTo(this.#savepoints[index]!.mark);
        this.#isAborted = false;
        return { count: 0 };
      }
    }
    if (this.#isAborted) throw new WeftkitError("aborted", "the transaction is aborted");
    return this.#inTransaction(this.#transaction!, statement);
  }

  async #inTransaction(transaction: Transaction, statement: Statement): Promise<Result> {
    const limits = { signal: this.#canceling.signal };
    const table = (mode: (typeof postgresTableLocks.modes)[number], nowait = false) =>
      transaction.lock(postgresTableLocks, "tables", "item", mode, { ...limits, nowait });
    const run = (work: (work: TransactionWork) => Result) => transaction.run(work, limits);
    switch (statement.do) {
      case "savepoint":
        this.#savepoints.push({ name: statement.name, mark: transaction.mark() });
        return { count: 0 };
      case "release": {
        const index = this.#savepointIndex(statement.name);
        transaction.release(this.#savepoints[index]!.mark);
        this.#savepoints.length = index;
        return { count: 0 };
      }
      case "lock table":
        await table(statement.mode as (typeof postgresTableLocks.modes)[number], statement.wait === "nowait");
        return { count: 0 };
      case "read":
        await table("access share");
        return {
          rows: await transaction.read(
            (db) => prepared(db, "SELECT id, name, n FROM item ORDER BY id").all(),
            limits,
          ),
        };
      case "lock row": {
        await table("row share");
        const mode = statement.mode as (typeof postgresRowLocks.modes)[number];
        return run((work) => {
          if (rowOf(work, statement.id) === undefined) return { rows: [] };
          const isHeld = work.lock(postgresRowLocks, "item", statement.id, mode, {
            nowait: statement.wait === "nowait",
            skipLocked: statement.wait === "skip locked",
          });
          return { rows: isHeld ? [{ id: statement.id }] : [] };
        });
      }
      default:
        await table("row exclusive");
        return run((work) => change(work, statement));
    }
  }

  /** An error undoes, and gives back the locks of, all since the last savepoint; without one, of the whole transaction. */
  #abort(): void {
    this.#isAborted = true;
    const last = this.#savepoints.at(-1);
    if (last === undefined) this.#transaction!.rollback();
    else this.#transaction!.rollbackTo(last.mark);
  }

  #savepointIndex(name: string): number {
    const index = this.#savepoints.findLastIndex((savepoint) => savepoint.name === name);
    if (index === -1) throw new WeftkitError("no_savepoint", name);
    return index;
  }

  #ended(): void {
    this.#transaction = undefined;
    this.#isAborted = false;
    this.#savepoints = [];
  }
}

function rowOf(work: TransactionWork, id: number): Row | undefined {
  return prepared(work.db, "SELECT id, name, n FROM item WHERE id = ?").get(id) as Row | undefined;
}

function change(work: TransactionWork, statement: Statement): Result {
  const lockRow = (id: number, mode: "no key update" | "update") =>
    work.lock(postgresRowLocks, "item", id, mode);
  const takeName = (name: string, by: number) => {
    work.lock(uniqueValueLocks, "item_name", name, "exclusive");
    const found = prepared(work.db, "SELECT id FROM item WHERE name = ?", { pluck: true }).get(name);
    if (found !== undefined && found !== by) throw new WeftkitError("unique_violation", name);
  };
  const update = ({ id, name, n }: Row): Result => ({
    count: work.change("UPDATE item SET name = ?, n = ? WHERE id = ?", [name, n, id]),
  });
  switch (statement.do) {
    case "add": {
      const row = rowOf(work, statement.id);
      if (row === undefined) return { count: 0 };
      lockRow(row.id, "no key update");
      // Who looks whether the name is there waits for the transaction that has a new version of its row.
      work.lock(uniqueValueLocks, "item_name", row.name, "exclusive");
      return update({ ...row, n: row.n + statement.by });
    }
    case "rename": {
      const row = rowOf(work, statement.id);
      if (row === undefined) return { count: 0 };
      lockRow(row.id, row.name === statement.name ? "no key update" : "update");
      work.lock(uniqueValueLocks, "item_name", row.name, "exclusive");
      if (row.name !== statement.name) takeName(statement.name, row.id);
      return update({ ...row, name: statement.name });
    }
    case "delete": {
      const row = rowOf(work, statement.id);
      if (row === undefined) return { count: 0 };
      lockRow(row.id, "update");
      work.lock(uniqueValueLocks, "item_name", row.name, "exclusive");
      return { count: work.change("DELETE FROM item WHERE id = ?", [row.id]) };
    }
    case "insert":
      takeName(statement.name, statement.id);
      return {
        count: work.change("INSERT INTO item (id, name, n) VALUES (?, ?, 0)", [statement.id, statement.name]),
      };
    default:
      throw new TypeError(statement.do);
  }
}
