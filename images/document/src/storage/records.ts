import { recordChange } from "@weftkit/changes";
import { type Database, statement } from "@weftkit/store";
import { keyOf } from "../bson/key-bytes.ts";
import { show } from "../bson/show.ts";
import { Doc, type Value } from "../bson/values.ts";
import { writeDoc } from "../bson/write.ts";
import { MongoError } from "../errors.ts";
import { textBody } from "../text/document-text.ts";
import type { Catalog } from "./catalog.ts";
import { type Collection, type Index, namespaceOf } from "./collection.ts";
import { fieldRows, indexKeys } from "./index-keys.ts";
import type { WriteWork } from "./work.ts";

/** BSONObjMaxUserSize. */
export const documentBytesMax = 16 * 1024 * 1024;

export interface StoredRow {
  readonly rid: number;
  readonly doc: Buffer;
}

export function readRow(db: Database, { table }: Collection, rid: number): Buffer | undefined {
  return statement(db, `SELECT doc FROM ${table} WHERE rid = ?`, { pluck: true }).get(rid) as
    | Buffer
    | undefined;
}

export function readById(db: Database, { table }: Collection, key: Buffer): StoredRow | undefined {
  return statement(db, `SELECT rid, doc FROM ${table} WHERE k = ?`).get(key) as StoredRow | undefined;
}

/** The key bytes of an _id in a collection. */
export function idKey(collection: Collection, id: Value | undefined): Buffer {
  return keyOf(id ?? null, collection.collation?.key);
}

/** What a document is kept by: its _id, which is the only one but in time series; there the rowid stands behind it. */
function rowKey(collection: Collection, doc: Buffer, rid: number): Buffer {
  const key = idKey(collection, Doc.read(doc).get("_id"));
  if (collection.kind !== "timeseries") return key;
  const suffix = Buffer.alloc(8);
  suffix.writeBigUInt64BE(BigInt(rid));
  return Buffer.concat([key, suffix]);
}

/** How a change is told to those who follow: what it was asked for as is not to be seen in the document. */
export type ChangeForm = "bson" | "bson-replace";

/** Documents, their indexes and their changes, in a write. */
export class Records {
  readonly #catalog: Catalog;
  /** Bytes and documents of capped collections, by their number. */
  readonly #cappedSizes = new Map<number, { bytes: number; count: number }>();

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** What is kept in memory beside the tables is not known to be right any more. */
  forget(): void {
    this.#cappedSizes.clear();
  }

  /**
   * Adds a document that has an _id. Nothing was changed when it throws.
   *
   * @throws MongoError 11000, 121, 10334
   */
  insert(work: WriteWork, collection: Collection, doc: Buffer, isUnvalidated = false): number {
    requireSize(doc);
    if (!isUnvalidated) validate(collection, doc, undefined);
    const rid = this.#catalog.nextRid(work.db, collection);
    const key = rowKey(collection, doc, rid);
    work.lockValue(collection.table, key);
    if (readById(work.db, collection, key) !== undefined) {
      throw duplicateKey(collection, collection.indexes[0]!, doc);
    }
    const entries = this.#entries(work, collection, doc, undefined);
    work.lockDocument(collection.table, rid);
    work.changeDocument(
      `INSERT INTO ${collection.table} (rid, k, doc) VALUES (?, ?, ?)`,
      [rid, key, doc],
      collection.table,
      rid,
      doc,
    );
    for (const { index, keys } of entries) for (const one of keys) addKey(work, index, one, rid);
    this.#indexText(work, collection, rid, undefined, doc);
    recordChange(work.db, () => ({
      namespace: namespaceOf(collection),
      key: idOnly(doc),
      op: "insert",
      after: doc,
      format: "bson",
    }));
    if (collection.capped !== undefined) this.#trim(work, collection, doc.length);
    return rid;
  }

  /** Puts a document in the place of another, which has the same _id. @throws MongoError 11000, 121, 10334 */
  update(
    work: WriteWork,
    collection: Collection,
    rid: number,
    before: Buffer,
    after: Buffer,
    form: ChangeForm,
    isUnvalidated = false,
  ): void {
    requireSize(after);
    if (!isUnvalidated) validate(collection, after, before);
    work.lockDocument(collection.table, rid);
    const entries = this.#entries(work, collection, after, { rid, doc: before });
    work.changeDocument(
      `UPDATE ${collection.table} SET doc = ? WHERE rid = ?`,
      [after, rid],
      collection.table,
      rid,
      after,
    );
    for (const { index, keys, oldKeys } of entries) {
      for (const one of oldKeys) if (!includes(keys, one)) removeKey(work, index, one, rid);
      for (const one of keys) if (!includes(oldKeys, one)) addKey(work, index, one, rid);
    }
    this.#indexText(work, collection, rid, before, after);
    recordChange(work.db, () => ({
      namespace: namespaceOf(collection),
      key: idOnly(after),
      op: "update",
      before,
      after,
      format: form,
    }));
  }

