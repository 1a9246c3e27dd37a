import type { FollowedKeys } from "./key-follower.ts";
import { markOf, versionsKey } from "./own-keys.ts";

const keysAtOnce = 500;

/** All keys that are there all the time; some more than once, and some of those that come and go. */
export async function* walkKeys(side: Pick<FollowedKeys, "reading">): AsyncGenerator<Buffer[]> {
  let cursor = "0";
  do {
    const [next, keys] = await side.reading((redis) => redis.scanBuffer(cursor, "COUNT", keysAtOnce));
    yield keys;
    cursor = next.toString();
  } while (cursor !== "0");
}

/** Keys that a sidecar has deleted. */
export async function* tombstones(side: Pick<FollowedKeys, "reading">): AsyncGenerator<Buffer[]> {
  let cursor = "0";
  do {
    const [next, pairs] = await side.reading((redis) =>
      redis.hscanBuffer(versionsKey, cursor, "COUNT", keysAtOnce),
    );
    const keys: Buffer[] = [];
    for (let at = 0; at < pairs.length; at += 2) {
      if (markOf(pairs[at + 1]!)?.digest === "") keys.push(pairs[at]!);
    }
    yield keys;
    cursor = next.toString();
  } while (cursor !== "0");
}
