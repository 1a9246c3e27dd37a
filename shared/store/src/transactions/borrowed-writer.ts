import { WeftkitError } from "@weftkit/core";
import type { Database } from "better-sqlite3";
import type { Connection } from "../connection.ts";
import type { Owner } from "../locks/lock-entry.ts";
import type { LockTable } from "../locks/lock-table.ts";
import { sqliteCode, statementTimeoutError } from "../store-error.ts";
import type { CommitRecorder } from "../types.ts";
import type { WorkOptions } from "../work.ts";
import type { Waiting, WriteLock } from "../write-lock.ts";
import { Journal, type JournalPosition } from "./journal.ts";
import type { JournalLimits } from "./types.ts";

/** What a transaction needs of its store's writer. */
export interface WriterHost {
  readonly lock: WriteLock;
  readonly locks: LockTable;
  readonly journalLimits: JournalLimits;
  /** Begins a transaction of SQLite on the writer. Throws SQLITE_BUSY while another process writes. */
  begin(): Connection;
  /** The transaction that keeps the writer to its end. */
  writerHolder: Owner | undefined;
  parked(): void;
  recorder(): CommitRecorder | undefined;
}

/** A place in a transaction, and the savepoint of SQLite that stands there while the writer is kept. */
export interface Place {
  readonly position: JournalPosition;
  readonly savepoint: string | undefined;
}

/**
 * The writer as one transaction has it: now and then. Its state is its journal; while it is on the writer, the same
 * stands in an open transaction of SQLite. Once it holds the writer (`hold`), what it does goes no longer into the
 * journal, and only SQLite has it.
 */
export class BorrowedWriter {
  readonly journal: Journal;
  readonly #host: WriterHost;
  readonly #owner: Owner;
  #connection: Connection | undefined;
  /** Gives the lock of the writer back; set while it is kept over the end of a turn. */
  #release: (() => void) | undefined;
  #isWorking = false;
  #holdsFrom: JournalPosition | undefined;
  #isLost = false;
  #savepoints = 0;
  #waiting: Waiting | undefined;

  constructor(host: WriterHost, owner: Owner) {
    this.#host = host;
    this.#owner = owner;
    this.journal = new Journal(host.journalLimits);
  }

  get isOn(): boolean {
    return this.#connection !== undefined;
  }

  get isHolding(): boolean {
    return this.#holdsFrom !== undefined;
  }

  get hasChanges(): boolean {
    return this.journal.length > 0 || this.isHolding;
  }

  get connection(): Connection {
    return this.#connection!;
  }

