export { type Clock, systemClock } from "./clock.ts";
export { Deadline } from "./deadline.ts";
export {
  replaceFile,
  replaceFileSync,
  syncFile,
  syncFolder,
  syncFolderSync,
  writeSynced,
} from "./durable-files.ts";
export { WeftkitError } from "./errors.ts";
export { type ListenOptions, listen } from "./listen.ts";
export { findNativeModule, NativeAddon, type NativeModule, type NativeSupport } from "./native-module.ts";
export { nearestName } from "./nearest.ts";
export { Slots } from "./slots.ts";
export { formatBytes, formatDurationMs, parseBytes, parseDurationMs } from "./units.ts";
export { watchFiles } from "./watch-files.ts";
