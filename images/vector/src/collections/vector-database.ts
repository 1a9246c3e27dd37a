import { randomUUID } from "node:crypto";
import type { Logger } from "@weftkit/observe";
import { type Database, type Store, statement } from "@weftkit/store";
import { collectionExists, invalid, noSuchCollection, VectorError } from "../errors.ts";
import { IndexThreads } from "../index/index-threads.ts";
import { MemoryBudget } from "../index/memory-budget.ts";
import {
  type CollectionDefinition,
  type DenseParams,
  dimensionsMax,
  type FieldIndex,
  type SparseParams,
} from "../model/definition.ts";
import {
  addVectorTable,
  type CollectionRow,
  deleteCollection,
  dropVectorTable,
  insertCollection,
  readAliases,
  readCollections,
  updateDefinition,
} from "../storage/collection-tables.ts";
import { recordCollection } from "../storage/record-changes.ts";
import { Collection, type CollectionContext } from "./collection.ts";
import { SavedIndexes } from "./saved-indexes.ts";

export interface VectorDatabaseOptions {
  readonly store: Store;
  readonly log: Logger;
  /** Where indexes are saved. */
  readonly folder: string;
  /** 0 is no limit. */
  readonly indexBytesMax: number;
}

export type AliasAction =
  | { readonly create: { readonly alias: string; readonly collection: string } }
  | { readonly delete: { readonly alias: string } }
  | { readonly rename: { readonly from: string; readonly to: string } };

const collectionsMax = 10_000;
const nameMax = 255;
/** An index that was saved so many runs ago is not used any more. */
const runsMax = 100;
const vectorNamesMax = 256;
export const mMin = 4;
export const mMax = 64;

/** All collections, by name and by alias. */
export class VectorDatabase {
  readonly store: Store;
  readonly threads: IndexThreads;
  readonly budget: MemoryBudget;
  /** Names this run of the engine. */
  readonly #run: string;
  readonly #saved: SavedIndexes;
  readonly #context: CollectionContext;
  readonly #collections = new Map<string, Collection>();
  #aliases = new Map<string, number>();
  /** The last change of a definition: the next one begins from what it has left in memory. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor({ store, log, folder, indexBytesMax }: VectorDatabaseOptions) {
    this.store = store;
    this.threads = new IndexThreads({ log });
    this.budget = new MemoryBudget(indexBytesMax);
    this.#run = randomUUID();
    this.#saved = new SavedIndexes({ folder, run: this.#run, log });
    this.#context = { store, threads: this.threads, budget: this.budget, saved: this.#saved, log };
  }

  /** Reads everything. */
  async open(): Promise<void> {
    const rows = await this.store.write((db) => {
      const found = readCollections(db);
      const slots = Object.fromEntries(found.map(({ number, nextSlot }) => [number, nextSlot]));
      statement(db, "INSERT INTO runs (token, slots) VALUES (?, ?)").run(this.#run, JSON.stringify(slots));
      statement(db, "DELETE FROM runs WHERE number <= (SELECT max(number) FROM runs) - ?").run(runsMax);
      return found;
    });
    await this.store.read((db) => {
      for (const row of rows) this.#take(row).load(db);
      this.#aliases = readAliases(db);
    });
    const numbers = new Map(rows.map(({ number, positions }) => [number, new Set(positions.values())]));
    this.#saved.removeOthers((number, position) => numbers.get(number)?.has(position) === true);
  }

  get size(): number {
    return this.#collections.size;
  }

  all(): IterableIterator<Collection> {
    return this.#collections.values();
  }

  /** By name or alias. @throws VectorError `not_found` */
  require(name: string): Collection {
    const collection = this.find(name);
    if (collection === undefined) throw noSuchCollection(name);
    return collection;
  }

  find(name: string): Collection | undefined {
    const known = this.#collections.get(name);
    if (known !== undefined) return known;
    const number = this.#aliases.get(name);
    return number === undefined
      ? undefined
      : [...this.#collections.values()].find((one) => one.number === number);
  }

  async create(name: string, definition: CollectionDefinition): Promise<Collection> {
    return this.#inTurn(async () => {
      checkName(name, "collection");
      checkDefinition(definition);
      const row = await this.store.write((db) => {
        this.#requireFree(db, name);
        if (this.#collections.size >= collectionsMax)
          throw new VectorError(
            "resource_exhausted",
            `there are ${collectionsMax} collections, which is the most there can be`,
          );
        return insertCollection(db, name, definition);
      });
      return this.#take(row);
    });
  }

  /** Whether there was one. */
  async drop(name: string): Promise<boolean> {
    return this.#inTurn(async () => {
      const collection = this.find(name);
      if (collection === undefined) return false;
      await this.store.write((db) => deleteCollection(db, collection));
      if (this.#collections.get(collection.name) === collection) this.#collections.delete(collection.name);
      for (const [alias, number] of this.#aliases)
        if (number === collection.number) this.#aliases.delete(alias);
      await collection.drop();
      for (const position of collection.positions.values()) this.#saved.remove(collection.number, position);
      return true;
    });
  }

  /** Lets another collection take the place of one, with its name and its aliases. */
  async replace(old: Collection, by: Collection): Promise<void> {
    return this.#inTurn(async () => {
      await this.store.write((db) => {
        statement(db, "UPDATE aliases SET collection = ? WHERE collection = ?").run(by.number, old.number);
        deleteCollection(db, old);
        recordCollection(db, by.number, "RenameCollection", { to: old.name });
        statement(db, "UPDATE collections SET name = ? WHERE number = ?").run(old.name, by.number);
      });
      this.#collections.delete(by.name);
      by.name = old.name;
      this.#collections.set(by.name, by);
      for (const [alias, number] of this.#aliases)
        if (number === old.number) this.#aliases.set(alias, by.number);
      await old.drop();
      for (const position of old.positions.values()) this.#saved.remove(old.number, position);
    });
  }

