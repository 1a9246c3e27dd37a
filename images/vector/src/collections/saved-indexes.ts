import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "@weftkit/observe";
import { type Database, statement } from "@weftkit/store";
import type { DenseIndex } from "../index/dense-index.ts";
import type { IndexThreads } from "../index/index-threads.ts";
import { encodeMeta, loadIndex, type SavedIndex } from "../index/load-index.ts";

export interface SavedIndexesOptions {
  /** Where the files are. */
  readonly folder: string;
  /** This run of the engine. */
  readonly run: string;
  readonly log: Logger;
}

/**
 * The graphs of dense indexes in files beside the database, so that they need not be made again at the next start. They are a copy
 * of what the database says: one that is missing, damaged or of another history is left out.
 */
export class SavedIndexes {
  readonly #options: SavedIndexesOptions;

  constructor(options: SavedIndexesOptions) {
    this.#options = options;
    mkdirSync(options.folder, { recursive: true });
  }

  /** Saves all graphs of a collection as of one moment. No node may be used again until it resolves. */
  async save(
    threads: IndexThreads,
    collection: number,
    indexes: readonly { readonly index: DenseIndex; readonly position: number }[],
    slots: Float64Array,
  ): Promise<void> {
    const { run } = this.#options;
    const save = randomUUID();
    const orders = indexes.map(({ index, position }) => {
      const { arena } = index;
      const nodes = Math.min(index.nodes, slots.length);
      const { end } = arena;
      const description = { run, save, collection, position, nodes, end, free: arena.freePlaces() };
      const meta = encodeMeta(description, slots.subarray(0, nodes));
      return threads.work(index, { do: "save", file: this.#file(collection, position), end, meta });
    });
    await Promise.all(orders);
  }

  /**
   * The saved graphs of a collection, by position; undefined when there is not one for each position, or when they are not of the
   * database's history.
   */
  load(
    db: Database,
    collection: number,
    positions: readonly number[],
  ): ReadonlyMap<number, SavedIndex> | undefined {
    const { log } = this.#options;
    const files = positions.map((position) => this.#file(collection, position));
    if (files.length === 0 || !files.every((file) => existsSync(file))) return undefined;
    try {
      const loaded = new Map<number, SavedIndex>();
      for (const [i, position] of positions.entries()) loaded.set(position, loadIndex(files[i]!));
      const [first] = loaded.values();
      for (const [position, { description }] of loaded) {
        if (description.save !== first!.description.save)
          throw new Error("the files were not saved together");
        if (description.position !== position || description.collection !== collection)
          throw new Error("the file is of another collection");
      }
      requireHistory(db, first!);
      return loaded;
    } catch (error) {
      log.warn({ err: error, files }, "a saved index is not used; it is made again of the vectors");
      return undefined;
    }
  }

  /** Removes the files of collections and vectors that are not there any more. */
  removeOthers(isThere: (collection: number, position: number) => boolean): void {
    for (const name of readdirSync(this.#options.folder)) {
      const match = /^(\d+)-(\d+)\.wkvx$/.exec(name);
      if (match !== null && isThere(Number(match[1]), Number(match[2]))) continue;
      rmSync(join(this.#options.folder, name), { force: true });
    }
  }

  remove(collection: number, position: number): void {
    rmSync(this.#file(collection, position), { force: true });
  }

  #file(collection: number, position: number): string {
    return join(this.#options.folder, `${collection}-${position}.wkvx`);
  }
}

/**
 * A slot means what it meant only when the run that saved it is one of the database's, and no later run has begun with a smaller
 * slot: after a restore to an older state, slots are given again.
 */
function requireHistory(db: Database, { description: { run, collection }, slots }: SavedIndex): void {
  const number = statement(db, "SELECT number FROM runs WHERE token = ?", { pluck: true }).get(run) as
    | number
    | undefined;
  if (number === undefined) throw new Error("it was saved by a process that this database does not know");
  const next = statement(db, "SELECT slots FROM runs WHERE number > ? ORDER BY number LIMIT 1", {
    pluck: true,
  }).get(number) as string | undefined;
  if (next === undefined) return;
  const firstSlot = (JSON.parse(next) as Record<string, number>)[String(collection)];
  if (firstSlot === undefined || slots.some((slot) => slot >= firstSlot))
    throw new Error("the database was restored to an older state since");
}
