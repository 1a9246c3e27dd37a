import { type Database, statement } from "@weftkit/store";
import type { CollectionDefinition } from "../model/definition.ts";
import { recordCollection } from "./record-changes.ts";

/** A collection as the catalog's table has it. */
export interface CollectionRow {
  readonly number: number;
  readonly name: string;
  readonly definition: CollectionDefinition;
  readonly nextSlot: number;
  /** By the vector's name, the position that its table is named after. */
  readonly positions: ReadonlyMap<string, number>;
}

export function pointsTable(collection: number): string {
  return `points_${collection}`;
}

export function vectorsTable(collection: number, position: number): string {
  return `vectors_${collection}_${position}`;
}

export function readCollections(db: Database): CollectionRow[] {
  const rows = statement(
    db,
    "SELECT number, name, definition, next_slot FROM collections ORDER BY number",
  ).all() as {
    number: number;
    name: string;
    definition: string;
    next_slot: number;
  }[];
  return rows.map(({ number, name, definition, next_slot }) => ({
    number,
    name,
    definition: JSON.parse(definition) as CollectionDefinition,
    nextSlot: next_slot,
    positions: readPositions(db, number),
  }));
}

function readPositions(db: Database, collection: number): Map<string, number> {
  const rows = statement(db, "SELECT name, position FROM vector_names WHERE collection = ?").all(
    collection,
  ) as {
    name: string;
    position: number;
  }[];
  return new Map(rows.map(({ name, position }) => [name, position]));
}

export function readAliases(db: Database): Map<string, number> {
  const rows = statement(db, "SELECT name, collection FROM aliases").all() as {
    name: string;
    collection: number;
  }[];
  return new Map(rows.map(({ name, collection }) => [name, collection]));
}

export function insertCollection(
  db: Database,
  name: string,
  definition: CollectionDefinition,
): CollectionRow {
  const { lastInsertRowid } = statement(db, "INSERT INTO collections (name, definition) VALUES (?, ?)").run(
    name,
    JSON.stringify(definition),
  );
  const number = Number(lastInsertRowid);
  db.exec(
    `CREATE TABLE ${pointsTable(number)} (slot INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, payload TEXT) STRICT`,
  );
  for (const vector of vectorNames(definition)) addVectorTable(db, number, vector);
  recordCollection(db, number, "CreateCollection", { definition });
  return { number, name, definition, nextSlot: 1, positions: readPositions(db, number) };
}

export function vectorNames({ dense, sparse }: CollectionDefinition): string[] {
  return [...Object.keys(dense), ...Object.keys(sparse)];
}

export function addVectorTable(db: Database, collection: number, name: string): number {
  const position = statement(
    db,
    "UPDATE collections SET next_position = next_position + 1 WHERE number = ? RETURNING next_position - 1",
    { pluck: true },
  ).get(collection) as number;
  statement(db, "INSERT INTO vector_names VALUES (?, ?, ?)").run(collection, name, position);
  db.exec(
    `CREATE TABLE ${vectorsTable(collection, position)} (slot INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT`,
  );
  return position;
}

export function dropVectorTable(db: Database, collection: number, name: string, position: number): void {
  statement(db, "DELETE FROM vector_names WHERE collection = ? AND name = ?").run(collection, name);
  db.exec(`DROP TABLE ${vectorsTable(collection, position)}`);
}

export function updateDefinition(db: Database, collection: number, definition: CollectionDefinition): void {
  statement(db, "UPDATE collections SET definition = ? WHERE number = ?").run(
    JSON.stringify(definition),
    collection,
  );
  recordCollection(db, collection, "UpdateCollection", { definition });
}

export function deleteCollection(
  db: Database,
  { number, positions }: Pick<CollectionRow, "number" | "positions">,
): void {
  recordCollection(db, number, "DeleteCollection");
  for (const position of positions.values()) db.exec(`DROP TABLE ${vectorsTable(number, position)}`);
  db.exec(`DROP TABLE ${pointsTable(number)}`);
  statement(db, "DELETE FROM vector_names WHERE collection = ?").run(number);
  statement(db, "DELETE FROM aliases WHERE collection = ?").run(number);
  statement(db, "DELETE FROM collections WHERE number = ?").run(number);
}
