import type { Logger } from "@weftkit/observe";
import type { Database, Store } from "@weftkit/store";
import { noSuchVector, spaceFull } from "../errors.ts";
import type { FilteredPoint } from "../filters/compile.ts";
import type { Filter } from "../filters/filter.ts";
import { FilterCache } from "../filters/filter-cache.ts";
import type { FilterSet } from "../filters/filter-set.ts";
import { DenseIndex, type Found, linkFrom, type SavedMemory } from "../index/dense-index.ts";
import type { IndexThreads } from "../index/index-threads.ts";
import type { MemoryBudget } from "../index/memory-budget.ts";
import { MultiIndex } from "../index/multi-index.ts";
import { SparseIndex } from "../index/sparse-index.ts";
import { type CollectionDefinition, type DenseParams, efSearchDefault } from "../model/definition.ts";
import type { PointKey } from "../model/point-id.ts";
import { decodeVector, normalized, type VectorValue } from "../model/vector-value.ts";
import type { CollectionRow } from "../storage/collection-tables.ts";
import { PointRows } from "../storage/points.ts";
import { GraphUpkeep } from "./graph-upkeep.ts";
import { InFlight } from "./in-flight.ts";
import { Nodes } from "./nodes.ts";
import type { SavedIndexes } from "./saved-indexes.ts";

/** What all collections need. */
export interface CollectionContext {
  readonly store: Store;
  readonly threads: IndexThreads;
  readonly budget: MemoryBudget;
  readonly saved: SavedIndexes;
  readonly log: Logger;
}

export interface AddedPoint {
  readonly slot: number;
  readonly key: PointKey;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly vectors: ReadonlyMap<string, VectorValue>;
}

/** What a write has changed, for the indexes: in this order, when it is on the disk. */
export interface Changes {
  readonly removed: number[];
  readonly added: AddedPoint[];
  readonly payloads: {
    readonly slot: number;
    readonly key: PointKey;
    readonly payload: Readonly<Record<string, unknown>>;
  }[];
}

export interface DenseSearch {
  readonly k: number;
  readonly ef?: number | undefined;
  readonly set?: FilterSet | undefined;
  readonly exact?: boolean | undefined;
}

/** A point that was found; `score` is as clients see it. */
export interface Hit {
  readonly slot: number;
  readonly node: number;
  readonly score: number;
}

/** Of floats that are compared: so many are compared in place, as another thread would take longer to hear of it. */
const inPlaceFloats = 1_500_000;
/** As many matches are compared one by one: it finds all, and is as fast as the graph. */
const scanMatchesMax = 5000;
/** A search whose hits are deleted meanwhile is made again so often. */
const attemptsMax = 3;
/** About so many nodes are compared for each candidate that a search keeps. */
const nodesPerCandidate = 20;
/** Graphs are saved again when so much of them is new. */
const saveShare = 0.25;
/** Of a saved index: as many vectors are held against the database's. */
const comparedCount = 32;
/** More than a set has matches: then the graph leads past too many that do not match, and a scan is better. */
const budgetFactor = 1;

/** One collection: the indexes over its points, which are in the database. */
export class Collection {
  readonly number: number;
  readonly positions: Map<string, number>;
  readonly nodes = new Nodes();
  readonly dense = new Map<string, DenseIndex>();
  readonly sparse = new Map<string, SparseIndex>();
  readonly multi = new Map<string, MultiIndex>();
  readonly filters: FilterCache;
  readonly inFlight = new InFlight();
  name: string;
  definition: CollectionDefinition;
  isDropped = false;
  readonly #context: CollectionContext;
  readonly #upkeep: GraphUpkeep;
  #changesSinceSave = 0;
  #isSaving = false;
  /** Sets that are asked for no more, and the number of the first search that cannot have them. */
  readonly #forgotten: { readonly set: FilterSet; readonly since: number }[] = [];
  /** Nodes without a point, and the number of the first search that cannot know them. */
  #unused: { readonly node: number; readonly since: number }[] = [];

