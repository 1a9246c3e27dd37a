import type { Database } from "@weftkit/store";
import { type SlicedWork, statement } from "@weftkit/store";
import { indexDocument, removeDocument } from "../search/index-document.ts";
import type { PreparedDocument } from "../text/prepare.ts";

/** So many links are written before others may have their turn. */
const linksAtOnce = 200;

/** Writes what is drawn from a document's text: fields, links, search. */
export function* writeDerived(
  db: Database,
  collectionRow: number,
  documentRow: number,
  document: PreparedDocument,
): SlicedWork<void> {
  const field = statement(
    db,
    "INSERT INTO fields (document, collection, name, kind, value, first) VALUES (?, ?, ?, ?, ?, ?)",
  );
  for (const { name, kind, value, first } of document.fieldRows) {
    field.run(documentRow, collectionRow, name, kind, value, first);
  }
  const link = statement(
    db,
    "INSERT INTO links (source, position, collection, kind, key, target, anchor, label) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
  );
  for (const [index, row] of document.linkRows.entries()) {
    const { position, kind, key, target, anchor, label } = row;
    link.run(documentRow, position, collectionRow, kind, key, target, anchor, label);
    if ((index + 1) % linksAtOnce === 0) yield;
  }
  yield* indexDocument(db, { documentRow, collectionRow }, document.indexed);
}

/** Removes it, before another text is written or when the document goes to the trash. */
export function removeDerived(db: Database, documentRow: number): void {
  statement(db, "DELETE FROM fields WHERE document = ?").run(documentRow);
  statement(db, "DELETE FROM links WHERE source = ?").run(documentRow);
  removeDocument(db, documentRow);
}
