import { PgError } from "../errors.ts";
import { type Datum, PgArray } from "./datum.ts";
import type { IoContext, TypeOps } from "./type-ops.ts";

const dimensionsMax = 6;
const elementsMax = 134_217_727;

function malformed(text: string, detail: string): PgError {
  return new PgError("22P02", `malformed array literal: "${text}"`, { detail });
}

/** Reads `[1:2]={{a,b},{c,NULL}}`. */
export function parseArray(text: string, delimiter: string, element: (text: string) => Datum): PgArray {
  let at = 0;
  const space = () => {
    while (at < text.length && " \t\n\r\v\f".includes(text[at]!)) at++;
  };
  space();
  const bounds: { lower: number; upper: number }[] = [];
  while (text[at] === "[") {
    const match = /^\[\s*([+-]?\d+)\s*(?::\s*([+-]?\d+)\s*)?\]/.exec(text.slice(at));
    if (match === null) throw malformed(text, '"[" must introduce explicitly-specified array dimensions.');
    const lower = match[2] === undefined ? 1 : Number(match[1]);
    const upper = match[2] === undefined ? Number(match[1]) : Number(match[2]);
    if (Math.abs(lower) > 2147483647 || Math.abs(upper) >= 2147483647)
      throw new PgError("22003", "array bound is out of integer range");
    if (upper < lower) throw new PgError("2202E", "upper bound cannot be less than lower bound");
    bounds.push({ lower, upper });
    if (bounds.length > dimensionsMax)
      throw new PgError(
        "54000",
        `number of array dimensions (${bounds.length}) exceeds the maximum allowed (${dimensionsMax})`,
      );
    at += match[0].length;
    space();
  }
  if (bounds.length > 0) {
    if (text[at] !== "=") throw malformed(text, 'Missing "=" after array dimensions.');
    at++;
    space();
  }
  if (text[at] !== "{") {
    throw bounds.length > 0
      ? malformed(text, 'Array contents must start with "{".')
      : malformed(text, 'Array value must start with "{" or dimension information.');
  }
  const elements: Datum[] = [];
  const sizes: (number | undefined)[] = [];
  let leafDepth = -1;
  const mismatch = () =>
    malformed(text, "Multidimensional arrays must have sub-arrays with matching dimensions.");

  const unexpected = (character: string | undefined) =>
    character === undefined
      ? malformed(text, "Unexpected end of input.")
      : malformed(text, `Unexpected "${character}" character.`);

  const list = (depth: number): void => {
    if (depth >= dimensionsMax)
      throw new PgError(
        "54000",
        `number of array dimensions (${depth + 1}) exceeds the maximum allowed (${dimensionsMax})`,
      );
    at++;
    let count = 0;
    space();
    if (text[at] === "}") {
      at++;
      if (leafDepth >= 0 && leafDepth !== depth) throw mismatch();
      setSize(depth, 0);
      return;
    }
    while (true) {
      space();
      if (text[at] === "{") {
        if (leafDepth >= 0 && depth >= leafDepth) throw mismatch();
        list(depth + 1);
      } else {
        if (sizes.length > depth + 1) throw mismatch();
        if (leafDepth >= 0 && leafDepth !== depth) throw mismatch();
        leafDepth = depth;
        elements.push(item());
      }
      count++;
      space();
      const character = text[at];
      if (character === delimiter) {
        at++;
        space();
        if (text[at] === "}") throw unexpected("}");
        continue;
      }
      if (character === "}") {
        at++;
        break;
      }
      throw unexpected(character);
    }
    setSize(depth, count);
  };
  const setSize = (depth: number, count: number) => {
    const known = sizes[depth];
    if (known !== undefined && known !== count) throw mismatch();
    while (sizes.length < depth) sizes.push(undefined);
    sizes[depth] = count;
  };
  const item = (): Datum => {
    if (text[at] === '"') {
      at++;
      let value = "";
      while (true) {
        const character = text[at];
        if (character === undefined) throw unexpected(undefined);
        at++;
        if (character === '"') break;
        value += character === "\\" ? (text[at++] ?? "") : character;
      }
      space();
      if (at < text.length && text[at] !== delimiter && text[at] !== "}")
        throw malformed(text, "Incorrectly quoted array element.");
      return element(value);
    }
    let value = "";
    let kept = 0;
    while (at < text.length && text[at] !== delimiter && text[at] !== "}") {
      const character = text[at]!;
      if (character === "{") throw unexpected("{");
      if (character === '"') throw malformed(text, "Incorrectly quoted array element.");
      if (character === "\\") {
        at++;
        value += text[at] ?? "";
        kept = value.length;
      } else {
        value += character;
        if (!" \t\n\r\v\f".includes(character)) kept = value.length;
      }
      at++;
    }
    if (at >= text.length) throw unexpected(undefined);
    value = value.slice(0, kept);
    if (value === "") throw unexpected(text[at]);
    return value.toUpperCase() === "NULL" ? null : element(value);
  };
  list(0);
  space();
  if (at < text.length) throw malformed(text, "Junk after closing right brace.");
  let dimensions = sizes.map((size) => size ?? 0);
  if (elements.length === 0) dimensions = [];
  if (elements.length > elementsMax)
    throw new PgError("54000", `array size exceeds the maximum allowed (${elementsMax})`);
  if (bounds.length > 0) {
    if (
      bounds.length !== dimensions.length ||
      bounds.some(({ lower, upper }, i) => upper - lower + 1 !== dimensions[i])
    )
      throw malformed(text, "Specified array dimensions do not match array contents.");
    return new PgArray(
      elements,
      dimensions,
      bounds.map((bound) => bound.lower),
    );
  }
  return new PgArray(elements, dimensions);
}

