import type { ClientSession } from "../server/server.ts";

/** What a drawn element takes in a reply at least, in bytes. */
const ELEMENT_BYTES_MIN = 5;

const NOT_IN_LONG_RANGE =
  "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807";

/** A collection to draw from: `identity` tells its current element from the others. */
export interface Drawable {
  readonly size: number;
  readonly identity: number;
  random(): void;
  visit(visitor: () => boolean): void;
}

/** From this share of a collection on, one pass over it is faster than drawing until enough different ones came. */
const PASS_SHARE = 3;

/**
 * Makes `count` different random elements of a collection the current one, one after another; all of them when it has
 * fewer.
 */
export function drawDistinct(from: Drawable, count: number, drawn: () => void): void {
  const { size } = from;
  if (count * PASS_SHARE > size) {
    let wanted = Math.min(count, size);
    let left = size;
    from.visit(() => {
      if (Math.random() * left < wanted) {
        drawn();
        wanted--;
      }
      left--;
      return wanted > 0;
    });
    return;
  }
  const seen = new Set<number>();
  while (seen.size < count) {
    from.random();
    if (seen.has(from.identity)) continue;
    seen.add(from.identity);
    drawn();
  }
}

/** The count at an argument, negative when elements may repeat; on a bad one answers the error and returns NaN. */
export function readDrawCount(session: ClientSession, index: number): number {
  const count = session.integer(index);
  if (count > -(2 ** 63) || Number.isNaN(count)) return count;
  session.reply.error(NOT_IN_LONG_RANGE);
  return Number.NaN;
}

/**
 * Whether so many elements may be drawn; answers the error when not. A negative count is refused when the reply would
 * be longer than any string may be: Redis would go on until the client's output limit ends it.
 */
export function isDrawable(session: ClientSession, count: number): boolean {
  if (count >= 0 || -count * ELEMENT_BYTES_MIN <= session.server.settings.bulkLimitBytes) return true;
  session.reply.error(OUT_OF_BOUNDS);
  return false;
}

export const OUT_OF_BOUNDS = "ERR value is out of range";
