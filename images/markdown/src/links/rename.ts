import type { Database } from "better-sqlite3";
import type { DocumentLink } from "../content.ts";
import { documentExists, tooManyLinks } from "../problems.ts";
import { rewriteLinks } from "../render/rewrite-links.ts";
import type { Collection } from "../storage/collections.ts";
import { documentOfRow, findDocument, type StoredDocument, textOf } from "../storage/documents.ts";
import { moveDocument, type WriteOptions, writeDocument } from "../storage/write-document.ts";
import { splitText } from "../text/front-matter.ts";
import { type PreparedDocument, prepareDocument } from "../text/prepare.ts";
import { backlinksTo } from "./backlinks.ts";
import { resolveKey, resolveTarget } from "./resolve.ts";
import { baseName, idOfPath, linkKey, pathToId } from "./target.ts";

/** All of them are rewritten in one transaction, which holds up others while it runs. */
const sourcesMax = 1000;
const linksMax = 20_000;

export interface Renamed {
  readonly document: StoredDocument;
  /** How many other documents have got a new version because their links were rewritten. */
  readonly relinked: number;
}

/**
 * Gives a document another id, and rewrites what links to it by its old one, in the caller's transaction. Links that
 * find it by its title stay as they are, and go on finding it.
 *
 * @throws Problem `document-exists`, `too-many-links`.
 */
export function renameDocument(
  db: Database,
  collection: Collection,
  document: StoredDocument,
  to: string,
  options: WriteOptions & { readonly bytesMax: number },
): Renamed {
  const taken = findDocument(db, collection, to);
  if (taken !== undefined && taken.row !== document.row) {
    const where = taken.deletedAt === null ? "" : " in the trash; purge it first, or restore it";
    throw documentExists(`there is a document ${to} already${where}`);
  }
  const rename: Rename = { db, collection, document, to };
  // What links mean is asked before anything moves.
  const sources = sourcesOf(rename).map((source) => ({ source, text: relinked(rename, source) }));
  const own = prepareDocument(to, movedText(rename), options.bytesMax);
  const prepared = sources.map(
    ({ source, text }): PreparedDocument => prepareDocument(source.id, text, options.bytesMax),
  );
  const moved = moveDocument(db, collection, document, own, options);
  for (const source of prepared) writeDocument(db, collection, source, { ...options, action: "relinked" });
  return { document: moved, relinked: prepared.length };
}

interface Rename {
  readonly db: Database;
  readonly collection: Collection;
  readonly document: StoredDocument;
  readonly to: string;
}

/** The other documents whose text names the document by its id. */
function sourcesOf({ db, collection, document }: Rename): StoredDocument[] {
  const links = backlinksTo(db, collection, document, ["", -1], linksMax + 1);
  const rows = new Set<number>();
  for (const { sourceRow, kind, target, source } of links) {
    if (sourceRow === document.row) continue;
    if (resolveTarget(db, collection, source, target, kind)?.by !== "title") rows.add(sourceRow);
  }
  if (rows.size > sourcesMax || links.length > linksMax) {
    throw tooManyLinks(
      `more than ${sourcesMax} documents link to ${document.id}; link to a title ([[${document.title}]]), or keep the id`,
    );
  }
  return [...rows].map((row) => documentOfRow(db, row));
}

/** The text of another document, with the links to the document rewritten. */
function relinked(rename: Rename, source: StoredDocument): string {
  const { db, collection, document, to } = rename;
  return rewriteBody(textOf(db, source), (target, kind) => {
    const found = resolveTarget(db, collection, source.id, target, kind);
    if (found?.row !== document.row || found.by === "title") return undefined;
    return kind === "markdown" ? markdownTarget(target, to, source.id) : wikiTarget(rename, found.by);
  });
}

/** The document's own text: its links to itself, and its relative links when it moves to another folder. */
function movedText(rename: Rename): string {
  const { db, collection, document, to } = rename;
  return rewriteBody(textOf(db, document), (target, kind) => {
    if (kind === "wiki") {
      const found = resolveTarget(db, collection, document.id, target, kind);
      return found?.row !== document.row || found.by === "title" ? undefined : wikiTarget(rename, found.by);
    }
    const id = idOfPath(target, document.id);
    if (id === undefined) return undefined;
    const meant = id === document.id ? to : id;
    return idOfPath(target, to) === meant ? undefined : markdownTarget(target, meant, to);
  });
}

function rewriteBody(
  text: string,
  rewriter: (target: string, kind: DocumentLink["kind"]) => string | undefined,
): string {
  const { head, body } = splitText(text);
  return head + rewriteLinks(body, rewriter);
}

/** A path stays relative or absolute, as it was. */
function markdownTarget(before: string, to: string, from: string): string {
  return before.startsWith("/") ? `/${to}.md` : pathToId(to, from);
}

/** A short name stays short where it then means no other document. */
function wikiTarget({ db, collection, document, to }: Rename, by: "id" | "base"): string {
  const short = baseName(to);
  if (by === "id" || short === to) return to;
  const meant = resolveKey(db, collection, "wiki", linkKey(short));
  return meant === undefined || meant.row === document.row ? short : to;
}
