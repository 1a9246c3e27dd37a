import { workerData } from "node:worker_threads";
import { pageSize } from "../identity.ts";
import { Checkpointer } from "./checkpointer.ts";
import { FRAME_HEADER_BYTES } from "./wal-format.ts";
import { serveCalls } from "./worker-calls.ts";

const checkpointer = new Checkpointer((workerData as { file: string }).file);

const api = {
  /** Moves what it can without holding anybody up. */
  pass() {
    const { log, checkpointed } = checkpointer.passive();
    return { walBytes: log * (FRAME_HEADER_BYTES + pageSize), tailFrames: log - checkpointed };
  },
  /** While the writers are held back. */
  restart: () => checkpointer.restart(),
};

export type MaintenanceApi = typeof api;

serveCalls(api, () => checkpointer.close());
