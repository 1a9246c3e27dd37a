import type { Json } from "../../../src/api.ts";
import { jsonLeaf, type Leaf } from "../leaf.ts";

/** An item, as DynamoDB's JSON has it: each value under the name of its type. */
export type Item = Readonly<Record<string, AttributeValue>>;
export type AttributeValue = Readonly<Record<string, Json>>;

type Shown = ReturnType<Leaf>;

/** By type: how it is written. What is not of the type's form is a map that has a member of that name. */
const scalars: Readonly<Record<string, (held: Json) => Shown>> = {
  S: (held) => (typeof held === "string" ? { text: JSON.stringify(held), kind: "string" } : undefined),
  N: (held) => (typeof held === "string" ? { text: held, kind: "number" } : undefined),
  BOOL: (held) => (typeof held === "boolean" ? { text: String(held), kind: "boolean" } : undefined),
  NULL: (held) => (held === true ? { text: "null", kind: "null" } : undefined),
  B: (held) => (typeof held === "string" ? { text: `bytes ${held}`, kind: "binary" } : undefined),
  SS: (held) => (Array.isArray(held) ? { text: setOf(held, JSON.stringify), kind: "string" } : undefined),
  NS: (held) => (Array.isArray(held) ? { text: setOf(held, String), kind: "number" } : undefined),
  BS: (held) => (Array.isArray(held) ? { text: setOf(held, String), kind: "binary" } : undefined),
};

function setOf(members: readonly Json[], write: (member: Json) => string): string {
  return `{${members.map(write).join(", ")}}`;
}

/** What of an attribute value is shown in a line: numbers exactly as they are written. */
export const attributeLeaf: Leaf = (value) => {
  const plain = jsonLeaf(value);
  if (plain !== undefined || Array.isArray(value)) return plain;
  const [type = "", ...others] = Object.keys(value as AttributeValue);
  if (others.length > 0) return undefined;
  const held = (value as AttributeValue)[type]!;
  return Object.hasOwn(scalars, type) ? scalars[type]!(held) : undefined;
};

/** An item with lists and maps in the place of `L` and `M`, for the tree. */
export function treeOf(item: Json): Json {
  return Object.fromEntries(Object.entries(item as Item).map(([name, value]) => [name, plainOf(value)]));
}

function plainOf(value: AttributeValue): Json {
  const { L, M } = value;
  if (Array.isArray(L)) return L.map((one) => plainOf(one as AttributeValue));
  return M !== undefined ? treeOf(M) : value;
}

/** An attribute value of a type that keys have, of a text. */
export function keyValue(type: string, text: string): AttributeValue {
  return { [type]: text };
}
