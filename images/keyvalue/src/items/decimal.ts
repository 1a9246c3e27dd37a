/** A number of DynamoDB: `0.d1d2d3... * 10^exponent`; zero has no digits. */
export interface Decimal {
  readonly isNegative: boolean;
  /** Without zeros at the front and at the end. */
  readonly digits: string;
  readonly exponent: number;
}

export type DecimalFault = "not_a_number" | "overflow" | "underflow" | "too_precise";

const digitsMax = 38;
/** Of `d.ddd * 10^e`. */
const magnitudeMax = 125;
const magnitudeMin = -130;

const zero: Decimal = { isNegative: false, digits: "", exponent: 0 };

/** Reads what the API takes for a number. */
export function parseDecimal(text: string): Decimal | DecimalFault {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,10}))?$/.exec(text);
  if (match === null) return "not_a_number";
  const [, sign, whole = "", fraction = "", power = "0"] = match;
  if (whole === "" && fraction === "") return "not_a_number";
  const all = whole + fraction;
  let start = 0;
  while (start < all.length && all.charCodeAt(start) === 0x30) start++;
  let end = all.length;
  while (end > start && all.charCodeAt(end - 1) === 0x30) end--;
  if (start === end) return zero;
  const exponent = whole.length - start + Number(power);
  if (exponent - 1 > magnitudeMax) return "overflow";
  if (exponent - 1 < magnitudeMin) return "underflow";
  if (end - start > digitsMax) return "too_precise";
  return { isNegative: sign === "-", digits: all.slice(start, end), exponent };
}

/** Normal numbers that need no parsing: what most clients send. */
const plainInteger = /^(?:0|-?[1-9]\d{0,14})$/;

/** The normal form of a text, or what is wrong with it. */
export function normalizeNumber(text: string): { readonly text: string } | DecimalFault {
  if (plainInteger.test(text)) return { text };
  const parsed = parseDecimal(text);
  return typeof parsed === "string" ? parsed : { text: formatDecimal(parsed) };
}

/** Without an exponent, as the API writes numbers. */
export function formatDecimal({ isNegative, digits, exponent }: Decimal): string {
  if (digits === "") return "0";
  const sign = isNegative ? "-" : "";
  if (exponent <= 0) return `${sign}0.${"0".repeat(-exponent)}${digits}`;
  if (exponent >= digits.length) return `${sign}${digits}${"0".repeat(exponent - digits.length)}`;
  return `${sign}${digits.slice(0, exponent)}.${digits.slice(exponent)}`;
}

/** A number in normal form. */
export function decimalOf(normal: string): Decimal {
  const parsed = parseDecimal(normal);
  if (typeof parsed === "string") throw new TypeError(`${normal} is not a number in normal form`);
  return parsed;
}

/** Compares numbers in normal form. */
export function compareNumbers(a: string, b: string): number {
  if (a === b) return 0;
  if (plainInteger.test(a) && plainInteger.test(b)) return Number(a) - Number(b);
  const x = decimalOf(a);
  const y = decimalOf(b);
  if (x.digits === "" || y.digits === "") return signOf(x) - signOf(y);
  if (x.isNegative !== y.isNegative) return x.isNegative ? -1 : 1;
  const sign = x.isNegative ? -1 : 1;
  if (x.exponent !== y.exponent) return sign * (x.exponent - y.exponent);
  return x.digits < y.digits ? -sign : x.digits > y.digits ? sign : 0;
}

function signOf({ isNegative, digits }: Decimal): number {
  return digits === "" ? 0 : isNegative ? -1 : 1;
}

/** The exact sum of two numbers in normal form, in normal form, or why it cannot be stored. */
export function addNumbers(a: string, b: string): { readonly text: string } | DecimalFault {
  if (plainInteger.test(a) && plainInteger.test(b)) return { text: String(Number(a) + Number(b)) };
  const x = decimalOf(a);
  const y = decimalOf(b);
  const scale = Math.max(x.digits.length - x.exponent, y.digits.length - y.exponent, 0);
  const sum = scaled(x, scale) + scaled(y, scale);
  return normalizeNumber(`${sum}e-${scale}`);
}

export function subtractNumbers(a: string, b: string): { readonly text: string } | DecimalFault {
  return addNumbers(a, b === "0" ? b : b.startsWith("-") ? b.slice(1) : `-${b}`);
}

function scaled({ isNegative, digits, exponent }: Decimal, scale: number): bigint {
  if (digits === "") return 0n;
  const value = BigInt(digits) * 10n ** BigInt(exponent - digits.length + scale);
  return isNegative ? -value : value;
}
