import { BSON, type ChangeStream, type Db, MongoServerError } from "mongodb";
import { gathered } from "../gathered.ts";
import { rowId } from "../rows.ts";
import { Behind, type Observed, type RowName } from "../side.ts";
import { stampOfMs } from "../versions.ts";
import { exactValues } from "./connect.ts";
import { keyOf } from "./document-rows.ts";
import { ownPrefix } from "./own-collections.ts";

/** So long the server waits for a change before it answers that there is none. */
const awaitMs = 500;
/** So often it says that it is there while nothing happens. */
const heartbeatMs = 10_000;

/** The database whose changes are followed. */
export interface FollowedDatabase {
  database(): Promise<Db>;
  /** Whether a collection is synchronised. */
  isWanted(collection: string): boolean;
  /** Sees that the database is the one that it was. @throws Forgotten */
  check(): Promise<void>;
}

interface Event {
  readonly operationType: string;
  readonly ns?: { readonly coll?: string };
  readonly to?: { readonly coll?: string };
  readonly documentKey?: { readonly _id: unknown };
  readonly wallTime?: Date;
  readonly clusterTime?: BSON.Timestamp;
}

/** An event, or that there was none, and where to go on from. */
interface Told {
  readonly token: string;
  readonly event: Event | null;
}

/** What the documents are is read when they were written; the sidecars' own collections are left out. */
const pipeline = [
  { $match: { "ns.coll": { $not: new BSON.BSONRegExp(`^${ownPrefix.replace(".", "\\.")}`) } } },
  { $unset: ["fullDocument", "updateDescription"] },
];

/** 286 ChangeStreamHistoryLost, 280 ChangeStreamFatalError, 260 InvalidResumeToken */
const lostCodes = new Set([286, 280, 260]);
/** After these documents are gone, or there, without an event of their own. */
const wholesale = new Set(["drop", "rename", "dropDatabase", "invalidate"]);

/** Follows a database by its change stream, which says when each document was written. */
export class StreamFollower {
  readonly #side: FollowedDatabase;

  constructor(side: FollowedDatabase) {
    this.#side = side;
  }

  async begin(): Promise<string> {
    const stream = await this.#open();
    try {
      await stream.tryNext();
      return tokenOf(stream);
    } finally {
      await stream.close();
    }
  }

  async *follow(token: string, signal: AbortSignal): AsyncGenerator<readonly Observed[]> {
    let saidMs = performance.now();
    for await (const told of gathered((either) => this.#told(token, either), signal)) {
      const events = told.flatMap(({ event }) => event ?? []);
      if (events.length > 0) yield [await this.#observed(told.at(-1)!.token, events)];
      else if (performance.now() - saidMs > heartbeatMs) {
        await this.#side.check();
        yield [{ ...nothing, token: told.at(-1)!.token, touched: [], isHeartbeat: true }];
        saidMs = performance.now();
      }
    }
  }

  async *#told(token: string, signal: AbortSignal): AsyncGenerator<readonly Told[]> {
    const stream = await this.#open(token);
    try {
      while (!signal.aborted) {
        const event = (await stream.tryNext()) as Event | null;
        yield [{ token: tokenOf(stream), event }];
      }
    } catch (error) {
      if (error instanceof MongoServerError && lostCodes.has(Number(error.code)))
        throw new Behind(error.message);
      throw error;
    } finally {
      await stream.close();
    }
  }

  async #open(token?: string): Promise<ChangeStream> {
    const database = await this.#side.database();
    const resumeAfter = token === undefined ? {} : { resumeAfter: BSON.EJSON.parse(token) as unknown };
    return database.watch(pipeline, { ...exactValues, ...resumeAfter, maxAwaitTimeMS: awaitMs });
  }

  async #observed(token: string, events: readonly Event[]): Promise<Observed> {
    const touched = new Map<string, RowName>();
    const stamps = new Map<string, bigint>();
    for (const { operationType, ns, to, documentKey, wallTime, clusterTime } of events) {
      const names = [ns?.coll, to?.coll].flatMap((name) => name ?? []);
      if (names.length > 0 && !names.some((name) => this.#side.isWanted(name))) continue;
      if (wholesale.has(operationType)) {
        await this.#side.check();
        throw new Behind(`${operationType} ${names.join(" to ")}: everything is compared`, {
          isExpected: true,
        });
      }
      if (documentKey === undefined) continue;
      const name = { name: names[0]!, key: keyOf(documentKey._id) };
      const id = rowId(name.name, name.key);
      touched.set(id, name);
      const atMs = wallTime?.getTime() ?? (clusterTime?.getHighBits() ?? 0) * 1000;
      stamps.set(id, stampOfMs(atMs));
    }
    return { ...nothing, token, touched: [...touched.values()], stamps };
  }
}

const nothing = { stamp: 0n, rows: [], truncated: [], marks: new Map(), writers: [] } as const;

function tokenOf(stream: ChangeStream): string {
  return BSON.EJSON.stringify(stream.resumeToken as BSON.Document);
}
