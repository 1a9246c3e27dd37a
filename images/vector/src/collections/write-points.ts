import { isRecording } from "@weftkit/changes";
import type { Database, Store } from "@weftkit/store";
import { invalid, noSuchCollection, noSuchVector, VectorError } from "../errors.ts";
import { compileFilter } from "../filters/compile.ts";
import type { Filter } from "../filters/filter.ts";
import { parseJson, stringifyJson } from "../model/json.ts";
import { mergeAt, type Path, parsePath, removeAt } from "../model/payload-path.ts";
import type { PointKey } from "../model/point-id.ts";
import { decodeVector, encodeVector, type VectorValue } from "../model/vector-value.ts";
import { type PointRow, PointRows } from "../storage/points.ts";
import { pointImage, recordPoint } from "../storage/record-changes.ts";
import { checkVector } from "./check-vector.ts";
import type { Changes, Collection } from "./collection.ts";

export type Payload = Record<string, unknown>;

export interface NewPoint {
  readonly key: PointKey;
  readonly payload: Payload;
  readonly vectors: ReadonlyMap<string, VectorValue>;
}

/** Which points an operation is about. */
export type Selector = { readonly keys: readonly PointKey[] } | { readonly filter: Filter };

/** Writes whose order is kept, and that are all made or none. */
export type Operation =
  | {
      readonly do: "upsert";
      readonly points: readonly NewPoint[];
      /** Only points that are there already and match are replaced. */
      readonly condition?: Filter | undefined;
      readonly mode?: "upsert" | "insert_only" | "update_only";
    }
  | { readonly do: "delete"; readonly selector: Selector }
  | {
      readonly do: "updateVectors";
      readonly points: readonly {
        readonly key: PointKey;
        readonly vectors: ReadonlyMap<string, VectorValue>;
      }[];
      readonly condition?: Filter | undefined;
    }
  | { readonly do: "deleteVectors"; readonly selector: Selector; readonly names: readonly string[] }
  | {
      readonly do: "setPayload";
      readonly selector: Selector;
      readonly payload: Payload;
      readonly path?: string | undefined;
    }
  | { readonly do: "overwritePayload"; readonly selector: Selector; readonly payload: Payload }
  | { readonly do: "deletePayload"; readonly selector: Selector; readonly paths: readonly string[] }
  | { readonly do: "clearPayload"; readonly selector: Selector };

export const payloadBytesMax = 16 * 1024 * 1024;

/** How many points each operation was about. */
export async function writePoints(
  store: Store,
  collection: Collection,
  operations: readonly Operation[],
): Promise<number[]> {
  const { definition } = collection;
  const checked = operations.map((operation) => check(collection, operation));
  collection.requireRoom(
    checked.flatMap((operation) =>
      operation.do === "upsert" || operation.do === "updateVectors"
        ? operation.points.map(({ vectors }) => vectors)
        : [],
    ),
  );
  // What matches now: the points are looked at again where they are written.
  const matching = await Promise.all(
    checked.map(async (operation) => {
      const selector = "selector" in operation ? operation.selector : undefined;
      if (selector === undefined || !("filter" in selector)) return undefined;
      const set = await collection.matches(selector.filter);
      const nodes = set === undefined ? collection.nodes.all() : set.nodes();
      return Array.from(nodes, (node) => collection.nodes.slotOf(node));
    }),
  );
  const changes: Changes = { removed: [], added: [], payloads: [] };
  const counts = await store.write((db) => {
    // The work may run again.
    for (const list of Object.values(changes)) (list as unknown[]).length = 0;
    if (collection.isDropped) throw noSuchCollection(collection.name);
    const writer = new PointWriter(db, collection, changes);
    // A vector's name may have been removed since, and another be there in its place.
    const current =
      collection.definition === definition
        ? checked
        : operations.map((operation) => check(collection, operation));
    const counts = current.map((operation, i) => writer.run(operation, matching[i]));
    writer.tell();
    return counts;
  });
  collection.apply(changes);
  return counts;
}

function check(collection: Collection, operation: Operation): Operation {
  switch (operation.do) {
    case "upsert":
      return {
        ...operation,
        points: operation.points.map((point) => ({ ...point, vectors: checkAll(collection, point.vectors) })),
      };
    case "updateVectors":
      return {
        ...operation,
        points: operation.points.map((point) => ({ ...point, vectors: checkAll(collection, point.vectors) })),
      };
    case "deleteVectors":
      for (const name of operation.names) collection.requireKind(name);
      return operation;
    case "deletePayload":
      operation.paths.forEach(parsePath);
      return operation;
    default:
      return operation;
  }
}

