import type { Redis } from "ioredis";
import { versionsOf } from "../decide.ts";
import { digestOf, type Row, rowId } from "../rows.ts";
import {
  type ApplyContext,
  type Batch,
  type Conflict,
  Contended,
  Forgotten,
  type KnownIdentity,
  type Mark,
  type Observed,
  type QueuedChange,
  type RowName,
  refusal,
  type SeenRow,
  type Side,
  type SideName,
  type Written,
} from "../side.ts";
import { stampOfMs } from "../versions.ts";
import { databaseOf, RespConnection } from "./connect.ts";
import { connectedServer } from "./connected-server.ts";
import type { FollowedKeys, KeyFollower } from "./key-follower.ts";
import { appliedField, isOwn, markText, stateKey, versionsKey } from "./own-keys.ts";
import {
  add,
  type Moment,
  readMoment,
  type SizedKey,
  sizeKeys,
  TypeChanged,
  whyLeftOut,
} from "./read-keys.ts";
import { asStored, commandsFor } from "./value-rows.ts";
import type { Words } from "./value-types.ts";
import { tombstones, walkKeys } from "./walk-keys.ts";
import { keyBytes, keyOf } from "./words.ts";

export interface RespSideOptions {
  readonly side: SideName;
  /** `redis://user:password@host:port/database` */
  readonly endpoint: string;
  /** The journal's name. */
  readonly id: string;
  readonly identity: KnownIdentity;
  /** By the text of a key. */
  readonly isWanted: (key: string) => boolean;
  readonly follower: (side: FollowedKeys) => KeyFollower;
}

/** All keys are in one table. */
export const keysTable = "keys";
/** So much is read at once. */
const momentBytes = 16 * 1024 * 1024;
/** So often it is tried again when clients write meanwhile. */
const attemptsMax = 4;
const leftOutShownMax = 20;

/** A change with what is there and what becomes of it. */
interface Judged {
  readonly change: QueuedChange;
  readonly bytes: Buffer;
  readonly row: Row | undefined;
  readonly stored: Row | undefined;
  readonly mark: Mark;
  readonly isWritten: boolean;
}

/** A Redis, or a weftkit/inmemory, as a side: one database of it. Changes say which keys were written; what they are is read. */
export class RespSide implements Side, FollowedKeys {
  readonly side: SideName;
  readonly endpoint: string;
  readonly blind = undefined;
  readonly database: number;
  readonly #options: RespSideOptions;
  readonly #reading: RespConnection;
  readonly #writing: RespConnection;
  readonly #follower: KeyFollower;
  readonly #leftOut = new Map<string, string>();
  #identity: string | undefined;
  #server: string | undefined;
  #clockOffsetMs: number | undefined;

  constructor(options: RespSideOptions) {
    this.side = options.side;
    this.endpoint = options.endpoint;
    this.database = databaseOf(options.endpoint);
    this.#options = options;
    this.#reading = new RespConnection(options.endpoint);
    this.#writing = new RespConnection(options.endpoint);
    this.#follower = options.follower(this);
  }

  async begin(): Promise<string> {
    await this.check();
    return this.#follower.begin();
  }

  follow(token: string, signal: AbortSignal): AsyncIterable<readonly Observed[]> {
    return this.#follower.follow(token, signal);
  }

  isWanted(key: Buffer): boolean {
    return !isOwn(key) && this.#options.isWanted(key.toString());
  }

  nameOf(key: Buffer): RowName {
    return { name: keysTable, key: keyOf(key) };
  }