  /** Changes a definition; what it says of vectors must be what it said. */
  async redefine(
    collection: Collection,
    change: (definition: CollectionDefinition) => CollectionDefinition,
  ): Promise<void> {
    return this.#inTurn(async () => {
      const definition = await this.store.write((db) => {
        if (collection.isDropped) throw noSuchCollection(collection.name);
        const changed = change(collection.definition);
        updateDefinition(db, collection.number, changed);
        return changed;
      });
      collection.definition = definition;
    });
  }

  async setFieldIndex(collection: Collection, field: string, index: FieldIndex | undefined): Promise<void> {
    await this.redefine(collection, (definition) => {
      const fields = { ...definition.fields };
      if (index === undefined) delete fields[field];
      else fields[field] = index;
      return { ...definition, fields };
    });
    collection.filters.clear();
  }

  async addVectorName(
    collection: Collection,
    name: string,
    params: DenseParams | SparseParams,
  ): Promise<void> {
    return this.#inTurn(async () => {
      const isDense = "size" in params;
      const change = ({ dense, sparse, ...rest }: CollectionDefinition): CollectionDefinition => ({
        ...rest,
        dense: isDense ? { ...dense, [name]: params } : dense,
        sparse: isDense ? sparse : { ...sparse, [name]: params },
      });
      checkDefinition(change(collection.definition));
      if (collection.kindOf(name) !== undefined)
        throw new VectorError(
          "already_exists",
          `the collection has a vector with the name "${name}" already`,
        );
      const { definition, position } = await this.store.write((db) => {
        if (collection.isDropped) throw noSuchCollection(collection.name);
        const changed = change(collection.definition);
        updateDefinition(db, collection.number, changed);
        return { definition: changed, position: addVectorTable(db, collection.number, name) };
      });
      collection.definition = definition;
      collection.positions.set(name, position);
      collection.addName(name);
    });
  }

  async removeVectorName(collection: Collection, name: string): Promise<void> {
    return this.#inTurn(async () => {
      collection.requireKind(name);
      const position = collection.positions.get(name)!;
      const work = (db: Database) => {
        if (collection.isDropped) throw noSuchCollection(collection.name);
        const dense = { ...collection.definition.dense };
        const sparse = { ...collection.definition.sparse };
        delete dense[name];
        delete sparse[name];
        const changed = { ...collection.definition, dense, sparse };
        updateDefinition(db, collection.number, changed);
        dropVectorTable(db, collection.number, name, position);
        // At once: who reads and writes after this transaction, but before it is on the disk, must not look for the table.
        collection.positions.delete(name);
        return changed;
      };
      const definition = await this.store.write(work).catch((error: unknown) => {
        collection.positions.set(name, position);
        throw error;
      });
      collection.definition = definition;
      collection.removeVectorName(name);
    });
  }

  /** Alias to the collection's name. */
  aliases(): [alias: string, collection: string][] {
    const names = new Map([...this.#collections.values()].map(({ number, name }) => [number, name]));
    return [...this.#aliases].map(([alias, number]) => [alias, names.get(number) ?? ""]);
  }

  /** All or none. */
  async changeAliases(actions: readonly AliasAction[]): Promise<void> {
    return this.#inTurn(async () => {
      this.#aliases = await this.store.write((db) => {
        for (const action of actions) this.#changeAlias(db, action);
        return readAliases(db);
      });
    });
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#changing.then(change);
    this.#changing = turn.catch(() => {});
    return turn;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#collections.values()].map((collection) => collection.close()));
    await this.threads.close();
  }

  #changeAlias(db: Database, action: AliasAction): void {
    if ("create" in action) {
      const { alias, collection } = action.create;
      checkName(alias, "alias");
      if (this.#collections.has(alias)) throw collectionExists(alias);
      const { number } = this.require(collection);
      statement(
        db,
        "INSERT INTO aliases VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET collection = excluded.collection",
      ).run(alias, number);
      return;
    }
    const name = "delete" in action ? action.delete.alias : action.rename.from;
    const number = statement(db, "DELETE FROM aliases WHERE name = ? RETURNING collection", {
      pluck: true,
    }).get(name) as number | undefined;
    if ("delete" in action) return;
    if (number === undefined) throw new VectorError("not_found", `there is no alias ${JSON.stringify(name)}`);
    checkName(action.rename.to, "alias");
    statement(
      db,
      "INSERT INTO aliases VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET collection = excluded.collection",
    ).run(action.rename.to, number);
  }

  #requireFree(db: Database, name: string): void {
    const isTaken =
      statement(
        db,
        "SELECT 1 FROM collections WHERE name = ? UNION ALL SELECT 1 FROM aliases WHERE name = ?",
      ).get(name, name) !== undefined;
    if (isTaken) throw collectionExists(name);
  }

  #take(row: CollectionRow): Collection {
    const collection = new Collection(this.#context, row);
    this.#collections.set(row.name, collection);
    return collection;
  }
}

