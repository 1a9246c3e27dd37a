import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";
import type { Collection } from "./collections.ts";

export interface ListedId {
  readonly row: number;
  readonly id: string;
  readonly version: number;
  readonly updatedAt: number;
}

/** Documents by id, after `after`. */
export function listIds(db: Database, collection: Collection, after: string, limit: number): ListedId[] {
  const sql = `SELECT row, id, version, updated_at AS updatedAt FROM documents
    WHERE collection = ? AND deleted_at IS NULL AND id > ? ORDER BY id LIMIT ?`;
  return statement(db, sql).all(collection.row, after, limit) as ListedId[];
}
