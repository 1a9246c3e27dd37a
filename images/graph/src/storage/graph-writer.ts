import { lockKind, type TransactionWork, uniqueValueLocks } from "@weftkit/store";
import { CypherError } from "../errors.ts";
import { equals } from "../values/compare.ts";
import { displayOf } from "../values/text.ts";
import { RelRef, type Value } from "../values/types.ts";
import type { FullTextWriter } from "./full-text.ts";
import { GraphReader, type NodeRecord, type RelRecord } from "./graph-reader.ts";
import { compositeKey } from "./index-keys.ts";
import { encodeProperties } from "./property-codec.ts";
import { recordEntity } from "./record-changes.ts";
import { hasEntries, isUnique, type Schema, type SchemaRule } from "./schema.ts";
import { type TokenKind, Tokens } from "./tokens.ts";

/**
 * Locks of nodes. Relationships are attached to a node by many at once, also while one transaction changes its properties;
 * nobody else may do anything while it is deleted.
 */
export const nodeLocks = lockKind("node", {
  conflicts: { attach: ["delete"], update: ["update", "delete"], delete: ["attach", "update", "delete"] },
});
export const relLocks = lockKind("relationship", { conflicts: { exclusive: ["exclusive"] } });
/** Who writes shares it; who changes indexes and constraints has it alone. */
export const schemaLocks = lockKind("schema", {
  conflicts: { shared: ["exclusive"], exclusive: ["shared", "exclusive"] },
});

/** What a query has changed, for its summary. */
export interface UpdateCounts {
  nodesCreated: number;
  nodesDeleted: number;
  relationshipsCreated: number;
  relationshipsDeleted: number;
  propertiesSet: number;
  labelsAdded: number;
  labelsRemoved: number;
  indexesAdded: number;
  indexesRemoved: number;
  constraintsAdded: number;
  constraintsRemoved: number;
}

export function noUpdates(): UpdateCounts {
  return {
    nodesCreated: 0,
    nodesDeleted: 0,
    relationshipsCreated: 0,
    relationshipsDeleted: 0,
    propertiesSet: 0,
    labelsAdded: 0,
    labelsRemoved: 0,
    indexesAdded: 0,
    indexesRemoved: 0,
    constraintsAdded: 0,
    constraintsRemoved: 0,
  };
}

/** What a transaction has to remember between its statements. */
export interface TransactionMemory {
  /** Nodes that were deleted, whose relationships must be gone by the commit. */
  readonly deletedNodes: Set<number>;
  readonly deletedRels: Set<number>;
  /** Names whose rows it has written. */
  readonly tokensWritten: Set<string>;
  readonly createdNodes: Set<number>;
  /** Undefined until the transaction changes the schema. */
  schema: Schema | undefined;
}

export function newTransactionMemory(): TransactionMemory {
  return {
    deletedNodes: new Set(),
    deletedRels: new Set(),
    tokensWritten: new Set(),
    createdNodes: new Set(),
    schema: undefined,
  };
}

/** The graph as a transaction sees it on the writer, and its changes: each is journalled, under the locks that it needs. */
export class GraphWriter extends GraphReader {
  readonly counts = noUpdates();
  readonly memory: TransactionMemory;
  readonly work: TransactionWork;
  readonly #fullText: FullTextWriter;

  constructor(
    work: TransactionWork,
    tokens: Tokens,
    schema: Schema,
    memory: TransactionMemory,
    fullText: FullTextWriter,
  ) {
    super(work.db, tokens, memory.schema ?? schema);
    this.work = work;
    this.memory = memory;
    this.#fullText = fullText;
    work.lock(schemaLocks, "schema", 0, "shared");
  }

  setSchema(schema: Schema): void {
    this.memory.schema = schema;
    this.currentSchema = schema;
  }

  isDeletedNode(id: number): boolean {
    return this.memory.deletedNodes.has(id);
  }

