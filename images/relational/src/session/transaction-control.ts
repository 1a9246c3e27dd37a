import { Deadline } from "@weftkit/core";
import type { Transaction, TransactionWork } from "@weftkit/store";
import { PgError } from "../errors.ts";
import { finish as finishEvents } from "../plan/planner.ts";
import { type Block, type Isolation, newBlock } from "./block.ts";
import { nowMicros } from "./clock.ts";
import { makeExec } from "./exec.ts";
import type { SessionState } from "./state.ts";
import { atCommit } from "./temporary.ts";

/** BEGIN, COMMIT, savepoints, and the transactions that nobody began. */
export class TransactionControl {
  readonly #session: SessionState;
  block: Block | undefined;

  constructor(session: SessionState) {
    this.#session = session;
  }

  /** The transaction that a statement runs in: the open one, or a new implicit one. */
  current(): Block {
    if (this.block === undefined) this.block = this.#new(false);
    return this.block;
  }

  #new(isExplicit: boolean): Block {
    const { settings } = this.#session;
    const isolation = settings
      .get("default_transaction_isolation")
      .replace("read uncommitted", "read committed") as Isolation;
    const isReadOnly = settings.get("default_transaction_read_only") === "on";
    return newBlock(isExplicit, isolation, isReadOnly, nowMicros());
  }

  /** BEGIN. In a transaction it is a warning. */
  begin(): Block {
    if (this.block === undefined) this.block = this.#new(true);
    else if (this.block.isExplicit)
      this.#session.notice("WARNING", "there is already a transaction in progress", "25001");
    this.block.isExplicit = true;
    return this.block;
  }

  /** The store's transaction of the block. */
  transaction(block: Block): Transaction {
    if (block.transaction === undefined) {
      const { database, settings, processId } = this.#session;
      const idleMsMax = settings.ms("idle_in_transaction_session_timeout");
      block.transaction = database.store.begin({
        name: `session ${processId}`,
        ...(block.snapshot === undefined ? {} : { from: block.snapshot }),
        ...(idleMsMax > 0 ? { idleMsMax } : {}),
        onEnded: (reason) => {
          if (reason.code !== "idle_timeout") return;
          this.#session.events.terminated(
            new PgError("25P03", "terminating connection due to idle-in-transaction timeout"),
          );
        },
      });
    }
    return block.transaction;
  }

  /** COMMIT: gives the tag. */
  async commit(chain = false): Promise<string> {
    const { block } = this;
    if (block === undefined || !block.isExplicit) {
      if (block === undefined || !block.hasQueried)
        this.#session.notice("WARNING", "there is no transaction in progress", "25P01");
      else await this.#commit(block);
      return "COMMIT";
    }
    if (block.isFailed) {
      await this.rollback(chain);
      return "ROLLBACK";
    }
    await this.#commit(block);
    if (chain) this.#chain(block);
    return "COMMIT";
  }

  /** AND CHAIN: the next transaction is as the one before. */
  #chain(before: Block): Block {
    const block = newBlock(before.isExplicit, before.isolation, before.isReadOnly, nowMicros());
    this.block = block;
    const { settings } = this.#session;
    settings.set("transaction_isolation", block.isolation, true, block);
    settings.set("transaction_read_only", block.isReadOnly ? "on" : "off", true, block);
    return block;
  }

  async #commit(block: Block): Promise<void> {
    const session = this.#session;
    const { database } = session;
    try {
      for (const cursor of session.cursors.values()) await cursor.keep?.();
      if (block.transaction !== undefined) {
        const { transaction } = block;
        const mayHaveBeenOvertaken = block.isolation === "serializable" && transaction.hasChanges;
        const onCommit = atCommit(session, block);
        const last = (work: TransactionWork) => {
          if (mayHaveBeenOvertaken) checkReads(block, transaction);
          this.#checkDeferred(block, work);
          onCommit?.(work);
        };
        const timeout = session.settings.ms("statement_timeout");
        await block.transaction.commit({
          // Whoever has the writer next goes on from these definitions.
          committed: () => {
            if (block.catalog !== undefined) database.catalog = block.catalog;
          },
          ...(block.deferred.length > 0 || mayHaveBeenOvertaken || onCommit !== undefined ? { last } : {}),
          ...(timeout > 0 ? { deadline: Deadline.after(timeout) } : {}),
        });
      }
    } catch (error) {
      await this.#end(block, false);
      throw error;
    }
    for (const { channel, isOn } of block.listens) {
      if (isOn) session.listening.add(channel);
      else if (channel === "*") session.listening.clear();
      else session.listening.delete(channel);
    }
    await this.#end(block, true);
    const seen = new Set<string>();
    for (const { channel, payload } of block.notifications) {
      const key = `${channel}\0${payload}`;
      if (seen.has(key)) continue;
      seen.add(key);
      database.notify(session.processId, channel, payload);
    }
  }

  #checkDeferred(block: Block, work: TransactionWork): void {
    const exec = makeExec(this.#session, block, work.db, work, []);
    for (const { check } of block.deferred) check(exec);
    for (const _pause of finishEvents(exec)) {
      // Deferred checks run in one go: others wait for the commit in any case.
    }
  }

  /** SET CONSTRAINTS ... IMMEDIATE: what waits is checked now. */
  async checkNow(block: Block, applies: (oid: number) => boolean): Promise<void> {
    const due = block.deferred.filter(({ constraint }) => applies(constraint.oid));
    if (due.length === 0) return;
    await this.transaction(block).run((work) => {
      const exec = makeExec(this.#session, block, work.db, work, []);
      for (const { check } of due) check(exec);
    });
    const rest = block.deferred.filter((item) => !due.includes(item));
    block.deferred.splice(0, block.deferred.length, ...rest);
  }

  async rollback(chain = false): Promise<void> {
    const { block } = this;
    if (block === undefined) return;
    await this.#end(block, false);
    if (chain) this.#chain(block);
  }

  /** COMMIT or ROLLBACK of a procedure: what it does next is in a transaction of its own. */
  async endWithin(command: "COMMIT" | "ROLLBACK", chain: boolean): Promise<Block> {
    const block = this.current();
    if (command === "COMMIT") await this.#commit(block);
    else await this.#end(block, false);
    if (chain) return this.#chain(block);
    this.block = this.#new(false);
    return this.block;
  }

  async #end(block: Block, isCommitted: boolean): Promise<void> {
    if (!isCommitted && block.transaction?.isOpen === true) block.transaction.rollback();
    for (const name of block.exported) this.#session.database.exports.withdraw(name);
    block.snapshot?.release();
    block.snapshot = undefined;
    this.block = undefined;
    this.#session.settings.ended(block, isCommitted);
    this.#session.transactionEnded(isCommitted);
  }

  /** The end of a query: an implicit transaction is committed. */
  async finish(): Promise<void> {
    const { block } = this;
    if (block === undefined || block.isExplicit) return;
    if (block.isFailed) await this.rollback();
    else await this.#commit(block);
  }

  /** A statement has failed: the block is, too, and what it holds goes at once so that others need not wait. */
  async fail(): Promise<void> {
    const { block } = this;
    if (block === undefined || block.isFailed) return;
    if (!block.isExplicit) {
      await this.rollback();
      return;
    }
    block.isFailed = true;
    const { transaction } = block;
    if (transaction?.isOpen !== true) return;
    const mark = block.savepoints.at(-1)?.mark;
    if (mark === undefined) transaction.rollback();
    else transaction.rollbackTo(mark);
  }

  #require(command: string): Block {
    const { block } = this;
    if (block === undefined || !block.isExplicit)
      throw new PgError("25P01", `${command} can only be used in transaction blocks`);
    return block;
  }

  savepoint(name: string): void {
    const block = this.#require("SAVEPOINT");
    block.savepoints.push({
      name,
      mark: this.transaction(block).mark(),
      catalog: block.catalog,
      deferred: block.deferred.length,
      settings: this.#session.settings.copy(),
    });
  }

  #find(block: Block, name: string): number {
    for (let i = block.savepoints.length - 1; i >= 0; i--) if (block.savepoints[i]!.name === name) return i;
    throw new PgError("3B001", `savepoint "${name}" does not exist`);
  }

  rollbackTo(name: string): void {
    const block = this.#require("ROLLBACK TO SAVEPOINT");
    const at = this.#find(block, name);
    const savepoint = block.savepoints[at]!;
    if (savepoint.mark !== undefined) block.transaction!.rollbackTo(savepoint.mark);
    block.savepoints.splice(at + 1);
    block.catalog = savepoint.catalog;
    block.deferred.splice(savepoint.deferred);
    this.#session.settings.restore(savepoint.settings);
    block.isFailed = false;
  }

  release(name: string): void {
    const block = this.#require("RELEASE SAVEPOINT");
    const at = this.#find(block, name);
    const savepoint = block.savepoints[at]!;
    if (savepoint.mark !== undefined) block.transaction!.release(savepoint.mark);
    block.savepoints.splice(at);
  }
}

/**
 * SERIALIZABLE is the order of commits: what a transaction that writes has read must still be so when it commits. By whole tables,
 * so that a row that was not there is covered too; PostgreSQL, which looks at rows and pages, lets more pass.
 *
 * @throws PgError 40001
 */
function checkReads(block: Block, transaction: Transaction): void {
  const { snapshot } = block;
  for (const table of block.readTables) {
    // Without a snapshot (the transaction began with a COPY) it cannot be told.
    if (snapshot !== undefined && !transaction.scopeChangedSince(snapshot, table)) continue;
    throw new PgError(
      "40001",
      "could not serialize access due to read/write dependencies among transactions",
      {
        detail: "Another transaction has changed a table that this one has read.",
        hint: "The transaction might succeed if retried.",
      },
    );
  }
}
