/** Waits for something that goes on whatever becomes of whoever waits. @throws the signal's reason */
export async function untilAborted(work: Promise<unknown> | undefined, signal?: AbortSignal): Promise<void> {
  if (signal === undefined) {
    await work;
    return;
  }
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    signal.throwIfAborted();
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