  delete(work: WriteWork, collection: Collection, rid: number, before: Buffer): void {
    work.lockDocument(collection.table, rid);
    work.lockValue(collection.table, rowKey(collection, before, rid));
    for (const index of collection.indexes) {
      if (index.name === "_id_" || index.text !== undefined) continue;
      for (const one of indexKeys(index, before).keys) {
        if (index.isUnique) work.lockValue(index.table, one);
        removeKey(work, index, one, rid);
      }
    }
    work.changeDocument(
      `DELETE FROM ${collection.table} WHERE rid = ?`,
      [rid],
      collection.table,
      rid,
      undefined,
    );
    this.#indexText(work, collection, rid, before, undefined);
    recordChange(work.db, () => ({
      namespace: namespaceOf(collection),
      key: idOnly(before),
      op: "delete",
      before,
      format: "bson",
    }));
    const size = this.#cappedSizes.get(collection.id);
    if (size !== undefined) {
      size.bytes -= before.length;
      size.count -= 1;
    }
  }

  /** Fills an index with the documents from a rowid on; gives where to go on, or undefined at the end. */
  build(
    work: WriteWork,
    collection: Collection,
    index: Index,
    after: number,
    count: number,
  ): number | undefined {
    const rows = statement(
      work.db,
      `SELECT rid, doc FROM ${collection.table} WHERE rid > ? ORDER BY rid LIMIT ?`,
    ).all(after, count) as StoredRow[];
    for (const { rid, doc } of rows) {
      if (index.text !== undefined) {
        addText(work, index, rid, doc);
        continue;
      }
      const { keys, isMultikey } = indexKeys(index, doc);
      if (isMultikey) this.#setMultikey(work, index);
      for (const key of keys) {
        if (index.isUnique) requireUnique(work, collection, index, key, rid, doc);
        addKey(work, index, key, rid);
      }
    }
    return rows.length < count ? undefined : rows.at(-1)!.rid;
  }

  /** The keys of a document in every index, after they were seen to be free where they must be unique. */
  #entries(
    work: WriteWork,
    collection: Collection,
    doc: Buffer,
    before: StoredRow | undefined,
  ): { index: Index; keys: readonly Buffer[]; oldKeys: readonly Buffer[] }[] {
    const entries: { index: Index; keys: readonly Buffer[]; oldKeys: readonly Buffer[] }[] = [];
    for (const index of collection.indexes) {
      if (index.name === "_id_" || index.text !== undefined) continue;
      const { keys, isMultikey } = indexKeys(index, doc);
      const oldKeys = before === undefined ? [] : indexKeys(index, before.doc).keys;
      if (isMultikey) this.#setMultikey(work, index);
      if (index.isUnique) {
        for (const key of oldKeys) if (!includes(keys, key)) work.lockValue(index.table, key);
        for (const key of keys) {
          if (includes(oldKeys, key)) continue;
          work.lockValue(index.table, key);
          requireUnique(work, collection, index, key, before?.rid, doc);
        }
      }
      entries.push({ index, keys, oldKeys });
    }
    return entries;
  }

  /** In memory it is never taken back; what is stored may be, with the transaction that stored it first. */
  #setMultikey(work: WriteWork, index: Index): void {
    index.isMultikey = true;
    const stored = statement(work.db, "SELECT multikey FROM indexes WHERE id = ?", { pluck: true }).get(
      index.id,
    );
    if (stored === 1) return;
    work.change("UPDATE indexes SET multikey = 1 WHERE id = ?", [index.id]);
  }

  #indexText(
    work: WriteWork,
    collection: Collection,
    rid: number,
    before: Buffer | undefined,
    after: Buffer | undefined,
  ): void {
    for (const index of collection.indexes) {
      if (index.text === undefined) continue;
      if (before !== undefined) work.change(`DELETE FROM ${index.table} WHERE rowid = ?`, [rid]);
      if (after !== undefined) addText(work, index, rid, after);
    }
  }

  /** The oldest documents make room for the newest. */
  #trim(work: WriteWork, collection: Collection, added: number): void {
    const { bytesMax, countMax } = collection.capped!;
    let size = this.#cappedSizes.get(collection.id);
    if (size === undefined) {
      size = statement(
        work.db,
        `SELECT coalesce(sum(length(doc)), 0) AS bytes, count(*) AS count FROM ${collection.table}`,
      ).get() as { bytes: number; count: number };
      this.#cappedSizes.set(collection.id, size);
    } else {
      size.bytes += added;
      size.count += 1;
    }
    while (size.count > 1 && (size.count > countMax || size.bytes > bytesMax)) {
      const oldest = statement(
        work.db,
        `SELECT rid, doc FROM ${collection.table} ORDER BY rid LIMIT 1`,
      ).get() as StoredRow;
      this.delete(work, collection, oldest.rid, oldest.doc);
    }
  }
}

