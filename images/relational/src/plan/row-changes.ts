import {
  type Change,
  type ChangeDetail,
  isRecording,
  isRecordingDetail,
  recordChange,
} from "@weftkit/changes";
import type { Database } from "@weftkit/store";
import type { Catalog } from "../catalog/catalog.ts";
import type { Column, Relation } from "../catalog/model.ts";
import { toJsonText } from "../functions/to-json.ts";
import { detailOf, rowDetail } from "../replication/row-detail.ts";
import { type Shaping, shapingOf } from "../replication/shape.ts";
import { storageIo } from "../storage/codec.ts";
import { ctidText } from "../storage/ctid.ts";
import type { Datum, Row } from "../types/datum.ts";
import { quoteJson } from "../types/json-text.ts";
import { oid } from "../types/oids.ts";

/**
 * Tells the change log of the rows of one table: each as the JSON object that to_json makes of it, with times in UTC. Virtual
 * columns are not in it, as they are not in PostgreSQL's.
 */
export class RowChanges {
  readonly namespace: string;
  readonly #columns: readonly Written[];
  /** Of the primary key; none: rows are known by their ctid. */
  readonly #keys: readonly Written[];
  /** For logical decoding, which tells nothing of tables that PostgreSQL does not log. */
  readonly #shaping: (() => Shaping) | undefined;

  private constructor(catalog: Catalog, relation: Relation) {
    this.namespace = tableNamespace(catalog, relation);
    const io = storageIo(catalog);
    const written = (column: Column): Written => ({
      at: column.attnum - 1,
      name: `${quoteJson(column.name)}:`,
      text: plainTexts.get(column.type) ?? ((value) => oneLine(toJsonText(catalog, column.type, value, io))),
    });
    this.#columns = relation.columns
      .filter((column) => column.dropped !== true && column.generated !== "v")
      .map(written);
    const index = catalog.indexesOf(relation.oid).find(({ primary }) => primary);
    this.#keys = (index?.keys ?? []).map(({ attnum }) =>
      written(relation.columns.find((column) => column.attnum === attnum)!),
    );
    this.#shaping = relation.persistence === "p" ? () => shapingOf(catalog, relation) : undefined;
  }

  /** Undefined for what nobody else sees or has: temporary tables, and what is computed from other tables. */
  static of(catalog: Catalog, relation: Relation): RowChanges | undefined {
    if (relation.kind !== "r" || relation.persistence === "t") return undefined;
    return new RowChanges(catalog, relation);
  }

  insert(db: Database, rowid: number, after: Row): void {
    recordChange(db, () =>
      this.#change("insert", this.#key(rowid, after), undefined, after, this.#detail(db, undefined, after)),
    );
  }

  /** A row with another key is another row: the old one is deleted. */
  update(db: Database, rowid: number, before: Row, after: Row): void {
    if (!isRecording(db)) return;
    const [old, key] = [this.#key(rowid, before), this.#key(rowid, after)];
    if (old === key) {
      recordChange(db, () => this.#change("update", key, before, after, this.#detail(db, before, after)));
      return;
    }
    recordChange(db, () => this.#change("delete", old, before, undefined));
    // For logical decoding it is one change.
    recordChange(db, () => this.#change("insert", key, undefined, after, this.#detail(db, before, after)));
  }

  delete(db: Database, rowid: number, before: Row): void {
    recordChange(db, () =>
      this.#change(
        "delete",
        this.#key(rowid, before),
        before,
        undefined,
        this.#detail(db, before, undefined),
      ),
    );
  }

  #detail(db: Database, before: Row | undefined, after: Row | undefined): ChangeDetail | undefined {
    if (this.#shaping === undefined || !isRecordingDetail(db)) return undefined;
    return rowDetail(this.#shaping(), before, after);
  }

  #change(
    op: Change["op"],
    key: string,
    before: Row | undefined,
    after: Row | undefined,
    detail?: ChangeDetail,
  ): Change {
    return {
      namespace: this.namespace,
      key: Buffer.from(key),
      op,
      before: before && Buffer.from(objectText(this.#columns, before)),
      after: after && Buffer.from(objectText(this.#columns, after)),
      format: "json",
      ...(detail && { detail }),
    };
  }

  #key(rowid: number, row: Row): string {
    return this.#keys.length === 0 ? `{"ctid":"${ctidText(rowid)}"}` : objectText(this.#keys, row);
  }
}

/** What a table is called in changes. */
export function tableNamespace(catalog: Catalog, { namespace, name }: Relation): string {
  return `${catalog.get("namespace", namespace)?.name}.${name}`;
}

/** The tables of one TRUNCATE, those that CASCADE adds and the partitions of partitioned ones among them. */
export function recordTruncate(
  db: Database,
  catalog: Catalog,
  relations: readonly Relation[],
  options: { readonly cascade: boolean; readonly restart: boolean },
): void {
  const logged = relations.filter(({ persistence }) => persistence === "p");
  const [first] = logged.filter((relation) => relation.kind === "r");
  const parents = logged
    .filter(({ kind }) => kind === "p")
    .map((relation) => shapingOf(catalog, relation).shape);
  for (const relation of relations) {
    if (RowChanges.of(catalog, relation) === undefined) continue;
    const isTold = isRecordingDetail(db) && logged.includes(relation);
    recordChange(db, () => ({
      namespace: tableNamespace(catalog, relation),
      key: Buffer.alloc(0),
      op: "truncate",
      format: "json",
      ...(isTold && {
        detail: detailOf(shapingOf(catalog, relation), {
          op: "T",
          place: logged.indexOf(relation),
          ...(relation === first && { place: 0, ...options, parents }),
        }),
      }),
    }));
  }
}

interface Written {
  readonly at: number;
  /** As JSON, with the colon. */
  readonly name: string;
  text(value: Datum): string;
}

/** The types that most columns have, without looking them up for each value. */
const plainTexts: ReadonlyMap<number, (value: Datum) => string> = new Map([
  ...[oid.int2, oid.int4, oid.int8].map((type) => [type, String] as const),
  ...[oid.text, oid.varchar].map((type) => [type, (value: Datum) => JSON.stringify(value)] as const),
]);

function objectText(columns: readonly Written[], row: Row): string {
  let text = "{";
  for (const { at, name, text: textOf } of columns) {
    const value = row[at] ?? null;
    text += `${text.length > 1 ? "," : ""}${name}${value === null ? "null" : textOf(value)}`;
  }
  return `${text}}`;
}

/** A json value is the text that was stored, with its line ends; each event is a line. */
function oneLine(json: string): string {
  return json.replace(/[\r\n]/g, " ");
}
