import type { Json } from "../../../src/api.ts";
import { jsonLeaf, type Leaf } from "../leaf.ts";

type Members = Readonly<Record<string, Json>>;

/** How mongosh writes what extended JSON has an object of its own for. */
const written: Readonly<Record<string, (value: Json) => { text: string; kind: string }>> = {
  $oid: (value) => ({ text: `ObjectId(${JSON.stringify(value)})`, kind: "id" }),
  $numberInt: (value) => ({ text: String(value), kind: "number" }),
  $numberDouble: (value) => ({ text: doubleOf(String(value)), kind: "number" }),
  $numberLong: (value) => ({ text: `NumberLong(${JSON.stringify(value)})`, kind: "number" }),
  $numberDecimal: (value) => ({ text: `NumberDecimal(${JSON.stringify(value)})`, kind: "number" }),
  $date: (value) => ({ text: dateOf(value), kind: "date" }),
  $binary: (value) => {
    const { base64 = "", subType = "00" } = value as Members;
    return {
      text: `BinData(${Number.parseInt(String(subType), 16)}, ${JSON.stringify(base64)})`,
      kind: "binary",
    };
  },
  $timestamp: (value) => {
    const { t = 0, i = 0 } = value as Members;
    return { text: `Timestamp(${String(t)}, ${String(i)})`, kind: "date" };
  },
  $regularExpression: (value) => {
    const { pattern, options } = value as Members;
    return { text: `RegExp(${JSON.stringify(pattern)}, ${JSON.stringify(options)})`, kind: "pattern" };
  },
  $minKey: () => ({ text: "MinKey()", kind: "null" }),
  $maxKey: () => ({ text: "MaxKey()", kind: "null" }),
  $undefined: () => ({ text: "undefined", kind: "null" }),
};

/** Canonical extended JSON as mongosh writes it. */
export const shellLeaf: Leaf = (value) => {
  const plain = jsonLeaf(value);
  if (plain !== undefined || Array.isArray(value)) return plain;
  const names = Object.keys(value as Members);
  const [name = ""] = names;
  const write = names.length === 1 && Object.hasOwn(written, name) ? written[name] : undefined;
  return write?.((value as Members)[name]!);
};

/** A document as text to be edited, of which the server's `parseShellText` makes the same document. */
export function toShellText(value: Json, indent = ""): string {
  const leaf = shellLeaf(value);
  if (leaf !== undefined) return leaf.text;
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    return `[\n${value.map((one) => `${inner}${toShellText(one, inner)}`).join(",\n")}\n${indent}]`;
  }
  const members = Object.entries(value as Members);
  if (members.length === 0) return "{}";
  const lines = members.map(([name, member]) => `${inner}${nameOf(name)}: ${toShellText(member, inner)}`);
  return `{\n${lines.join(",\n")}\n${indent}}`;
}

function nameOf(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

/** With a point, so that it is not read as a whole number. */
function doubleOf(digits: string): string {
  return /^-?\d+$/.test(digits) ? `${digits}.0` : digits;
}

function dateOf(value: Json): string {
  const ms = typeof value === "object" ? Number((value as Members).$numberLong) : Date.parse(String(value));
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `Date(${ms})` : `ISODate(${JSON.stringify(date.toISOString())})`;
}
