import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import { Behind, type Observed, type RowName } from "../side.ts";
import { openRedis } from "./connect.ts";
import type { FollowedKeys, KeyFollower } from "./key-follower.ts";

/** Keys of which it was told and that nobody has read yet. */
const touchedMax = 200_000;
/** So often it is looked whether the database is still the one that it was, and the connection still one. */
const lookMs = 1000;
/** So often it says that it is there while nothing happens. */
const heartbeatMs = 10_000;
/** Without notifications everything is compared so often. */
const pollMsMin = 5000;
/** A pause, so that what comes together is read together. */
const gatherMs = 5;

const nothing = { stamp: 0n, rows: [], truncated: [], marks: new Map(), writers: [] } as const;

/**
 * Follows a Redis by keyspace notifications. They are not kept by the server: when the connection was lost everything is compared.
 * Where they cannot be had, everything is compared again and again.
 */
export class KeyspaceFollower implements KeyFollower {
  readonly #side: FollowedKeys;
  readonly #pollMs: number;
  #subscription: Subscription | undefined;

  constructor(side: FollowedKeys, pollMs: number) {
    this.#side = side;
    this.#pollMs = Math.max(pollMsMin, pollMs);
  }

  async begin(): Promise<string> {
    this.#subscription?.close();
    this.#subscription = undefined;
    if (!(await this.#side.reading(seeThatItNotifies))) return "polling";
    this.#subscription = await Subscription.open(this.#side);
    return this.#subscription.token;
  }

  async *follow(token: string, signal: AbortSignal): AsyncGenerator<readonly Observed[]> {
    if (token === "polling") {
      await delay(this.#pollMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      throw new Behind("the server tells no changes: everything is compared", { isExpected: true });
    }
    const subscription = this.#subscription;
    if (subscription?.token !== token)
      throw new Behind("notifications are not kept while nobody is there", { isExpected: true });
    subscription.again();
    let [lookedMs, saidMs] = [performance.now(), performance.now()];
    while (!signal.aborted) {
      const touched = await subscription.next(lookMs, signal);
      if (touched.length > 0) yield [{ ...nothing, token, touched }];
      if (performance.now() - lookedMs < lookMs) continue;
      await subscription.ping();
      await this.#side.check();
      lookedMs = performance.now();
      if (touched.length > 0 || lookedMs - saidMs < heartbeatMs) continue;
      yield [{ ...nothing, token, touched, isHeartbeat: true }];
      saidMs = performance.now();
    }
  }

  status(): Record<string, unknown> {
    return { follows: this.#subscription === undefined ? "by comparing" : "its notifications" };
  }

  close(): void {
    this.#subscription?.close();
  }
}

/** A connection that is told which keys were written. */
class Subscription {
  readonly token = randomUUID();
  readonly #redis: Redis;
  #touched = new Map<string, RowName>();
  /** What was given out, and may not be kept yet. */
  #given: readonly RowName[] = [];
  #why: string | undefined;
  #waking = Promise.withResolvers<void>();

  private constructor(side: FollowedKeys) {
    this.#redis = openRedis(side.endpoint);
    const prefix = Buffer.byteLength(channelPrefix(side.database));
    this.#redis.on("pmessageBuffer", (_pattern: unknown, channel: Buffer | string) => {
      const key = Buffer.from(channel).subarray(prefix);
      if (side.isWanted(key)) this.#add(side.nameOf(key));
    });
    this.#redis.on("close", () => this.#end("the connection for notifications was lost"));
  }

  static async open(side: FollowedKeys): Promise<Subscription> {
    const subscription = new Subscription(side);
    try {
      await subscription.#redis.connect();
      await subscription.#redis.psubscribe(`${channelPrefix(side.database)}*`);
      return subscription;
    } catch (error) {
      subscription.close();
      throw error;
    }
  }

  /** Whoever follows begins again: what was given out last may not have been kept. */
  again(): void {
    for (const name of this.#given) this.#touched.set(name.key, name);
    this.#given = [];
  }

  /** The keys that were written since; none when there are none for so long. What was given before is kept by now. */
  async next(ms: number, signal: AbortSignal): Promise<readonly RowName[]> {
    this.#given = [];
    if (this.#touched.size === 0 && this.#why === undefined && !signal.aborted) {
      const { promise } = this.#waking;
      const over = new AbortController();
      const either = AbortSignal.any([signal, over.signal]);
      await Promise.race([promise, delay(ms, undefined, { signal: either }).catch(() => {})]);
      over.abort();
      if (this.#touched.size > 0) await delay(gatherMs);
    }
    if (this.#why !== undefined) throw new Behind(this.#why, { isExpected: true });
    this.#given = [...this.#touched.values()];
    this.#touched = new Map();
    return this.#given;
  }

  /** @throws when the server does not answer */
  async ping(): Promise<void> {
    await this.#redis.ping();
  }

  close(): void {
    this.#redis.disconnect();
  }

  #add(name: RowName): void {
    if (this.#touched.size < touchedMax) {
      this.#touched.set(name.key, name);
      this.#wake();
    } else this.#end("more keys were written than can be remembered");
  }

  #end(why: string): void {
    this.#why ??= why;
    this.#wake();
  }

  #wake(): void {
    this.#waking.resolve();
    this.#waking = Promise.withResolvers();
  }
}

function channelPrefix(database: number): string {
  return `__keyspace@${database}__:`;
}

/** Whether the server tells which keys are written; it is made to, where it may be. */
async function seeThatItNotifies(redis: Redis): Promise<boolean> {
  try {
    const [, flags = ""] = (await redis.config("GET", "notify-keyspace-events")) as string[];
    const isAll = flags.includes("A") || [..."g$lshzxetd"].every((flag) => flags.includes(flag));
    if (flags.includes("K") && isAll) return true;
    await redis.config("SET", "notify-keyspace-events", [...new Set(`${flags}KA`)].join(""));
    return true;
  } catch (error) {
    // Managed servers have no CONFIG, and not every user may use it.
    if ((error as Error).name === "ReplyError") return false;
    throw error;
  }
}
