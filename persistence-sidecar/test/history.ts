import { randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import type { Database } from "./sites.ts";

/** Between two writes, so that what is read again after a crash is not all that a machine can do. */
const pauseMs = 10;
const awayMs = 50;

/** A write of one row: what was there, and what its writer has put there. Bodies are never used twice. */
export interface Write {
  readonly id: number;
  readonly before: string | null;
  readonly body: string;
  /** Whether the database has said that it is committed. */
  readonly isAcknowledged: boolean;
}

/** A client that writes at one database, through its crashes, until it is told to end. */
export abstract class Writer<Client> {
  #isOver = false;
  #running: Promise<void> = Promise.resolve();

  /** Makes a client that is not connected yet. */
  protected abstract open(): Client;
  protected abstract connect(client: Client): Promise<unknown>;
  protected abstract close(client: Client): Promise<unknown>;
  /** One write, and noting what is known of it. */
  protected abstract write(client: Client): Promise<void>;

  /** No more; resolves when the last has ended. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  protected begin(): void {
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const client = this.open();
      try {
        await this.connect(client);
        while (!this.#isOver) {
          await this.write(client);
          await delay(pauseMs);
        }
      } catch {
        // The database is away: it comes back.
        await delay(awayMs);
      } finally {
        await this.close(client).catch(() => {});
      }
    }
  }
}

/** By node-postgres. */
abstract class SqlWriter extends Writer<pg.Client> {
  readonly #database: Pick<Database, "endpoint">;

  constructor(database: Pick<Database, "endpoint">) {
    super();
    this.#database = database;
  }

  protected open(): pg.Client {
    const client = new pg.Client({
      connectionString: this.#database.endpoint,
      connectionTimeoutMillis: 5000,
    });
    client.on("error", () => {});
    return client;
  }

  protected connect(client: pg.Client): Promise<unknown> {
    return client.connect();
  }

  protected close(client: pg.Client): Promise<unknown> {
    return client.end();
  }
}

/** Writes rows that others write too, and pairs of its own, and notes what it did. */
export class HistoryWriter extends SqlWriter {
  readonly writes: Write[] = [];
  /** Numbers of transactions that wrote one row in each of two tables, acknowledged. */
  readonly pairs: number[] = [];
  readonly #name: string;
  readonly #rows: number;
  readonly #firstPair: number;
  #count = 0;

  /** `firstPair` is where its own numbers begin. */
  constructor(database: Pick<Database, "endpoint">, name: string, rows: number, firstPair: number) {
    super(database);
    this.#name = name;
    this.#rows = rows;
    this.#firstPair = firstPair;
    this.begin();
  }

  get acknowledged(): number {
    return this.pairs.length + this.writes.filter((write) => write.isAcknowledged).length;
  }

  protected write(client: pg.Client): Promise<void> {
    return randomInt(3) === 0 ? this.#pair(client) : this.#note(client);
  }

  async #note(client: pg.Client): Promise<void> {
    const id = randomInt(this.#rows);
    const body = `${this.#name} ${++this.#count}`;
    await client.query("begin");
    const { rows } = await client.query("select body from note where id = $1 for update", [id]);
    const before = (rows[0] as { body: string } | undefined)?.body ?? null;
    if (before === null) await client.query("insert into note (id, body) values ($1, $2)", [id, body]);
    else await client.query("update note set body = $2 where id = $1", [id, body]);
    await this.#commit(client, (isAcknowledged) => this.writes.push({ id, before, body, isAcknowledged }));
  }

  async #pair(client: pg.Client): Promise<void> {
    const n = this.#firstPair + ++this.#count;
    await client.query("begin");
    await client.query("insert into one values ($1)", [n]);
    await client.query("insert into two values ($1)", [n]);
    await this.#commit(client, (isAcknowledged) => {
      if (isAcknowledged) this.pairs.push(n);
    });
  }

  async #commit(client: pg.Client, done: (isAcknowledged: boolean) => void): Promise<void> {
    try {
      await client.query("commit");
      done(true);
    } catch (error) {
      done(false);
      throw error;
    }
  }
}

/** Adds 1 to rows at random, and counts what it did. */
export class CountingWriter extends SqlWriter {
  acknowledged = 0;
  /** Commits whose outcome nobody has told. */
  unsure = 0;
  readonly #rows: number;

  constructor(database: Pick<Database, "endpoint">, rows: number) {
    super(database);
    this.#rows = rows;
    this.begin();
  }

  protected async write(client: pg.Client): Promise<void> {
    this.unsure++;
    await client.query("update stock set n = n + 1, seen = $2 where id = $1", [
      1 + randomInt(this.#rows),
      String(this.acknowledged),
    ]);
    this.unsure--;
    this.acknowledged++;
  }
}

/**
 * Acknowledged writes that are nowhere: not in the final rows, not what another write was made on, and not the row that has
 * lost in a conflict.
 */
export function lostWrites(
  writers: readonly { readonly writes: readonly Write[] }[],
  finalBodies: ReadonlySet<string>,
  lostBodies: ReadonlySet<string>,
): Write[] {
  const all = writers.flatMap(({ writes }) => writes);
  const writtenOn = new Set(all.map(({ before }) => before));
  return all.filter(
    ({ isAcknowledged, body }) =>
      isAcknowledged && !finalBodies.has(body) && !writtenOn.has(body) && !lostBodies.has(body),
  );
}
