import { type AttributeValue, attributeOf, type Item, typeOf } from "../items/attribute-value.ts";
import { encodeKey } from "../storage/key-encoding.ts";
import type { IndexDefinition, KeySchemaElement, KeyType, TableDefinition } from "./definition.ts";

/** An attribute of a key. */
export interface KeyAttribute {
  readonly name: string;
  readonly type: KeyType;
}

/** The attributes of a key: one of each kind in tables, up to four of each in global indexes. */
export interface Key {
  readonly partition: readonly KeyAttribute[];
  readonly sort: readonly KeyAttribute[];
  readonly all: readonly KeyAttribute[];
}

/** What can be queried and scanned: the table itself, or one of its indexes. */
export interface Source {
  readonly key: Key;
  /** Its name in the database. */
  readonly storedIn: string;
}

/** A table as operations use it; another one is made when its definition changes. */
export class Table implements Source {
  readonly number: number;
  readonly definition: TableDefinition;
  readonly key: Key;
  readonly storedIn: string;
  readonly indexes: readonly Index[];
  /** Where the times at which items expire are noted. */
  readonly expiryStoredIn: string | undefined;
  readonly count: ItemCount;
  readonly counts: ItemCounts;

  constructor(number: number, definition: TableDefinition, counts: ItemCounts) {
    this.number = number;
    this.definition = definition;
    this.count = counts.table;
    this.key = keyOf(definition.keySchema, definition);
    this.storedIn = `items_${number}`;
    const { timeToLive } = definition;
    this.expiryStoredIn = timeToLive === undefined ? undefined : `expiry_${number}_${timeToLive.number}`;
    this.indexes = definition.indexes.map((index) => {
      counts.indexes[index.number] ??= { items: 0, bytes: 0 };
      return new Index(this, index, counts.indexes[index.number]!);
    });
    this.counts = counts;
  }

  get name(): string {
    return this.definition.name;
  }

  /** Whether items are still missing: nobody may see it yet. */
  get isBeingRestored(): boolean {
    return this.definition.restore?.filledTo !== undefined;
  }

  index(name: string): Index | undefined {
    return this.indexes.find((index) => index.definition.name === name);
  }

  /** The key of an item that has all its attributes. */
  keyOf(item: Item): Buffer {
    return encode(this.key, item)!;
  }

  /** Only an item's key attributes. */
  keyItem(item: Item): Item {
    const key: Item = {};
    for (const { name } of this.key.all) key[name] = item[name]!;
    return key;
  }
}

/** How many items there are, and their size: for descriptions, not kept to the last one when the process is killed. */
export interface ItemCount {
  items: number;
  bytes: number;
}

export interface ItemCounts {
  readonly table: ItemCount;
  /** By number. */
  readonly indexes: Record<number, ItemCount>;
}

export class Index implements Source {
  readonly definition: IndexDefinition;
  readonly key: Key;
  readonly storedIn: string;
  readonly count: ItemCount;
  /** What an entry has; undefined is everything, which is then not stored twice. */
  readonly projected: ReadonlySet<string> | undefined;
  readonly #tableKey: Key;

  constructor(table: Table, definition: IndexDefinition, count: ItemCount) {
    this.definition = definition;
    this.count = count;
    this.key = keyOf(definition.keySchema, table.definition);
    this.storedIn = `index_${table.number}_${definition.number}`;
    this.#tableKey = table.key;
    const { ProjectionType: type, NonKeyAttributes: more = [] } = definition.projection;
    this.projected =
      type === "ALL"
        ? undefined
        : new Set([...table.key.all, ...this.key.all].map(({ name }) => name).concat(more));
  }

  get name(): string {
    return this.definition.name;
  }

  /** The key of an item's entry, which ends with the table's key; undefined when the item is not in this index. */
  entryKey(item: Item, tableKey: Buffer): Buffer | undefined {
    const key = encode(this.key, item);
    return key === undefined ? undefined : Buffer.concat([key, tableKey]);
  }

  /** The attributes that an entry has. */
  project(item: Item): Item {
    if (this.projected === undefined) return item;
    const projected: Item = {};
    for (const name in item) if (this.projected.has(name)) projected[name] = item[name]!;
    return projected;
  }

  /** What a page of this index ends with. */
  pageKey(item: Item): Item {
    const key: Item = {};
    for (const { name } of this.#tableKey.all) key[name] = item[name]!;
    for (const { name } of this.key.all) key[name] = item[name]!;
    return key;
  }
}

/** Undefined when an attribute is missing, or not of the key's type. */
function encode(key: Key, item: Item): Buffer | undefined {
  const partition = valuesOf(key.partition, item);
  const sort = valuesOf(key.sort, item);
  return partition === undefined || sort === undefined ? undefined : encodeKey(partition, sort);
}

function valuesOf(attributes: readonly KeyAttribute[], item: Item): AttributeValue[] | undefined {
  const values: AttributeValue[] = [];
  for (const { name, type } of attributes) {
    const value = attributeOf(item, name);
    if (value === undefined || typeOf(value) !== type) return undefined;
    values.push(value);
  }
  return values;
}

function keyOf(schema: readonly KeySchemaElement[], { attributes }: TableDefinition): Key {
  const all = schema.map(({ AttributeName: name, KeyType }) => {
    const type = attributes.find(({ AttributeName }) => AttributeName === name)!.AttributeType;
    return { name, type, isPartition: KeyType === "HASH" };
  });
  return {
    partition: all.filter(({ isPartition }) => isPartition),
    sort: all.filter(({ isPartition }) => !isPartition),
    all,
  };
}
