import type { StaticType } from "../functions/definition.ts";

/** The variables that can be seen at a place in a query, with what is known of their types. */
export class Scope {
  readonly #types: Map<string, StaticType>;
  /** Variables that a subquery has from outside: every part of it sees them, and none may hide them. */
  readonly #imported: ReadonlyMap<string, StaticType>;

  constructor(
    types: Iterable<readonly [string, StaticType]> = [],
    imported: ReadonlyMap<string, StaticType> = new Map(),
  ) {
    this.#types = new Map(types);
    this.#imported = imported;
  }

  /** This scope, all of whose variables are a subquery's from outside. */
  asImported(): Scope {
    return new Scope(this.#types, this.#types);
  }

  isImported(name: string): boolean {
    return this.#imported.has(name);
  }

  /** The variables of `result`, and those that are seen everywhere. */
  after(result: Scope): Scope {
    return new Scope([...this.#imported, ...result.#types], this.#imported);
  }

  /** The variables that are not from outside. */
  get ownNames(): string[] {
    return this.names.filter((name) => !this.#imported.has(name));
  }

  has(name: string): boolean {
    return this.#types.has(name);
  }

  type(name: string): StaticType | undefined {
    return this.#types.get(name);
  }

  set(name: string, type: StaticType): void {
    this.#types.set(name, type);
  }

  delete(name: string): void {
    this.#types.delete(name);
  }

  get names(): string[] {
    return [...this.#types.keys()];
  }

  get isEmpty(): boolean {
    return this.#types.size === 0;
  }

  copy(): Scope {
    return new Scope(this.#types, this.#imported);
  }

  /** A copy with another variable, which hides one of the same name. */
  with(name: string, type: StaticType): Scope {
    const inner = this.copy();
    inner.set(name, type);
    return inner;
  }
}
