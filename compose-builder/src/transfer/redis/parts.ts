import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { PayloadError, type RdbPart, readRdbFile } from "@weftkit/inmemory/rdb-file";
import type { Redis } from "ioredis";
import { Failure } from "../../terminal/failure.ts";

/** Keys that are asked for at once. */
const scanCount = 500;

/** What is to be copied, part by part. */
export interface Source {
  /** How far it is, in these units: bytes of a file, keys of a server. */
  readonly total: number;
  readonly unit: "bytes" | "keys";
  /** Each part with how many units it stands for. */
  parts(): AsyncGenerator<{ readonly part: RdbPart; readonly units: number }>;
}

/** An RDB file. @throws Failure when it cannot be read or is damaged */
export function fileSource(path: string): Source {
  const file = openSync(path, "r");
  const total = fstatSync(file).size;
  return {
    total,
    unit: "bytes",
    async *parts() {
      let read = 0;
      let told = 0;
      const next = (count: number) => {
        const bytes = Buffer.allocUnsafe(count);
        const length = readSync(file, bytes);
        read += length;
        return bytes.subarray(0, length);
      };
      try {
        for (const part of readRdbFile(next, total)) {
          yield { part, units: read - told };
          told = read;
        }
      } catch (error) {
        if (error instanceof PayloadError) throw new Failure("failed", `${path}: ${error.message}`);
        throw error;
      } finally {
        closeSync(file);
      }
    },
  };
}

/** A server: what it holds as SCAN gives it, which is no single moment while others write. */
export async function serverSource(redis: Redis): Promise<Source> {
  const databases = [...(await redis.info("keyspace")).matchAll(/^db(\d+):keys=(\d+)/gm)].map(
    ([, database, keys]) => ({ database: Number(database), keys: Number(keys) }),
  );
  // Before 7.0 only the time that is left is told.
  const tellsExpiry = Number(/^redis_version:(\d+)/m.exec(await redis.info("server"))?.[1]) >= 7;
  return {
    total: databases.reduce((sum, { keys }) => sum + keys, 0),
    unit: "keys",
    async *parts() {
      for (const code of await libraries(redis)) yield { part: { kind: "library", code }, units: 0 };
      for (const { database } of databases) {
        await redis.select(database);
        for await (const part of keysOf(redis, database, tellsExpiry)) yield { part, units: 1 };
      }
    },
  };
}

async function* keysOf(redis: Redis, database: number, tellsExpiry: boolean): AsyncGenerator<RdbPart> {
  let cursor = "0";
  do {
    const [next, keys] = await redis.scanBuffer(cursor, "COUNT", scanCount);
    cursor = next.toString();
    const asked = redis.pipeline();
    for (const key of keys) {
      if (tellsExpiry) asked.pexpiretime(key);
      else asked.pttl(key);
      asked.dumpBuffer(key);
    }
    const replies = (await asked.exec())!;
    const nowMs = Date.now();
    for (const [index, key] of keys.entries()) {
      const [[, ttl], [error, dumped]] = [replies[index * 2]!, replies[index * 2 + 1]!];
      if (error !== null)
        throw new Failure("failed", `DUMP of ${JSON.stringify(key.toString())}: ${error.message}`);
      // It went since SCAN told of it.
      if (dumped === null) continue;
      const time = Number(ttl);
      yield {
        kind: "key",
        database,
        key,
        expiresAt: time < 0 ? undefined : tellsExpiry ? time : nowMs + time,
        idleSeconds: undefined,
        frequency: undefined,
        payload: dumped as Buffer,
      };
    }
  } while (cursor !== "0");
}

/** The code of the libraries of functions; servers before 7.0 know none. */
async function libraries(redis: Redis): Promise<Buffer[]> {
  try {
    const listed = (await redis.call("FUNCTION", "LIST", "WITHCODE")) as string[][];
    return listed.map((library) => Buffer.from(library[library.indexOf("library_code") + 1]!));
  } catch (error) {
    if (/unknown command|unknown subcommand/i.test((error as Error).message)) return [];
    throw error;
  }
}
