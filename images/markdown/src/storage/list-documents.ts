import type { Database } from "@weftkit/store";
import { type Store, statement } from "@weftkit/store";
import type { RowFilter } from "../content.ts";
import { compileFilter, requiredEqualities } from "../fields/compile-filter.ts";
import type { Filter } from "../fields/filter.ts";
import type { Sort } from "../fields/sort.ts";
import { requireCollection } from "./collections.ts";
import { documentOfRow, type StoredDocument } from "./documents.ts";
import { idPrefixCondition } from "./id-prefix.ts";

/** What is listed, and in which order. */
export interface Listing {
  readonly collection: string;
  readonly prefix: string;
  readonly filter: Filter | undefined;
  readonly sort: Sort;
}

/** Where a page ends: in documents that have the field sorted by, or in those without it, which come last. */
export interface Position {
  readonly part: "with" | "without";
  readonly key: string | number;
  /** Of equal keys: the id, or in the order of a field the row. */
  readonly tie: string | number;
}

export interface Page {
  readonly documents: readonly StoredDocument[];
  /** Undefined when nothing follows. */
  readonly next: Position | undefined;
}

/** A filter that few documents pass has to look at many; after this long others get their turn. */
const sliceMs = 8;
/** A comparison that no more documents pass than this is where a listing starts from. */
const candidatesMax = 1000;

interface Walked {
  readonly row: number;
  readonly key: string | number;
  readonly tie: string | number;
  readonly passes: 0 | 1;
}

/** One page of documents. Pages are read from the state at their time; documents are neither repeated nor left out. */
export async function listDocuments(
  store: Store,
  listing: Listing,
  from: Position | undefined,
  limit: number,
  signal: AbortSignal,
): Promise<Page> {
  const documents: StoredDocument[] = [];
  let position = from;
  for (;;) {
    const slice = await store.read((db) => readSlice(db, listing, position, limit - documents.length), {
      signal,
    });
    documents.push(...slice.documents);
    position = slice.next;
    if (position === undefined || documents.length === limit) return { documents, next: position };
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** As much of a page as fits into the time; `next` is where to go on. */
function readSlice(db: Database, listing: Listing, from: Position | undefined, limit: number): Page {
  const until = performance.now() + sliceMs;
  const collection = requireCollection(db, listing.collection);
  const filter = listing.filter === undefined ? undefined : compileFilter(listing.filter);
  const candidates = candidatesOf(db, collection.row, listing.filter);
  const rows: number[] = [];
  let part: Position["part"] = from?.part ?? "with";
  let position = from;
  for (;;) {
    const walk = walkOf(listing, part, filter, candidates, collection.row, position);
    for (const { row, key, tie, passes } of statement(db, walk.sql).iterate(
      ...walk.parameters,
    ) as Iterable<Walked>) {
      if (passes === 1) rows.push(row);
      position = { part, key, tie };
      if (rows.length === limit || performance.now() > until) {
        return { documents: rows.map((found) => documentOfRow(db, found)), next: position };
      }
    }
    if (part === "without" || listing.sort.column !== undefined) break;
    part = "without";
    position = undefined;
  }
  return { documents: rows.map((found) => documentOfRow(db, found)), next: undefined };
}

/** Whether a document of a collection has the field, with a value that can be sorted by. */
export function isFieldName(db: Database, collectionRow: number, name: string): boolean {
  const sql = "SELECT 1 FROM fields WHERE collection = ? AND name = ? LIMIT 1";
  return statement(db, sql).get(collectionRow, name) !== undefined;
}

interface Walk {
  readonly sql: string;
  readonly parameters: readonly (string | number)[];
}

/** The documents in order, each with whether it passes, from the position on. */
function walkOf(
  { sort, prefix }: Listing,
  part: Position["part"],
  filter: RowFilter | undefined,
  candidates: Walk | undefined,
  collectionRow: number,
  from: Position | undefined,
): Walk {
  const isField = sort.column === undefined && part === "with";
  const descending = sort.descending && part === "with";
  const key = isField ? "s.value" : `d.${part === "without" ? "id" : (sort.column ?? "id")}`;
  const tie = isField ? "s.document" : "d.id";
  const conditions: Walk[] = [
    { sql: "d.collection = ? AND d.deleted_at IS NULL", parameters: [collectionRow] },
  ];
  if (isField) {
    conditions.push({
      // Of candidates the fields are looked up by document: the plus keeps the index of the order from being walked
      // for each of them.
      sql: `${candidates === undefined ? "" : "+"}s.collection = ? AND s.name = ? AND s.first = 1`,
      parameters: [collectionRow, sort.name],
    });
  } else if (part === "without") {
    const sql = "NOT EXISTS (SELECT 1 FROM fields s WHERE s.document = d.row AND s.name = ?)";
    conditions.push({ sql, parameters: [sort.name] });
  }
  if (from !== undefined) {
    conditions.push({
      sql: `(${key}, ${tie}) ${descending ? "<" : ">"} (?, ?)`,
      parameters: [from.key, from.tie],
    });
  }
  conditions.push(idPrefixCondition(prefix));
  // CROSS JOIN keeps the order of the tables: candidates or the index of the order first.
  const tables = [
    ...(candidates === undefined ? [] : [`(${candidates.sql}) c`]),
    ...(isField ? ["fields s"] : []),
    "documents d",
  ];
  if (candidates !== undefined)
    conditions.push({ sql: `c.document = ${isField ? "s.document" : "d.row"}`, parameters: [] });
  if (isField) conditions.push({ sql: "d.row = s.document", parameters: [] });
  const direction = descending ? "DESC" : "ASC";
  return {
    sql: `SELECT d.row, ${key} AS key, ${tie} AS tie, ${filter?.condition("d.row") ?? "1"} AS passes
      FROM ${tables.join(" CROSS JOIN ")} WHERE ${conditions.map(({ sql }) => sql).join(" AND ")}
      ORDER BY ${key} ${direction}, ${tie} ${direction}`,
    parameters: [
      ...(filter?.parameters ?? []),
      ...(candidates?.parameters ?? []),
      ...conditions.flatMap(({ parameters }) => parameters),
    ],
  };
}

/** The rows of the narrowest comparison that all must pass, when they are few. */
function candidatesOf(db: Database, collectionRow: number, filter: Filter | undefined): Walk | undefined {
  if (filter === undefined) return undefined;
  const rows = "SELECT document FROM fields WHERE collection = ? AND name = ? AND value = ? AND kind = ?";
  for (const { name, value } of requiredEqualities(filter)) {
    const parameters = [collectionRow, name, value.value, value.kind];
    const count = statement(db, `SELECT count(*) FROM (${rows} LIMIT ${candidatesMax + 1})`, { pluck: true });
    if ((count.get(...parameters) as number) <= candidatesMax) return { sql: rows, parameters };
  }
  return undefined;
}