  /**
   * Calls `action` on the writer, with the journal replayed: at once if it is there already, else in its turn. `action`
   * gives a promise when it goes on in later turns of the event loop.
   */
  use(
    action: () => undefined | Promise<void>,
    refuse: (error: unknown) => void,
    limits: WorkOptions | undefined,
  ): void {
    if (this.#isLost) {
      refuse(lostError());
      return;
    }
    if (this.isOn) {
      void this.#work(action);
      return;
    }
    const ended = this.#host.locks.writerWait(this.#owner);
    const turn = (): boolean | Promise<void> => {
      try {
        this.#connection = this.#host.begin();
      } catch (error) {
        if (sqliteCode(error)?.startsWith("SQLITE_BUSY")) return false;
        this.#waiting = undefined;
        ended();
        refuse(error);
        return true;
      }
      this.#waiting = undefined;
      ended();
      try {
        this.journal.replay(this.connection.db);
      } catch (error) {
        if (error instanceof WeftkitError) this.#lose();
        else this.park();
        refuse(error);
        return true;
      }
      return this.#firstWork(action);
    };
    this.#waiting = this.#host.lock.enqueue(
      turn,
      (error) => {
        this.#waiting = undefined;
        ended();
        // To the caller that is the time his statement has; which lock it went into is not his.
        refuse(limits?.deadline?.remainingMs() === 0 ? statementTimeoutError() : error);
      },
      limits,
    );
  }

  /** Ends waiting for the writer. */
  cancel(error: WeftkitError): void {
    if (this.#waiting !== undefined) this.#host.lock.withdraw(this.#waiting, error);
  }

  /** Runs a part of a work that goes on later. */
  part<T>(work: (db: Database) => T, limits: WorkOptions | undefined): T {
    try {
      const value = this.connection.run(work, limits);
      this.#recorded();
      return value;
    } catch (error) {
      this.#host.recorder()?.take();
      throw error;
    }
  }

  /** Runs one work so that it leaves nothing behind when it throws. */
  attempt<T>(work: (db: Database) => T, limits: WorkOptions | undefined): T {
    const place = this.place();
    try {
      const value = this.connection.run(work, limits);
      this.#recorded();
      this.forget(place);
      return value;
    } catch (error) {
      this.#host.recorder()?.take();
      this.backTo(place);
      this.forget(place);
      throw error;
    }
  }

  /** Runs a part of the work that runs: when it throws, it has changed nothing, and the work may go on. */
  within<T>(part: () => T): T {
    this.#recorded();
    const { position } = this.journal;
    const holdsFrom = this.#holdsFrom;
    const { db } = this.connection;
    const savepoint = `weftkit_${++this.#savepoints}`;
    db.exec(`SAVEPOINT ${savepoint}`);
    try {
      const value = part();
      this.#recorded();
      db.exec(`RELEASE ${savepoint}`);
      return value;
    } catch (error) {
      this.#host.recorder()?.take();
      // SQLite has undone everything when the disk failed: whoever catches this error finds no transaction.
      if (!db.inTransaction) throw error;
      db.exec(`ROLLBACK TO ${savepoint}`);
      db.exec(`RELEASE ${savepoint}`);
      this.journal.truncate(position);
      this.#setHolding(holdsFrom);
      throw error;
    }
  }

  /** What a work has recorded goes with what it has changed. */
  #recorded(): void {
    const records = this.#host.recorder()?.take();
    if (records !== undefined) this.journal.record(records);
  }

  /** Where the transaction is now. */
  place(): Place {
    const { position } = this.journal;
    if (!this.isHolding) return { position, savepoint: undefined };
    if (this.#isLost) throw lostError();
    const savepoint = `weftkit_${++this.#savepoints}`;
    this.connection.db.exec(`SAVEPOINT ${savepoint}`);
    return { position, savepoint };
  }

  /** Goes back to a place, which stays. */
  backTo(place: Place): void {
    const { position, savepoint } = place;
    if (savepoint === undefined) {
      const isChanged = this.isHolding || this.journal.position.entries !== position.entries;
      this.journal.truncate(position);
      this.#isLost = false;
      this.#setHolding(undefined);
      // What is left is in the journal, and replayed when it is needed.
      if (this.isOn && (isChanged || !this.connection.db.inTransaction)) this.park();
      return;
    }
    this.journal.truncate(position);
    if (this.#isLost) return;
    const { db } = this.connection;
    try {
      if (!db.inTransaction) throw lostError();
      db.exec(`ROLLBACK TO ${savepoint}`);
    } catch {
      // SQLite has undone the whole transaction, or an iterator that nobody can end any more is in the way.
      this.#lose();
    }
  }

  /** Forgets a place and those after it, and keeps what was done. */
  forget({ savepoint }: Place): void {
    if (savepoint !== undefined && this.isOn && this.connection.db.inTransaction) {
      this.connection.db.exec(`RELEASE ${savepoint}`);
    }
  }

  /** Keeps the writer to the end. */
  hold(): void {
    if (!this.isHolding) this.#setHolding(this.journal.position);
  }

  /**
   * Commits what is there, and calls `committed` before anybody else has the writer. When it throws, the transaction goes
   * on from its journal, or is lost if it held the writer.
   */
  commit(committed: () => void): void {
    const { connection, journal } = this;
    const recorder = journal.records.length > 0 ? this.#host.recorder() : undefined;
    try {
      recorder?.append(connection.db, journal.records);
      connection.commit();
      recorder?.ended(true);
    } catch (error) {
      recorder?.ended(false);
      if (this.isHolding) this.#lose();
      else this.park();
      throw error;
    }
    committed();
    this.#left();
  }

  /** Undoes what stands on the writer and gives it away. */
  park(): void {
    if (!this.isOn) return;
    this.connection.rollback();
    if (this.journal.length > 0) this.#host.parked();
    this.#left();
  }

  /** Ends: nothing is left on the writer. */
  end(): void {
    this.park();
    this.#setHolding(undefined);
  }

  #lose(): void {
    this.#isLost = true;
    this.park();
    if (this.#host.writerHolder === this.#owner) this.#host.writerHolder = undefined;
  }

  #setHolding(from: JournalPosition | undefined): void {
    this.#holdsFrom = from;
    if (from !== undefined) this.#host.writerHolder = this.#owner;
    else if (this.#host.writerHolder === this.#owner) this.#host.writerHolder = undefined;
  }

  /** The work of a turn. Returns true when the writer is free for the next, or a promise for when it is. */
  #firstWork(action: () => undefined | Promise<void>): boolean | Promise<void> {
    const working = this.#work(action);
    if (!this.isOn) return true;
    if (working === undefined) {
      if (this.#isToLeave()) {
        this.park();
        return true;
      }
    }
    return new Promise<void>((resolve) => {
      this.#release = resolve;
      this.#host.lock.onWanted = () => {
        if (!this.#isWorking && this.#isToLeave()) this.park();
      };
    });
  }

  #work(action: () => undefined | Promise<void>): undefined | Promise<void> {
    this.#isWorking = true;
    const ended = () => {
      this.#isWorking = false;
      if (this.#release !== undefined && this.isOn && this.#isToLeave()) this.park();
    };
    const going = action();
    if (going !== undefined) return going.then(ended);
    ended();
    return undefined;
  }

  /** Somebody waits, or there is nothing that would have to be replayed: it costs nothing to leave. */
  #isToLeave(): boolean {
    return !this.isHolding && (this.journal.length === 0 || this.#host.lock.isWanted);
  }

  #left(): void {
    this.#connection = undefined;
    const release = this.#release;
    this.#release = undefined;
    if (release === undefined) return;
    this.#host.lock.onWanted = () => {};
    release();
  }
}

function lostError(): WeftkitError {
  return new WeftkitError(
    "transaction_lost",
    "the changes of the transaction are gone, as the disk failed while it held the writer: roll it back and try again",
  );
}
