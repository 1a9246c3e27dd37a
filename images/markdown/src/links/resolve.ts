import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";
import type { DocumentLink } from "../content.ts";
import type { Collection } from "../storage/collections.ts";
import { idOfPath, linkKey } from "./target.ts";

/** How a link found its document: a link that did so by title still does when the id changes. */
export interface Resolution {
  readonly row: number;
  readonly id: string;
  readonly by: "id" | "base" | "title";
}

/** A name that more than one document has means the one whose id comes first. */
const byKey = {
  id: "SELECT row, id FROM documents WHERE collection = ? AND id_key = ? AND deleted_at IS NULL ORDER BY id LIMIT 1",
  base: "SELECT row, id FROM documents WHERE collection = ? AND base_key = ? AND deleted_at IS NULL ORDER BY id LIMIT 1",
  title:
    "SELECT row, id FROM documents WHERE collection = ? AND title_key = ? AND deleted_at IS NULL ORDER BY id LIMIT 1",
} as const;

/** The document that the key of a link means now. */
export function resolveKey(
  db: Database,
  collection: Collection,
  kind: DocumentLink["kind"],
  key: string,
): Resolution | undefined {
  if (kind === "markdown") {
    const sql = "SELECT row, id FROM documents WHERE collection = ? AND id = ? AND deleted_at IS NULL";
    const found = statement(db, sql).get(collection.row, key) as { row: number; id: string } | undefined;
    return found === undefined ? undefined : { ...found, by: "id" };
  }
  for (const by of ["id", "base", "title"] as const) {
    const found = statement(db, byKey[by]).get(collection.row, key) as
      | { row: number; id: string }
      | undefined;
    if (found !== undefined) return { ...found, by };
  }
  return undefined;
}

/** The document that a link in the document `from` means now. */
export function resolveTarget(
  db: Database,
  collection: Collection,
  from: string,
  target: string,
  kind: DocumentLink["kind"],
): Resolution | undefined {
  const key = kind === "wiki" ? linkKey(target) : idOfPath(target, from);
  return key === undefined || key === "" ? undefined : resolveKey(db, collection, kind, key);
}
