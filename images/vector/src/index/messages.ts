import type { SharedMemory } from "./kernel.ts";

/** Where a thread finds what it needs in an index's memory. */
export interface ScratchPlace {
  readonly at: number;
  readonly query: number;
  readonly results: number;
}

export interface SearchOrder {
  readonly id: number;
  readonly index: number;
  readonly scratch: ScratchPlace;
  readonly k: number;
  /** 0 compares with all. */
  readonly ef: number;
  /** Pointer to bits, or 0. */
  readonly filter: number;
  /** Distances at the most. */
  readonly budget: number;
  readonly query: Float32Array;
}

/** What the main thread says to one that searches or builds. */
export type ToIndexThread =
  | {
      readonly do: "attach";
      readonly index: number;
      readonly memory: SharedMemory;
      readonly vectorBytes: number;
    }
  | { readonly do: "detach"; readonly index: number }
  | { readonly do: "search"; readonly orders: readonly SearchOrder[] }
  /** Links for some milliseconds; answered by how many are left. */
  | { readonly do: "build"; readonly id: number; readonly index: number; readonly scratch: number }
  | { readonly do: "beginPurge"; readonly id: number; readonly index: number; readonly nodes: number }
  /** Goes on from a node for some milliseconds; answered by the next. */
  | {
      readonly do: "purge";
      readonly id: number;
      readonly index: number;
      readonly scratch: number;
      readonly from: number;
      readonly to: number;
    }
  | { readonly do: "endPurge"; readonly id: number; readonly index: number; readonly nodes: number }
  | {
      readonly do: "save";
      readonly id: number;
      readonly index: number;
      readonly file: string;
      readonly end: number;
      readonly meta: Uint8Array;
    };

export interface SearchResult {
  readonly id: number;
  /** -1 when the budget was not enough. */
  readonly count: number;
  readonly nodes: Uint32Array;
  readonly distances: Float32Array;
}

/** What it says to the main thread. */
export type FromIndexThread =
  | { readonly say: "found"; readonly results: readonly SearchResult[] }
  | { readonly say: "done"; readonly id: number; readonly value: number }
  | { readonly say: "failed"; readonly id: number; readonly message: string };
