import { notSupported, PgError } from "../errors.ts";
import { Numeric, pow10 } from "../types/numeric.ts";

/** to_char and to_number for numbers. */

interface Picture {
  /** Elements in order: digits, literals, group and point marks, signs. */
  readonly items: readonly {
    readonly kind: "9" | "0" | "G" | "D" | "S" | "MI" | "PL" | "SG" | "PR" | "L" | "TH" | "th" | "text";
    readonly text: string;
  }[];
  readonly before: number;
  readonly after: number;
  readonly firstZero: number;
  readonly isFilled: boolean;
  readonly multiply: number;
  readonly isRoman: boolean;
  readonly isScientific: boolean;
}

function picture(template: string): Picture {
  const items: Picture["items"][number][] = [];
  let before = 0;
  let after = 0;
  let firstZero = -1;
  let isFilled = false;
  let multiply = 0;
  let seenPoint = false;
  let seenV = false;
  let isRoman = false;
  let isScientific = false;
  for (let i = 0; i < template.length; ) {
    const rest = template.slice(i);
    const upper = rest.toUpperCase();
    const take = (length: number) => {
      i += length;
    };
    if (rest.startsWith('"')) {
      const end = rest.indexOf('"', 1);
      const text = end < 0 ? rest.slice(1) : rest.slice(1, end);
      for (const character of text) items.push({ kind: "text", text: character });
      take(end < 0 ? rest.length : end + 1);
    } else if (upper.startsWith("FM")) {
      isFilled = true;
      take(2);
    } else if (upper.startsWith("EEEE")) {
      isScientific = true;
      take(4);
    } else if (upper.startsWith("RN")) {
      isRoman = true;
      take(2);
    } else if (/^(MI|PL|SG|PR|TH)/.test(upper)) {
      const kind = upper.slice(0, 2) as "MI" | "PL" | "SG" | "PR" | "TH";
      items.push({ kind: kind === "TH" && rest.startsWith("th") ? "th" : kind, text: "" });
      take(2);
    } else if (rest[0] === "9" || rest[0] === "0") {
      if (rest[0] === "0" && firstZero < 0 && !seenPoint) firstZero = before;
      if (seenV) multiply++;
      else if (seenPoint) after++;
      else before++;
      items.push({ kind: seenPoint && rest[0] === "0" ? "0" : (rest[0] as "9" | "0"), text: "" });
      take(1);
    } else if (upper[0] === "V") {
      seenV = true;
      take(1);
    } else if (rest[0] === "." || upper[0] === "D") {
      seenPoint = true;
      items.push({ kind: "D", text: "." });
      take(1);
    } else if (rest[0] === "," || upper[0] === "G") {
      items.push({ kind: "G", text: "," });
      take(1);
    } else if (upper[0] === "S") {
      items.push({ kind: "S", text: "" });
      take(1);
    } else if (upper[0] === "L") {
      items.push({ kind: "L", text: "" });
      take(1);
    } else {
      items.push({ kind: "text", text: rest[0]! });
      take(1);
    }
  }
  return {
    items,
    before: before + (seenV ? multiply : 0),
    after,
    firstZero,
    isFilled,
    multiply,
    isRoman,
    isScientific,
  };
}

function roman(value: number): string {
  if (value < 1 || value > 3999) return "#".repeat(15);
  const parts: readonly (readonly [number, string])[] = [
    [1000, "M"],
    [900, "CM"],
    [500, "D"],
    [400, "CD"],
    [100, "C"],
    [90, "XC"],
    [50, "L"],
    [40, "XL"],
    [10, "X"],
    [9, "IX"],
    [5, "V"],
    [4, "IV"],
    [1, "I"],
  ];
  let left = value;
  let text = "";
  for (const [size, letters] of parts) {
    while (left >= size) {
      text += letters;
      left -= size;
    }
  }
  return text;
}

