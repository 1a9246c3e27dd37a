import { setTimeout as delay } from "node:timers/promises";
import { BSON, type ClientSession, type Db, type MongoClient, MongoServerError } from "mongodb";
import { versionsOf } from "../decide.ts";
import { digestOf, rowId, rowNameOf } from "../rows.ts";
import {
  type ApplyContext,
  type Batch,
  type Conflict,
  Contended,
  Forgotten,
  Held,
  type KnownIdentity,
  type Observed,
  type QueuedChange,
  type RowName,
  refusal,
  type Side,
  type SideName,
  type Written,
} from "../side.ts";
import { stampOfMs } from "../versions.ts";
import { databaseOf, exactValues, isContention, meaningOf, openMongo } from "./connect.ts";
import { keyOf } from "./document-rows.ts";
import {
  appliedId,
  isClients,
  type State,
  type StoredMark,
  stateCollection,
  versionCollection,
} from "./own-collections.ts";
import { type Moment, readMoment } from "./read-documents.ts";
import { type FollowedDatabase, StreamFollower } from "./stream-follower.ts";
import { type Judged, RefusedWrite, writeDocuments } from "./write-documents.ts";

export interface MongoSideOptions {
  readonly side: SideName;
  /** `mongodb://user:password@host:port/database` */
  readonly endpoint: string;
  /** The journal's name. */
  readonly id: string;
  readonly identity: KnownIdentity;
  /** By the name of a collection. */
  readonly isWanted: (collection: string) => boolean;
}

/** Names that are told at once. */
const namesAtOnce = 500;
/** So much is read at once, about. */
const momentBytes = 16 * 1024 * 1024;
/** So often it is tried again when clients write meanwhile. */
const attemptsMax = 6;
const attemptMs = 10;
/** NamespaceExists */
const exists = 48;

/** A weftkit/document, or a MongoDB: one database of it. Changes say which documents were written; what they are is read. */
export class MongoSide implements Side, FollowedDatabase {
  readonly side: SideName;
  readonly blind = undefined;
  readonly #options: MongoSideOptions;
  readonly #client: MongoClient;
  readonly #database: Db;
  readonly #follower: StreamFollower;
  /** Of the transactions that write: a new one ends the one before it, also where that was not told. */
  readonly #session: ClientSession;
  readonly #collections = new Set<string>();
  #identity: string | undefined;
  #server: string | undefined;
  #clockOffsetMs: number | undefined;

  constructor(options: MongoSideOptions) {
    this.side = options.side;
    this.#options = options;
    this.#client = openMongo(options.endpoint);
    this.#database = this.#client.db(databaseOf(options.endpoint));
    this.#session = this.#client.startSession();
    this.#follower = new StreamFollower(this);
  }

