import { booleanElement, intElement } from "@weftkit/wire-mongo";
import type { LinkPool } from "./link-pool.ts";
import type { MongoLink } from "./mongo-link.ts";
import { request } from "./server-login.ts";

/** A transaction that is open at a server, and has its connection for as long as it is. */
export interface Transaction {
  readonly key: string;
  /** The elements `lsid` and `txnNumber`. */
  readonly session: Buffer;
  number: Buffer;
  readonly link: MongoLink;
  readonly pool: LinkPool;
  /** Whose command was the last. */
  client: object;
  isBusy: boolean;
  timer: NodeJS.Timeout | undefined;
}

/**
 * The transactions of all clients, by user and session: 1. `add` when the first command has a connection 2. `busy` and `idle` for each
 * command 3. `end` when it was committed or aborted, or `abort` when nobody will do that
 */
export class Transactions {
  readonly #open = new Map<string, Transaction>();
  readonly #idleMs: number;

  constructor(idleMs: number) {
    this.#idleMs = idleMs;
  }

  get count(): number {
    return this.#open.size;
  }

  get(key: string): Transaction | undefined {
    return this.#open.get(key);
  }

  add(transaction: Transaction): void {
    this.#open.set(transaction.key, transaction);
  }

  busy(transaction: Transaction, client: object): void {
    clearTimeout(transaction.timer);
    transaction.isBusy = true;
    transaction.client = client;
  }

  /** Its command was answered; a client that thinks for too long loses it. */
  idle(transaction: Transaction): void {
    transaction.isBusy = false;
    transaction.timer = setTimeout(() => this.abort(transaction), this.#idleMs);
  }

  /** The server has ended it. */
  end(transaction: Transaction): void {
    if (!this.#remove(transaction)) return;
    transaction.pool.giveBack(transaction.link);
  }

  /** Ends it at the server; the connection serves nobody before that is answered. */
  abort(transaction: Transaction): void {
    if (!this.#remove(transaction)) return;
    const { link, pool, session, number } = transaction;
    const elements = [
      intElement("abortTransaction", 1),
      session,
      number,
      booleanElement("autocommit", false),
    ];
    link.ask(request(elements, "admin")).then(
      () => pool.giveBack(link),
      // The connection is lost, and the pool has taken it out already.
      () => {},
    );
  }

  /** Those whose last command was this client's; what still runs is aborted when it was answered. */
  abortOf(client: object): void {
    for (const one of this.#open.values()) if (one.client === client && !one.isBusy) this.abort(one);
  }

  /** Its connection is lost, and with it what was not committed. */
  lost(transaction: Transaction): void {
    this.#remove(transaction);
  }

  close(): void {
    for (const { timer } of this.#open.values()) clearTimeout(timer);
    this.#open.clear();
  }

  #remove(transaction: Transaction): boolean {
    clearTimeout(transaction.timer);
    if (this.#open.get(transaction.key) !== transaction) return false;
    return this.#open.delete(transaction.key);
  }
}
