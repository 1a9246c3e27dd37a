import { Redis } from "ioredis";
import type { Emitter, OutgoingEvent } from "../event.ts";
import { RefusedError } from "../refused-error.ts";
import { answerMs, type BrokerOptions } from "./connection.ts";

/** Adds events to a Redis stream: the fields `id`, `key` and `event`. */
export async function openEmitter(options: BrokerOptions): Promise<Emitter> {
  const { broker, username, password, clientName, tls } = options;
  const [host = "", port] = broker.split(":");
  const redis = new Redis({
    host,
    port: Number(port),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls !== undefined && { tls: { ...tls, servername: host } }),
    connectionName: clientName,
    lazyConnect: true,
    // Whoever sends opens another connection when this one has failed, so that nothing is sent twice by the client itself.
    retryStrategy: null,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: answerMs,
    commandTimeout: answerMs,
  });
  // Errors come to the calls that they concern.
  redis.on("error", () => {});
  try {
    await redis.connect();
  } catch (error) {
    redis.disconnect();
    throw error;
  }
  return new RedisEmitter(redis, options.streamMaxLength);
}

class RedisEmitter implements Emitter {
  readonly #redis: Redis;
  readonly #lengthMax: number;

  constructor(redis: Redis, lengthMax: number) {
    this.#redis = redis;
    this.#lengthMax = lengthMax;
  }

  async send(events: readonly OutgoingEvent[]): Promise<void> {
    const trim = this.#lengthMax === 0 ? [] : ["MAXLEN", "~", this.#lengthMax];
    const pipeline = this.#redis.pipeline();
    for (const { topic, id, key = "", body } of events)
      pipeline.call("XADD", topic, ...trim, "*", "id", id, "key", key, "event", body);
    for (const [error] of (await pipeline.exec()) ?? []) {
      if (error === null) continue;
      // What Redis itself cannot hold of one value.
      if (/^ERR .*(?:too large|exceeds maximum|string exceeds)/i.test(error.message))
        throw new RefusedError(error.message);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#redis.disconnect();
  }
}
