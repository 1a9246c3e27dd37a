import { WeftkitError } from "@weftkit/core";
import type { Database } from "better-sqlite3";
import { type Acquired, Owner } from "../locks/lock-entry.ts";
import type { LockKey, LockKind } from "../locks/lock-kind.ts";
import type { LockOptions } from "../locks/types.ts";
import { advance, endSlices } from "../slices.ts";
import { canceledError } from "../store-error.ts";
import type { SlicedWork, WorkOptions } from "../work.ts";
import { BorrowedWriter, type Place, type WriterHost } from "./borrowed-writer.ts";
import type { RowVersions } from "./row-versions.ts";
import type { Rowids } from "./rowids.ts";
import { LockNeeded, Work } from "./transaction-work.ts";
import type {
  BeginOptions,
  ChangedRow,
  CommitOptions,
  Mark,
  SqlValue,
  Transaction,
  TransactionWork,
} from "./types.ts";

/** What a transaction needs of its store. */
export interface TransactionHost extends WriterHost {
  readonly rowids: Rowids;
  readonly versions: RowVersions;
  read<T>(work: (db: Database) => T, limits: WorkOptions | undefined): Promise<T>;
  /** Counts a commit; returns its number. */
  committed(calledMs: number): number;
  /** The error that a caller is told. */
  failed(thrown: unknown): unknown;
  /** Calls `settle` when all that is committed now is on the disk, else `reject`. */
  afterSync(settle: () => void, reject: (error: unknown) => void): void;
  /** The last commit that a snapshot sees. */
  commitOf(snapshot: NonNullable<BeginOptions["from"]>): number;
  ended(transaction: InteractiveTransaction): void;
}

/** That a work is the last one of its transaction. */
interface Commit {
  readonly calledMs: number;
  readonly committed?: (() => void) | undefined;
}

interface MarkState extends Place {
  readonly number: number;
  readonly locks: number;
}

let lastId = 0;

/** See `Transaction`. */
export class InteractiveTransaction implements Transaction {
  readonly id = ++lastId;
  readonly owner: Owner;
  readonly #host: TransactionHost;
  readonly #options: BeginOptions;
  readonly #writer: BorrowedWriter;
  readonly #locks: Acquired[] = [];
  readonly #marks: MarkState[] = [];
  readonly #snapshotCommit: number | undefined;
  readonly #idle: NodeJS.Timeout | undefined;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  readonly #tellEnded: () => void;
  #lastMark = 0;
  #state: "open" | "committing" | "ended" = "open";
  #why: WeftkitError | undefined;
  #isBusy = false;
  /** Ends the waiting of the call that runs, or its slices. */
  #cancel: ((error: WeftkitError) => void) | undefined;

  constructor(host: TransactionHost, options: BeginOptions) {
    this.#host = host;
    this.#options = options;
    this.owner = (options.owner as Owner | undefined) ?? new Owner(options.name ?? `transaction ${this.id}`);
    this.#writer = new BorrowedWriter(host, this.owner);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#tellEnded = resolve;
    this.#snapshotCommit = options.from && host.commitOf(options.from);
    const { idleMsMax } = options;
    if (idleMsMax !== undefined) {
      this.#idle = setTimeout(() => {
        if (!this.#isBusy) this.endWith(idleError(idleMsMax));
      }, idleMsMax);
    }
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  get hasChanges(): boolean {
    return this.#writer.hasChanges;
  }

  get isHolding(): boolean {
    return this.#writer.isHolding;
  }

  get isParked(): boolean {
    return !this.#writer.isOn;
  }

  run<T>(work: (work: TransactionWork) => T, limits?: WorkOptions): Promise<T> {
    return this.#perform(work, limits, undefined);
  }

  runInSlices<T>(work: (work: TransactionWork) => SlicedWork<T>, limits?: WorkOptions): Promise<T> {
    return this.#performInSlices(work, limits);
  }

