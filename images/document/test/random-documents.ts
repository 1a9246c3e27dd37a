import { Decimal128, Long } from "mongodb";
import type { NaiveDocument, NaiveFilter, NaiveValue } from "./naive-query.ts";

/** A whole number from 0 up to, not including, `bound`. */
export type RandomInteger = (bound: number) => number;

const names = ["a", "b", "c"];
export const paths = ["a", "b", "c", "a.a", "a.b", "b.a", "b.c", "c.a.b", "a.0", "b.1", "a.b.c", "_id"];
const scalars: readonly NaiveValue[] = [
  null,
  0,
  1,
  2,
  3,
  -1,
  -0,
  1.5,
  -0.5,
  2 ** 40,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Long.fromNumber(1),
  Long.fromNumber(2 ** 40),
  Decimal128.fromString("1.50"),
  Decimal128.fromString("2"),
  Decimal128.fromString("NaN"),
  "",
  "a",
  "b",
  "ab",
  "a\u0000b",
  "\uffee",
  "🦊",
  true,
  false,
  new Date(0),
  new Date(-1),
  new Date(86_400_000),
];

function pick<T>(random: RandomInteger, values: readonly T[]): T {
  return values[random(values.length)]!;
}

/** A document with up to three levels; `hasLists`: whether there may be lists in it. */
export function randomDocument(random: RandomInteger, id: number, hasLists: boolean): NaiveDocument {
  return { _id: id, ...randomFields(random, hasLists, 0) };
}

function randomFields(random: RandomInteger, hasLists: boolean, depth: number): NaiveDocument {
  const chosen = names.filter(() => random(3) > 0);
  return Object.fromEntries(chosen.map((name) => [name, randomValue(random, hasLists, depth + 1)]));
}

export function randomValue(random: RandomInteger, hasLists: boolean, depth = 1): NaiveValue {
  const kind = random(depth > 2 ? 6 : 10);
  if (kind < 6) return pick(random, scalars);
  if (kind > 7 || !hasLists) return randomFields(random, hasLists, depth);
  return Array.from({ length: random(4) }, () => randomValue(random, hasLists, depth + 1));
}

export function randomFilter(random: RandomInteger, depth = 0): NaiveFilter {
  if (depth < 2 && random(4) === 0) {
    const branches = Array.from({ length: 1 + random(3) }, () => randomFilter(random, depth + 1));
    return { [pick(random, ["$and", "$or", "$nor"])]: branches };
  }
  const chosen = Array.from({ length: 1 + random(2) }, () => pick(random, paths));
  return Object.fromEntries(chosen.map((path) => [path, randomCondition(random, path)]));
}

function randomCondition(random: RandomInteger, path: string): unknown {
  const value = () => (path === "_id" ? random(200) : randomValue(random, true));
  const condition = () => Object.fromEntries([randomOperator(random, value)]);
  switch (random(6)) {
    case 0:
      return value();
    case 1:
      return { $not: condition() };
    case 2:
      return { ...condition(), ...condition() };
    default:
      return condition();
  }
}

function randomOperator(random: RandomInteger, value: () => NaiveValue): [string, unknown] {
  const operator = pick(random, [
    "$eq",
    "$ne",
    "$gt",
    "$gte",
    "$lt",
    "$lte",
    "$in",
    "$nin",
    "$all",
    "$exists",
    "$size",
    "$type",
    "$mod",
    "$regex",
    "$elemMatch",
  ]);
  switch (operator) {
    case "$in":
    case "$nin":
    case "$all":
      return [operator, Array.from({ length: random(4) }, value)];
    case "$exists":
      return [operator, random(2) === 0];
    case "$size":
      return [operator, random(4)];
    case "$type":
      return [
        operator,
        pick(random, [
          "int",
          "long",
          "double",
          "decimal",
          "number",
          "string",
          "bool",
          "date",
          "null",
          "array",
          "object",
        ]),
      ];
    case "$mod":
      return [operator, [1 + random(3), random(3)]];
    case "$regex":
      return [operator, pick(random, ["^a", "b$", "^a.*b", "a", "^$"])];
    case "$elemMatch":
      return [operator, randomElement(random, value)];
    default:
      return [operator, value()];
  }
}

function randomElement(random: RandomInteger, value: () => NaiveValue): unknown {
  const comparison = () => pick(random, ["$eq", "$gt", "$gte", "$lt", "$lte", "$ne"]);
  if (random(2) === 0) return { [comparison()]: value() };
  return { [pick(random, names)]: { [comparison()]: value() } };
}

/** Keys of an index of up to three paths, and its options. */
export interface RandomIndex {
  readonly key: Readonly<Record<string, 1 | -1>>;
  readonly options: Readonly<Record<string, unknown>>;
}

export function randomIndex(random: RandomInteger): RandomIndex {
  const key: Record<string, 1 | -1> = {};
  for (let i = 0; i <= random(3); i++) key[pick(random, paths.slice(0, -1))] = random(2) === 0 ? 1 : -1;
  if (random(8) === 0) return { key: { "$**": 1 }, options: {} };
  // The order of all documents, as the sorts that are compared need it.
  if (random(2) === 0) key._id = 1;
  const options =
    random(5) === 0
      ? { sparse: true }
      : random(5) === 0
        ? {
            partialFilterExpression: {
              [pick(random, paths)]: {
                [pick(random, ["$gt", "$gte", "$lt", "$eq"])]: pick(random, scalars.slice(1)),
              },
            },
          }
        : {};
  return { key, options };
}
