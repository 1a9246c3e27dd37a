import { type Pause, pause, TurnClock, type Turns } from "./run.ts";

/** Sorted at once; longer arrays are sorted in such pieces, which are merged. */
const pieceLength = 2048;

/** A stable sort that gives `pause` when its turn is over, and goes on in the next. The array itself may be changed. */
export function* sortedOverTurns<T>(
  items: T[],
  compare: (a: T, b: T) => number,
  turns: Turns,
): Generator<Pause, T[]> {
  if (items.length <= pieceLength) return items.sort(compare);
  const clock = new TurnClock();
  let from: T[] = [];
  for (let at = 0; at < items.length; at += pieceLength) {
    for (const item of items.slice(at, at + pieceLength).sort(compare)) from.push(item);
    if (performance.now() > turns.run.untilMs) yield pause;
  }
  let into = items;
  for (let width = pieceLength; width < items.length; width *= 2) {
    for (let low = 0; low < from.length; low += width * 2) {
      const middle = Math.min(low + width, from.length);
      const end = Math.min(low + width * 2, from.length);
      for (let left = low, right = middle, to = low; to < end; to++) {
        const takesLeft = right >= end || (left < middle && compare(from[left]!, from[right]!) <= 0);
        into[to] = takesLeft ? from[left++]! : from[right++]!;
        if (clock.isOver(turns.run)) yield pause;
      }
    }
    [from, into] = [into, from];
  }
  return from;
}
