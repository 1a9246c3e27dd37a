export { consumerDropped, tooOld } from "./errors.ts";
export { followBatches } from "./follow-batches.ts";
export { type Epoch, faultOf } from "./history.ts";
export { jsonTexts } from "./json-texts.ts";
export {
  isRecording,
  isRecordingDetail,
  recordChange,
  StoreChanges,
  type StoreChangesOptions,
} from "./store-changes.ts";
export { consumersIn, newestOf } from "./tables.ts";
export { positionOf, tokenOf } from "./token.ts";
export type {
  Change,
  ChangeBatch,
  ChangeDetail,
  ChangeForm,
  ChangeLog,
  ChangesErrorCode,
  Consumer,
  FollowOptions,
  Position,
  ReadLimits,
} from "./types.ts";
export { untilAborted } from "./until-aborted.ts";
export { Waking } from "./waking.ts";
