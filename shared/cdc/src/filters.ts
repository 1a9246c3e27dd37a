import type { Change } from "@weftkit/changes";

export const changeOps = [
  "insert",
  "update",
  "delete",
  "truncate",
  "schema",
] as const satisfies readonly Change["op"][];

/** "public.*": a star stands for any characters. */
export function namespacePattern(text: string): RegExp {
  const parts = text.split("*").map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s");
}

/** Which changes are sent. */
export class Filters {
  readonly #patterns: readonly RegExp[];
  readonly #ops: ReadonlySet<string>;
  readonly #known = new Map<string, boolean>();

  /** Without namespaces: all. */
  constructor(namespaces: readonly string[], ops: readonly string[]) {
    this.#patterns = namespaces.map(namespacePattern);
    this.#ops = new Set(ops);
  }

  wants({ namespace, op }: Change): boolean {
    if (!this.#ops.has(op)) return false;
    if (this.#patterns.length === 0) return true;
    let isWanted = this.#known.get(namespace);
    if (isWanted === undefined) {
      isWanted = this.#patterns.some((pattern) => pattern.test(namespace));
      if (this.#known.size > 10_000) this.#known.clear();
      this.#known.set(namespace, isWanted);
    }
    return isWanted;
  }
}
