import type { Bytes, RedisValue } from "../../api.ts";
import { toBytes } from "../bytes.ts";
import type { RedisConnection } from "./redis-connection.ts";

const stringBytesMax = 64 * 1024;
const entriesMax = 200;

type Read = (connection: RedisConnection, key: Buffer) => Promise<{ size: number; entries: Bytes[][] }>;

const scanned =
  (scan: string, count: string, width: 1 | 2): Read =>
  async (connection, key) => {
    const size = Number(await connection.call(count, key));
    const [, flat] = (await connection.call(scan, key, "0", "COUNT", entriesMax)) as [Buffer, Buffer[]];
    return { size, entries: inGroups(flat, width).slice(0, entriesMax) };
  };

/** How some of a value is read, by its type, so that a large one costs no more than a small one. */
const reads: Readonly<Record<string, Read>> = {
  string: async (connection, key) => ({
    size: Number(await connection.call("STRLEN", key)),
    entries: [[toBytes((await connection.call("GETRANGE", key, 0, stringBytesMax - 1)) as Buffer)]],
  }),
  list: async (connection, key) => ({
    size: Number(await connection.call("LLEN", key)),
    entries: inGroups((await connection.call("LRANGE", key, 0, entriesMax - 1)) as Buffer[], 1),
  }),
  hash: scanned("HSCAN", "HLEN", 2),
  set: scanned("SSCAN", "SCARD", 1),
  zset: async (connection, key) => ({
    size: Number(await connection.call("ZCARD", key)),
    entries: inGroups((await connection.call("ZRANGE", key, 0, entriesMax - 1, "WITHSCORES")) as Buffer[], 2),
  }),
  stream: async (connection, key) => {
    const size = Number(await connection.call("XLEN", key));
    const last = (await connection.call("XREVRANGE", key, "+", "-", "COUNT", entriesMax)) as [
      Buffer,
      Buffer[],
    ][];
    return { size, entries: last.map(([id, fields]) => [toBytes(id), ...fields.map(toBytes)]) };
  },
};

/** What a key holds; undefined when there is none. */
export async function readValue(connection: RedisConnection, key: Buffer): Promise<RedisValue | undefined> {
  const type = String(await connection.call("TYPE", key));
  if (type === "none") return undefined;
  const ttlMs = Number(await connection.call("PTTL", key));
  const read = reads[type];
  if (read === undefined) return { type, ttlMs, size: 0, entries: [], isWhole: false };
  const { size, entries } = await read(connection, key);
  const isWhole = type === "string" ? size <= stringBytesMax : entries.length >= size;
  return { type, ttlMs, size, entries, isWhole };
}

function inGroups(flat: readonly Buffer[], width: number): Bytes[][] {
  return Array.from({ length: flat.length / width }, (_, index) =>
    flat.slice(index * width, (index + 1) * width).map(toBytes),
  );
}