  async read<T>(work: (db: Database) => T, limits?: WorkOptions): Promise<T> {
    if (this.#options.from === undefined && this.hasChanges) {
      return this.#perform(({ db }) => work(db), limits, undefined);
    }
    this.#beginCall();
    try {
      return await (this.#options.from ?? this.#host).read(work, limits);
    } finally {
      this.#endCall();
    }
  }

  change(sql: string, values: readonly SqlValue[], row?: ChangedRow, limits?: WorkOptions): Promise<number> {
    return this.#perform((work) => work.change(sql, values, row), limits, undefined);
  }

  async lock<Mode extends string>(
    kind: LockKind<Mode>,
    scope: string,
    key: LockKey,
    mode: Mode,
    options: LockOptions = {},
  ): Promise<boolean> {
    this.#beginCall();
    try {
      const isHeld = await this.#acquire(kind, scope, key, mode, options);
      if (isHeld && options.ignoresLaterChanges !== true) this.#requireUnchanged(kind, scope, key);
      return isHeld;
    } finally {
      this.#endCall();
    }
  }

  overlay(scope: string): ReadonlyMap<string | number, unknown> {
    return this.#writer.journal.overlay(scope);
  }

  changedSince(scope: string, key: LockKey): boolean {
    return (
      this.#snapshotCommit !== undefined && this.#host.versions.changedSince(this.#snapshotCommit, scope, key)
    );
  }

  scopeChangedSince(snapshot: NonNullable<BeginOptions["from"]>, scope: string): boolean {
    return this.#host.versions.scopeChangedSince(this.#host.commitOf(snapshot), scope);
  }

  mark(): Mark {
    this.#beginCall();
    try {
      const number = ++this.#lastMark;
      this.#marks.push({ ...this.#writer.place(), number, locks: this.#locks.length });
      return { transaction: this.id, number };
    } finally {
      this.#endCall();
    }
  }

  rollbackTo(mark: Mark): void {
    this.#beginCall();
    try {
      const index = this.#indexOf(mark);
      const place = this.#marks[index]!;
      this.#marks.length = index + 1;
      this.#writer.backTo(place);
      this.#host.locks.releaseAcquired(this.owner, this.#locks.splice(place.locks));
    } finally {
      this.#endCall();
    }
  }

  release(mark: Mark): void {
    this.#beginCall();
    try {
      const index = this.#indexOf(mark);
      this.#writer.forget(this.#marks[index]!);
      this.#marks.length = index;
    } finally {
      this.#endCall();
    }
  }

  commit(options: CommitOptions = {}): Promise<void> {
    const { last, committed } = options;
    if (last === undefined && !this.hasChanges) {
      try {
        this.#beginCall();
      } catch (error) {
        return Promise.reject(error);
      }
      committed?.();
      this.#finish();
      return new Promise((resolve, reject) => this.#host.afterSync(resolve, reject));
    }
    return this.#perform((work) => last?.(work), options, { calledMs: performance.now(), committed });
  }

  rollback(): void {
    if (this.#state === "ended") return;
    this.#end(canceledError());
  }

  /** Runs `work` and commits, in one turn if nothing has to be waited for. The transaction ends in any case. */
  async transact<T>(work: (work: TransactionWork) => T, limits: WorkOptions | undefined): Promise<T> {
    try {
      return await this.#perform(work, limits, { calledMs: performance.now() });
    } finally {
      this.rollback();
    }
  }

  /** The store ends it: whoever calls it afterwards is told why. A commit that is under way goes on. */
  endWith(reason: WeftkitError): void {
    if (this.#state !== "open") return;
    this.#end(reason);
    this.#options.onEnded?.(reason);
  }

  #end(reason: WeftkitError): void {
    if (this.#isInWork) throw new TypeError("a transaction cannot be ended by its own work: let it throw");
    this.#why = reason;
    this.#cancel?.(reason);
    this.#finish();
  }

  get #isInWork(): boolean {
    return this.#work !== undefined;
  }

  /** Set while a work runs. */
  #work: Work | undefined;

  #perform<T>(
    step: (work: TransactionWork) => T,
    limits: WorkOptions | undefined,
    commit: Commit | undefined,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      try {
        this.#beginCall();
      } catch (error) {
        reject(error);
        return;
      }
      if (commit !== undefined) this.#state = "committing";
      const fail = (thrown: unknown) => {
        if (this.#state === "committing") this.#state = "open";
        this.#endCall();
        const error = this.#why ?? this.#host.failed(thrown);
        this.#host.afterSync(() => reject(error), reject);
      };
      const attempt = () => {
        let value: T;
        try {
          value = this.#attempt(step, limits, commit);
        } catch (thrown) {
          this.#failed(thrown, limits, go, fail);
          return undefined;
        }
        this.#endCall();
        this.#host.afterSync(() => resolve(value), reject);
        return undefined;
      };
      const go = () => {
        if (this.#state === "ended") fail(this.#why);
        else this.#useWriter(attempt, fail, limits);
      };
      go();
    });
  }

  #performInSlices<T>(
    work: (work: TransactionWork) => SlicedWork<T>,
    limits: WorkOptions | undefined,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      try {
        this.#beginCall();
      } catch (error) {
        reject(error);
        return;
      }
      const fail = (thrown: unknown) => {
        this.#endCall();
        const error = this.#why ?? this.#host.failed(thrown);
        this.#host.afterSync(() => reject(error), reject);
      };
      const attempt = async () => {
        const place = this.#writer.place();
        let steps: SlicedWork<T> | undefined;
        let ended: WeftkitError | undefined;
        this.#cancel = (error) => {
          ended = error;
          if (steps !== undefined) endSlices(steps);
        };
        try {
          for (;;) {
            const step = this.#runWork((within) =>
              this.#writer.part(() => {
                steps ??= work(within);
                return advance(steps);
              }, limits),
            );
            if (step.done === true) {
              this.#writer.forget(place);
              this.#cancel = undefined;
              this.#endCall();
              this.#host.afterSync(() => resolve(step.value), reject);
              return;
            }
            await new Promise(setImmediate);
            // It was ended meanwhile, and with it all that it had done.
            if (ended !== undefined) return fail(ended);
          }
        } catch (thrown) {
          this.#cancel = undefined;
          if (steps !== undefined) endSlices(steps);
          this.#writer.backTo(place);
          this.#writer.forget(place);
          this.#failed(thrown, limits, go, fail);
        }
      };
      const go = () => {
        if (this.#state === "ended") fail(this.#why);
        else this.#useWriter(attempt, fail, limits);
      };
      go();
    });
  }

  #useWriter(
    action: () => undefined | Promise<void>,
    refuse: (error: unknown) => void,
    limits: WorkOptions | undefined,
  ): void {
    this.#cancel = (error) => this.#writer.cancel(error);
    this.#writer.use(
      () => {
        this.#cancel = undefined;
        return action();
      },
      (error) => {
        this.#cancel = undefined;
        refuse(error);
      },
      limits,
    );
  }

  #attempt<T>(
    step: (work: TransactionWork) => T,
    limits: WorkOptions | undefined,
    commit: Commit | undefined,
  ): T {
    const { position } = this.#writer.journal;
    const value = this.#writer.attempt(() => this.#runWork(step), limits);
    if (commit === undefined) return value;
    try {
      this.#writer.commit(() => {
        this.#host.versions.committed(this.#host.committed(commit.calledMs), this.#writer.journal.rows);
        commit.committed?.();
      });
    } catch (error) {
      this.#writer.journal.truncate(position);
      throw error;
    }
    this.#finish();
    return value;
  }

  #runWork<T>(step: (work: Work) => T): T {
    const work = new Work(this.#host, this.#writer, this.#lockNow);
    this.#work = work;
    try {
      return step(work);
    } finally {
      this.#work = undefined;
    }
  }

  /** What a work asks for: a lock now, or the way to wait for it. */
  readonly #lockNow = <Mode extends string>(
    kind: LockKind<Mode>,
    scope: string,
    key: LockKey,
    mode: Mode,
    options: LockOptions,
  ): boolean => {
    const isHeld = this.#host.locks.tryAcquire(this.owner, kind, scope, key, mode, this.#locks);
    if (isHeld) {
      if (options.ignoresLaterChanges !== true) this.#requireUnchanged(kind, scope, key);
      return true;
    }
    if (options.skipLocked) return false;
    if (options.nowait) this.#host.locks.refuse(kind, scope);
    throw new LockNeeded((limits) => this.#acquire(kind, scope, key, mode, { ...limits, ...options }));
  };

  #acquire<Mode extends string>(
    kind: LockKind<Mode>,
    scope: string,
    key: LockKey,
    mode: Mode,
    options: LockOptions,
  ): Promise<boolean> {
    return this.#host.locks.acquireFor(this.owner, kind, scope, key, mode, options, this.#locks, (end) => {
      this.#cancel = end;
    });
  }

  #requireUnchanged(kind: LockKind, scope: string, key: LockKey): void {
    if (!kind.isVersioned || !this.changedSince(scope, key)) return;
    throw new WeftkitError(
      "write_conflict",
      `another transaction has changed a row of ${scope} since this one's snapshot: roll back and try again`,
    );
  }

  /** A work has thrown: perhaps only to wait for a lock, and to be run again. */
  #failed(
    thrown: unknown,
    limits: WorkOptions | undefined,
    again: () => void,
    fail: (error: unknown) => void,
  ): void {
    if (!(thrown instanceof LockNeeded)) {
      fail(thrown);
      return;
    }
    if (!this.isHolding) this.#writer.park();
    thrown.wait({ deadline: limits?.deadline, signal: limits?.signal }).then(again, fail);
  }

  #finish(): void {
    this.#state = "ended";
    clearTimeout(this.#idle);
    this.#writer.end();
    // After the commit or the rollback, so that whoever gets them sees what came of it.
    this.#host.locks.releaseAcquired(this.owner, this.#locks.splice(0));
    this.#host.ended(this);
    this.#tellEnded();
  }

  #beginCall(): void {
    if (this.#state !== "open") throw this.#why ?? endedError();
    if (this.#isBusy || this.#isInWork) {
      throw new TypeError("a transaction takes one call at a time: wait for the one before");
    }
    this.#isBusy = true;
  }

  #endCall(): void {
    this.#isBusy = false;
    if (this.#state === "open") this.#idle?.refresh();
  }

  #indexOf(mark: Mark): number {
    const index = this.#marks.findIndex(({ number }) => number === mark.number);
    if (mark.transaction !== this.id || index === -1) {
      throw new TypeError("the mark is not of this transaction, or was released");
    }
    return index;
  }
}

function endedError(): WeftkitError {
  return new WeftkitError("transaction_ended", "the transaction has ended: begin another one");
}

function idleError(idleMsMax: number): WeftkitError {
  return new WeftkitError(
    "idle_timeout",
    `the transaction was rolled back because nothing was done in it for ${idleMsMax} ms: end transactions sooner, or raise the limit`,
  );
}