export function numberToChar(value: Numeric, template: string): string {
  const p = picture(template);
  if (p.isRoman) {
    const text = roman(Number(value.round(0).digits));
    return p.isFilled ? text : text.padStart(15);
  }
  if (p.isScientific) return scientific(value, p);
  const special = value.special !== undefined;
  const scaled = special
    ? value
    : p.multiply > 0
      ? new Numeric(value.digits * pow10(p.multiply), value.scale).round(0)
      : value.round(p.after);
  const negative = scaled.sign < 0;
  const plain = special ? "" : scaled.abs().round(p.after).toString();
  let [whole = "", fraction = ""] = plain.split(".");
  const signs = p.items.filter((item) => ["S", "MI", "PL", "SG", "PR"].includes(item.kind));
  const hasOwnSign = signs.length > 0;
  const isOverflow =
    special || (whole.replace(/^0+(?=\d)/, "").length > p.before && !(whole === "0" && p.before === 0));
  if (
    whole === "0" &&
    p.before > 0 &&
    p.after > 0 &&
    !p.items.some((item) => item.kind === "0" && true) &&
    p.firstZero < 0
  )
    whole = p.items.find((item) => item.kind === "D") === undefined ? "0" : "";
  if (whole === "0" && p.before === 0) whole = "";
  if (whole === "" && p.after === 0) whole = "0";
  const digits = whole.padStart(p.before, " ");
  let shown = "";
  let position = 0;
  let started = false;
  let signPlaced = false;
  let inFraction = false;
  let fractionAt = 0;
  const digitChar = (): string => {
    const character = digits[position]!;
    position++;
    if (isOverflow) return "#";
    if (character !== " ") return character;
    return p.firstZero >= 0 && position > p.firstZero ? "0" : " ";
  };
  // With FM zeros at the end of the fraction are left out where the picture has 9.
  const kinds = p.items.filter((item) => item.kind === "9" || item.kind === "0").map((item) => item.kind);
  const fractionKinds = kinds.slice(kinds.length - p.after);
  let keep = p.after;
  if (p.isFilled) {
    const lastZero = fractionKinds.lastIndexOf("0");
    while (keep > lastZero + 1 && (fraction[keep - 1] ?? "0") === "0") keep--;
  }
  const sign = negative ? "-" : hasOwnSign ? "" : " ";
  const floating = signs.find((item) => item.kind === "S");
  const floatsFirst =
    floating !== undefined &&
    p.items.indexOf(floating) < p.items.findIndex((item) => item.kind === "9" || item.kind === "0");
  const place = () => {
    if (signPlaced) return;
    signPlaced = true;
    if (signs.some((item) => item.kind === "PR")) shown += negative ? "<" : p.isFilled ? "" : " ";
    else if (floatsFirst) shown += negative ? "-" : "+";
    else if (!hasOwnSign) shown += p.isFilled && !negative ? "" : sign;
  };
  for (const item of p.items) {
    switch (item.kind) {
      case "9":
      case "0":
        if (inFraction) {
          if (fractionAt < keep) shown += isOverflow ? "#" : (fraction[fractionAt] ?? "0");
          fractionAt++;
          break;
        }
        {
          const character = digitChar();
          if (character === " ") {
            if (!p.isFilled) shown += " ";
          } else {
            if (!started) {
              started = true;
              place();
            }
            shown += character;
          }
        }
        break;
      case "G":
        if (started) shown += ",";
        else if (!p.isFilled) shown += " ";
        break;
      case "D":
        if (!started) {
          started = true;
          place();
        }
        inFraction = true;
        shown += ".";
        break;
      case "S":
        if (!floatsFirst) shown += negative ? "-" : "+";
        break;
      case "MI":
        shown += negative ? "-" : p.isFilled ? "" : " ";
        break;
      case "PL":
        shown += negative ? (p.isFilled ? "" : " ") : "+";
        break;
      case "SG":
        shown += negative ? "-" : "+";
        break;
      case "L":
        shown += p.isFilled ? "" : " ";
        break;
      case "TH":
      case "th": {
        if (negative || p.after > 0) break;
        const last = Number(whole) % 100;
        const suffix = last >= 11 && last <= 13 ? "th" : (["th", "st", "nd", "rd"][last % 10] ?? "th");
        shown += item.kind === "TH" ? suffix.toUpperCase() : suffix;
        break;
      }
      case "text":
        shown += item.text;
        break;
      default:
        break;
    }
  }
  if (!started) place();
  if (signs.some((item) => item.kind === "PR")) shown += negative ? ">" : p.isFilled ? "" : " ";
  return shown;
}

function scientific(value: Numeric, p: Picture): string {
  if (value.special !== undefined) throw notSupported("EEEE of a special number");
  const text = value.digits === 0n ? "0" : (value.digits < 0n ? -value.digits : value.digits).toString();
  const exponent = value.digits === 0n ? 0 : text.length - 1 - value.scale;
  const mantissa = new Numeric(value.digits < 0n ? -BigInt(text) : BigInt(text), text.length - 1).round(
    p.after,
  );
  const shifted =
    mantissa.abs().toString().split(".")[0]!.length > 1
      ? { m: new Numeric(mantissa.digits, mantissa.scale + 1).round(p.after), e: exponent + 1 }
      : { m: mantissa, e: exponent };
  const size = String(Math.abs(shifted.e)).padStart(2, "0");
  const shown = `${shifted.m}e${shifted.e < 0 ? "-" : "+"}${size}`;
  return value.sign < 0 || p.isFilled ? shown : ` ${shown}`;
}

export function numberFromChar(text: string, template: string): Numeric {
  const p = picture(template);
  const isNegative = /-|<.*>/.test(text);
  const cleaned = text.replace(/[^0-9.]/g, "");
  if (!/\d/.test(cleaned))
    throw new PgError("22P02", `invalid input syntax for type numeric: "${text.trim() === "" ? " " : text}"`);
  const [whole = "", ...fractions] = cleaned.split(".");
  const fraction = fractions.join("").slice(0, p.items.some((item) => item.kind === "D") ? p.after : 0);
  const value = Numeric.parse(
    `${isNegative ? "-" : ""}${whole.slice(0, Math.max(p.before, 0)) || "0"}${fraction === "" ? "" : `.${fraction}`}`,
  );
  return p.multiply > 0 ? new Numeric(value.digits, value.scale + p.multiply) : value;
}
