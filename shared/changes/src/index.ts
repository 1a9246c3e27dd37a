export { recordChange, StoreChanges, type StoreChangesOptions } from "./store-changes.ts";
export { positionOf, tokenOf } from "./token.ts";
export type {
  Change,
  ChangeBatch,
  ChangeLog,
  ChangesErrorCode,
  Consumer,
  FollowOptions,
  Position,
  ReadLimits,
} from "./types.ts";
export { Waking } from "./waking.ts";