function checkAll(
  collection: Collection,
  vectors: ReadonlyMap<string, VectorValue>,
): Map<string, VectorValue> {
  return new Map(Array.from(vectors, ([name, value]) => [name, checkVector(collection, name, value)]));
}

/** Runs operations in one transaction. */
class PointWriter {
  readonly #rows: PointRows;
  readonly #collection: Collection;
  readonly #changes: Changes;
  /** Slots from here on were taken by this write. */
  #ownFrom = Number.POSITIVE_INFINITY;
  readonly #db: Database;
  /** How points were before this write, while somebody listens. */
  readonly #before: Map<string, { readonly key: PointKey; readonly image: Buffer | undefined }> | undefined;

  constructor(db: Database, collection: Collection, changes: Changes) {
    this.#db = db;
    this.#before = isRecording(db) ? new Map() : undefined;
    this.#rows = new PointRows(db, collection.number);
    this.#collection = collection;
    this.#changes = changes;
  }

  run(operation: Operation, matching: readonly number[] | undefined): number {
    switch (operation.do) {
      case "upsert":
        return this.#upsert(operation);
      case "updateVectors":
        return this.#updateVectors(operation);
      default:
        return this.#each(operation, this.#select(operation.selector, matching));
    }
  }

  /** Tells of each point once, whatever was done to it. */
  tell(): void {
    for (const { key, image } of this.#before?.values() ?? [])
      recordPoint(this.#db, this.#collection.name, key, image, this.#imageOf(key));
  }

  #imageOf(key: PointKey): Buffer | undefined {
    const row = this.#rows.byId(key);
    return row && pointImage(key, { payload: row.payload, vectors: this.#vectorsOf(row.slot) });
  }

  /** To be called before a point is changed. */
  #touch(key: PointKey | undefined): void {
    if (this.#before === undefined || key === undefined) return;
    const text = key.toString("latin1");
    if (!this.#before.has(text)) this.#before.set(text, { key, image: this.#imageOf(key) });
  }

  #each(
    operation: Exclude<Operation, { do: "upsert" | "updateVectors" }>,
    rows: readonly PointRow[],
  ): number {
    const path =
      operation.do === "setPayload" && operation.path !== undefined ? parsePath(operation.path) : undefined;
    const paths = operation.do === "deletePayload" ? operation.paths.map(parsePath) : [];
    for (const row of rows) {
      switch (operation.do) {
        case "delete":
          this.#remove(row.slot);
          break;
        case "deleteVectors":
          this.#deleteVectors(row, operation.names);
          break;
        case "setPayload":
          this.#changePayload(row, (payload) => merge(payload, path, operation.payload));
          break;
        case "overwritePayload":
          this.#changePayload(row, () => operation.payload);
          break;
        case "deletePayload":
          this.#changePayload(row, (payload) => {
            for (const one of paths) removeAt(payload, one);
            return payload;
          });
          break;
        case "clearPayload":
          this.#changePayload(row, () => ({}));
      }
    }
    return rows.length;
  }

  #upsert({ points, condition, mode = "upsert" }: Operation & { do: "upsert" }): number {
    const matches = condition === undefined ? undefined : this.#test(condition);
    let slot = this.#takeSlots(points.length);
    let written = 0;
    for (const { key, payload, vectors } of points) {
      const old = this.#rows.byId(key);
      if (old === undefined ? mode === "update_only" : mode === "insert_only") continue;
      if (old !== undefined && matches !== undefined && !matches(old)) continue;
      if (old !== undefined) this.#remove(old.slot);
      this.#add(slot++, key, payload, vectors);
      written++;
    }
    return written;
  }

  #updateVectors({ points, condition }: Operation & { do: "updateVectors" }): number {
    const matches = condition === undefined ? undefined : this.#test(condition);
    let slot = this.#takeSlots(points.length);
    for (const { key, vectors } of points) {
      const old = this.#rows.byId(key);
      if (old === undefined) throw new VectorError("not_found", "Not found: No point with this id found");
      if (matches !== undefined && !matches(old)) continue;
      const all = new Map(this.#vectorsOf(old.slot));
      for (const [name, value] of vectors) all.set(name, value);
      this.#remove(old.slot);
      this.#add(slot++, key, payloadOf(old), all);
    }
    return points.length;
  }

