import type { MaintenanceApi } from "./maintenance-worker.ts";
import { WorkerCalls, workerUrl } from "./worker-calls.ts";

/**
 * Copies a database that is in use, as of one moment, into a file that does not exist yet: page by page, in a thread of its
 * own. Writers are not held up; what the copy reads stays where it is in the log until it is done.
 */
export async function copyDatabase(file: string, target: string): Promise<void> {
  const worker = new WorkerCalls<MaintenanceApi>(workerUrl(import.meta.url, "maintenance-worker"), { file });
  try {
    await worker.call("copy", { target });
  } finally {
    await worker.end();
  }
}
