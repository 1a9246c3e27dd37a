import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";
import type { Collection } from "./collections.ts";

export interface CollectionStatistics {
  readonly trash: number;
  readonly links: number;
  readonly attachments: number;
  readonly attachmentBytes: number;
}

/** Counted, not kept: it reads the indexes of the collection. */
export function collectionStatistics(db: Database, { row }: Collection): CollectionStatistics {
  const sql = `SELECT
    (SELECT count(*) FROM documents WHERE collection = @row AND deleted_at IS NOT NULL) AS trash,
    (SELECT count(*) FROM links WHERE collection = @row) AS links,
    (SELECT count(*) FROM attachments WHERE collection = @row) AS attachments,
    (SELECT coalesce(sum(size), 0) FROM attachments WHERE collection = @row) AS attachmentBytes`;
  return statement(db, sql).get({ row }) as CollectionStatistics;
}
