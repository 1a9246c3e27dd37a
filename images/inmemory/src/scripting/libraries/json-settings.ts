/** How JSON is written and read; scripts change it for all that come after them, as in Redis. */
export interface JsonSettings {
  encodesSparse: boolean;
  sparseRatio: number;
  sparseSafe: number;
  encodeDepthMax: number;
  decodeDepthMax: number;
  encodesInvalidNumbers: boolean | "null";
  decodesInvalidNumbers: boolean;
  precision: number;
  keepsBuffer: boolean;
}
