import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";
import type { DocumentLink } from "../content.ts";
import type { Collection } from "../storage/collections.ts";
import type { StoredDocument } from "../storage/documents.ts";
import { resolveKey } from "./resolve.ts";
import { baseName, linkKey } from "./target.ts";

/** A link to a document, from where it stands. */
export interface Backlink {
  readonly sourceRow: number;
  readonly source: string;
  readonly sourceTitle: string;
  readonly position: number;
  readonly kind: DocumentLink["kind"];
  readonly target: string;
  readonly anchor: string | null;
  readonly label: string;
}

/** Where a page of backlinks ends. */
export type BacklinkPosition = readonly [source: string, position: number];

/**
 * Links that mean the document now, by the id of their source. They are found by the names that can mean it; whether
 * they do is asked of the resolution that readers get, as another document may have a better claim to a name.
 */
export function backlinksTo(
  db: Database,
  collection: Collection,
  document: StoredDocument,
  after: BacklinkPosition,
  limit: number,
): Backlink[] {
  const wikiKeys = meaningOf(db, collection, document);
  const sql = `SELECT l.source AS sourceRow, d.id AS source, d.title AS sourceTitle, l.position, l.kind, l.target,
      l.anchor, l.label
    FROM links l CROSS JOIN documents d ON d.row = l.source
    WHERE l.collection = @collection AND l.key IN (@id, @first, @second, @third)
      AND (l.kind = 'markdown' AND l.key = @id OR l.kind = 'wiki' AND l.key IN (@first, @second, @third))
      AND (d.id, l.position) > (@source, @position)
    ORDER BY d.id, l.position LIMIT @limit`;
  const [first = null, second = null, third = null] = wikiKeys;
  const [source, position] = after;
  const parameters = {
    collection: collection.row,
    id: document.id,
    first,
    second,
    third,
    source,
    position,
    limit,
  };
  return statement(db, sql).all(parameters) as Backlink[];
}

/** The names in wiki links that mean this document. */
function meaningOf(db: Database, collection: Collection, document: StoredDocument): string[] {
  const names = new Set([linkKey(document.id), linkKey(baseName(document.id)), linkKey(document.title)]);
  return [...names].filter((key) => resolveKey(db, collection, "wiki", key)?.row === document.row);
}
