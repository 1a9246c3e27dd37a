import type { LockRequest, Owner } from "./lock-entry.ts";

/** Somebody waits for somebody: for a lock that is held, the writer, or only for its turn behind another request. */
interface Edge {
  readonly from: Owner;
  readonly to: Owner;
  /** Set when `from` waits only because `to` stands before it in the queue. */
  readonly behind: LockRequest | undefined;
}

/** Who holds the writer and will not give it away. */
export type WriterHolder = () => Owner | undefined;

/** Those whom a request waits for, holders first. */
export function* edgesOf(owner: Owner, writerHolder: WriterHolder): Generator<Edge> {
  if (owner.writerSinceMs !== undefined) {
    const holder = writerHolder();
    if (holder !== undefined && holder !== owner) yield { from: owner, to: holder, behind: undefined };
  }
  const request = owner.waiting;
  if (request === undefined) return;
  const { entry, conflictBits } = request;
  for (const [holder, { bits }] of entry.holdings) {
    if (holder !== owner && (bits & conflictBits) !== 0) yield { from: owner, to: holder, behind: undefined };
  }
  for (const before of entry.queue) {
    if (before === request) return;
    if ((before.bit & conflictBits) !== 0) yield { from: owner, to: before.owner, behind: before };
  }
}

/** A circle of waiting that `start` is a part of, or undefined. */
export function findCycle(start: Owner, writerHolder: WriterHolder): readonly Edge[] | undefined {
  const seen = new Set<Owner>();
  const path: Edge[] = [];
  // An explicit stack: a chain of waiting is as long as there are sessions.
  const stack = [edgesOf(start, writerHolder)];
  while (stack.length > 0) {
    const { value: edge, done } = stack.at(-1)!.next();
    if (done) {
      stack.pop();
      path.pop();
      continue;
    }
    if (edge.to === start) return [...path, edge];
    if (seen.has(edge.to)) continue;
    seen.add(edge.to);
    path.push(edge);
    stack.push(edgesOf(edge.to, writerHolder));
  }
  return undefined;
}