  isDeletedRel(id: number): boolean {
    return this.memory.deletedRels.has(id);
  }

  /** The number of a name, written down with this transaction if no commit has done so. */
  token(kind: TokenKind, name: string): number {
    const id = this.tokens.give(kind, name);
    if (this.tokens.isPersisted(kind, id)) return id;
    const key = `${kind}:${id}`;
    if (this.memory.tokensWritten.has(key)) return id;
    this.work.change(
      "INSERT INTO token(kind, id, name) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET name = excluded.name",
      [Tokens.kindNumber(kind), id, name],
    );
    this.memory.tokensWritten.add(key);
    return id;
  }

  // ---- nodes -------------------------------------------------------------------------------------------------------

  createNode(labels: readonly number[], properties: ReadonlyMap<number, Value>): number {
    const id = this.work.nextRowid("node");
    this.work.lock(nodeLocks, "node", id, "update");
    const record: NodeRecord = { labels, properties };
    this.work.change("INSERT INTO node(id, labels, properties) VALUES (?, ?, ?)", [
      id,
      labels.join(),
      encodeProperties(properties),
    ]);
    for (const label of labels)
      this.work.change("INSERT INTO node_label(label, node) VALUES (?, ?)", [label, id]);
    this.#reindexNode(id, undefined, record);
    recordEntity(this.work.db, this.tokens, id, undefined, record);
    this.nodes.set(id, record);
    this.memory.createdNodes.add(id);
    this.counts.nodesCreated++;
    this.counts.labelsAdded += labels.length;
    this.counts.propertiesSet += properties.size;
    return id;
  }

