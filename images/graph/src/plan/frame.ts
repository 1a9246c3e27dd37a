import type { Expr } from "../parse/ast.ts";

/** The places of a query's rows: every variable, of every part of the query, has one of its own. */
export class Frame {
  #width = 0;

  add(): number {
    return this.#width++;
  }

  /** How many there are, known when the whole query is planned. */
  get width(): number {
    return this.#width;
  }
}

/** Where the number of a line of LOAD CSV and its file are kept; no variable is called so. */
export const csvPlaces = { linenumber: " csv line", file: " csv file" } as const;

export function isHidden(name: string): boolean {
  return name === csvPlaces.linenumber || name === csvPlaces.file;
}

/** Names that can be used at a place in a query, and where their values are. */
export class Names {
  readonly #slots: Map<string, number>;
  /** Expressions whose values are known already, by their keys: those that rows were grouped by, and aggregates. */
  readonly known: ReadonlyMap<string, number>;
  /** Expressions whose values the plan has computed before. */
  readonly computed: ReadonlyMap<Expr, number>;

  constructor(
    slots: Iterable<readonly [string, number]> = [],
    known: ReadonlyMap<string, number> = new Map(),
    computed: ReadonlyMap<Expr, number> = new Map(),
  ) {
    this.#slots = new Map(slots);
    this.known = known;
    this.computed = computed;
  }

  withComputed(computed: Iterable<readonly [Expr, number]>): Names {
    return new Names(this.#slots, this.known, new Map([...this.computed, ...computed]));
  }

  slot(name: string): number | undefined {
    return this.#slots.get(name);
  }

  set(name: string, slot: number): void {
    this.#slots.set(name, slot);
  }

  delete(name: string): void {
    this.#slots.delete(name);
  }

  get entries(): [string, number][] {
    return [...this.#slots];
  }

  copy(): Names {
    return new Names(this.#slots, this.known, this.computed);
  }

  /** These names, and those of `wider` that are not among them. */
  within(wider: Names): Names {
    return new Names([...wider.#slots, ...this.#slots], this.known, this.computed);
  }

  with(name: string, slot: number): Names {
    const inner = this.copy();
    inner.set(name, slot);
    return inner;
  }

  /** These names, and those of `other`, which come first. */
  and(other: Names): Names {
    return new Names([...this.#slots, ...other.#slots], this.known, this.computed);
  }

  withKnown(known: ReadonlyMap<string, number>): Names {
    return new Names(this.#slots, known, this.computed);
  }
}
