import { writeExact } from "@weftkit/cdc/exact-json";
import type { Row } from "../rows.ts";
import { bytesOf, columnOf, fieldBytes, wordOf } from "./words.ts";

/** A command and its arguments. */
export type Words = readonly (string | Buffer)[];

/** How values of a type are read and written. Columns are those of the row beside its type and its time to live. */
export interface ValueType {
  read(key: Buffer): Words;
  /** The columns of what was read; undefined when there was nothing. */
  columns(reply: unknown): Row | undefined;
  /** Makes one of the other; `from` is undefined where no such key is. */
  write(key: Buffer, from: Row | undefined, to: Row): Words[];
}

/** Arguments of one command. */
const wordsAtOnce = 1000;

const string: ValueType = {
  read: (key) => ["GET", key],
  columns: (reply) => (reply === null ? undefined : { value: wordOf(reply as Buffer) }),
  write: (key, from, { value }) => (areSame(from?.value, value) ? [] : [["SET", key, bytesOf(value)]]),
};

const list: ValueType = {
  read: (key) => ["LRANGE", key, "0", "-1"],
  columns: (reply) => {
    const items = (reply as Buffer[]).map(wordOf);
    return items.length === 0 ? undefined : { items };
  },
  write(key, from, to) {
    const [before, after] = [textsOf(from?.items), textsOf(to.items)];
    const isLonger = before.length > 0 && before.every((text, index) => text === after[index]);
    const items = isLonger ? listOf(to.items).slice(before.length) : listOf(to.items);
    return [
      ...(isLonger || from === undefined ? [] : [["DEL", key]]),
      ...inParts(["RPUSH", key], items.map(bytesOf), 1),
    ];
  },
};

const set: ValueType = {
  read: (key) => ["SMEMBERS", key],
  columns: (reply) => {
    const members = sortedWords((reply as Buffer[]).map(wordOf));
    return members.length === 0 ? undefined : { members };
  },
  write(key, from, to) {
    const [before, after] = [new Set(textsOf(from?.members)), new Set(textsOf(to.members))];
    const added = listOf(to.members).filter((word) => !before.has(writeExact(word)));
    const removed = listOf(from?.members).filter((word) => !after.has(writeExact(word)));
    // The last member is never taken out while others are still to come: the key would be gone, with its time to live.
    return [
      ...inParts(["SADD", key], added.map(bytesOf), 1),
      ...inParts(["SREM", key], removed.map(bytesOf), 1),
    ];
  },
};

const hash: ValueType = {
  read: (key) => ["HGETALL", key],
  columns: (reply) => fieldsOf(reply, (value) => wordOf(value)),
  write(key, from, to) {
    const { changed, removed } = differences(from, to);
    const pairs = changed.flatMap(([field, value]) => [field, bytesOf(value)]);
    return [...inParts(["HSET", key], pairs, 2), ...inParts(["HDEL", key], removed, 1)];
  },
};

const zset: ValueType = {
  read: (key) => ["ZRANGE", key, "0", "-1", "WITHSCORES"],
  columns: (reply) => fieldsOf(reply, (score) => scoreText(score.toString())),
  write(key, from, to) {
    const { changed, removed } = differences(from, to);
    const pairs = changed.flatMap(([member, score]) => [bytesOf(score), member]);
    return [...inParts(["ZADD", key], pairs, 2), ...inParts(["ZREM", key], removed, 1)];
  },
};

/** By what TYPE answers. */
export const valueTypes: Readonly<Record<string, ValueType>> = { string, list, set, hash, zset };

/** A score is written in more than one way; versions of Redis do it differently. */
export function scoreText(text: string): string {
  const score = Number(text.replace(/^([+-]?)inf(inity)?$/i, "$1Infinity"));
  if (Number.isFinite(score)) return String(score === 0 ? 0 : score);
  return score < 0 ? "-inf" : "inf";
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function sortedWords(words: readonly unknown[]): unknown[] {
  const byText = new Map(words.map((word) => [writeExact(word), word]));
  return [...byText.keys()].toSorted().map((text) => byText.get(text));
}

function areSame(a: unknown, b: unknown): boolean {
  return a !== undefined && writeExact(a) === writeExact(b);
}

function textsOf(value: unknown): string[] {
  return listOf(value).map(writeExact);
}

/** Pairs come one after the other, or as pairs. */
function fieldsOf(reply: unknown, textOf: (value: Buffer) => unknown): Row | undefined {
  const flat = (reply as (Buffer | Buffer[])[]).flat();
  if (flat.length === 0) return undefined;
  const columns: Record<string, unknown> = {};
  for (let at = 0; at < flat.length; at += 2) columns[columnOf(flat[at]!)] = textOf(flat[at + 1]!);
  return columns;
}

/** The fields that are other than before, and those that are gone. */
function differences(from: Row | undefined, to: Row) {
  const changed: [Buffer, unknown][] = [];
  for (const [column, value] of Object.entries(to)) {
    const field = fieldBytes(column);
    if (field !== undefined && !areSame(from?.[column], value)) changed.push([field, value]);
  }
  const removed = Object.keys(from ?? {}).flatMap((column) =>
    column in to ? [] : (fieldBytes(column) ?? []),
  );
  return { changed, removed };
}

function inParts(command: readonly (string | Buffer)[], words: readonly Buffer[], each: 1 | 2): Words[] {
  const parts: Words[] = [];
  for (let at = 0; at < words.length; at += wordsAtOnce * each)
    parts.push([...command, ...words.slice(at, at + wordsAtOnce * each)]);
  return parts;
}
