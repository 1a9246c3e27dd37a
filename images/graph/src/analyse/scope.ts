import type { StaticType } from "../functions/definition.ts";

/** The variables that can be seen at a place in a query, with what is known of their types. */
export class Scope {
  readonly #types: Map<string, StaticType>;

  constructor(types: Iterable<readonly [string, StaticType]> = []) {
    this.#types = new Map(types);
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
    return new Scope(this.#types);
  }

  /** A copy with another variable, which hides one of the same name. */
  with(name: string, type: StaticType): Scope {
    const inner = this.copy();
    inner.set(name, type);
    return inner;
  }
}
