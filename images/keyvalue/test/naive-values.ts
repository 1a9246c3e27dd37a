import type { AttributeValue, Item } from "../src/items/attribute-value.ts";

/** What the model knows of values, written as plainly as it goes and with other means than the engine's. */

type Plain =
  | { readonly type: string; readonly value: string | boolean | null }
  | { readonly type: "SS" | "NS" | "BS"; readonly value: readonly string[] }
  | { readonly type: "L"; readonly value: readonly Plain[] }
  | { readonly type: "M"; readonly value: Readonly<Record<string, Plain>> };

/** Integers and a scale: `units * 10^-scale`. */
const scale = 200n;

export function numberUnits(text: string): bigint {
  const [, sign, whole, fraction = "", exponent = "0"] = /^(-?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text)!;
  const power = scale - BigInt(fraction.length) + BigInt(exponent);
  const digits = BigInt(`${whole}${fraction}`);
  return (sign === "-" ? -1n : 1n) * digits * 10n ** power;
}

export function numberText(units: bigint): string {
  const sign = units < 0n ? "-" : "";
  const digits = (units < 0n ? -units : units).toString().padStart(Number(scale) + 1, "0");
  const whole = digits.slice(0, -Number(scale));
  const fraction = digits.slice(-Number(scale)).replace(/0+$/, "");
  return `${sign}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

/** A value that is equal to another exactly when its JSON is: numbers in one form, sets and maps in order. */
export function plain(value: AttributeValue): Plain {
  const [type, content] = Object.entries(value)[0] as [string, never];
  switch (type) {
    case "N":
      return { type, value: numberText(numberUnits(content)) };
    case "NULL":
      return { type, value: null };
    case "SS":
    case "BS":
      return { type, value: [...(content as string[])].sort() };
    case "NS":
      return { type, value: (content as string[]).map((each) => numberText(numberUnits(each))).sort() };
    case "L":
      return { type, value: (content as AttributeValue[]).map(plain) };
    case "M":
      return { type, value: plainItem(content) };
    default:
      return { type, value: content };
  }
}

export function plainItem(item: Item): Record<string, Plain> {
  const names = Object.keys(item).sort();
  return Object.fromEntries(names.map((name) => [name, plain(item[name]!)]));
}

export function same(a: AttributeValue, b: AttributeValue): boolean {
  return JSON.stringify(plain(a)) === JSON.stringify(plain(b));
}

/** Undefined when two values have no order. */
export function order(a: AttributeValue, b: AttributeValue): number | undefined {
  if (a.N !== undefined && b.N !== undefined) {
    const difference = numberUnits(a.N) - numberUnits(b.N);
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }
  if (a.S !== undefined && b.S !== undefined) return Buffer.compare(Buffer.from(a.S), Buffer.from(b.S));
  if (a.B !== undefined && b.B !== undefined)
    return Buffer.compare(Buffer.from(a.B, "base64"), Buffer.from(b.B, "base64"));
  return undefined;
}
