import { setTimeout as delay } from "node:timers/promises";

/** What comes without a pause is read together, so that a row that is written again and again is read once, when it was written last. */
const pauseMs = 15;
const gatherMsMax = 500;
const itemsMax = 5000;

/** Joins what comes at once, of a side whose rows are read as they are. */
export async function* gathered<T>(
  follow: (signal: AbortSignal) => AsyncGenerator<readonly T[]>,
  signal: AbortSignal,
): AsyncGenerator<readonly T[]> {
  const ending = new AbortController();
  const followed = follow(AbortSignal.any([signal, ending.signal]));
  let next = asked(followed);
  try {
    for (;;) {
      const first = await next;
      if (first.done === true) return;
      const items = [...first.value];
      next = asked(followed);
      const startedMs = performance.now();
      while (items.length < itemsMax && performance.now() - startedMs < gatherMsMax) {
        const more = await Promise.race([next, delay(pauseMs)]);
        if (more === undefined || more.done === true) break;
        for (const item of more.value) items.push(item);
        next = asked(followed);
      }
      yield items;
    }
  } finally {
    // The next may be on its way.
    ending.abort();
    await followed.return(undefined);
  }
}

/** The next, whose failure is told to whoever waits for it. */
function asked<T>(followed: AsyncGenerator<T>): Promise<IteratorResult<T>> {
  const next = followed.next();
  next.catch(() => {});
  return next;
}