  constructor(context: CollectionContext, { number, name, definition, positions }: CollectionRow) {
    this.#context = context;
    this.number = number;
    this.name = name;
    this.definition = definition;
    this.positions = new Map(positions);
    for (const [vector, params] of Object.entries(definition.dense)) this.addDense(vector, params);
    for (const vector of Object.keys(definition.sparse)) this.sparse.set(vector, new SparseIndex());
    this.filters = new FilterCache({
      store: context.store,
      slotsArgument: () => ({
        collection: number,
        fields: this.definition.fields,
        positions: this.positions,
      }),
      nodeOf: (slot) => this.nodes.nodeOf(slot),
      points: () => this.nodes.count,
      forget: (set) => this.#forget(set),
    });
    this.#upkeep = new GraphUpkeep({
      threads: context.threads,
      log: context.log,
      freed: () => this.#freeNodes(),
      idle: () => this.save(false),
    });
  }

  addDense(name: string, params: DenseParams): void {
    if (params.isMulti) this.multi.set(name, new MultiIndex(params.distance));
    else this.dense.set(name, this.#newDense(params));
  }

  #newDense({ size: dimensions, distance, m, efConstruction }: DenseParams, saved?: SavedMemory): DenseIndex {
    const { budget } = this.#context;
    return new DenseIndex({ dimensions, distance, m, efConstruction, budget }, saved);
  }

  /** A name that the definition has since now. */
  addName(name: string): void {
    const params = this.definition.dense[name];
    if (params === undefined) this.sparse.set(name, new SparseIndex());
    else this.addDense(name, params);
    for (const index of this.dense.values()) if (this.nodes.end > 0) index.ensureNode(this.nodes.end - 1);
  }

  removeVectorName(name: string): void {
    const index = this.dense.get(name);
    if (index !== undefined) {
      this.#context.threads.detach(index);
      index.close();
    }
    this.dense.delete(name);
    this.sparse.delete(name);
    this.multi.delete(name);
    this.positions.delete(name);
  }

  /** Reads all points, and what was saved of the graphs: afterwards the indexes have what the database has. */
  load(db: Database): void {
    const rows = new PointRows(db, this.number);
    const slots = rows.slots();
    const missing = this.#loadSaved(db, rows, slots);
    if (missing === undefined) {
      for (const slot of slots) this.nodes.add(slot);
      for (const index of this.dense.values()) if (this.nodes.end > 0) index.ensureNode(this.nodes.end - 1);
    }
    for (const [name, position] of this.positions) {
      const kind = this.kindOf(name);
      if (kind === undefined) continue;
      if (kind === "dense" && missing !== undefined) {
        for (const slot of missing) {
          const data = rows.vector(slot, position);
          if (data !== undefined)
            this.#addVector(name, this.nodes.nodeOf(slot)!, slot, decodeVector(kind, data));
        }
        continue;
      }
      for (const [slot, data] of rows.allVectors(position)) {
        const node = this.nodes.nodeOf(slot);
        if (node !== undefined) this.#addVector(name, node, slot, decodeVector(kind, data));
      }
    }
    this.#freeNodes();
    this.#tend();
  }

  /** Takes over what was saved; gives the slots that came since, or undefined when nothing is of use. */
  #loadSaved(db: Database, rows: PointRows, slots: readonly number[]): number[] | undefined {
    const { saved, log } = this.#context;
    const names = new Map([...this.dense.keys()].map((name) => [name, this.positions.get(name)!]));
    const loaded = saved.load(db, this.number, [...names.values()]);
    if (loaded === undefined) return undefined;
    const indexes = new Map<string, DenseIndex>();
    for (const [name, position] of names) {
      const { arena, description } = loaded.get(position)!;
      const index = this.#newDense(this.definition.dense[name]!, { arena, nodes: description.nodes });
      indexes.set(name, index);
      if (index.isAsDescribed && isTruth(index, loaded.get(position)!.slots, rows, position)) continue;
      log.warn(
        { collection: this.name, vector: name },
        "a saved index differs from the vectors; it is made again of them",
      );
      for (const one of indexes.values()) one.close();
      return undefined;
    }
    for (const [name, index] of indexes) {
      this.dense.get(name)!.close();
      this.dense.set(name, index);
    }
    const [{ slots: known }] = loaded.values() as unknown as [{ slots: Float64Array }];
    known.forEach((slot, node) => {
      if (slot !== 0) {
        this.nodes.addAt(slot, node);
        return;
      }
      // One that was used again while the graph was being saved has a vector that nobody knows the slot of.
      for (const index of indexes.values()) if (node < index.nodes) index.remove(node);
      this.#unused.push({ node, since: 0 });
    });
    const isThere = new Uint8Array(known.length);
    const missing: number[] = [];
    for (const slot of slots) {
      const node = this.nodes.nodeOf(slot);
      if (node === undefined) missing.push(slot);
      else isThere[node] = 1;
    }
    known.forEach((slot, node) => {
      if (slot !== 0 && isThere[node] === 0) this.#removeSlot(slot);
    });
    for (const slot of missing) {
      const node = this.nodes.add(slot);
      for (const index of indexes.values()) index.ensureNode(node);
    }
    return missing;
  }

  /** Saves the graphs, when enough has changed since they were saved; at the end, when anything has. */
  async save(isEnd: boolean): Promise<void> {
    const indexes = [...this.dense].filter(([, index]) => index.isGraph);
    const least = isEnd ? 1 : Math.max(linkFrom, this.nodes.count * saveShare);
    if (this.#isSaving || this.isDropped || indexes.length === 0 || indexes.length < this.dense.size) return;
    if (this.#changesSinceSave < least) return;
    this.#isSaving = true;
    const changes = this.#changesSinceSave;
    try {
      await this.#context.saved.save(
        this.#context.threads,
        this.number,
        indexes.map(([name, index]) => ({ index, position: this.positions.get(name)! })),
        this.nodes.snapshot(),
      );
      this.#changesSinceSave -= changes;
    } catch (error) {
      // The vectors are in the database; the graph is made again when it has to.
      this.#context.log.warn({ err: error, collection: this.name }, "an index was not saved");
    } finally {
      this.#isSaving = false;
    }
  }

  kindOf(name: string): VectorValue["kind"] | undefined {
    if (this.dense.has(name)) return "dense";
    if (this.sparse.has(name)) return "sparse";
    return this.multi.has(name) ? "multi" : undefined;
  }

  /** @throws VectorError */
  requireKind(name: string): VectorValue["kind"] {
    const kind = this.kindOf(name);
    if (kind === undefined) throw noSuchVector(name, [...this.positions.keys()]);
    return kind;
  }

  hasVector(name: string, node: number): boolean {
    return (
      this.dense.get(name)?.has(node) ??
      this.sparse.get(name)?.has(node) ??
      this.multi.get(name)?.has(node) ??
      false
    );
  }

  get points(): number {
    return this.nodes.count;
  }

  /** Vectors that the graphs know, or that need none. */
  get indexed(): number {
    let sum = 0;
    for (const index of this.dense.values())
      sum += index.isGraph ? Math.max(0, index.alive - index.waiting) : 0;
    return sum;
  }

  get waiting(): number {
    let sum = 0;
    for (const index of this.dense.values()) sum += index.isGraph ? index.waiting : 0;
    return sum;
  }

  /** @throws VectorError `resource_exhausted` when the vectors of so many more points do not fit */
  requireRoom(vectors: readonly ReadonlyMap<string, VectorValue>[]): void {
    let bytes = 0;
    for (const [name, index] of this.dense) {
      if (!index.hasRoomFor(vectors.length)) throw spaceFull(name);
      bytes += index.bytesFor(vectors.length);
    }
    this.#context.budget.require(bytes);
  }

  /** Takes over what a write has changed. */
  apply({ removed, added, payloads }: Changes): void {
    for (const slot of removed) this.#removeSlot(slot);
    this.#changesSinceSave += removed.length + added.length;
    if (this.#unused.length > 0 && !this.#upkeep.isNeeded(this.dense.values())) this.#freeNodes();
    for (const { slot, key, payload, vectors } of added) {
      const node = this.nodes.add(slot);
      for (const index of this.dense.values()) index.ensureNode(node);
      for (const [name, value] of vectors) this.#addVector(name, node, slot, value);
      this.filters.changed(node, slot, () => this.#filtered(node, key, payload));
    }
    for (const { slot, key, payload } of payloads) {
      const node = this.nodes.nodeOf(slot);
      if (node !== undefined) this.filters.changed(node, slot, () => this.#filtered(node, key, payload));
    }
    this.#tend();
  }

  /** The nearest in a dense index, the best first. */
  async searchDense(name: string, query: Float32Array, search: DenseSearch): Promise<Hit[]> {
    const index = this.dense.get(name)!;
    const compared = index.distance === "Cosine" ? normalized(query) : query;
    for (let attempt = 0; ; attempt++) {
      const found = await this.inFlight.run(() => this.#nearest(index, compared, search));
      const hits: Hit[] = [];
      found.nodes.forEach((node, i) => {
        const slot = this.nodes.slotOf(node);
        if (slot !== 0) hits.push({ slot, node, score: scoreOf(index.distance, found.distances[i]!) });
      });
      // What was deleted meanwhile makes room for others.
      if (hits.length < found.nodes.length && attempt < attemptsMax) continue;
      if (search.set?.isKept === false) this.#forget(search.set);
      else this.#forgetAll();
      return hits;
    }
  }

  /** A set's bits are given back when no search can have them any more. */
  #forget(set: FilterSet): void {
    this.#forgotten.push({ set, since: this.inFlight.next });
    this.#forgetAll();
  }

  #forgetAll(): void {
    while (this.#forgotten.length > 0 && this.inFlight.haveEnded(this.#forgotten[0]!.since)) {
      const { set } = this.#forgotten.shift()!;
      for (const index of this.dense.values()) index.forgetSet(set);
    }
  }

  async #nearest(index: DenseIndex, query: Float32Array, { k, ef, set, exact }: DenseSearch): Promise<Found> {
    const matches = set === undefined ? index.alive : Math.min(set.count, index.alive);
    const wanted = Math.min(k, Math.max(matches, 1));
    const { threads } = this.#context;
    const width = Math.max(ef ?? efSearchDefault, wanted);
    // A graph that would compare as many as there are finds less in more time.
    const scanned = Math.max(scanMatchesMax, width * nodesPerCandidate);
    const isScan = exact === true || !index.isGraph || matches <= scanned;
    if (!isScan) {
      const budget = set === undefined ? 0xffff_ffff : Math.max(scanMatchesMax, matches * budgetFactor);
      const isHere = set === undefined && threads.isBrief(width * nodesPerCandidate * index.dimensions);
      const found = isHere
        ? index.searchGraph(query, wanted, width, undefined, budget)
        : await threads.search(index, { query, k: wanted, ef: width, set, budget });
      // A graph may have lost its way to some: then all are compared.
      if (found !== undefined && found.nodes.length >= wanted) return found;
    }
    const floats = matches * index.dimensions;
    if (floats <= inPlaceFloats && index.nodes <= 4 * inPlaceFloats) return index.scan(query, wanted, set);
    const found = await threads.search(index, { query, k: wanted, ef: 0, set, budget: 0 });
    return found!;
  }

  /** Ends what goes on in the background. */
  async close(): Promise<void> {
    await this.#upkeep.stop();
    await this.save(true);
  }

  /** The memory is given back. */
  async drop(): Promise<void> {
    this.isDropped = true;
    await this.#upkeep.stop();
    for (const index of this.dense.values()) {
      this.#context.threads.detach(index);
      index.close();
    }
  }

  /** The matches of a filter; undefined for none, which all match. */
  async matches(filter: Filter | undefined | null): Promise<FilterSet | undefined> {
    if (filter === undefined || filter === null || Object.keys(filter).length === 0) return undefined;
    return this.filters.matches(filter);
  }

  #removeSlot(slot: number): void {
    const node = this.nodes.remove(slot);
    if (node === undefined) return;
    for (const index of this.dense.values()) if (node < index.nodes) index.remove(node);
    for (const index of this.sparse.values()) index.remove(node);
    for (const index of this.multi.values()) index.remove(node);
    this.filters.removed(node, slot);
    this.#unused.push({ node, since: this.inFlight.next });
  }

  #filtered(node: number, key: PointKey, payload: Readonly<Record<string, unknown>>): FilteredPoint {
    return { payload, key: key.toString("hex"), hasVector: (name) => this.hasVector(name, node) };
  }

  #addVector(name: string, node: number, slot: number, value: VectorValue): void {
    if (value.kind === "sparse") this.sparse.get(name)?.add(node, value);
    else if (value.kind === "multi") {
      const index = this.multi.get(name);
      index?.add(node, index.distance === "Cosine" ? value.rows.map(normalized) : value.rows);
    } else {
      const index = this.dense.get(name);
      index?.add(node, index.distance === "Cosine" ? normalized(value.values) : value.values, slot);
    }
  }

  #tend(): void {
    this.#upkeep.tend(this.dense.values());
  }

  /** Nodes that nothing knows any more can be used again. */
  #freeNodes(): void {
    // What is being saved must stay what it is.
    if (this.#isSaving || this.#unused.length === 0) return;
    const indexes = [...this.dense.values()];
    this.#unused = this.#unused.filter(({ node, since }) => {
      if (!this.inFlight.haveEnded(since) || !indexes.every((index) => index.isFree(node))) return true;
      this.nodes.free(node);
      return false;
    });
  }
}

/** A distance of the index as clients see it. */
export function scoreOf(distance: DenseIndex["distance"], value: number): number {
  switch (distance) {
    case "Cosine":
      return Math.max(-1, Math.min(1, -value));
    case "Dot":
      return -value;
    case "Euclid":
      return Math.sqrt(value);
    case "Manhattan":
      return value;
  }
}

/** Whether a saved index has the vectors that the database has: a sample of them. */
function isTruth(index: DenseIndex, slots: Float64Array, rows: PointRows, position: number): boolean {
  const step = Math.max(1, Math.floor(slots.length / comparedCount));
  for (let node = 0; node < slots.length; node += step) {
    if (slots[node] === 0 || !index.has(node)) continue;
    const data = rows.vector(slots[node]!, position);
    // One that was deleted since.
    if (data === undefined) continue;
    const value = decodeVector("dense", data) as VectorValue & { kind: "dense" };
    const expected = index.distance === "Cosine" ? normalized(value.values) : value.values;
    const found = index.vectorOf(node);
    if (expected.length !== found.length || expected.some((one, i) => one !== found[i])) return false;
  }
  return true;
}
