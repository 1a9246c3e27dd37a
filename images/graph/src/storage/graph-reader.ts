import { type Database, type Statement, statement } from "@weftkit/store";
import { RelRef, type Value } from "../values/types.ts";
import type { KeyRange } from "./index-keys.ts";
import { decodeProperties } from "./property-codec.ts";
import type { Schema } from "./schema.ts";
import type { Tokens } from "./tokens.ts";

export interface NodeRecord {
  readonly labels: readonly number[];
  readonly properties: ReadonlyMap<number, Value>;
}

export interface RelRecord {
  readonly ref: RelRef;
  readonly properties: ReadonlyMap<number, Value>;
}

/** Directions as a node sees its relationships. */
export type Side = "out" | "in" | "both";

interface Statements {
  readonly node: Statement;
  readonly rel: Statement;
  readonly nodesAfter: Statement;
  readonly relsAfter: Statement;
  readonly relsOfTypeAfter: Statement;
  readonly labelled: Statement;
  readonly out: Statement;
  readonly outOfType: Statement;
  readonly in: Statement;
  readonly inOfType: Statement;
  readonly equal: Statement;
  readonly range: Statement;
  readonly hasLabel: Statement;
}

const prepared = new WeakMap<Database, Statements>();
const array = { raw: true } as const;
const column = { pluck: true } as const;

function statementsOf(db: Database): Statements {
  let known = prepared.get(db);
  if (known === undefined) {
    known = {
      node: db.prepare("SELECT labels, properties FROM node WHERE id = ?").raw(),
      rel: db.prepare("SELECT type, source, target, properties FROM rel WHERE id = ?").raw(),
      nodesAfter: db.prepare("SELECT id FROM node WHERE id > ? ORDER BY id LIMIT ?").pluck(),
      relsAfter: db
        .prepare("SELECT id, type, source, target FROM rel WHERE id > ? ORDER BY id LIMIT ?")
        .raw(),
      relsOfTypeAfter: db
        .prepare("SELECT id, type, source, target FROM rel WHERE type = ? AND id > ? ORDER BY id LIMIT ?")
        .raw(),
      labelled: db
        .prepare("SELECT node FROM node_label WHERE label = ? AND node > ? ORDER BY node LIMIT ?")
        .pluck(),
      out: db.prepare("SELECT id, type, target FROM rel WHERE source = ?").raw(),
      outOfType: db.prepare("SELECT id, type, target FROM rel WHERE source = ? AND type = ?").raw(),
      in: db.prepare("SELECT id, type, source FROM rel WHERE target = ?").raw(),
      inOfType: db.prepare("SELECT id, type, source FROM rel WHERE target = ? AND type = ?").raw(),
      equal: db.prepare("SELECT entity FROM index_entry WHERE rule = ? AND key = ?").pluck(),
      range: db
        .prepare(
          "SELECT key, entity FROM index_entry WHERE rule = ? AND (key, entity) > (?, ?) AND key < ? ORDER BY key, entity LIMIT ?",
        )
        .raw(),
      hasLabel: db.prepare("SELECT 1 FROM node_label WHERE label = ? AND node = ?").pluck(),
    };
    prepared.set(db, known);
  }
  return known;
}

const cachedMax = 50_000;
const labelLists = new Map<string, readonly number[]>();

function parseLabels(text: string): readonly number[] {
  let labels = labelLists.get(text);
  if (labels === undefined) {
    labels = text === "" ? [] : text.split(",").map(Number);
    if (labelLists.size > 10_000) labelLists.clear();
    labelLists.set(text, labels);
  }
  return labels;
}

/** The graph as one connection sees it, for one query: what was read once is kept until the query ends. */
export class GraphReader {
  readonly tokens: Tokens;
  protected currentSchema: Schema;
  protected readonly nodes = new Map<number, NodeRecord | undefined>();
  protected readonly rels = new Map<number, RelRecord | undefined>();
  #db: Database;
  #statements: Statements;

  constructor(db: Database, tokens: Tokens, schema: Schema) {
    this.#db = db;
    this.#statements = statementsOf(db);
    this.tokens = tokens;
    this.currentSchema = schema;
  }

  get db(): Database {
    return this.#db;
  }

  get schema(): Schema {
    return this.currentSchema;
  }

