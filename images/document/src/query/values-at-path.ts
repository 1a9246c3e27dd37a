import { Doc, type Value } from "../bson/values.ts";

/** All values that a path leads to, those in arrays one by one: what `distinct` counts. */
export function valuesAtPath(doc: Doc, parts: readonly string[]): Value[] {
  const found: Value[] = [];
  walk(doc, parts, 0, found);
  return found;
}

function walk(value: Value | undefined, parts: readonly string[], from: number, found: Value[]): void {
  if (value === undefined) return;
  if (from === parts.length) {
    if (Array.isArray(value)) found.push(...value);
    else found.push(value);
    return;
  }
  if (value instanceof Doc) walk(value.get(parts[from]!), parts, from + 1, found);
  else if (Array.isArray(value)) {
    const part = parts[from]!;
    if (/^\d+$/.test(part) && value[Number(part)] !== undefined)
      walk(value[Number(part)], parts, from + 1, found);
    for (const one of value) if (one instanceof Doc) walk(one, parts, from, found);
  }
}
