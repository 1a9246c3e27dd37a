import { workerData } from "node:worker_threads";
import { openDatabase } from "../connection.ts";
import { pageSize } from "../identity.ts";
import { Checkpointer } from "./checkpointer.ts";
import { FRAME_HEADER_BYTES } from "./wal-format.ts";
import { serveCalls } from "./worker-calls.ts";

const { file } = workerData as { file: string };
const checkpointer = new Checkpointer(file);
/** Between them a writer of another thread may want the disk. */
const pagesAtOnce = 2048;

const api = {
  /** Moves what it can without holding anybody up. */
  pass() {
    const { log, checkpointed } = checkpointer.passive();
    return { walBytes: log * (FRAME_HEADER_BYTES + pageSize), tailFrames: log - checkpointed };
  },
  /** While the writers are held back. */
  restart: () => checkpointer.restart(),
  /** See `copyDatabase`. */
  async copy({ target }: { target: string }) {
    const source = openDatabase(file, { readonly: true });
    try {
      // A copy without a transaction around it begins anew whenever somebody else has written.
      source.exec("BEGIN; SELECT count(*) FROM sqlite_schema");
      await source.backup(target, { progress: () => pagesAtOnce });
    } finally {
      source.close();
    }
  },
};

export type MaintenanceApi = typeof api;

serveCalls(api, () => checkpointer.close());