  /** Goes on with another connection to the same snapshot. */
  use(db: Database): void {
    if (db === this.#db) return;
    this.#db = db;
    this.#statements = statementsOf(db);
  }

  node(id: number): NodeRecord | undefined {
    let record = this.nodes.get(id);
    if (record !== undefined || this.nodes.has(id)) return record;
    const row = this.#statements.node.get(id) as [string, Buffer | null] | undefined;
    record =
      row === undefined ? undefined : { labels: parseLabels(row[0]), properties: decodeProperties(row[1]) };
    if (this.nodes.size >= cachedMax) this.nodes.clear();
    this.nodes.set(id, record);
    return record;
  }

  rel(id: number): RelRecord | undefined {
    let record = this.rels.get(id);
    if (record !== undefined || this.rels.has(id)) return record;
    const row = this.#statements.rel.get(id) as [number, number, number, Buffer | null] | undefined;
    record =
      row === undefined
        ? undefined
        : { ref: new RelRef(id, row[0], row[1], row[2]), properties: decodeProperties(row[3]) };
    if (this.rels.size >= cachedMax) this.rels.clear();
    this.rels.set(id, record);
    return record;
  }

  /** The next nodes by their numbers. */
  nodesAfter(id: number, limit: number): number[] {
    return this.#statements.nodesAfter.all(id, limit) as number[];
  }

  nodesWithLabelAfter(label: number, id: number, limit: number): number[] {
    return this.#statements.labelled.all(label, id, limit) as number[];
  }

  hasLabel(node: number, label: number): boolean {
    return this.node(node)?.labels.includes(label) ?? false;
  }

  relsAfter(id: number, limit: number): RelRef[] {
    return this.#refs(this.#statements.relsAfter.all(id, limit));
  }

  relsOfTypeAfter(type: number, id: number, limit: number): RelRef[] {
    return this.#refs(this.#statements.relsOfTypeAfter.all(type, id, limit));
  }

  #refs(rows: unknown[]): RelRef[] {
    return (rows as [number, number, number, number][]).map(
      ([id, type, start, end]) => new RelRef(id, type, start, end),
    );
  }

  /** The relationships of a node, of some types or of all; a loop comes once also from both sides. */
  relsOf(node: number, side: Side, types: readonly number[] | undefined): RelRef[] {
    const found: RelRef[] = [];
    const { out, outOfType, in: into, inOfType } = this.#statements;
    if (side !== "in") {
      if (types === undefined) this.#outgoing(found, node, out.all(node));
      else for (const type of types) this.#outgoing(found, node, outOfType.all(node, type));
    }
    if (side !== "out") {
      const skipsLoops = side === "both";
      if (types === undefined) this.#incoming(found, node, into.all(node), skipsLoops);
      else for (const type of types) this.#incoming(found, node, inOfType.all(node, type), skipsLoops);
    }
    return found;
  }

  #outgoing(found: RelRef[], node: number, rows: unknown[]): void {
    for (const [id, type, other] of rows as [number, number, number][])
      found.push(new RelRef(id, type, node, other));
  }

  #incoming(found: RelRef[], node: number, rows: unknown[], skipsLoops: boolean): void {
    for (const [id, type, other] of rows as [number, number, number][])
      if (!(skipsLoops && other === node)) found.push(new RelRef(id, type, other, node));
  }

  entitiesWithKey(rule: number, key: Buffer): number[] {
    return this.#statements.equal.all(rule, key) as number[];
  }

  /** The next entries of an index in a range of keys, from behind `(key, entity)`. */
  entriesAfter(
    rule: number,
    key: Buffer,
    entity: number,
    to: KeyRange["to"],
    limit: number,
  ): [Buffer, number][] {
    return this.#statements.range.all(rule, key, entity, to, limit) as [Buffer, number][];
  }

  countNodes(label: number | undefined): number {
    return label === undefined
      ? (statement(this.#db, "SELECT count(*) FROM node", column).get() as number)
      : (statement(this.#db, "SELECT count(*) FROM node_label WHERE label = ?", column).get(label) as number);
  }

  countRels(type: number | undefined): number {
    return type === undefined
      ? (statement(this.#db, "SELECT count(*) FROM rel", column).get() as number)
      : (statement(this.#db, "SELECT count(*) FROM rel WHERE type = ?", column).get(type) as number);
  }

  /** Numbers of the labels that some node has. */
  usedLabels(): number[] {
    return statement(
      this.#db,
      "WITH RECURSIVE used(label) AS (SELECT min(label) FROM node_label UNION ALL SELECT (SELECT min(label) FROM node_label WHERE label > used.label) FROM used WHERE used.label IS NOT NULL) SELECT label FROM used WHERE label IS NOT NULL",
      column,
    ).all() as number[];
  }

  usedTypes(): number[] {
    return statement(
      this.#db,
      "WITH RECURSIVE used(type) AS (SELECT min(type) FROM rel UNION ALL SELECT (SELECT min(type) FROM rel WHERE type > used.type) FROM used WHERE used.type IS NOT NULL) SELECT type FROM used WHERE type IS NOT NULL",
      column,
    ).all() as number[];
  }

  databaseId(): string {
    return statement(this.#db, "SELECT value FROM meta WHERE key = 'database_id'", column).get() as string;
  }

  rows(sql: string, ...values: readonly unknown[]): unknown[] {
    return statement(this.#db, sql, array).all(...values);
  }
}
