import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";
import { documentOfPath, isDocumentPath, pathOfDocument } from "../names.ts";
import { pathConflict } from "../problems.ts";
import type { Collection } from "./collections.ts";

/**
 * A collection is a folder of files, documents as `<id>.md` beside the attachments: so that it can be exported as one,
 * no file has the path of a folder.
 *
 * @param path of a file that is to be new
 * @throws Problem `path-conflict`
 */
export function requireFreePath(db: Database, collection: Collection, path: string): void {
  for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1)) {
    const folder = path.slice(0, slash);
    const file = fileAt(db, collection, folder);
    if (file !== undefined) {
      throw pathConflict(`${path} would be in a folder ${folder}, and there is ${file} of that name`);
    }
  }
  const inside = firstFileIn(db, collection, path);
  if (inside !== undefined) throw pathConflict(`${path} is the name of the folder that ${inside} is in`);
}

/** What is at a path, as one says it. */
function fileAt(db: Database, collection: Collection, path: string): string | undefined {
  if (isDocumentPath(path)) {
    const id = documentOfPath(path);
    const sql = "SELECT 1 FROM documents WHERE collection = ? AND id = ? AND deleted_at IS NULL";
    return statement(db, sql).get(collection.row, id) === undefined
      ? undefined
      : `a document ${id}, as a file`;
  }
  const sql = "SELECT 1 FROM attachments WHERE collection = ? AND path = ?";
  return statement(db, sql).get(collection.row, path) === undefined ? undefined : "an attachment";
}

function firstFileIn(db: Database, collection: Collection, folder: string): string | undefined {
  // The character after the slash: all paths in the folder are between the two.
  const range = [collection.row, `${folder}/`, `${folder}0`];
  const ofDocument =
    "SELECT id FROM documents WHERE collection = ? AND id > ? AND id < ? AND deleted_at IS NULL LIMIT 1";
  const id = statement(db, ofDocument, { pluck: true }).get(...range) as string | undefined;
  if (id !== undefined) return pathOfDocument(id);
  const ofAttachment = "SELECT path FROM attachments WHERE collection = ? AND path > ? AND path < ? LIMIT 1";
  return statement(db, ofAttachment, { pluck: true }).get(...range) as string | undefined;
}
