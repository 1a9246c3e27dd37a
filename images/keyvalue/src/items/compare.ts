import { type AttributeValue, attributeOf, type Item, typeOf } from "./attribute-value.ts";
import { compareNumbers } from "./decimal.ts";

/** Whether two values are the same: of one type; numbers by value, sets without an order, maps and lists deeply. */
export function equal(a: AttributeValue, b: AttributeValue): boolean {
  const type = typeOf(a);
  if (type !== typeOf(b)) return false;
  switch (type) {
    case "S":
    case "N":
    case "B":
    case "BOOL":
    case "NULL":
      return a[type] === b[type];
    case "SS":
    case "NS":
    case "BS":
      return sameMembers(a[type]!, b[type]!);
    case "L":
      return a.L!.length === b.L!.length && a.L!.every((member, index) => equal(member, b.L![index]!));
    case "M":
      return equalItems(a.M!, b.M!);
  }
}

/** Whether two items have the same attributes. */
export function equalItems(a: Item, b: Item): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => {
    const other = attributeOf(b, name);
    return other !== undefined && equal(a[name]!, other);
  });
}

function sameMembers(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  const members = new Set(a);
  return b.every((member) => members.has(member));
}

/** Less than, equal to or greater than zero; undefined when the two have no order: other types, or of a type without. */
export function compare(a: AttributeValue, b: AttributeValue): number | undefined {
  const type = typeOf(a);
  if (type !== typeOf(b)) return undefined;
  switch (type) {
    case "S":
      return compareTexts(a.S!, b.S!);
    case "N":
      return compareNumbers(a.N!, b.N!);
    case "B":
      return Buffer.compare(Buffer.from(a.B!, "base64"), Buffer.from(b.B!, "base64"));
    default:
      return undefined;
  }
}

/** By UTF-8 bytes. UTF-16 has the same order but for surrogates, which are then compared as bytes. */
function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  if (/[\ud800-\udfff]/.test(a) || /[\ud800-\udfff]/.test(b))
    return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : 1;
}
