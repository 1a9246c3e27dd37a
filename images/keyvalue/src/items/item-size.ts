import { type AttributeValue, type Item, typeOf } from "./attribute-value.ts";

/** What a list or a map costs by itself, and each of its members. */
const collectionBytes = 3;
const memberBytes = 1;

/** Bytes as AWS counts them for limits and capacity ("Item sizes and formats"): names and values. */
export function itemSize(item: Item): number {
  let bytes = 0;
  for (const name in item) bytes += textBytes(name) + valueSize(item[name]!);
  return bytes;
}

export function valueSize(value: AttributeValue): number {
  const type = typeOf(value);
  switch (type) {
    case "S":
      return textBytes(value.S!);
    case "N":
      return numberSize(value.N!);
    case "B":
      return base64Bytes(value.B!);
    case "BOOL":
    case "NULL":
      return 1;
    case "SS":
      return sum(value.SS!, textBytes);
    case "NS":
      return sum(value.NS!, numberSize);
    case "BS":
      return sum(value.BS!, base64Bytes);
    case "L": {
      let bytes = collectionBytes;
      for (const member of value.L!) bytes += memberBytes + valueSize(member);
      return bytes;
    }
    case "M": {
      const map = value.M!;
      let bytes = collectionBytes;
      for (const name in map) bytes += memberBytes + textBytes(name) + valueSize(map[name]!);
      return bytes;
    }
  }
}

function sum<T>(values: readonly T[], sizeOf: (value: T) => number): number {
  let bytes = 0;
  for (const value of values) bytes += sizeOf(value);
  return bytes;
}

function textBytes(text: string): number {
  return Buffer.byteLength(text);
}

export function base64Bytes(text: string): number {
  const { length } = text;
  if (length === 0) return 0;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return (length / 4) * 3 - padding;
}

/** One byte, and one for two digits on each side of the point; one more for a sign. Zeros at both ends cost nothing. */
export function numberSize(normal: string): number {
  const isNegative = normal.charCodeAt(0) === 0x2d;
  const unsigned = isNegative ? normal.slice(1) : normal;
  if (unsigned === "0") return 1;
  const point = unsigned.indexOf(".");
  let whole = point === -1 ? unsigned : unsigned.slice(0, point);
  let fraction = point === -1 ? "" : unsigned.slice(point + 1);
  if (whole === "0") {
    whole = "";
    fraction = fraction.replace(/^0+/, "");
  } else if (fraction === "") {
    whole = whole.replace(/0+$/, "");
  }
  return 1 + Math.ceil(whole.length / 2) + Math.ceil(fraction.length / 2) + (isNegative ? 1 : 0);
}
