import { Failure } from "./failure.ts";

/** Runs work that cleans up behind itself; ctrl-C and SIGTERM abort its signal instead of ending the process. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  process.once("SIGINT", abort).once("SIGTERM", abort);
  try {
    return await work(controller.signal);
  } catch (error) {
    if (controller.signal.aborted) throw new Failure("failed", "interrupted");
    throw error;
  } finally {
    process.off("SIGINT", abort).off("SIGTERM", abort);
  }
}
