import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";
import type { LinkKind } from "../content.ts";
import type { Collection } from "../storage/collections.ts";
import type { StoredDocument } from "../storage/documents.ts";
import { resolveTarget } from "./resolve.ts";

/** A link, from where it leads. */
export interface OutgoingLink {
  /** The id of the document that it is in. */
  readonly source: string;
  /** Its place among the links of that document. */
  readonly position: number;
  readonly kind: LinkKind;
  /** As it is written. */
  readonly target: string;
  readonly anchor: string | null;
  readonly label: string;
  /** The id of the document that it means now. */
  readonly document: string | null;
  /** The path of the attachment that it means now. */
  readonly attachment: string | null;
}

type Row = Omit<OutgoingLink, "document" | "attachment">;

/** So many links are looked at in one go for those that lead nowhere: each takes up to 50 us. */
const lookedAtMax = 2000;

/** The links of a document in the order of its text, after a position. */
export function outgoingLinks(
  db: Database,
  collection: Collection,
  document: StoredDocument,
  after: number,
  limit: number,
): OutgoingLink[] {
  const sql = `SELECT position, kind, target, anchor, label FROM links
    WHERE source = ? AND position > ? ORDER BY position LIMIT ?`;
  const rows = statement(db, sql).all(document.row, after, limit) as Omit<Row, "source">[];
  return rows.map((row) => resolved(db, collection, { source: document.id, ...row }));
}

/** Where a search for broken links stands. */
export type LinkPosition = readonly [source: string, position: number];

/**
 * Links that lead nowhere, by the id of their document, after a position. Only so many links are looked at.
 *
 * @returns with `last` the position up to which all were looked at; undefined when that was the last link of all
 */
export function brokenLinks(
  db: Database,
  collection: Collection,
  [source, position]: LinkPosition,
  limit: number,
): { readonly links: readonly OutgoingLink[]; readonly last: LinkPosition | undefined } {
  const sql = `SELECT d.id AS source, l.position, l.kind, l.target, l.anchor, l.label
    FROM documents d CROSS JOIN links l ON l.source = d.row
    WHERE d.collection = ? AND d.deleted_at IS NULL AND d.id >= ? AND (d.id > ? OR l.position > ?)
    ORDER BY d.id, l.position LIMIT ?`;
  const rows = statement(db, sql).all(collection.row, source, source, position, lookedAtMax) as Row[];
  const links: OutgoingLink[] = [];
  for (const row of rows) {
    const link = resolved(db, collection, row);
    if (link.document !== null || link.attachment !== null) continue;
    links.push(link);
    if (links.length === limit) return { links, last: [link.source, link.position] };
  }
  const end = rows.length === lookedAtMax ? rows.at(-1) : undefined;
  return { links, last: end && [end.source, end.position] };
}

function resolved(db: Database, collection: Collection, row: Row): OutgoingLink {
  const found = resolveTarget(db, collection, row.source, row.target, row.kind);
  return {
    ...row,
    document: found?.kind === "document" ? found.document.id : null,
    attachment: found?.kind === "attachment" ? found.path : null,
  };
}
