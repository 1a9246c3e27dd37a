import { randomUUID } from "node:crypto";
import { WeftkitError } from "@weftkit/core";
import type { ObjectStore } from "../object-store.ts";

const probeBytesMax = 1024;
/** Writes of one race. */
const racers = 8;

/**
 * Tries with a probe object what all of the contract rests on: that the store tells "not there" from a failure, and
 * that of several writes on one condition one succeeds. Some S3-compatible stores take conditional headers and ignore
 * them; there two owners could both commit.
 *
 * @throws WeftkitError `store_unusable`
 */
export async function checkConditions(store: ObjectStore): Promise<void> {
  const key = `weftkit-probe/${randomUUID()}`;
  const body = (text: string) => Buffer.from(`${text} ${randomUUID()}`);
  try {
    require((await store.get(key, probeBytesMax)) === undefined, "it has an object that was never written");
    const first = await store.put(key, body("first"), { ifAbsent: true });
    require(first !== undefined, "it refused to create an object");
    const again = await store.put(key, body("again"), { ifAbsent: true });
    require(again === undefined, "it ignores If-None-Match: an object was created twice");
    const second = await store.put(key, body("second"), { ifMatch: first!.etag });
    require(second !== undefined, "it refused to replace an object by its ETag");
    const stale = await store.put(key, body("stale"), { ifMatch: first!.etag });
    require(stale === undefined, "it ignores If-Match: a replaced object was replaced again by its old ETag");
    const race = Array.from({ length: racers }, (_, index) =>
      store.put(key, body(`racer ${index}`), { ifMatch: second!.etag }),
    );
    const winners = (await Promise.all(race)).filter((put) => put !== undefined);
    require(winners.length ===
      1, `of ${racers} writes on one ETag at once ${winners.length} succeeded, not one`);
  } catch (error) {
    if (error instanceof WeftkitError && error.code === "store_unusable") throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const message = `the bucket cannot be used: ${reason}. The credentials need s3:GetObject, s3:PutObject and s3:DeleteObject on its objects and s3:ListBucket on itself (without it a missing object looks like a forbidden one)`;
    throw new WeftkitError("store_unusable", message, { cause: error });
  } finally {
    // Not being able to remove the probe would have failed above too; a leftover of a few bytes harms nobody.
    await store.delete(key).catch(() => {});
  }
}

function require(holds: boolean, otherwise: string): void {
  if (holds) return;
  const message = `the bucket's store does not keep what state needs: ${otherwise}. Use a store with conditional writes (If-None-Match and If-Match on PUT), such as Amazon S3, MinIO or R2`;
  throw new WeftkitError("store_unusable", message);
}