function includes(keys: readonly Buffer[], key: Buffer): boolean {
  return keys.some((one) => one.equals(key));
}

function addKey(work: WriteWork, { table }: Index, key: Buffer, rid: number): void {
  work.change(`INSERT OR IGNORE INTO ${table} (key, rid) VALUES (?, ?)`, [key, rid]);
}

function removeKey(work: WriteWork, { table }: Index, key: Buffer, rid: number): void {
  work.change(`DELETE FROM ${table} WHERE key = ? AND rid = ?`, [key, rid]);
}

function addText(work: WriteWork, index: Index, rid: number, doc: Buffer): void {
  if (index.partial !== undefined && !index.partial.matches(doc, 0)) return;
  const body = textBody(index.text!, Doc.read(doc));
  if (body === "") return;
  work.change(`INSERT INTO ${index.table} (rowid, body) VALUES (?, ?)`, [rid, body]);
}

function requireUnique(
  work: WriteWork,
  collection: Collection,
  index: Index,
  key: Buffer,
  rid: number | undefined,
  doc: Buffer,
): void {
  const other = statement(work.db, `SELECT rid FROM ${index.table} WHERE key = ? AND rid <> ? LIMIT 1`, {
    pluck: true,
  }).get(key, rid ?? -1);
  if (other !== undefined) throw duplicateKey(collection, index, doc);
}

function requireSize(doc: Buffer): void {
  if (doc.length > documentBytesMax) {
    throw new MongoError(
      10334,
      `BSONObj size: ${doc.length} (0x${doc.length.toString(16).toUpperCase()}) is invalid. Size must be between 0 and 16793600(16MB)`,
    );
  }
}

function validate(collection: Collection, doc: Buffer, before: Buffer | undefined): void {
  const { validator } = collection;
  if (validator === undefined || validator.level === "off" || validator.action === "warn") return;
  if (validator.matches(doc, 0)) return;
  // What was invalid before may stay so.
  if (validator.level === "moderate" && before !== undefined && !validator.matches(before, 0)) return;
  throw new MongoError(121, "Document failed validation", {
    info: Doc.of({
      errInfo: Doc.of({
        failingDocumentId: Doc.read(doc).get("_id"),
        details: Doc.of({
          operatorName: validator.source.firstKey ?? "",
          reason: "document did not match the validator",
        }),
      }),
    }),
  });
}

/** A document of nothing but the _id: what a change is of. */
function idOnly(doc: Buffer): Buffer {
  return writeDoc(Doc.of({ _id: Doc.read(doc).get("_id") ?? null }));
}

/** The error that tools read the index and the values of. */
export function duplicateKey(collection: Collection, index: Index, doc: Buffer): MongoError {
  const keyPattern = index.spec.get("key") as Doc;
  const fields =
    index.name === "_id_"
      ? [{ path: "_id", parts: ["_id"], kind: "range", isDescending: false } as const]
      : index.fields;
  const row = fieldRows(fields, Doc.read(doc)).rows[0] ?? [];
  const keyValue = Doc.empty();
  for (const [i, { path }] of fields.entries()) keyValue.set(path, row[i] ?? null);
  const collation = index.collation === undefined ? "" : ` collation: ${show(index.spec.get("collation"))}`;
  return new MongoError(
    11000,
    `E11000 duplicate key error collection: ${namespaceOf(collection)} index: ${index.name}${collation} dup key: ${show(keyValue)}`,
    { info: Doc.of({ keyPattern, keyValue }) },
  );
}
