import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";
import type { LinkKind } from "../content.ts";
import { attachmentWithName, findAttachment } from "../storage/attachments.ts";
import type { Collection } from "../storage/collections.ts";
import { folderIndexes, folderOf, linkKey, pathOfTarget, rootsOf, wikiKey, withoutEnding } from "./target.ts";

/** How a link found its document: a link that did so by title still does when the id changes. */
export interface FoundDocument {
  readonly row: number;
  readonly id: string;
  readonly by: "id" | "base" | "title" | "folder";
}

/** What a link means now. */
export type Resolution =
  | { readonly kind: "document"; readonly document: FoundDocument }
  | { readonly kind: "attachment"; readonly path: string };

/** A name that more than one document has means the one whose id comes first. */
const byKey = {
  id: "SELECT row, id FROM documents WHERE collection = ? AND id_key = ? AND deleted_at IS NULL ORDER BY id LIMIT 1",
  base: "SELECT row, id FROM documents WHERE collection = ? AND base_key = ? AND deleted_at IS NULL ORDER BY id LIMIT 1",
  title:
    "SELECT row, id FROM documents WHERE collection = ? AND title_key = ? AND deleted_at IS NULL ORDER BY id LIMIT 1",
} as const;

/** What a link in the document `from` means now. */
export function resolveTarget(
  db: Database,
  collection: Collection,
  from: string,
  target: string,
  kind: LinkKind,
): Resolution | undefined {
  if (kind === "wiki") {
    return (
      asDocument(documentNamed(db, collection, wikiKey(target))) ??
      asAttachment(attachmentNamed(db, collection, from, target))
    );
  }
  const path = pathOfTarget(target, from);
  if (path === undefined) return undefined;
  for (const root of target.startsWith("/") ? rootsOf(from) : [""]) {
    const found = resolvePath(db, collection, (root + path).replace(/\/$/, ""), kind);
    if (found !== undefined) return found;
  }
  return undefined;
}

function resolvePath(
  db: Database,
  collection: Collection,
  path: string,
  kind: Exclude<LinkKind, "wiki">,
): Resolution | undefined {
  const attachment = () => asAttachment(findAttachment(db, collection, path)?.path);
  // Pages link to each other by what sites make of them.
  const page = () => (/\.html$/i.test(path) ? documentAt(db, collection, path.slice(0, -5)) : undefined);
  if (kind === "file") return attachment() ?? asDocument(documentAt(db, collection, path) ?? page());
  return asDocument(documentAt(db, collection, withoutEnding(path))) ?? attachment();
}

/** The row of the document that a link means; undefined when it means none. */
export function documentRowOf(
  db: Database,
  collection: Collection,
  from: string,
  target: string,
  kind: LinkKind,
): number | undefined {
  const found = resolveTarget(db, collection, from, target, kind);
  return found?.kind === "document" ? found.document.row : undefined;
}

/** The document that the key of a wiki link means. */
export function documentNamed(db: Database, collection: Collection, key: string): FoundDocument | undefined {
  if (key === "") return undefined;
  for (const by of ["id", "base", "title"] as const) {
    const found = byName(db, collection, key, by);
    if (found !== undefined) return { ...found, by };
  }
  return undefined;
}

/** The document at a path, or the index of the folder at it. */
export function documentAt(db: Database, collection: Collection, path: string): FoundDocument | undefined {
  if (path !== "") {
    const sql = "SELECT row, id FROM documents WHERE collection = ? AND id = ? AND deleted_at IS NULL";
    const exact = statement(db, sql).get(collection.row, path) as { row: number; id: string } | undefined;
    const found = exact ?? byName(db, collection, linkKey(path), "id");
    if (found !== undefined) return { ...found, by: "id" };
  }
  for (const name of folderIndexes) {
    const found = byName(db, collection, linkKey(path === "" ? name : `${path}/${name}`), "id");
    if (found !== undefined) return { ...found, by: "folder" };
  }
  return undefined;
}

function byName(
  db: Database,
  collection: Collection,
  key: string,
  by: keyof typeof byKey,
): { row: number; id: string } | undefined {
  return statement(db, byKey[by]).get(collection.row, key) as { row: number; id: string } | undefined;
}

/** A name is a path from the root or from the document's folder, or the last part of one. */
function attachmentNamed(
  db: Database,
  collection: Collection,
  from: string,
  target: string,
): string | undefined {
  for (const path of [pathOfTarget(`/${target}`, from), pathOfTarget(`/${folderOf(from)}${target}`, from)]) {
    const found = path === undefined ? undefined : findAttachment(db, collection, path)?.path;
    if (found !== undefined) return found;
  }
  return target.includes("/") ? undefined : attachmentWithName(db, collection, linkKey(target));
}

function asDocument(document: FoundDocument | undefined): Resolution | undefined {
  return document && { kind: "document", document };
}

function asAttachment(path: string | undefined): Resolution | undefined {
  return path === undefined ? undefined : { kind: "attachment", path };
}
