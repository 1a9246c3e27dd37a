import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";
import type { SearchHit, SearchQuery, SearchResult } from "../content.ts";
import { countFacets } from "./facets.ts";
import { textOf } from "./index-document.ts";
import { unpackedText } from "./indexed-text.ts";
import { type RankedMatch, Ranking } from "./rank-matches.ts";
import { type Highlights, highlighted, noHighlights, snippetOf } from "./snippet.ts";

/** The documents of one collection that were found, in their order. */
export interface FoundDocuments {
  readonly collectionRow: number;
  readonly total: number;
  /** False when there were more than are looked at. */
  readonly isComplete: boolean;
  readonly matches: Ranking;
  readonly corrections: SearchResult["corrections"];
  /** What is a hit in them. */
  readonly highlights: Highlights;
}

/** Documents that were found otherwise than by words: nothing in them is a hit. */
export function foundRows(
  collectionRow: number,
  { rows, isComplete }: { readonly rows: readonly number[]; readonly isComplete: boolean },
): FoundDocuments {
  const matches = new Ranking([], [rows]);
  return {
    collectionRow,
    total: rows.length,
    isComplete,
    matches,
    corrections: [],
    highlights: noHighlights,
  };
}

/** Another order than that of the search: all of the rows, the first ones first; what is equal stays as it is. */
export type RowOrder = (db: Database, documentRows: readonly number[]) => number[];

/** A page of what was found in some collections, in one order, and what is said of all of it. */
export function resultOf(
  db: Database,
  found: readonly FoundDocuments[],
  query: Pick<SearchQuery, "limit" | "offset" | "facets" | "highlight">,
  order?: RowOrder,
): SearchResult {
  const { facets = [], highlight = true } = query;
  const rows = () => found.flatMap(({ matches }) => matches.documentRows());
  const page = order === undefined ? bestOf(found, query) : firstOf(order(db, rows()), query);
  const highlightsOf = new Map(found.map(({ collectionRow, highlights }) => [collectionRow, highlights]));
  return {
    total: found.reduce((sum, { total }) => sum + total, 0),
    totalIsExact: found.every(({ isComplete }) => isComplete),
    hits: page.map((match) => {
      const collectionRow = collectionOf(db, match.documentRow);
      return hitOf(db, collectionRow, match, highlightsOf.get(collectionRow)!, highlight);
    }),
    corrections: unique(found.flatMap(({ corrections }) => corrections)),
    facets: facets.length === 0 ? {} : countFacets(db, facets, rows()),
  };
}

type PageOf = Pick<SearchQuery, "limit" | "offset">;

/** What has the highest score in any of the collections. */
function bestOf(found: readonly FoundDocuments[], { offset, limit }: PageOf): RankedMatch[] {
  if (found.length === 1) return found[0]!.matches.page(offset, limit);
  const best = found.flatMap(({ matches }) => matches.page(0, offset + limit));
  return best.sort((left, right) => right.score - left.score).slice(offset, offset + limit);
}

function firstOf(rows: readonly number[], { offset, limit }: PageOf): RankedMatch[] {
  return rows.slice(offset, offset + limit).map((documentRow) => ({ documentRow, score: 0 }));
}

function collectionOf(db: Database, documentRow: number): number {
  const sql = "SELECT collection FROM search_documents WHERE document = ?";
  return statement(db, sql, { pluck: true }).get(documentRow) as number;
}

function hitOf(
  db: Database,
  collectionRow: number,
  { documentRow, score }: RankedMatch,
  highlights: Highlights,
  isHighlighted: boolean,
): SearchHit {
  const { title, packed } = textOf(db, documentRow);
  const shown = () => ({
    title: isHighlighted ? highlighted(title, highlights) : title,
    snippet: snippetOf(packed === undefined ? "" : unpackedText(packed), highlights, isHighlighted),
  });
  return { collectionRow, documentRow, score, shown };
}

function unique(corrections: SearchResult["corrections"]): SearchResult["corrections"] {
  return [...new Map(corrections.map((one) => [JSON.stringify(one), one])).values()];
}
