import type { SlicedWork } from "./work.ts";

/** So long a sliced work has the event loop for itself. */
const sliceMs = 5;

/** Goes on with a work for one slice, or to its end. */
export function advance<T>(steps: SlicedWork<T>): IteratorResult<void, T> {
  const endsMs = performance.now() + sliceMs;
  let step: IteratorResult<void, T>;
  do step = steps.next();
  while (step.done !== true && performance.now() < endsMs);
  return step;
}

/** Runs the finally blocks of a work that goes no further, in its transaction, which is then undone. */
export function endSlices(steps: SlicedWork<unknown>): void {
  try {
    steps.return(undefined);
  } catch {
    // Why the work has ended is told; what its own cleaning up finds wrong comes of that.
  }
}
