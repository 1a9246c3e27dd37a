export { checkDatabase } from "./check-database.ts";
export { Checkpointer, type WalCounts } from "./checkpointer.ts";
export { type Maintenance, type MaintenanceOptions, startMaintenance } from "./maintenance.ts";
export { NewestFrames } from "./newest-frames.ts";
export { SealPolicy } from "./seal-policy.ts";
export { WalFile } from "./wal-file.ts";
export { FRAME_HEADER_BYTES, type WalChecksum, type WalHeader } from "./wal-format.ts";
export { WalPin } from "./wal-pin.ts";
export { serveCalls, type WorkerApi, WorkerCalls, workerUrl } from "./worker-calls.ts";
