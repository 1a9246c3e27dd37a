import { Doc, type Value } from "../bson/values.ts";
import type { TextIndex } from "./text-search.ts";

/** All texts of a document that a text index holds, with lines between them. */
export function textBody(index: TextIndex, doc: Doc): string {
  return textsOf(index, doc)
    .map(([, text]) => text)
    .join("\n");
}

/** Every indexed text with the weight of its field. */
export function textsOf(text: TextIndex, doc: Doc): [weight: number, text: string][] {
  const texts: [number, string][] = [];
  if (text.isOfAllFields) {
    const weight = text.weights.get("$**") ?? 1;
    for (const [name, value] of doc) collect(value, text.weights.get(name) ?? weight, texts);
    return texts;
  }
  for (const [path, weight] of text.weights) {
    for (const value of valuesAt(doc, path.split("."))) {
      if (typeof value === "string") texts.push([weight, value]);
      else if (Array.isArray(value))
        for (const one of value) if (typeof one === "string") texts.push([weight, one]);
    }
  }
  return texts;
}

function collect(value: Value, weight: number, texts: [number, string][]): void {
  if (typeof value === "string") texts.push([weight, value]);
  else if (Array.isArray(value)) for (const one of value) collect(one, weight, texts);
  else if (value instanceof Doc) for (const one of value.values()) collect(one, weight, texts);
}

function valuesAt(value: Value | undefined, parts: readonly string[]): Value[] {
  if (value === undefined) return [];
  if (parts.length === 0) return [value];
  if (Array.isArray(value)) return value.flatMap((one) => valuesAt(one, parts));
  return value instanceof Doc ? valuesAt(value.get(parts[0]!), parts.slice(1)) : [];
}
