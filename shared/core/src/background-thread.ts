import { readlinkSync } from "node:fs";
import { constants, setPriority } from "node:os";

/**
 * Lets the other threads go first where cores are short: to be called by a worker thread whose work nobody waits for.
 *
 * On Linux each thread has a priority of its own (setpriority(2), "C library/kernel differences"); elsewhere this does
 * nothing, as it would lower the whole process.
 */
export function runInBackground(): void {
  if (process.platform !== "linux") return;
  try {
    const thread = Number(readlinkSync("/proc/thread-self").split("/").at(-1));
    setPriority(thread, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // No /proc, or not allowed here: it runs as the others do.
  }
}
