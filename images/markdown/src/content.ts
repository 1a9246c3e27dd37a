/**
 * What the engine's parts know of each other's work: rendering reads texts and knows no storage, search keeps its own
 * tables beside the documents', and the storage asks both.
 *
 * - `render/`: `extract`, `renderHtml`, `rewriteLinks`
 * - `search/`: `searchMigration`, `indexDocument`, `removeDocument`, `findDocuments`, `resultOf`
 *
 * All functions that get a database run inside a transaction or snapshot of the store, and are synchronous.
 */

/** What the engine needs to know of a document's text, front matter left out. */
export interface Extracted {
  /** The first heading of level 1, without markup. */
  readonly title: string | undefined;
  readonly headings: readonly Heading[];
  /** The words of the text without markup: what is searched and what snippets are cut from. */
  readonly plainText: string;
  readonly links: readonly DocumentLink[];
}

export interface Heading {
  readonly level: number;
  /** Without markup. */
  readonly text: string;
  /** The `id` that the heading has in the rendered page, unique in the document. */
  readonly anchor: string;
}

/**
 * What a link leads to: `wiki` to what has a name (`[[target#anchor|label]]`, `![[image.png]]`), `markdown` to the document
 * at a path (`[label](target.md#anchor)`), `file` to the attachment at a path (`[label](file.pdf)`, `![label](image.png)`).
 */
export type LinkKind = "wiki" | "markdown" | "file";

/** A link inside the collection. */
export interface DocumentLink {
  readonly kind: LinkKind;
  /** As written, without the anchor, percent-decoded; for `markdown` still with its `.md`. */
  readonly target: string;
  readonly anchor: string | undefined;
  readonly label: string;
  /** Where the link stands in the text: UTF-16 offsets, the end exclusive. */
  readonly start: number;
  readonly end: number;
}

/** A page made of a text. */
export interface Rendered {
  /** Sanitised: no script can run in it. */
  readonly html: string;
  readonly toc: readonly Heading[];
}

/** What a link is written to lead to. */
export interface LinkTarget {
  readonly target: string;
  readonly kind: LinkKind;
}

export interface RenderOptions {
  /** The address (href, src) of what a link's target means, undefined when there is nothing. */
  resolve(target: string, kind: LinkKind): string | undefined;
}

/** The address or the new target of a link; undefined leaves the link as it is. */
export type TargetRewriter = (target: string, kind: LinkKind) => string | undefined;

/** What search takes of a document. */
export interface SearchableText {
  readonly title: string;
  readonly headings: readonly string[];
  readonly tags: readonly string[];
  /** `Extracted.plainText`. */
  readonly text: string;
}

export type SearchField = "title" | "headings" | "tags" | "text";

/**
 * Which documents a filter on fields lets through, as SQL. The condition is a boolean expression about the document
 * whose row number is in the expression `row` (`hits.row`), with `?` for each of the parameters, in their order.
 */
export interface RowFilter {
  condition(row: string): string;
  readonly parameters: readonly (string | number)[];
}

/** Checked already: limits are positive and bounded, the query is not empty. */
export interface SearchQuery {
  readonly query: string;
  readonly limit: number;
  readonly offset: number;
  readonly filter?: RowFilter;
  /**
   * Names of front-matter fields whose values are counted over all hits. Values are in the table
   * `fields (document, collection, name, kind, value)`: one row for each element of a list; `fieldText` of
   * fields/value.ts writes a value as text.
   */
  readonly facets?: readonly string[];
  /** Where to search. Default: everywhere. */
  readonly fields?: readonly SearchField[];
  /** Whether a word that is not in the vocabulary may stand for one that is near. Default: true. */
  readonly typo?: boolean;
  /** Whether the last word may be the beginning of one, as while somebody types. Default: false. */
  readonly prefixLast?: boolean;
  /** Whether title and snippet have their hits between `<mark>` and `</mark>` (the rest HTML-escaped). Default: true. */
  readonly highlight?: boolean;
}

export interface SearchHit {
  readonly collectionRow: number;
  readonly documentRow: number;
  /** Higher is better; to be compared within one answer only. */
  readonly score: number;
  /** What is shown of it; takes up to some milliseconds for a long text, and no database. */
  shown(): ShownHit;
}

export interface ShownHit {
  readonly title: string;
  readonly snippet: string;
}

export interface FacetValue {
  readonly value: string;
  readonly count: number;
}

export interface SearchResult {
  readonly total: number;
  /** False when so many documents match that not all of them were counted; `total` is then a lower bound. */
  readonly totalIsExact: boolean;
  /** Best first. */
  readonly hits: readonly SearchHit[];
  /** Words that stood for others. */
  readonly corrections: readonly { readonly from: string; readonly to: string }[];
  /** By field name; the most frequent values first. */
  readonly facets: Readonly<Record<string, readonly FacetValue[]>>;
}
