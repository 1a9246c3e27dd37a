export type { SnapshotErrorCode, SnapshotHeader } from "./format.ts";
export { readFileOf } from "./read-file.ts";
export { checkSnapshot } from "./read-snapshot.ts";
export type { StateFile, StatePlaces } from "./state-file.ts";
export { StateSwap } from "./state-swap.ts";
export { writeSnapshot } from "./write-snapshot.ts";
