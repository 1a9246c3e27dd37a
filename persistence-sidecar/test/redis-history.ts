import { randomInt } from "node:crypto";
import { Redis } from "ioredis";
import { type Write, Writer } from "./history.ts";
import type { Database } from "./sites.ts";

/** By ioredis. */
abstract class RedisWriter extends Writer<Redis> {
  readonly #database: Pick<Database, "endpoint">;

  constructor(database: Pick<Database, "endpoint">) {
    super();
    this.#database = database;
  }

  protected open(): Redis {
    const redis = new Redis(this.#database.endpoint, {
      lazyConnect: true,
      retryStrategy: null,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      connectTimeout: 5000,
    });
    redis.on("error", () => {});
    return redis;
  }

  protected connect(redis: Redis): Promise<unknown> {
    return redis.connect();
  }

  protected async close(redis: Redis): Promise<unknown> {
    return redis.disconnect();
  }
}

/** Writes keys that others write too, on what it has read of them, and notes what it did. Keys of its own, too. */
export class RedisHistoryWriter extends RedisWriter {
  readonly writes: Write[] = [];
  /** Of keys that only this one has written, acknowledged. */
  readonly own: string[] = [];
  readonly #name: string;
  readonly #keys: number;
  #count = 0;

  constructor(database: Pick<Database, "endpoint">, name: string, keys: number) {
    super(database);
    this.#name = name;
    this.#keys = keys;
    this.begin();
  }

  get acknowledged(): number {
    return this.own.length + this.writes.filter((write) => write.isAcknowledged).length;
  }

  protected write(redis: Redis): Promise<void> {
    return randomInt(3) === 0 ? this.#own(redis) : this.#shared(redis);
  }

  async #own(redis: Redis): Promise<void> {
    const key = `${this.#name}:${++this.#count}`;
    await redis.hset(key, { by: this.#name, n: String(this.#count) });
    this.own.push(key);
  }

  async #shared(redis: Redis): Promise<void> {
    const id = randomInt(this.#keys);
    const body = `${this.#name} ${++this.#count}`;
    await redis.watch(`note:${id}`);
    const before = await redis.get(`note:${id}`);
    let isAcknowledged = false;
    let isRefused = false;
    try {
      const results = await redis.multi().set(`note:${id}`, body).exec();
      // Somebody has written it meanwhile.
      isRefused = results === null;
      isAcknowledged = results?.[0]?.[0] === null;
    } finally {
      if (!isRefused) this.writes.push({ id, before, body, isAcknowledged });
    }
  }
}
