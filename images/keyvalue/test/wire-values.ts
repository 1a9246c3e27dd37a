import type { Item } from "../src/items/attribute-value.ts";

/** The client's form of a value: bytes instead of base64. */
export function wire<T>(value: T): never {
  return convert(value, (text) => Buffer.from(text as string, "base64")) as never;
}

/** Base64 instead of bytes, as requests have it. */
export function unwire(item: Item): Item {
  return convert(item, (bytes) => Buffer.from(bytes as Uint8Array).toString("base64")) as Item;
}

function convert(value: unknown, bytes: (value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((member) => convert(member, bytes));
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      if (name === "B" && (typeof member === "string" || member instanceof Uint8Array))
        return [name, bytes(member)];
      return [name, convert(member, bytes)];
    }),
  );
}
