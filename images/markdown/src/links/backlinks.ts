import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";
import type { LinkKind } from "../content.ts";
import type { Collection } from "../storage/collections.ts";
import type { StoredDocument } from "../storage/documents.ts";
import { documentNamed, documentRowOf } from "./resolve.ts";
import { baseName, folderIndexes, folderOf, linkKey, rootsOf } from "./target.ts";

/** A link to a document, from where it stands. */
export interface Backlink {
  readonly sourceRow: number;
  readonly source: string;
  readonly sourceTitle: string;
  readonly position: number;
  readonly kind: LinkKind;
  readonly target: string;
  readonly anchor: string | null;
  readonly label: string;
}

/** Where a page of backlinks ends. */
export type BacklinkPosition = readonly [source: string, position: number];

/** A name by which links can mean a document, and the folder in which they then are. */
interface Name {
  readonly key: string;
  readonly kind: LinkKind;
  readonly root: string;
}

/** The names by which links can mean a document now; whether one does is asked of each (`documentRowOf`). */
function namesOf(db: Database, collection: Collection, document: StoredDocument): Name[] {
  const { id, title, row } = document;
  const wiki = new Set([linkKey(id), linkKey(baseName(id)), linkKey(title)]);
  const names: Name[] = [...wiki]
    .filter((key) => documentNamed(db, collection, key)?.row === row)
    .map((key) => ({ key, kind: "wiki", root: "" }));
  const isIndex = folderIndexes.some((name) => name === linkKey(baseName(id)));
  for (const root of rootsOf(id)) {
    const rest = id.slice(root.length);
    names.push({ key: linkKey(rest), kind: "markdown", root }, { key: rest, kind: "file", root });
    names.push({ key: `${rest}.html`, kind: "file", root });
    if (isIndex) names.push({ key: linkKey(folderOf(rest).slice(0, -1)), kind: "markdown", root });
  }
  return names;
}

/** Whether a link may lead to what it has a name of: from a folder only a path does that begins with a slash in it. */
function isPossible({ root }: Name, source: string, target: string): boolean {
  return root === "" || (target.startsWith("/") && source.startsWith(root));
}

export interface LinkTo {
  readonly source: number;
  readonly id: string;
  readonly kind: LinkKind;
  readonly target: string;
}

/** More links that may mean a document are not asked whether they do. */
const askedMax = 100_000;

/** The links that mean a document now, so many at most; with too many that may, all of these. */
export function linksTo(
  db: Database,
  collection: Collection,
  document: StoredDocument,
  limit: number,
): LinkTo[] {
  const select = statement(
    db,
    `SELECT l.source, l.target, l.kind, d.id FROM links l CROSS JOIN documents d ON d.row = l.source
      WHERE l.collection = ? AND l.key = ? AND l.kind = ? ORDER BY l.source`,
  );
  const found: LinkTo[] = [];
  for (const name of namesOf(db, collection, document)) {
    for (const link of select.iterate(collection.row, name.key, name.kind) as IterableIterator<LinkTo>) {
      if (isPossible(name, link.id, link.target)) found.push(link);
      if (found.length > askedMax) return found;
    }
  }
  const meant: LinkTo[] = [];
  for (const link of found) {
    if (meant.length === limit) break;
    if (documentRowOf(db, collection, link.id, link.target, link.kind) === document.row) meant.push(link);
  }
  return meant;
}

/**
 * Links that mean the document now, by the id of their source. They are found by the names that can mean it; whether
 * they do is asked of the resolution that readers get.
 */
export function backlinksTo(
  db: Database,
  collection: Collection,
  document: StoredDocument,
  after: BacklinkPosition,
  limit: number,
): Backlink[] {
  const names = namesOf(db, collection, document);
  const sql = `SELECT l.source AS sourceRow, d.id AS source, d.title AS sourceTitle, l.position, l.kind, l.key, l.target,
      l.anchor, l.label
    FROM links l CROSS JOIN documents d ON d.row = l.source
    WHERE l.collection = @collection AND l.key IN (SELECT value FROM json_each(@keys))
      AND (d.id, l.position) > (@source, @position)
    ORDER BY d.id, l.position LIMIT @limit`;
  const keys = JSON.stringify([...new Set(names.map(({ key }) => key))]);
  const found: Backlink[] = [];
  let [source, position] = after;
  for (;;) {
    const parameters = { collection: collection.row, keys, source, position, limit };
    const some = statement(db, sql).all(parameters) as (Backlink & { readonly key: string })[];
    for (const { key, ...link } of some) {
      if (found.length === limit) return found;
      const isNamed = names.some(
        (name) => name.key === key && name.kind === link.kind && isPossible(name, link.source, link.target),
      );
      if (isNamed && documentRowOf(db, collection, link.source, link.target, link.kind) === document.row) {
        found.push(link);
      }
    }
    const last = some.at(-1);
    if (some.length < limit || last === undefined) return found;
    ({ source, position } = last);
  }
}
