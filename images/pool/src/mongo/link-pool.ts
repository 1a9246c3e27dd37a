import { mongoErrors } from "./errors.ts";
import type { MongoLink } from "./mongo-link.ts";

export interface LinkPoolOptions {
  readonly linksMax: number;
  readonly waitMs: number;
  /** Opens a connection that is logged in, to a server of this id or to any. `onClosed` is called once, when it has ended. */
  readonly open: (backend: string | undefined, onClosed: (link: MongoLink) => void) => Promise<MongoLink>;
}

interface Waiter {
  readonly backend: string | undefined;
  readonly resolve: (link: MongoLink) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: NodeJS.Timeout;
}

/** The connections of one user: 1. `take` 2. one request after the other 3. `giveBack` */
export class LinkPool {
  readonly #options: LinkPoolOptions;
  readonly #idle: MongoLink[] = [];
  readonly #links = new Set<MongoLink>();
  #opening = 0;
  readonly #waiters: Waiter[] = [];

  constructor(options: LinkPoolOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  get links(): number {
    return this.#links.size;
  }

  /** @throws MongoPoolError, WeftkitError */
  take(backend: string | undefined): MongoLink | Promise<MongoLink> {
    const index = this.#idle.findLastIndex((link) => backend === undefined || link.backend === backend);
    if (index !== -1 && this.#waiters.length === 0) return this.#idle.splice(index, 1)[0]!;
    const { promise, resolve, reject } = Promise.withResolvers<MongoLink>();
    const timer = setTimeout(() => {
      this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
      reject(mongoErrors.queueTimeout());
    }, this.#options.waitMs);
    const waiter: Waiter = { backend, resolve, reject, timer };
    this.#waiters.push(waiter);
    this.#serve();
    return promise;
  }

  giveBack(link: MongoLink): void {
    if (link.isClosed) return;
    link.idleSinceMs = performance.now();
    this.#idle.push(link);
    this.#serve();
  }

  /** Closes connections that nobody has needed since. */
  closeIdle(sinceMs: number): void {
    for (const link of this.#idle.filter(({ idleSinceMs }) => idleSinceMs <= sinceMs)) link.destroy();
  }

  close(): void {
    for (const link of [...this.#links]) link.destroy();
  }

  /** Gives what is free to those who wait, in their order, and opens what may be opened for the rest. */
  #serve(): void {
    for (const waiter of [...this.#waiters]) {
      const index = this.#idle.findLastIndex(
        (link) => waiter.backend === undefined || link.backend === waiter.backend,
      );
      if (index === -1) continue;
      this.#done(waiter).resolve(this.#idle.splice(index, 1)[0]!);
    }
    const wanted = this.#waiters.length - this.#opening;
    for (let opened = 0; opened < wanted; opened++) {
      // One to another server makes room for the one that is waited for.
      if (this.#links.size + this.#opening >= this.#options.linksMax) this.#idle[0]?.destroy();
      if (this.#links.size + this.#opening >= this.#options.linksMax) return;
      this.#open(this.#waiters[this.#opening]!);
    }
  }

  #open(waiter: Waiter): void {
    this.#opening++;
    this.#options
      .open(waiter.backend, (link) => this.#closed(link))
      .then(
        (link) => {
          this.#opening--;
          if (link.isClosed) {
            this.#serve();
            return;
          }
          this.#links.add(link);
          this.giveBack(link);
        },
        (error: unknown) => {
          this.#opening--;
          if (this.#waiters.includes(waiter)) this.#done(waiter).reject(error);
          this.#serve();
        },
      );
  }

  #closed(link: MongoLink): void {
    const index = this.#idle.indexOf(link);
    if (index !== -1) this.#idle.splice(index, 1);
    if (this.#links.delete(link)) queueMicrotask(() => this.#serve());
  }

  #done(waiter: Waiter): Waiter {
    clearTimeout(waiter.timer);
    this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
    return waiter;
  }
}
