import { PgError } from "../errors.ts";
import { nodeCount, parseQuery, queryText, type TextQuery } from "../text-search/query.ts";
import {
  compareBytes,
  compareVectors,
  makeVector,
  parseVector,
  vectorText,
  type Weight,
} from "../text-search/vector.ts";
import type { TypeOps } from "./type-ops.ts";

/** tsvector and tsquery: values are kept as their canonical texts. */

const weightOrder: readonly Weight[] = ["D", "C", "B", "A"];

function readQuery(text: string): TextQuery | undefined {
  return parseQuery(text, (word, weights, isPrefix) => ({ kind: "lexeme", text: word, weights, isPrefix }));
}

/** Bytes that are read from the front. @throws PgError 08P01 */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  number(bytes: 1 | 2 | 4): number {
    if (this.#at + bytes > this.#bytes.length)
      throw new PgError("08P01", "insufficient data left in message");
    this.#at += bytes;
    return this.#bytes.readUIntBE(this.#at - bytes, bytes);
  }

  text(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) throw new PgError("08P01", "invalid string in message");
    const text = this.#bytes.toString("utf8", this.#at, end);
    this.#at = end + 1;
    return text;
  }
}

export const tsvectorOps: TypeOps = {
  input: (text) => vectorText(parseVector(text)),
  output: (value) => value as string,
  compare: (a, b) => compareVectors(a as string, b as string),
  key: (value) => value as string,
  send: (value) => {
    const vector = parseVector(value as string);
    const header = Buffer.alloc(4);
    header.writeUInt32BE(vector.length);
    const lexemes = vector.map(({ text, positions }) => {
      const places = Buffer.alloc(2 + positions.length * 2);
      places.writeUInt16BE(positions.length);
      for (const [i, { at, weight }] of positions.entries())
        places.writeUInt16BE((weightOrder.indexOf(weight) << 14) | at, 2 + i * 2);
      return Buffer.concat([Buffer.from(`${text}\0`), places]);
    });
    return Buffer.concat([header, ...lexemes]);
  },
  receive: (bytes) => {
    const reader = new Reader(bytes);
    const count = reader.number(4);
    const lexemes = [];
    for (let i = 0; i < count; i++) {
      const text = reader.text();
      const positions = Array.from({ length: reader.number(2) }, () => {
        const place = reader.number(2);
        return { at: place & 0x3fff, weight: weightOrder[place >> 14]! };
      });
      lexemes.push({ text, positions });
    }
    return vectorText(makeVector(lexemes));
  },
};

const operators = { not: 1, and: 2, or: 3, phrase: 4 } as const;
const depthMax = 1000;

function encode(query: TextQuery): Buffer[] {
  if (query.kind === "lexeme") {
    const mask = query.weights.reduce((bits, weight) => bits | (1 << weightOrder.indexOf(weight)), 0);
    return [Buffer.from([1, mask, query.isPrefix ? 1 : 0]), Buffer.from(`${query.text}\0`)];
  }
  const head = Buffer.from([2, operators[query.kind]]);
  if (query.kind === "not") return [head, ...encode(query.of)];
  const distance = query.kind === "phrase" ? [Buffer.from([query.distance >> 8, query.distance & 255])] : [];
  return [head, ...distance, ...encode(query.right), ...encode(query.left)];
}

function decode(reader: Reader, depth: number): TextQuery {
  if (depth > depthMax) throw new PgError("54001", "stack depth limit exceeded");
  if (reader.number(1) === 1) {
    const mask = reader.number(1);
    const isPrefix = reader.number(1) !== 0;
    const weights = weightOrder.filter((_, i) => (mask & (1 << i)) !== 0).sort();
    return { kind: "lexeme", text: reader.text(), weights, isPrefix };
  }
  const operator = reader.number(1);
  if (operator === operators.not) return { kind: "not", of: decode(reader, depth + 1) };
  const distance = operator === operators.phrase ? reader.number(2) : 0;
  const right = decode(reader, depth + 1);
  const left = decode(reader, depth + 1);
  if (operator === operators.phrase) return { kind: "phrase", left, right, distance };
  if (operator === operators.and || operator === operators.or)
    return { kind: operator === operators.and ? "and" : "or", left, right };
  throw new PgError("XX000", `unrecognized operator type: ${operator}`);
}

export const tsqueryOps: TypeOps = {
  input: (text) => queryText(readQuery(text)),
  output: (value) => value as string,
  compare: (a, b) => compareBytes(a as string, b as string),
  key: (value) => value as string,
  send: (value) => {
    const query = readQuery(value as string);
    const header = Buffer.alloc(4);
    header.writeUInt32BE(nodeCount(query));
    return Buffer.concat([header, ...(query === undefined ? [] : encode(query))]);
  },
  receive: (bytes) => {
    const reader = new Reader(bytes);
    return reader.number(4) === 0 ? "" : queryText(decode(reader, 0));
  },
};
