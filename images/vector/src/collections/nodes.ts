/** Slots of one page of the map from slots to nodes. */
const pageSlots = 4096;
const none = -1;

/**
 * Which node of the indexes each point's slot has. Slots grow for ever and are in the database; nodes are small numbers, used
 * again when nothing knows the old one any more.
 */
export class Nodes {
  #slots = new Float64Array(1024);
  readonly #pages = new Map<number, Int32Array>();
  readonly #free: number[] = [];
  #end = 0;
  #count = 0;

  /** Behind the last node that was ever used. */
  get end(): number {
    return this.#end;
  }

  /** How many points there are. */
  get count(): number {
    return this.#count;
  }

  nodeOf(slot: number): number | undefined {
    const node = this.#pages.get(Math.floor(slot / pageSlots))?.[slot % pageSlots];
    return node === undefined || node === none ? undefined : node;
  }

  /** 0 for a node without a point. */
  slotOf(node: number): number {
    return this.#slots[node] ?? 0;
  }

  add(slot: number): number {
    const node = this.#free.pop() ?? this.#end;
    this.addAt(slot, node);
    return node;
  }

  /** For a node that is known from before. */
  addAt(slot: number, node: number): void {
    if (node >= this.#end) this.#end = node + 1;
    if (node >= this.#slots.length) {
      const larger = new Float64Array(Math.max(node + 1, this.#slots.length * 2));
      larger.set(this.#slots);
      this.#slots = larger;
    }
    this.#slots[node] = slot;
    const number = Math.floor(slot / pageSlots);
    let page = this.#pages.get(number);
    if (page === undefined) {
      page = new Int32Array(pageSlots).fill(none);
      this.#pages.set(number, page);
    }
    page[slot % pageSlots] = node;
    this.#count++;
  }

  /** The point is gone; its node is not free yet. */
  remove(slot: number): number | undefined {
    const node = this.nodeOf(slot);
    if (node === undefined) return undefined;
    const number = Math.floor(slot / pageSlots);
    const page = this.#pages.get(number)!;
    page[slot % pageSlots] = none;
    if (page.every((one) => one === none)) this.#pages.delete(number);
    this.#slots[node] = 0;
    this.#count--;
    return node;
  }

  free(node: number): void {
    this.#free.push(node);
  }

  /** The nodes that have points. */
  *all(): IterableIterator<number> {
    for (let node = 0; node < this.#end; node++) if (this.#slots[node] !== 0) yield node;
  }

  /** Slots by node, for who writes them down. */
  snapshot(): Float64Array {
    return this.#slots.slice(0, this.#end);
  }
}
