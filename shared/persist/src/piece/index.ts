export type { BytesBody, PagesBody, PieceHeader } from "./format.ts";
export { lockPage, pieceDamaged } from "./format.ts";
export { DatabaseChecksum, hashPage, type PageHash } from "./page-hash.ts";
export { type EarlierPage, type PageBlock, PagesBodyWriter, pageBlocks } from "./pages-body.ts";
export { type ExpectedFile, PieceReader } from "./reader.ts";
export { PieceWriter } from "./writer.ts";
