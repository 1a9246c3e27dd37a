import type { Logger } from "@weftkit/observe";
import { type DenseIndex, linkFrom } from "../index/dense-index.ts";
import type { IndexThreads, Work } from "../index/index-threads.ts";
import type { Scratch } from "../index/scratch.ts";

export interface GraphUpkeepOptions {
  readonly threads: IndexThreads;
  readonly log: Logger;
  /** Nodes may be free now. */
  readonly freed: () => void;
  /** There is nothing more to do, for now. */
  readonly idle: () => Promise<void>;
}

/** A graph is purged when so many of its nodes are deleted, and at the least so many. */
const deadShareMax = 0.1;
const deadMin = 500;

/** Keeps the graphs of a collection: links what was added, and takes out what was deleted, in the builder's thread. */
export class GraphUpkeep {
  readonly #options: GraphUpkeepOptions;
  readonly #running = new Map<DenseIndex, Promise<void>>();
  readonly #scratches = new WeakMap<DenseIndex, Scratch>();
  /** What the builder has been told to do and has not done. */
  readonly #works = new Set<Promise<number>>();
  /** Until this resolves no graph is changed. */
  #pause: Promise<void> | undefined;
  #isStopping = false;

  constructor(options: GraphUpkeepOptions) {
    this.#options = options;
  }

  /** Whether some index has a graph: then what was deleted is free only after a purge. */
  isNeeded(indexes: Iterable<DenseIndex>): boolean {
    for (const index of indexes) if (index.isGraph) return true;
    return false;
  }

  /** Begins what there is to do; harmless when it is being done. */
  tend(indexes: Iterable<DenseIndex>): void {
    for (const index of indexes) {
      if (!index.isGraph && index.alive >= linkFrom) index.startGraph();
      if (!index.isGraph || this.#isStopping || this.#running.has(index)) continue;
      if (index.waiting === 0 && !isPurgeDue(index)) continue;
      const running = this.#run(index)
        .catch((error: unknown) => {
          if (!this.#isStopping) this.#options.log.error({ err: error }, "a graph cannot be tended");
        })
        .finally(() => this.#running.delete(index));
      this.#running.set(index, running);
    }
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#running.values());
  }

  async #run(index: DenseIndex): Promise<void> {
    const { freed } = this.#options;
    while (!this.#isStopping) {
      if (index.waiting > 0) {
        await this.#build(index);
      } else if (isPurgeDue(index)) {
        await this.#purge(index);
        freed();
      } else {
        await this.#idle();
        if (index.waiting === 0) return;
      }
    }
  }

  /** What is saved of all graphs together is what they are at one moment. */
  async #idle(): Promise<void> {
    while (this.#pause !== undefined) await this.#pause;
    const done = Promise.withResolvers<void>();
    this.#pause = done.promise;
    try {
      await Promise.allSettled(this.#works);
      await this.#options.idle();
    } finally {
      this.#pause = undefined;
      done.resolve();
    }
  }

  async #work(index: DenseIndex, work: () => Work): Promise<number> {
    while (this.#pause !== undefined) await this.#pause;
    const working = this.#options.threads.work(index, work());
    this.#works.add(working);
    return working.finally(() => this.#works.delete(working));
  }

  #build(index: DenseIndex): Promise<number> {
    return this.#work(index, () => ({ do: "build", scratch: this.#scratch(index).at }));
  }

  async #purge(index: DenseIndex): Promise<void> {
    const { nodes } = index;
    await this.#work(index, () => ({ do: "beginPurge", nodes }));
    for (let from = 0; from < nodes; ) {
      if (this.#isStopping) return;
      const at = from;
      const scratch = () => this.#scratch(index).at;
      from = await this.#work(index, () => ({ do: "purge", scratch: scratch(), from: at, to: nodes }));
      // What was added meanwhile does not wait for the end.
      if (index.waiting > 0) await this.#build(index);
    }
    // All that were added since are looked at, too: a new node may know a deleted one.
    index.purged(await this.#work(index, () => ({ do: "endPurge", nodes: index.nodes })));
  }

  #scratch(index: DenseIndex): Scratch {
    const scratch = index.scratchFor(this.#scratches.get(index), index.efConstruction + 1);
    this.#scratches.set(index, scratch);
    return scratch;
  }
}

function isPurgeDue(index: DenseIndex): boolean {
  return index.dead >= deadMin && index.dead >= deadShareMax * (index.alive + index.dead);
}
