import type { SearchField } from "../content.ts";

/** A query as it was understood. */
export type QueryNode =
  | Term
  | {
      readonly kind: "and";
      readonly all: readonly QueryNode[];
      readonly none: readonly QueryNode[];
      /** Whether somebody wrote AND, and does not want documents without one of the words. */
      readonly isStrict: boolean;
    }
  | { readonly kind: "or"; readonly any: readonly QueryNode[] };

/** Words in a row: one word, a phrase in quotation marks, or what was written together (`foo-bar`). */
export interface Term {
  readonly kind: "term";
  /** Folded, not stemmed; never empty. */
  readonly words: readonly string[];
  /** Whether the last word is the beginning of one. */
  readonly isPrefix: boolean;
  /** Whether somebody is still typing its last word: it is then a word, or the beginning of one. */
  readonly isUnfinished: boolean;
  /** Whether it was in quotation marks: it is then meant as it is written. */
  readonly isQuoted: boolean;
  /** Where it has to be; everywhere when undefined. */
  readonly fields: readonly SearchField[] | undefined;
}

/** The terms that a document should have, in the order of the query. */
export function wantedTerms(node: QueryNode): Term[] {
  if (node.kind === "term") return [node];
  return (node.kind === "and" ? node.all : node.any).flatMap(wantedTerms);
}
