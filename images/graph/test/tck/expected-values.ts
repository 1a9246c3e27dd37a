import {
  type Hydrated,
  HydratedNode,
  HydratedPath,
  HydratedRel,
} from "../../src/values/hydrated-entities.ts";
import { textOf } from "../../src/values/text.ts";
import type { Value } from "../../src/values/types.ts";

/**
 * Values as the TCK writes them, and ours, both as one canonical text: maps by their keys in order, labels in order, temporal values
 * and durations as the strings that they are compared to.
 */
export function canonical(value: Hydrated, ignoresListOrder = false): string {
  if (value === null) return "null";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint" || typeof value === "boolean") return String(value);
  if (typeof value === "number") return number(value);
  if (Array.isArray(value)) {
    const items = (value as readonly Hydrated[]).map((item) => canonical(item, ignoresListOrder));
    return `[${(ignoresListOrder ? items.sort() : items).join(", ")}]`;
  }
  if (value instanceof Map) return map(value as ReadonlyMap<string, Hydrated>, ignoresListOrder);
  if (value instanceof HydratedNode) return node(value, ignoresListOrder);
  if (value instanceof HydratedRel)
    return `[:${value.type}${properties(value.properties, ignoresListOrder)}]`;
  if (value instanceof HydratedPath) return path(value, ignoresListOrder);
  return JSON.stringify(textOf(value as Value) ?? "?");
}

function number(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return `${value}.0`;
  return String(value);
}

function map(entries: ReadonlyMap<string, Hydrated>, ignoresListOrder: boolean): string {
  const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([key, item]) => `${key}: ${canonical(item, ignoresListOrder)}`).join(", ")}}`;
}

function properties(entries: ReadonlyMap<string, Value>, ignoresListOrder: boolean): string {
  return entries.size === 0 ? "" : ` ${map(entries as ReadonlyMap<string, Hydrated>, ignoresListOrder)}`;
}

function node(value: HydratedNode, ignoresListOrder: boolean): string {
  const labels = [...value.labels]
    .sort()
    .map((label) => `:${label}`)
    .join("");
  return `(${`${labels}${properties(value.properties, ignoresListOrder)}`.trim()})`;
}

function path({ nodes, rels }: HydratedPath, ignoresListOrder: boolean): string {
  let text = node(nodes[0]!, ignoresListOrder);
  for (const [i, rel] of rels.entries()) {
    const inner = `[:${rel.type}${properties(rel.properties, ignoresListOrder)}]`;
    text += rel.start === nodes[i]!.id ? `-${inner}->` : `<-${inner}-`;
    text += node(nodes[i + 1]!, ignoresListOrder);
  }
  return `<${text}>`;
}

/** Reads a cell of an expected table into the same canonical text. */
export function canonicalExpected(cell: string, ignoresListOrder = false): string {
  const reader = new CellReader(cell, ignoresListOrder);
  const text = reader.value();
  reader.end();
  return text;
}

class CellReader {
  readonly #text: string;
  readonly #ignoresListOrder: boolean;
  #at = 0;

  constructor(text: string, ignoresListOrder: boolean) {
    this.#text = text;
    this.#ignoresListOrder = ignoresListOrder;
  }

  #blank(): void {
    while (this.#text[this.#at] === " ") this.#at++;
  }

  #take(token: string): boolean {
    this.#blank();
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token))
      throw new Error(`${JSON.stringify(token)} expected at ${this.#at} of ${this.#text}`);
  }

  end(): void {
    this.#blank();
    if (this.#at !== this.#text.length)
      throw new Error(`${this.#text.slice(this.#at)} is left of ${this.#text}`);
  }

  #match(pattern: RegExp): string {
    this.#blank();
    const match = new RegExp(pattern, "y");
    match.lastIndex = this.#at;
    const found = match.exec(this.#text)?.[0];
    if (found === undefined) throw new Error(`a value expected at ${this.#at} of ${this.#text}`);
    this.#at += found.length;
    return found;
  }

  value(): string {
    this.#blank();
    const next = this.#text[this.#at];
    if (next === "'") return JSON.stringify(this.#string());
    if (next === "{") return this.#map();
    if (next === "(") return this.#node();
    if (next === "<") return this.#path();
    if (next === "[") return this.#text[this.#at + 1] === ":" ? this.#rel() : this.#list();
    const word = this.#match(/[^\s,\]})]+/);
    if (/^-?\d+$/.test(word) || ["true", "false", "null"].includes(word)) return word;
    if (word === "NaN") return "NaN";
    if (word === "Inf" || word === "-Inf") return word === "Inf" ? "Infinity" : "-Infinity";
    return number(Number(word));
  }

  #string(): string {
    this.#expect("'");
    let text = "";
    for (;;) {
      const char = this.#text[this.#at++];
      if (char === undefined) throw new Error(`the string does not end in ${this.#text}`);
      if (char === "'") return text;
      text += char === "\\" ? this.#text[this.#at++] : char;
    }
  }

  #name(): string {
    return this.#take("`") ? this.#match(/[^`]*`/).slice(0, -1) : this.#match(/[^\s:,{}()[\]=]+/);
  }

  #map(): string {
    this.#expect("{");
    const entries: (readonly [string, string])[] = [];
    if (!this.#take("}")) {
      do {
        const key = this.#name();
        this.#expect(":");
        entries.push([key, this.value()]);
      } while (this.#take(","));
      this.#expect("}");
    }
    return `{${entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, text]) => `${key}: ${text}`)
      .join(", ")}}`;
  }

  #list(): string {
    this.#expect("[");
    const items: string[] = [];
    if (!this.#take("]")) {
      do items.push(this.value());
      while (this.#take(","));
      this.#expect("]");
    }
    return `[${(this.#ignoresListOrder ? items.sort() : items).join(", ")}]`;
  }

  #labels(): string[] {
    const labels: string[] = [];
    while (this.#take(":")) labels.push(this.#name());
    return labels;
  }

  #properties(): string {
    this.#blank();
    return this.#text[this.#at] === "{" ? this.#map() : "";
  }

  #node(): string {
    this.#expect("(");
    const labels = this.#labels()
      .sort()
      .map((label) => `:${label}`)
      .join("");
    const text = this.#properties();
    this.#expect(")");
    return `(${[labels, text === "{}" ? "" : text].filter((part) => part !== "").join(" ")})`;
  }

  #rel(): string {
    this.#expect("[");
    const [type = ""] = this.#labels();
    const text = this.#properties();
    this.#expect("]");
    return `[:${type}${text === "" || text === "{}" ? "" : ` ${text}`}]`;
  }

  #path(): string {
    this.#expect("<");
    let text = this.#node();
    while (!this.#take(">")) {
      const isIn = this.#take("<-");
      if (!isIn) this.#expect("-");
      const rel = this.#rel();
      this.#expect(isIn ? "-" : "->");
      text += isIn ? `<-${rel}-` : `-${rel}->`;
      text += this.#node();
    }
    return `<${text}>`;
  }
}