  /** The node as it is now, locked against everybody else's changes. @throws CypherError EntityNotFound */
  #nodeForUpdate(id: number): NodeRecord {
    this.work.lock(nodeLocks, "node", id, "update");
    const record = this.node(id);
    if (record === undefined) throw this.#deleted("Node", id, this.isDeletedNode(id));
    return record;
  }

  #deleted(what: string, id: number, isOurs: boolean): CypherError {
    return new CypherError(
      "Neo.ClientError.Statement.EntityNotFound",
      isOurs
        ? `${what} with id ${id} has been deleted in this transaction`
        : `Unable to load ${what.toUpperCase()} ${id}.`,
    );
  }

  setNodeProperties(id: number, properties: ReadonlyMap<number, Value>): void {
    const before = this.#nodeForUpdate(id);
    this.#putNode(id, before, { labels: before.labels, properties });
  }

  setNodeLabels(id: number, labels: readonly number[]): void {
    const before = this.#nodeForUpdate(id);
    for (const label of labels) {
      if (before.labels.includes(label)) continue;
      this.work.change("INSERT INTO node_label(label, node) VALUES (?, ?)", [label, id]);
      this.counts.labelsAdded++;
    }
    for (const label of before.labels) {
      if (labels.includes(label)) continue;
      this.work.change("DELETE FROM node_label WHERE label = ? AND node = ?", [label, id]);
      this.counts.labelsRemoved++;
    }
    this.#putNode(id, before, { labels, properties: before.properties });
  }

  #putNode(id: number, before: NodeRecord, after: NodeRecord): void {
    this.work.change("UPDATE node SET labels = ?, properties = ? WHERE id = ?", [
      after.labels.join(),
      encodeProperties(after.properties),
      id,
    ]);
    this.#reindexNode(id, before, after);
    recordEntity(this.work.db, this.tokens, id, before, after);
    this.nodes.set(id, after);
  }

  deleteNode(id: number): void {
    if (this.isDeletedNode(id)) return;
    this.work.lock(nodeLocks, "node", id, "delete");
    const before = this.node(id);
    if (before === undefined) return;
    this.work.change("DELETE FROM node WHERE id = ?", [id]);
    for (const label of before.labels)
      this.work.change("DELETE FROM node_label WHERE label = ? AND node = ?", [label, id]);
    this.#reindexNode(id, before, undefined);
    recordEntity(this.work.db, this.tokens, id, before, undefined);
    this.nodes.set(id, undefined);
    this.memory.deletedNodes.add(id);
    this.counts.nodesDeleted++;
  }

  // ---- relationships -----------------------------------------------------------------------------------------------

  createRel(type: number, start: number, end: number, properties: ReadonlyMap<number, Value>): RelRef {
    for (const node of start === end ? [start] : [Math.min(start, end), Math.max(start, end)]) {
      this.work.lock(nodeLocks, "node", node, "attach");
      if (this.node(node) === undefined) throw this.#deleted("Node", node, this.isDeletedNode(node));
    }
    const id = this.work.nextRowid("rel");
    const ref = new RelRef(id, type, start, end);
    const record: RelRecord = { ref, properties };
    this.work.lock(relLocks, "rel", id, "exclusive");
    this.work.change("INSERT INTO rel(id, type, source, target, properties) VALUES (?, ?, ?, ?, ?)", [
      id,
      type,
      start,
      end,
      encodeProperties(properties),
    ]);
    this.#reindexRel(id, undefined, record);
    recordEntity(this.work.db, this.tokens, id, undefined, record);
    this.rels.set(id, record);
    this.counts.relationshipsCreated++;
    this.counts.propertiesSet += properties.size;
    return ref;
  }

  setRelProperties(id: number, properties: ReadonlyMap<number, Value>): void {
    this.work.lock(relLocks, "rel", id, "exclusive");
    const before = this.rel(id);
    if (before === undefined) throw this.#deleted("Relationship", id, this.isDeletedRel(id));
    const after: RelRecord = { ref: before.ref, properties };
    this.work.change("UPDATE rel SET properties = ? WHERE id = ?", [encodeProperties(properties), id]);
    this.#reindexRel(id, before, after);
    recordEntity(this.work.db, this.tokens, id, before, after);
    this.rels.set(id, after);
  }

  deleteRel(id: number): void {
    if (this.isDeletedRel(id)) return;
    this.work.lock(relLocks, "rel", id, "exclusive");
    const before = this.rel(id);
    if (before === undefined) return;
    this.work.change("DELETE FROM rel WHERE id = ?", [id]);
    this.#reindexRel(id, before, undefined);
    recordEntity(this.work.db, this.tokens, id, before, undefined);
    this.rels.set(id, undefined);
    this.memory.deletedRels.add(id);
    this.counts.relationshipsDeleted++;
  }

  /** Nodes may go only with their relationships: looked at when the transaction commits. @throws CypherError */
  checkDeleted(): void {
    for (const id of this.memory.deletedNodes) {
      if (this.relsOf(id, "both", undefined).length === 0) continue;
      const message = this.memory.createdNodes.has(id)
        ? "Cannot delete node that was created in this transaction, because it still has relationships."
        : `Cannot delete node<${id}>, because it still has relationships. To delete this node, you must first delete its relationships.`;
      throw new CypherError("Neo.ClientError.Schema.ConstraintValidationFailed", message);
    }
  }

  // ---- indexes -----------------------------------------------------------------------------------------------------

  #reindexNode(id: number, before: NodeRecord | undefined, after: NodeRecord | undefined): void {
    if (this.currentSchema.rules.length === 0) return;
    const labels = new Set([...(before?.labels ?? []), ...(after?.labels ?? [])]);
    const seen = new Set<number>();
    for (const label of labels) {
      for (const rule of this.currentSchema.of("NODE", this.tokens.name("label", label))) {
        if (seen.has(rule.id)) continue;
        seen.add(rule.id);
        const has = (record: NodeRecord | undefined) =>
          record !== undefined &&
          rule.labels.some((name) => record.labels.includes(this.tokens.find("label", name) ?? -1));
        this.#reindex(
          rule,
          id,
          has(before) ? before!.properties : undefined,
          has(after) ? after!.properties : undefined,
        );
      }
    }
  }

  #reindexRel(id: number, before: RelRecord | undefined, after: RelRecord | undefined): void {
    if (this.currentSchema.rules.length === 0) return;
    const { type } = (before ?? after)!.ref;
    for (const rule of this.currentSchema.of("RELATIONSHIP", this.tokens.name("type", type)))
      this.#reindex(rule, id, before?.properties, after?.properties);
  }

  valuesOf(rule: SchemaRule, properties: ReadonlyMap<number, Value>): Value[] {
    return rule.properties.map((name) => properties.get(this.tokens.find("key", name) ?? -1) ?? null);
  }

  #reindex(
    rule: SchemaRule,
    entity: number,
    before: ReadonlyMap<number, Value> | undefined,
    after: ReadonlyMap<number, Value> | undefined,
  ): void {
    if (rule.type === "FULLTEXT") {
      this.#fullText.update(
        this.work,
        rule,
        entity,
        before && this.valuesOf(rule, before),
        after && this.valuesOf(rule, after),
      );
      return;
    }
    if (!hasEntries(rule)) return;
    const oldKey = before === undefined ? undefined : compositeKey(this.valuesOf(rule, before));
    const newValues = after === undefined ? undefined : this.valuesOf(rule, after);
    const newKey = newValues === undefined ? undefined : compositeKey(newValues);
    if (oldKey !== undefined && newKey !== undefined && oldKey.equals(newKey) && !isUnique(rule)) return;
    if (isUnique(rule)) {
      const scope = `unique ${rule.id}`;
      if (oldKey !== undefined) this.work.lock(uniqueValueLocks, scope, oldKey, "exclusive");
      if (newKey !== undefined) {
        this.work.lock(uniqueValueLocks, scope, newKey, "exclusive");
        this.requireUnique(rule, entity, newKey, newValues!);
      }
      if (oldKey !== undefined && newKey !== undefined && oldKey.equals(newKey)) return;
    }
    if (oldKey !== undefined)
      this.work.change("DELETE FROM index_entry WHERE rule = ? AND key = ? AND entity = ?", [
        rule.id,
        oldKey,
        entity,
      ]);
    if (newKey !== undefined)
      this.work.change("INSERT INTO index_entry(rule, key, entity) VALUES (?, ?, ?)", [
        rule.id,
        newKey,
        entity,
      ]);
  }

  /** Puts an entity into a full-text index that it is not in. */
  indexText(rule: SchemaRule, entity: number, values: readonly Value[]): void {
    this.#fullText.update(this.work, rule, entity, undefined, values);
  }

  /** @throws CypherError ConstraintValidationFailed when another one has these values */
  requireUnique(rule: SchemaRule, entity: number, key: Buffer, values: readonly Value[]): void {
    for (const other of this.entitiesWithKey(rule.id, key)) {
      if (other === entity) continue;
      const properties = rule.entity === "NODE" ? this.node(other)?.properties : this.rel(other)?.properties;
      if (properties === undefined) continue;
      const others = this.valuesOf(rule, properties);
      if (!others.every((value, i) => equals(value, values[i]!) === true)) continue;
      const what =
        rule.entity === "NODE"
          ? `Node(${other}) already exists with label`
          : `Relationship(${other}) already exists with type`;
      const shown = rule.properties.map((name, i) => `\`${name}\` = ${shownValue(values[i]!)}`);
      throw new CypherError(
        "Neo.ClientError.Schema.ConstraintValidationFailed",
        `${what} \`${rule.labels[0]}\` and ${rule.properties.length === 1 ? "property" : "properties"} ${shown.join(", ")}`,
      );
    }
  }
}

function shownValue(value: Value): string {
  return typeof value === "string"
    ? `'${value}'`
    : typeof value === "bigint"
      ? String(value)
      : displayOf(value);
}
