import { readFileSync } from "node:fs";

/** What a process has open beside its clients: databases, logs, the admin port, the event loop's own. */
const reserved = 64;

/** How many files and sockets this process may have open; undefined where the system does not tell. */
function openFilesMax(): number | undefined {
  try {
    const [, limit] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return limit === undefined ? undefined : Number(limit);
  } catch {
    // Only Linux has the file; elsewhere the configured number holds.
    return undefined;
  }
}

/**
 * How many clients can be let in: as many as are wanted, or as many as there are descriptors for, when those are fewer. So whoever comes
 * too late is refused in the protocol's own words, and not cut off.
 */
export function clientsMax(wanted: number, openFiles: number | undefined = openFilesMax()): number {
  return openFiles === undefined ? wanted : Math.max(1, Math.min(wanted, openFiles - reserved));
}
