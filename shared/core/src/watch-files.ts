import { type BigIntStats, statSync } from "node:fs";
import { stat } from "node:fs/promises";

/** How often a watched file is looked at; secrets change a few times a year, and nobody waits for it. */
const defaultIntervalMs = 1000;

/**
 * Calls `changed` after one of `paths` was written, replaced, removed or created; returns what stops the watching.
 * Begin to watch before reading, so that no change falls between the two.
 *
 * It polls, because notifications miss what matters here: Kubernetes replaces a mounted secret by swapping a symbolic
 * link two folders up, and bind mounts of single files from another system send no events at all.
 */
export function watchFiles(
  paths: readonly string[],
  changed: () => void,
  intervalMs: number = defaultIntervalMs,
): () => void {
  if (paths.length === 0) return () => {};
  let seen = paths.map((path) => fingerprint(statSync(path, { bigint: true, throwIfNoEntry: false }))).join();
  let stopped = false;
  const look = async () => {
    const found = await Promise.all(paths.map((path) => stat(path, { bigint: true }).catch(() => undefined)));
    if (stopped) return;
    const now = found.map(fingerprint).join();
    timer.refresh();
    if (now === seen) return;
    seen = now;
    changed();
  };
  const timer = setTimeout(look, intervalMs).unref();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

/** Differs when a file's content may differ; the change time also catches a rewrite within one clock tick of mtime. */
function fingerprint(stats: BigIntStats | undefined): string {
  return stats === undefined
    ? "absent"
    : `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
}
