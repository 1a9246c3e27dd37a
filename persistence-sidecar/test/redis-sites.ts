import { RealRedis } from "@weftkit/testing/real-redis";
import { Redis } from "ioredis";
import { onTestFinished } from "vitest";
import type { Database } from "./sites.ts";

/** A real Redis as the remote of sidecars, which keeps what it has acknowledged. */
export async function realRedis(options: readonly string[] = []) {
  const redis = await RealRedis.start(["--appendonly", "yes", "--appendfsync", "always", ...options]);
  const endpoint = `redis://127.0.0.1:${redis.port}`;
  return {
    endpoint,
    variables: { WEFTKIT_PERSISTENCE_REMOTE_ENDPOINT: endpoint },
    kill: () => redis.kill(),
    start: () => redis.start(),
  };
}

/** A client that is there as long as the test. */
export function connectRedis({ endpoint }: Pick<Database, "endpoint">): Redis {
  const redis = new Redis(endpoint, { retryStrategy: () => 20, maxRetriesPerRequest: null });
  redis.on("error", () => {});
  onTestFinished(() => redis.disconnect());
  return redis;
}

/** All keys but the sidecars' own, with what they are, in order. */
export async function keysOf({ endpoint }: Pick<Database, "endpoint">): Promise<[string, unknown][]> {
  const redis = new Redis(endpoint, { retryStrategy: null, maxRetriesPerRequest: 0 });
  redis.on("error", () => {});
  try {
    const keys = (await redis.keys("*")).filter((key) => !key.startsWith("weftkit:sync:"));
    return await Promise.all(
      keys.toSorted().map(async (key): Promise<[string, unknown]> => [key, await contentOf(redis, key)]),
    );
  } finally {
    redis.disconnect();
  }
}

async function contentOf(redis: Redis, key: string): Promise<unknown> {
  const type = await redis.type(key);
  const expires = Number(await redis.call("PEXPIRETIME", key));
  const read: Readonly<Record<string, () => Promise<unknown>>> = {
    string: async () => (await redis.getBuffer(key))?.toString("latin1"),
    list: () => redis.lrange(key, 0, -1),
    set: async () => (await redis.smembers(key)).toSorted(),
    hash: async () => Object.entries(await redis.hgetall(key)).toSorted(),
    // Versions write scores differently.
    zset: async () => {
      const flat = ((await redis.call("ZRANGE", key, "0", "-1", "WITHSCORES")) as string[]).flat();
      return flat.map((text, index) => (index % 2 === 0 ? text : Number.parseFloat(text)));
    },
  };
  return [type, await read[type]?.(), ...(expires >= 0 ? [expires] : [])];
}