function checkName(name: string, what: string): void {
  if (name === "") throw invalid(`the name of ${what === "alias" ? "an" : "a"} ${what} must not be empty`);
  if (name.length > nameMax) throw invalid(`the name of a ${what} has ${nameMax} characters at the most`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  const bad = /[<>:"/\\|?*\x00-\x1f]/.exec(name);
  if (bad !== null) throw invalid(`the name of a ${what} must not contain ${JSON.stringify(bad[0])}`);
}

function checkDefinition({ dense, sparse }: CollectionDefinition): void {
  if (Object.keys(dense).length + Object.keys(sparse).length > vectorNamesMax)
    throw invalid(`a collection has ${vectorNamesMax} vectors with names at the most`);
  for (const [name, { size, m, efConstruction }] of Object.entries(dense)) {
    const of = name === "" ? "" : ` of vector "${name}"`;
    if (!Number.isInteger(size) || size < 1 || size > dimensionsMax)
      throw invalid(`the dimensions${of} must be from 1 to ${dimensionsMax}, and not ${size}`);
    if (!Number.isInteger(m) || m < mMin || m > mMax)
      throw invalid(`the links of a node (M)${of} must be from ${mMin} to ${mMax}, and not ${m}`);
    if (!Number.isInteger(efConstruction) || efConstruction < 4 || efConstruction > 4096)
      throw invalid(`ef_construction${of} must be from 4 to 4096, and not ${efConstruction}`);
  }
  for (const name of Object.keys(sparse)) {
    if (Object.hasOwn(dense, name))
      throw invalid(`there are two vectors with the name ${JSON.stringify(name)}`);
  }
}