  #takeSlots(count: number): number {
    const first = this.#rows.takeSlots(count);
    this.#ownFrom = Math.min(this.#ownFrom, first);
    return first;
  }

  /** Where a slot is among what this write has added; -1 when it was there before. */
  #ownPlace(slot: number): number {
    return slot < this.#ownFrom ? -1 : this.#changes.added.findLastIndex((point) => point.slot === slot);
  }

  #add(slot: number, key: PointKey, payload: Payload, vectors: ReadonlyMap<string, VectorValue>): void {
    this.#touch(key);
    this.#rows.insert({ slot, id: key, payload: textOf(payload) });
    const { positions } = this.#collection;
    for (const [name, value] of vectors) {
      const position = positions.get(name);
      if (position === undefined) throw noSuchVector(name, [...positions.keys()]);
      this.#rows.insertVector(slot, position, encodeVector(value));
    }
    this.#changes.added.push({ slot, key, payload, vectors });
  }

  #remove(slot: number): void {
    if (this.#before !== undefined) this.#touch(this.#rows.bySlot(slot)?.id);
    this.#rows.delete(slot, this.#collection.positions.values());
    // One that this write has added itself was never in the indexes.
    const own = this.#ownPlace(slot);
    if (own < 0) this.#changes.removed.push(slot);
    else this.#changes.added.splice(own, 1);
  }

  /** What vectors a slot has never changes: the point moves to another one. */
  #deleteVectors(row: PointRow, names: readonly string[]): void {
    const left = new Map([...this.#vectorsOf(row.slot)].filter(([name]) => !names.includes(name)));
    this.#remove(row.slot);
    this.#add(this.#takeSlots(1), row.id, payloadOf(row), left);
  }

  #changePayload(row: PointRow, change: (payload: Payload) => Payload): void {
    const payload = change(payloadOf(row));
    this.#touch(row.id);
    this.#rows.setPayload(row.slot, textOf(payload));
    const own = this.#ownPlace(row.slot);
    if (own >= 0) this.#changes.added[own] = { ...this.#changes.added[own]!, payload };
    else this.#changes.payloads.push({ slot: row.slot, key: row.id, payload });
  }

  *#vectorsOf(slot: number): IterableIterator<[string, VectorValue]> {
    for (const [name, position] of this.#collection.positions) {
      const data = this.#rows.vector(slot, position);
      const kind = this.#collection.kindOf(name);
      if (data !== undefined && kind !== undefined) yield [name, decodeVector(kind, data)];
    }
  }

  #select(selector: Selector, matching: readonly number[] | undefined): PointRow[] {
    if ("keys" in selector) {
      return [...new Map(selector.keys.map((key) => [key.toString("hex"), key])).values()].flatMap((key) => {
        const row = this.#rows.byId(key);
        return row === undefined ? [] : [row];
      });
    }
    const matches = this.#test(selector.filter);
    return matching!.flatMap((slot) => {
      const row = this.#rows.bySlot(slot);
      return row !== undefined && matches(row) ? [row] : [];
    });
  }

  #test(filter: Filter): (row: PointRow) => boolean {
    const predicate = compileFilter(filter, this.#collection.definition.fields);
    return ({ slot, id, payload }) =>
      predicate({
        payload: parsed(payload),
        key: id.toString("hex"),
        hasVector: (name) => {
          const position = this.#collection.positions.get(name);
          return position !== undefined && this.#rows.vector(slot, position) !== undefined;
        },
      });
  }
}

function merge(payload: Payload, path: Path | undefined, members: Payload): Payload {
  if (path === undefined) return { ...payload, ...members };
  mergeAt(payload, path, members);
  return payload;
}

function textOf(payload: Payload): string | null {
  if (Object.keys(payload).length === 0) return null;
  const text = stringifyJson(payload);
  if (text.length > payloadBytesMax)
    throw invalid(`the payload of a point takes ${payloadBytesMax} bytes at the most`);
  return text;
}

export function parsed(payload: string | null): Payload {
  return payload === null ? {} : (parseJson(payload) as Payload);
}

function payloadOf({ payload }: PointRow): Payload {
  return parsed(payload);
}