export function formatArray(array: PgArray, delimiter: string, element: (value: Datum) => string): string {
  if (array.dimensions.length === 0) return "{}";
  let at = 0;
  const level = (depth: number): string => {
    const parts: string[] = [];
    for (let i = 0; i < array.dimensions[depth]!; i++) {
      if (depth < array.dimensions.length - 1) parts.push(level(depth + 1));
      else {
        const value = array.elements[at++]!;
        parts.push(value === null ? "NULL" : quoteElement(element(value), delimiter));
      }
    }
    return `{${parts.join(delimiter)}}`;
  };
  const body = level(0);
  if (array.lowerBounds.every((bound) => bound === 1)) return body;
  const bounds = array.lowerBounds
    .map((lower, i) => `[${lower}:${lower + array.dimensions[i]! - 1}]`)
    .join("");
  return `${bounds}=${body}`;
}

function quoteElement(text: string, delimiter: string): string {
  if (text !== "" && text.toUpperCase() !== "NULL" && !/[\\"{}\s]/.test(text) && !text.includes(delimiter))
    return text;
  return `"${text.replace(/(["\\])/g, "\\$1")}"`;
}

/** An array's operations from those of its elements. */
export function arrayOps(element: TypeOps, elementOid: number, delimiter: string): TypeOps {
  const { compare, key } = element;
  return {
    input: (text, typmod, io) => parseArray(text, delimiter, (item) => element.input(item, typmod, io)),
    output: (value, io) => formatArray(value as PgArray, delimiter, (item) => element.output(item, io)),
    compare: compare === undefined ? undefined : (a, b) => compareArrays(a as PgArray, b as PgArray, compare),
    key:
      key === undefined
        ? undefined
        : (value) => {
            const { elements, dimensions, lowerBounds } = value as PgArray;
            const parts = elements.map((item) => {
              if (item === null) return "N";
              const text = String(key(item));
              return `${text.length}:${text}`;
            });
            return `${dimensions.join()}/${lowerBounds.join()}/${parts.join("")}`;
          },
    send: (value, io) => sendArray(value as PgArray, elementOid, (item) => element.send(item, io)),
    receive: (bytes, typmod, io) =>
      receiveArray(bytes, elementOid, (item) => element.receive(item, typmod, io)),
  };
}

export function compareArrays(a: PgArray, b: PgArray, compare: (a: Datum, b: Datum) => number): number {
  const length = Math.min(a.elements.length, b.elements.length);
  for (let i = 0; i < length; i++) {
    const x = a.elements[i]!;
    const y = b.elements[i]!;
    if (x === null || y === null) {
      if (x === null && y === null) continue;
      return x === null ? 1 : -1;
    }
    const order = compare(x, y);
    if (order !== 0) return order;
  }
  if (a.elements.length !== b.elements.length) return a.elements.length - b.elements.length;
  if (a.dimensions.length !== b.dimensions.length) return a.dimensions.length - b.dimensions.length;
  for (let i = 0; i < a.dimensions.length; i++) {
    const order = a.dimensions[i]! - b.dimensions[i]! || a.lowerBounds[i]! - b.lowerBounds[i]!;
    if (order !== 0) return order;
  }
  return 0;
}

function sendArray(array: PgArray, elementOid: number, send: (value: Datum) => Uint8Array): Uint8Array {
  const head = Buffer.alloc(12 + array.dimensions.length * 8);
  head.writeInt32BE(array.dimensions.length, 0);
  head.writeInt32BE(array.elements.includes(null) ? 1 : 0, 4);
  head.writeUInt32BE(elementOid, 8);
  for (const [i, size] of array.dimensions.entries()) {
    head.writeInt32BE(size, 12 + i * 8);
    head.writeInt32BE(array.lowerBounds[i]!, 16 + i * 8);
  }
  const parts: Uint8Array[] = [head];
  for (const value of array.elements) {
    const length = Buffer.alloc(4);
    if (value === null) {
      length.writeInt32BE(-1);
      parts.push(length);
      continue;
    }
    const bytes = send(value);
    length.writeInt32BE(bytes.length);
    parts.push(length, bytes);
  }
  return Buffer.concat(parts);
}

function receiveArray(bytes: Buffer, elementOid: number, receive: (bytes: Buffer) => Datum): PgArray {
  const short = () => new PgError("08P01", "insufficient data left in message");
  if (bytes.length < 12) throw short();
  const count = bytes.readInt32BE(0);
  if (count < 0 || count > dimensionsMax)
    throw new PgError("22P03", `invalid number of dimensions: ${count}`);
  const flags = bytes.readInt32BE(4);
  if (flags !== 0 && flags !== 1) throw new PgError("22P03", "invalid array flags");
  const given = bytes.readUInt32BE(8);
  if (given !== elementOid)
    throw new PgError(
      "42804",
      `binary data has array element type ${given} instead of expected ${elementOid}`,
    );
  if (bytes.length < 12 + count * 8) throw short();
  const dimensions: number[] = [];
  const lowerBounds: number[] = [];
  let total = count === 0 ? 0 : 1;
  for (let i = 0; i < count; i++) {
    const size = bytes.readInt32BE(12 + i * 8);
    if (size < 0 || size > elementsMax)
      throw new PgError("54000", `array size exceeds the maximum allowed (${elementsMax})`);
    dimensions.push(size);
    lowerBounds.push(bytes.readInt32BE(16 + i * 8));
    total *= size;
  }
  if (total > bytes.length) throw short();
  const elements: Datum[] = [];
  let at = 12 + count * 8;
  for (let i = 0; i < total; i++) {
    if (at + 4 > bytes.length) throw short();
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < 0) {
      elements.push(null);
      continue;
    }
    if (at + length > bytes.length) throw short();
    elements.push(receive(bytes.subarray(at, at + length)));
    at += length;
  }
  if (at !== bytes.length) throw new PgError("22P03", "incorrect binary data format");
  return elements.length === 0 ? new PgArray([]) : new PgArray(elements, dimensions, lowerBounds);
}

/** int2vector and oidvector: numbers with blanks between them, counted from 0. */
export function vectorOps(element: TypeOps, elementOid: number): TypeOps {
  const array = arrayOps(element, elementOid, ",");
  const make = (elements: readonly Datum[]) =>
    elements.length === 0 ? new PgArray([]) : new PgArray(elements, [elements.length], [0]);
  return {
    ...array,
    input: (text, typmod, io: IoContext) =>
      make(
        text
          .split(/\s+/)
          .filter((part) => part !== "")
          .map((part) => element.input(part, typmod, io)),
      ),
    output: (value, io) => (value as PgArray).elements.map((item) => element.output(item, io)).join(" "),
  };
}
