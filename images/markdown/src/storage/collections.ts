import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";
import { collectionExists, collectionNotFound } from "../problems.ts";

export interface Collection {
  readonly row: number;
  readonly name: string;
  readonly description: string;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  readonly createdBy: string;
  /** How many documents, those in the trash not counted. */
  readonly documents: number;
  /** Of their current texts. */
  readonly bytes: number;
}

const columns = `row, name, description, created_at AS createdAt, created_by AS createdBy, documents, bytes`;

/** @throws Problem `collection-not-found` */
export function requireCollection(db: Database, name: string): Collection {
  const found = statement(db, `SELECT ${columns} FROM collections WHERE name = ? AND deleted_at IS NULL`).get(
    name,
  );
  if (found === undefined) {
    throw collectionNotFound(
      `there is no collection ${name}; create it with POST /v1/collections {"name": "${name}"}`,
    );
  }
  return found as Collection;
}

/** @throws Problem `collection-exists` */
export function createCollection(
  db: Database,
  { name, description, at, author }: { name: string; description: string; at: number; author: string },
): Collection {
  const exists = statement(db, "SELECT 1 FROM collections WHERE name = ? AND deleted_at IS NULL").get(name);
  if (exists !== undefined) throw collectionExists(`there is a collection ${name} already`);
  statement(
    db,
    "INSERT INTO collections (name, description, created_at, created_by) VALUES (?, ?, ?, ?)",
  ).run(name, description, at, author);
  return requireCollection(db, name);
}

/** Collections by name, after `after`. */
export function listCollections(db: Database, after: string, limit: number): Collection[] {
  const sql = `SELECT ${columns} FROM collections WHERE deleted_at IS NULL AND name > ? ORDER BY name LIMIT ?`;
  return statement(db, sql).all(after, limit) as Collection[];
}

/** Takes the name away; what is in the collection is removed bit by bit afterwards. */
export function markCollectionDeleted(db: Database, row: number, at: number): void {
  statement(db, "UPDATE collections SET deleted_at = ? WHERE row = ?").run(at, row);
}

/** Collections whose contents are still to be removed. */
export function deletedCollections(db: Database): number[] {
  return statement(db, "SELECT row FROM collections WHERE deleted_at IS NOT NULL", {
    pluck: true,
  }).all() as number[];
}

/** After a document came (`documents` 1), changed (0) or went (-1). */
export function countDocument(db: Database, row: number, documents: number, bytes: number): void {
  statement(db, "UPDATE collections SET documents = documents + ?, bytes = bytes + ? WHERE row = ?").run(
    documents,
    bytes,
    row,
  );
}
