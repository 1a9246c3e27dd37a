import { statement } from "@weftkit/store";
import { keyOf, tagsOfType } from "../bson/key-bytes.ts";
import { DateTime } from "../bson/values.ts";
import type { Catalog } from "./catalog.ts";
import type { Collection, Index } from "./collection.ts";
import { type Records, readRow } from "./records.ts";
import type { Writes } from "./work.ts";

const documentsAtOnce = 200;

/** Deletes the documents whose time is over, by the indexes that say so. Gives how many. */
export async function deleteExpired(
  catalog: Catalog,
  records: Records,
  writes: Writes,
  nowMs: number,
): Promise<number> {
  let deleted = 0;
  for (const collection of [...catalog.all()]) {
    for (const index of collection.indexes) {
      if (index.expireAfterSeconds === undefined) continue;
      deleted += await expireBy(records, writes, collection, index, nowMs);
    }
  }
  return deleted;
}

async function expireBy(
  records: Records,
  writes: Writes,
  collection: Collection,
  index: Index,
  nowMs: number,
): Promise<number> {
  const until = new DateTime(Math.floor(nowMs - index.expireAfterSeconds! * 1000));
  const isDescending = index.fields[0]!.isDescending;
  const low = Buffer.from([tagsOfType(45)[0]]);
  const high = keyOf(until);
  const [from, to] = isDescending ? [invert(high), Buffer.from([(~low[0]! & 0xff) + 1])] : [low, high];
  let deleted = 0;
  for (;;) {
    const count = await writes.perform((work) => {
      const rids = statement(
        work.db,
        `SELECT DISTINCT rid FROM ${index.table} WHERE key >= ? AND key <= ? LIMIT ?`,
        { pluck: true },
      ).all(from, to, documentsAtOnce) as number[];
      for (const rid of rids) {
        const doc = readRow(work.db, collection, rid);
        if (doc !== undefined) records.delete(work, collection, rid, doc);
      }
      return rids.length;
    });
    deleted += count;
    if (count < documentsAtOnce) return deleted;
    await new Promise(setImmediate);
  }
}

function invert(key: Buffer): Buffer {
  return Buffer.from(key.map((byte) => ~byte & 0xff));
}