  begin(): Promise<string> {
    return this.#meaning(async () => {
      await this.check();
      return this.#follower.begin();
    });
  }

  async *follow(token: string, signal: AbortSignal): AsyncGenerator<readonly Observed[]> {
    try {
      yield* this.#follower.follow(token, signal);
    } catch (error) {
      throw meaningOf(error);
    }
  }

  async database(): Promise<Db> {
    await this.#prepare();
    return this.#database;
  }

  isWanted(collection: string): boolean {
    return isClients(collection) && this.#options.isWanted(collection);
  }

  check(): Promise<void> {
    return this.#meaning(async () => {
      await this.#prepare();
      this.#mustBeKnown((await this.#states.findOne({ _id: "identity" }))?.value);
    });
  }

  async *snapshot(signal: AbortSignal): AsyncGenerator<Observed> {
    await this.#meaning(() => this.#prepare());
    try {
      const collections = await this.#database.listCollections({ type: "collection" }).toArray();
      for (const { name } of collections) {
        if (!this.isWanted(name)) continue;
        const all = this.#database
          .collection(name)
          .find({}, { ...exactValues, projection: { _id: 1 }, noCursorTimeout: true });
        yield* told(all, ({ _id }) => ({ name, key: keyOf(_id) }), signal);
      }
      const deleted = this.#marks.find({ d: "" }, { projection: { _id: 1 }, noCursorTimeout: true });
      yield* told(deleted, ({ _id }) => rowNameOf(_id), signal);
    } catch (error) {
      throw meaningOf(error);
    }
  }

  async *present(rows: readonly RowName[]): AsyncGenerator<Observed> {
    await this.#meaning(() => this.#prepare());
    for (let left = rows; left.length > 0; ) {
      const atMs = Date.now() + (this.#clockOffsetMs ?? 0);
      const moment = await this.#meaning(() =>
        this.#client.withSession((session) =>
          inTransaction(session, () =>
            readMoment(this.#database, session, this.#options.id, left, momentBytes),
          ),
        ),
      );
      this.#mustBeKnown(moment.identity);
      const read = [...moment.rows].map(([id, row]) => ({ ...rowNameOf(id), row }));
      yield { ...nothing, stamp: stampOfMs(atMs), applied: moment.applied, rows: read, marks: moment.marks };
      left = left.filter(({ name, key }) => !moment.rows.has(rowId(name, key)));
    }
  }

  /** @throws Refused when it is not known which: then they are written one by one */
  async apply(batch: Batch, context: ApplyContext): Promise<void> {
    await this.#meaning(() => this.#make(batch));
    const refused = new Map<QueuedChange, string>();
    const late = new Set<QueuedChange>();
    for (let attempt = 1; attempt <= attemptsMax; ) {
      const later = batch.changes.filter((change) => late.has(change));
      const changes = [...batch.changes.filter((change) => !late.has(change)), ...later];
      try {
        if (await this.#attempt({ ...batch, changes }, context, refused)) return;
        attempt++;
      } catch (error) {
        if (error instanceof RefusedWrite) {
          // It may be taken after the others.
          if (late.has(error.change)) refused.set(error.change, error.message);
          late.add(error.change);
          continue;
        }
        if (!isContention(error)) throw meaningOf(error);
        await delay(attemptMs * attempt++);
      }
    }
    throw new Contended("clients write these documents all the time");
  }

  /** Whether it was written: not when clients have written one of the documents meanwhile. */
  async #attempt(
    { position, changes }: Batch,
    context: ApplyContext,
    refused: ReadonlyMap<QueuedChange, string>,
  ): Promise<boolean> {
    const { id } = this.#options;
    return inTransaction(this.#session, async () => {
      const session = this.#session;
      const moment = await readMoment(this.#database, session, id, changes);
      this.#mustBeKnown(moment.identity);
      if (moment.applied >= position) return true;
      // First, so that nothing of it stays when somebody has asked for the position since.
      await this.#states.updateOne(
        { _id: appliedId(id) },
        { $set: { position: String(position), session: session.id!.id.toString("hex"), at: new Date() } },
        { session, upsert: true },
      );
      const conflicts = [...refused].map(([change, reason]) => refusal(change, reason));
      const judged = await this.#judge(
        changes.filter((change) => !refused.has(change)),
        moment,
        context,
        conflicts,
      );
      if (judged === undefined) {
        await session.abortTransaction();
        return false;
      }
      await writeDocuments(this.#database, session, judged, context.isPatient);
      await context.deciding(
        conflicts,
        judged.map(({ change: { name, key }, mark: { version, digest } }): Written => {
          return { name, key, version, digest };
        }),
      );
      return true;
    });
  }

  /** What becomes of the documents; undefined when one was written once more since it was found. */
  async #judge(
    changes: readonly QueuedChange[],
    moment: Moment,
    context: ApplyContext,
    conflicts: Conflict[],
  ): Promise<Judged[] | undefined> {
    const others = changes.filter((change) => versionsAt(moment, change, context.seen) === undefined);
    const seen = others.length > 0 ? await context.found(others) : context.seen;
    const judged: Judged[] = [];
    for (const change of changes) {
      const there = moment.rows.get(rowId(change.name, change.key));
      const versions = versionsAt(moment, change, seen);
      if (versions === undefined) return undefined;
      const { action, ...decision } = await context.resolution.decide(change, { row: there, ...versions });
      if (decision.conflict !== undefined) conflicts.push(decision.conflict);
      if (action === "none") continue;
      const isWritten = action === "write";
      const row = isWritten ? decision.row : there;
      const { version, replaced } = decision;
      judged.push({ change, row, mark: { version, replaced, digest: digestOf(row) }, isWritten });
    }
    return judged;
  }

  /** Asking ends a transaction that is under way: what it wrote is there, or never will be. */
  applied(): Promise<number> {
    return this.#meaning(async () => {
      await this.#prepare();
      const _id = appliedId(this.#options.id);
      const session = (await this.#states.findOne({ _id }))?.session;
      // Another process of this sidecar may have been killed within one.
      if (session !== undefined && session !== this.#session.id!.id.toString("hex"))
        await this.#database.command({ killSessions: [{ id: new BSON.UUID(session) }] });
      const state = await this.#states.findOneAndUpdate(
        { _id },
        { $inc: { asked: 1 }, $set: { session: this.#session.id!.id.toString("hex") } },
        { upsert: true, returnDocument: "after" },
      );
      return Number(state?.position ?? 0);
    });
  }

  status(): Record<string, unknown> {
    return {
      server: this.#server,
      ...(this.#clockOffsetMs !== undefined && { clockOffsetMs: this.#clockOffsetMs }),
      follows: "its change stream",
    };
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  get #states() {
    return this.#database.collection<State>(stateCollection);
  }

  get #marks() {
    return this.#database.collection<StoredMark>(versionCollection);
  }

  /** Makes the collections of a batch that are not there yet: not in a transaction, where others would wait for it. */
  async #make({ changes }: Batch): Promise<void> {
    await this.#prepare();
    for (const { name, row } of changes) {
      if (row === undefined || this.#collections.has(name)) continue;
      await this.#makeCollection(name);
    }
  }

  async #makeCollection(name: string): Promise<void> {
    try {
      await this.#database.createCollection(name);
    } catch (error) {
      if (!(error instanceof MongoServerError && error.code === exists)) throw error;
    }
    this.#collections.add(name);
  }

  #mustBeKnown(identity: string | undefined): void {
    if (this.#identity !== undefined && identity === this.#identity) return;
    this.#identity = undefined;
    this.#server = undefined;
    this.#collections.clear();
    const what = identity === undefined ? "was emptied" : "is another database";
    throw new Forgotten(this.side, `it ${what} since it was last written`);
  }

  /** Once: what server it is, and whether the database is the one that it was. */
  async #prepare(): Promise<void> {
    if (this.#server !== undefined) return;
    const hello = await this.#database.command({ hello: 1 });
    if (hello.setName === undefined && hello.msg !== "isdbgrid")
      throw new Held(
        "it is no replica set: change streams and transactions need one, of one member at least",
      );
    const { version } = await this.#client.db("admin").command({ buildInfo: 1 });
    const known = await this.#options.identity.get();
    for (const name of [stateCollection, versionCollection]) await this.#makeCollection(name);
    if (known === undefined) {
      const identity = await this.#states.findOneAndUpdate(
        { _id: "identity" },
        { $setOnInsert: { value: crypto.randomUUID() } },
        { upsert: true, returnDocument: "after" },
      );
      this.#identity = identity!.value!;
      await this.#options.identity.set(this.#identity);
    } else this.#identity = known;
    this.#clockOffsetMs = (hello.localTime as Date).getTime() - Date.now();
    this.#server = `MongoDB ${version}`;
  }

  async #meaning<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw meaningOf(error);
    }
  }
}

