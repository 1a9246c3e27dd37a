/** Where the words of the header are, in words; kernel/hnsw.as says the same in bytes. */
export const header = {
  kind: 0,
  vectorBytes: 1,
  stride: 2,
  vectorAt: 3,
  linksMax: 4,
  efConstruction: 5,
  entry: 6,
  topLevel: 7,
  table: 8,
  ring: 9,
  ringMask: 10,
  ringDone: 11,
  ringTail: 12,
  nodes: 13,
} as const;

/** Bytes that are kept for the header. */
export const headerBytes = 256;

/** Bits of a record's state. */
export const nodeState = { alive: 1, linked: 2, purging: 4, relinked: 8 } as const;

/** Words of a scratch. */
export const scratchWord = {
  epoch: 0,
  capacity: 1,
  query: 2,
  results: 3,
  candidates: 4,
  visited: 5,
  tail: 6,
  selected: 7,
  resultsMax: 8,
  distances: 9,
} as const;

export const scratchHeaderBytes = 64;
/** Two lists of links: those that are chosen for a node, and for one of its neighbours. */
export const selectedBytes = 1024;

/** Records of a chunk. */
export const chunkNodes = 256;
export const levelMax = 15;
/** WebAssembly addresses 32 bits. */
export const memoryPagesMax = 65_536;
export const pageBytes = 65_536;

/** How far apart two vectors are, for the kernel. A cosine is a dot product of vectors of length 1. */
export const distanceKinds = { Cosine: 0, Dot: 0, Euclid: 1, Manhattan: 2 } as const;
export type Distance = keyof typeof distanceKinds;

export function roundUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}
