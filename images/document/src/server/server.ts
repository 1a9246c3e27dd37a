import { randomBytes } from "node:crypto";
import type { Authenticator } from "@weftkit/auth";
import type { StoreChanges } from "@weftkit/changes";
import type { Logger } from "@weftkit/observe";
import { type Database, type Store, statement } from "@weftkit/store";
import { ObjectId } from "../bson/values.ts";
import type { PipelineHost } from "../stages/stage.ts";
import { Catalog } from "../storage/catalog.ts";
import { deleteExpired } from "../storage/expiry.ts";
import { Records } from "../storage/records.ts";
import { Writes } from "../storage/work.ts";
import { Cursors } from "./cursors.ts";
import { FailPoints } from "./fail-points.ts";
import { Insertions } from "./insertions.ts";
import type { Operation } from "./operation.ts";
import { PointReads } from "./point-reads.ts";
import { Queries } from "./queries.ts";
import { Sessions, sessionTimeoutMinutes } from "./sessions.ts";
import { Users } from "./users.ts";

export interface ServerOptions {
  readonly store: Store;
  readonly changes: StoreChanges;
  readonly log: Logger;
  readonly authenticator: Authenticator;
  /** Where clients are told that this server is; undefined: where each has reached it. */
  readonly advertisedAddress: string | undefined;
  readonly allowsFailPoints: boolean;
  /** Every command there is, for listCommands. */
  readonly commands: readonly { readonly name: string; readonly isAdminOnly?: boolean }[];
  readonly serverStages: PipelineHost["serverStage"];
}

/** All that the commands share. */
export class Server {
  readonly store: Store;
  readonly changes: StoreChanges;
  readonly log: Logger;
  readonly authenticator: Authenticator;
  readonly options: ServerOptions;
  readonly catalog = new Catalog();
  readonly records: Records;
  readonly writes: Writes;
  readonly cursors = new Cursors();
  readonly sessions = new Sessions();
  readonly insertions = new Insertions();
  readonly failPoints = new FailPoints();
  readonly users: Users;
  readonly pointReads: PointReads;
  readonly queries: Queries;
  readonly operations = new Map<number, Operation>();
  readonly startedMs = Date.now();
  /** Of topologyVersion: another one each time the process starts. */
  readonly processId = new ObjectId(randomBytes(12));
  #electionId = electionIdOf(1n);
  /** A write of definitions has failed, and the catalog may be ahead of the tables. */
  staleCatalog = false;
  /** Whether a change stream was ever opened on this database. */
  hasStreams = false;
  connections = 0;
  connectionsCreated = 0;
  #isExpiring = false;
  #lastOperation = 0;
  #lastConnection = 0;
  #lastClock = 0n;

  constructor(options: ServerOptions) {
    this.options = options;
    this.store = options.store;
    this.changes = options.changes;
    this.log = options.log;
    this.authenticator = options.authenticator;
    this.records = new Records(this.catalog);
    this.writes = new Writes(options.store);
    this.users = new Users(options.store);
    this.pointReads = new PointReads(options.store);
    this.queries = new Queries(this.catalog, options.serverStages);
  }

  /** Greater each time the engine starts: drivers take a primary with a smaller one for one that was deposed. */
  get electionId(): ObjectId {
    return this.#electionId;
  }

  async load(): Promise<void> {
    this.#electionId = electionIdOf(await this.store.write(nextTerm));
    await this.store.read((db) => this.catalog.reload(db));
    await this.users.load();
    const dropped = await this.store.write((db) => this.catalog.dropUnfinished(db));
    if (dropped.length > 0) {
      this.log.warn(
        { indexes: dropped },
        "indexes were not filled yet when the engine ended: create them again",
      );
    }
  }

  /** After a write of definitions has failed: what is in memory is read anew. */
  async reload(): Promise<void> {
    this.staleCatalog = false;
    this.records.forget();
    await this.store.write((db: Database) => this.catalog.reload(db));
  }

  nextOperation(): number {
    return ++this.#lastOperation;
  }

  nextConnection(): number {
    return ++this.#lastConnection;
  }

  /** The cluster's time, ascending: seconds and a counter. */
  clock(): bigint {
    const ms = BigInt(Date.now());
    const now = ((ms / 1000n) << 32n) | ((ms % 1000n) << 16n) | 1n;
    if (now > this.#lastClock) this.#lastClock = now;
    return this.#lastClock;
  }

  /** A time after all that were told before: of a write. */
  tick(): bigint {
    const before = this.#lastClock;
    const now = this.clock();
    this.#lastClock = now > before ? now : before + 1n;
    return this.#lastClock;
  }

  /** Deletes what has expired; one run at a time. */
  async deleteExpired(): Promise<void> {
    if (this.#isExpiring) return;
    this.#isExpiring = true;
    try {
      await deleteExpired(this.catalog, this.records, this.writes, Date.now());
      const before = Date.now() - sessionTimeoutMinutes * 60_000;
      await this.store.write((db: Database) =>
        statement(db, "DELETE FROM retryable_writes WHERE at_ms < ?").run(before),
      );
    } catch (error) {
      this.log.warn({ err: error }, "expired documents could not be deleted; they are tried again");
    } finally {
      this.#isExpiring = false;
    }
  }

  expire(): void {
    const nowMs = Date.now();
    this.cursors.expire(nowMs);
    this.pointReads.expire(nowMs);
    for (const { key } of this.sessions.expire(nowMs)) {
      this.cursors.removeWhere(({ session }) => session === key);
    }
  }
}

/** The number of an election: after the last, and after those of a state that was restored since. */
function nextTerm(db: Database): bigint {
  const last = statement(db, "SELECT value FROM settings WHERE name = 'term'", { pluck: true }).get() as
    | Buffer
    | undefined;
  const after = (last?.readBigUInt64BE() ?? 0n) + 1n;
  const now = BigInt(Date.now());
  const term = now > after ? now : after;
  statement(db, "INSERT OR REPLACE INTO settings (name, value) VALUES ('term', ?)").run(termBytes(term));
  return term;
}

function electionIdOf(term: bigint): ObjectId {
  return new ObjectId(Buffer.concat([Buffer.from("7fffffff", "hex"), termBytes(term)]));
}

function termBytes(term: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(term);
  return bytes;
}
