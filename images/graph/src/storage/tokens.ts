import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";

export type TokenKind = "label" | "type" | "key";
const kinds: readonly TokenKind[] = ["label", "type", "key"];

class TokenNames {
  readonly byName = new Map<string, number>();
  readonly byId: string[] = [];
  /** Those that a commit has brought to the disk. */
  readonly persisted = new Set<number>();
}

/**
 * Names of labels, relationship types and property keys, and their numbers. A number is given at once and for good, whether the
 * transaction that wanted it commits or not; one that was never committed is in no row, and is given again after a restart.
 */
export class Tokens {
  readonly #names: Readonly<Record<TokenKind, TokenNames>> = {
    label: new TokenNames(),
    type: new TokenNames(),
    key: new TokenNames(),
  };

  static load(db: Database): Tokens {
    const tokens = new Tokens();
    const rows = statement(db, "SELECT kind, id, name FROM token", { raw: true }).all() as [
      number,
      number,
      string,
    ][];
    for (const [kind, id, name] of rows) {
      const names = tokens.#names[kinds[kind]!];
      names.byName.set(name, id);
      names.byId[id] = name;
      names.persisted.add(id);
    }
    return tokens;
  }

  /** The number of a name, or undefined when nothing was ever called so. */
  find(kind: TokenKind, name: string): number | undefined {
    return this.#names[kind].byName.get(name);
  }

  /** The number of a name, a new one if it has none. */
  give(kind: TokenKind, name: string): number {
    const names = this.#names[kind];
    let id = names.byName.get(name);
    if (id === undefined) {
      id = names.byId.length;
      names.byId.push(name);
      names.byName.set(name, id);
    }
    return id;
  }

  name(kind: TokenKind, id: number): string {
    return this.#names[kind].byId[id] ?? `?${id}`;
  }

  names(kind: TokenKind): readonly string[] {
    return this.#names[kind].byId.filter((name) => name !== undefined);
  }

  isPersisted(kind: TokenKind, id: number): boolean {
    return this.#names[kind].persisted.has(id);
  }

  setPersisted(kind: TokenKind, id: number): void {
    this.#names[kind].persisted.add(id);
  }

  static kindNumber(kind: TokenKind): number {
    return kinds.indexOf(kind);
  }
}