  reading<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    return this.#reading.with(work);
  }

  async check(): Promise<void> {
    await this.#prepare();
    await this.reading(async (redis) => this.#mustBeKnown(await redis.hget(stateKey, "identity")));
  }

  async *snapshot(signal: AbortSignal): AsyncGenerator<Observed> {
    await this.#prepare();
    for (const walk of [walkKeys, tombstones]) {
      for await (const keys of walk(this)) {
        signal.throwIfAborted();
        const touched = keys.filter((key) => this.isWanted(key)).map((key) => this.nameOf(key));
        if (touched.length > 0) yield { ...nothing, touched };
      }
    }
  }

  async *present(rows: readonly RowName[]): AsyncGenerator<Observed> {
    await this.#prepare();
    const keys = rows.map(({ key }) => ({ key, bytes: keyBytes(key) }));
    for (let attempt = 1, left = keys; left.length > 0; ) {
      const sized = await this.reading((redis) => sizeKeys(redis, left));
      const kept = sized.filter((key) => !this.#isLeftOut(key));
      const part = withinBytes(kept);
      try {
        if (part.length > 0) yield await this.#moment(part);
        const [last] = part.slice(-1);
        left = last === undefined ? [] : left.slice(left.findIndex(({ key }) => key === last.key) + 1);
      } catch (error) {
        if (!(error instanceof TypeChanged) || attempt++ === attemptsMax) throw error;
      }
    }
  }

  async #moment(keys: readonly SizedKey[]): Promise<Observed> {
    const moment = await this.reading((redis) => readMoment(redis, this.#options.id, keys, false));
    this.#mustBeKnown(moment.identity);
    const { rows, marks, applied, atMs } = moment;
    return {
      ...nothing,
      stamp: stampOfMs(atMs),
      applied,
      rows: [...rows].map(([key, row]): SeenRow => ({ name: keysTable, key, row })),
      marks: new Map([...marks].map(([key, mark]) => [rowId(keysTable, key), mark])),
    };
  }

  async apply(batch: Batch, context: ApplyContext): Promise<void> {
    await this.#prepare();
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const isDone = await this.#writing.with((redis) => this.#attempt(redis, batch, context));
      if (isDone) return;
    }
    throw new Contended("clients write these keys all the time");
  }

  /** Whether it was written: not when clients have written one of the keys meanwhile. */
  async #attempt(redis: Redis, batch: Batch, context: ApplyContext): Promise<boolean> {
    const keys = batch.changes.map(({ key }) => ({ key, bytes: keyBytes(key) }));
    await redis.watch(...keys.map(({ bytes }) => bytes));
    try {
      const sized = await sizeKeys(redis, keys);
      const kept = sized.filter((key) => whyLeftOut(key) === undefined);
      const moment = await readMoment(redis, this.#options.id, kept, true);
      this.#mustBeKnown(moment.identity);
      if (moment.applied >= batch.position) {
        await redis.unwatch();
        return true;
      }
      return await this.#write(redis, batch, sized, moment, context);
    } catch (error) {
      if (error instanceof TypeChanged) {
        await redis.unwatch();
        return false;
      }
      throw error;
    }
  }

  async #write(
    redis: Redis,
    { position, changes }: Batch,
    sized: readonly SizedKey[],
    moment: Moment,
    context: ApplyContext,
  ): Promise<boolean> {
    const others = changes.filter(
      (change) => moment.rows.has(change.key) && versionsAt(moment, change, context.seen) === undefined,
    );
    const seen = others.length > 0 ? await context.found(others) : context.seen;
    const judged: Judged[] = [];
    const conflicts: Conflict[] = [];
    for (const [index, change] of changes.entries()) {
      const reason = whyLeftOut(sized[index]!);
      if (reason !== undefined) {
        conflicts.push(refusal(change, `there is ${reason} at the ${this.side} side`));
        continue;
      }
      const row = moment.rows.get(change.key);
      const versions = versionsAt(moment, change, seen);
      if (versions === undefined) {
        // Written once more since it was found.
        await redis.unwatch();
        return false;
      }
      const decision = await context.resolution.decide(change, { row, ...versions });
      if (decision.conflict !== undefined) conflicts.push(decision.conflict);
      if (decision.action === "none") continue;
      const isWritten = decision.action === "write";
      const stored = isWritten ? asStored(decision.row, moment.atMs) : row;
      const { version, replaced, columns } = decision;
      const mark = { version, replaced, digest: digestOf(stored), columns };
      judged.push({ change, bytes: sized[index]!.bytes, row, stored, mark, isWritten });
    }
    await context.deciding(
      conflicts,
      judged.map(({ change: { name, key }, mark: { version, digest } }): Written => {
        return { name, key, version, digest };
      }),
    );
    return this.#commit(redis, position, judged);
  }

  async #commit(redis: Redis, position: number, judged: readonly Judged[]): Promise<boolean> {
    const commands: Words[] = judged.flatMap(({ bytes, row, stored, mark, isWritten }) => [
      ...(isWritten ? commandsFor(bytes, row, stored) : []),
      ["HSET", versionsKey, bytes, markText(mark)],
    ]);
    commands.push(["HSET", stateKey, appliedField(this.#options.id), String(position)]);
    const transaction = redis.multi();
    for (const command of commands) add(transaction, command);
    const results = await transaction.exec();
    if (results === null) return false;
    for (const [index, [error]] of results.entries()) {
      if (error !== null)
        throw new Error(`${String(commands[index]![0])}: ${error.message}`, { cause: error });
    }
    return true;
  }

  applied(): Promise<number> {
    return this.#prepare().then(() =>
      this.reading(async (redis) =>
        Number((await redis.hget(stateKey, appliedField(this.#options.id))) ?? 0),
      ),
    );
  }

  status(): Record<string, unknown> {
    return {
      server: this.#server,
      ...(this.#clockOffsetMs !== undefined && { clockOffsetMs: this.#clockOffsetMs }),
      ...this.#follower.status(),
      ...(this.#leftOut.size > 0 && {
        leftOut: Object.fromEntries([...this.#leftOut].slice(0, leftOutShownMax)),
      }),
    };
  }

  async close(): Promise<void> {
    this.#follower.close();
    this.#reading.close();
    this.#writing.close();
  }

  #isLeftOut(key: SizedKey): boolean {
    const reason = whyLeftOut(key);
    const text = key.bytes.toString();
    if (reason === undefined) this.#leftOut.delete(text);
    else if (this.#leftOut.size < leftOutShownMax) this.#leftOut.set(text, reason);
    return reason !== undefined;
  }

  #mustBeKnown(identity: string | null | undefined): void {
    if (this.#identity !== undefined && identity === this.#identity) return;
    this.#identity = undefined;
    this.#server = undefined;
    const what = identity ? "is another database" : "was emptied";
    throw new Forgotten(this.side, `it ${what} since it was last written`);
  }

  /** Once: what server it is, and whether the database is the one that it was. */
  async #prepare(): Promise<void> {
    if (this.#server !== undefined) return;
    const { identity } = this.#options;
    await this.reading(async (redis) => {
      const { what, clockOffsetMs } = await connectedServer(redis);
      const known = await identity.get();
      if (known === undefined) {
        await redis.hsetnx(stateKey, "identity", crypto.randomUUID());
        const actual = (await redis.hget(stateKey, "identity"))!;
        await identity.set(actual);
        this.#identity = actual;
      } else this.#identity = known;
      this.#clockOffsetMs = clockOffsetMs;
      this.#server = what;
    });
  }
}

function versionsAt({ rows, marks }: Moment, { name, key }: QueuedChange, seen: ApplyContext["seen"]) {
  return versionsOf({ row: rows.get(key), mark: marks.get(key), seen: seen.get(rowId(name, key)) });
}

const nothing = { token: "", stamp: 0n, rows: [], truncated: [], marks: new Map(), writers: [] } as const;

function withinBytes(keys: readonly SizedKey[]): readonly SizedKey[] {
  let bytes = 0;
  const end = keys.findIndex(({ memoryBytes }, index) => {
    bytes += memoryBytes;
    return index > 0 && bytes > momentBytes;
  });
  return end < 0 ? keys : keys.slice(0, end);
}
