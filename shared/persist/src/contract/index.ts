export { cipherOverheadBytes, createPartCipher, type PartCipher } from "./encryption.ts";
export * from "./manifest.ts";
export * from "./messages.ts";
export { isKeyId, isOwner, isSha256, isSubtree, subtreeOf } from "./names.ts";
export { manifestBounds, parseManifest, partsOf } from "./parse-manifest.ts";
export * from "./parse-messages.ts";
export * from "./part-lists.ts";
export * from "./signing.ts";
