import type { Json } from "../../src/api.ts";

const previewCharsMax = 160;

/** How a value that is not shown by its members is written, with what it is; undefined for lists and objects. */
export type Leaf = (value: Json) => { readonly text: string; readonly kind: string } | undefined;

/** JSON as it is. */
export const jsonLeaf: Leaf = (value) =>
  typeof value === "object" && value !== null
    ? undefined
    : { text: JSON.stringify(value), kind: value === null ? "null" : typeof value };

/** A value on one line, cut where it is long. */
export function previewOf(value: Json, leaf: Leaf = jsonLeaf): string {
  const parts: string[] = [];
  let chars = 0;
  const write = (text: string) => {
    parts.push(text);
    chars += text.length;
  };
  const visit = (one: Json) => {
    const found = leaf(one);
    if (found !== undefined) {
      write(found.text.slice(0, previewCharsMax));
      return;
    }
    const isList = Array.isArray(one);
    write(isList ? "[" : "{ ");
    let isFirst = true;
    for (const [name, member] of Object.entries(one as Record<string, Json>)) {
      if (chars > previewCharsMax) break;
      if (!isFirst) write(", ");
      isFirst = false;
      if (!isList) write(`${name}: `);
      visit(member);
    }
    write(isList ? "]" : " }");
  };
  visit(value);
  const line = parts.join("");
  return line.length > previewCharsMax ? `${line.slice(0, previewCharsMax)}…` : line;
}
