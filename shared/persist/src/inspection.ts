// For tools that look into a subtree from outside of its engine: they read states, and delete what was dropped.
export { droppedKeptMs, pruneDropped } from "./engine/janitor.ts";
export { type NamedManifest, nameText, restorePointsOf } from "./engine/manifest-chain.ts";
export { listParked, parkedFolder, unpark } from "./engine/parked.ts";
export { Restorer } from "./engine/restorer.ts";
export { type PieceHeader, PieceReader } from "./piece/index.ts";
