import type { Index } from "../storage/collection.ts";

/** Where the candidates of a query come from; what does not match among them is left out afterwards. */
export type Plan =
  | { readonly kind: "nothing" }
  | { readonly kind: "natural"; readonly isReverse: boolean }
  | IndexScan
  /** The union of several scans, each document once. */
  | { readonly kind: "union"; readonly scans: readonly IndexScan[] }
  | { readonly kind: "text"; readonly index: Index; readonly query: string };

export interface IndexScan {
  readonly kind: "index";
  readonly index: Index;
  readonly ranges: readonly KeyRange[];
  readonly isReverse: boolean;
  /** For explain: the intervals of each of the index's fields. */
  readonly bounds: ReadonlyMap<string, readonly string[]>;
  /** Whether the documents come in the order that was asked for. */
  readonly providesSort: boolean;
}

/** Keys from `low` up to, not including, `high`. */
export interface KeyRange {
  readonly low: Buffer;
  readonly high: Buffer;
}

export function providesSort(plan: Plan): boolean {
  return plan.kind === "nothing" || (plan.kind === "index" && plan.providesSort);
}
