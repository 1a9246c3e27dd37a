export { BlobFolder, type BlobKeeper, blobBytesCeiling, type PutOptions } from "./blob-folder.ts";
export { BlobsStream, type BlobsStreamOptions } from "./blobs-stream.ts";
