import { type Store, workerUrl } from "@weftkit/store";
import { compileFilter, type FilteredPoint, type Predicate } from "./compile.ts";
import type { Filter } from "./filter.ts";
import { FilterSet } from "./filter-set.ts";
import { type MatchingSlots, matchingSlots } from "./matching-slots.ts";

export interface FilterCacheOptions {
  readonly store: Store;
  readonly slotsArgument: () => Omit<MatchingSlots, "filter">;
  readonly nodeOf: (slot: number) => number | undefined;
  readonly points: () => number;
  /** A set is asked for no more. */
  readonly forget: (set: FilterSet) => void;
}

interface Entry {
  readonly set: FilterSet;
  readonly predicate: Predicate;
  /** What changed while the points were read: it holds, not what was read. */
  changed: Map<number, boolean> | undefined;
  readonly ready: Promise<void>;
  changesSinceUsed: number;
}

/** Filters whose matches are kept. */
const entriesMax = 64;
/** One that is not asked for while so many points change is let go: keeping it costs each of them a test. */
const changesUnusedMax = 2000;
/** As many points are read in place. */
const inPlaceMax = 2000;

/**
 * The matches of the filters that were asked for lately. The first search with a filter reads all points; then each point that
 * changes is tested, so that the matches are always those of the points as they are.
 */
export class FilterCache {
  readonly #options: FilterCacheOptions;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();

  constructor(options: FilterCacheOptions) {
    this.#options = options;
  }

  /** @throws VectorError for a filter that is not valid */
  async matches(filter: Filter): Promise<FilterSet> {
    const key = JSON.stringify(filter, (_name, value: unknown) =>
      typeof value === "bigint" ? `${value}n` : value,
    );
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = this.#read(filter, key);
      if (this.#entries.size >= entriesMax) this.#drop(this.#entries.keys().next().value!);
    } else {
      this.#entries.delete(key);
    }
    this.#entries.set(key, entry);
    entry.changesSinceUsed = 0;
    await entry.ready;
    return entry.set;
  }

  /** A point is there, or is another one. */
  changed(node: number, slot: number, point: () => FilteredPoint): void {
    if (this.#entries.size === 0) return;
    const filtered = point();
    for (const [key, entry] of this.#entries) {
      const isIn = entry.predicate(filtered);
      entry.changed?.set(slot, isIn);
      entry.set.set(node, isIn);
      if (++entry.changesSinceUsed > changesUnusedMax && entry.changed === undefined) this.#drop(key);
    }
  }

  removed(node: number, slot: number): void {
    for (const entry of this.#entries.values()) {
      entry.changed?.set(slot, false);
      entry.set.set(node, false);
    }
  }

  /** What the fields' indexes mean has changed. */
  clear(): void {
    for (const key of this.#entries.keys()) this.#drop(key);
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    if (entry !== undefined) this.#options.forget(entry.set);
  }

  #read(filter: Filter, key: string): Entry {
    const { store, slotsArgument, nodeOf, points } = this.#options;
    const argument: MatchingSlots = { ...slotsArgument(), filter };
    const predicate = compileFilter(filter, argument.fields);
    const set = new FilterSet();
    set.isKept = true;
    const slots =
      points() <= inPlaceMax
        ? store.read((db) => matchingSlots(db, argument))
        : store.readInWorker<Float64Array>({
            module: workerUrl(import.meta.url, "matching-slots"),
            name: "matchingSlots",
            argument,
          });
    const entry: Entry = {
      set,
      predicate,
      changed: new Map(),
      changesSinceUsed: 0,
      ready: slots.then(
        (found) => {
          const changed = entry.changed!;
          for (const slot of found) {
            const node = changed.has(slot) ? undefined : nodeOf(slot);
            if (node !== undefined) set.set(node, true);
          }
          entry.changed = undefined;
        },
        (error: unknown) => {
          if (this.#entries.get(key) === entry) this.#entries.delete(key);
          throw error;
        },
      ),
    };
    // Whoever asks waits for it; an error without anybody left must not end the process.
    entry.ready.catch(() => {});
    return entry;
  }
}