const nothing = { token: "", stamp: 0n, rows: [], truncated: [], marks: new Map(), writers: [] } as const;

function versionsAt({ rows, marks }: Moment, { name, key }: QueuedChange, seen: ApplyContext["seen"]) {
  const id = rowId(name, key);
  return versionsOf({ row: rows.get(id), mark: marks.get(id), seen: seen.get(id) });
}

/** Commits what `work` has done; when it fails, nothing of it. */
async function inTransaction<T>(session: ClientSession, work: () => Promise<T>): Promise<T> {
  session.startTransaction({ readConcern: { level: "snapshot" }, writeConcern: { w: "majority" } });
  try {
    const result = await work();
    if (session.inTransaction()) await session.commitTransaction();
    return result;
  } catch (error) {
    // What has ended already cannot be ended again.
    if (session.inTransaction()) await session.abortTransaction().catch(() => {});
    throw error;
  }
}

async function* told<T>(
  documents: AsyncIterable<T>,
  nameOf: (document: T) => RowName,
  signal: AbortSignal,
): AsyncGenerator<Observed> {
  let touched: RowName[] = [];
  for await (const document of documents) {
    signal.throwIfAborted();
    touched.push(nameOf(document));
    if (touched.length < namesAtOnce) continue;
    yield { ...nothing, touched };
    touched = [];
  }
  if (touched.length > 0) yield { ...nothing, touched };
}
