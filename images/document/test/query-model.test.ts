import { randomIntegers } from "@weftkit/testing/random-numbers";
import type { Collection } from "mongodb";
import { expect, test } from "vitest";
import { inOrder, matches, type NaiveDocument, type NaiveFilter } from "./naive-query.ts";
import {
  paths,
  type RandomIndex,
  type RandomInteger,
  randomDocument,
  randomFilter,
  randomIndex,
  randomValue,
} from "./random-documents.ts";
import { RunningEngine } from "./running-engine.ts";

/** More, and others, are asked by hand: WEFTKIT_MODEL_QUERIES=100000 WEFTKIT_MODEL_SEED=7. */
const queries = Number(process.env.WEFTKIT_MODEL_QUERIES ?? 200);
const seed = Number(process.env.WEFTKIT_MODEL_SEED ?? 1);
/** What a number in a path sorts by depends on whether it names an element or a field of one. */
const sortedPaths = paths.filter((path) => !/\d/.test(path));
const documentsMax = 60;
const queriesOfOneSet = 100;
/** Codes of createIndexes and of writes: CannotIndexParallelArrays; IndexOptionsConflict, IndexKeySpecsConflict. */
const parallelLists = 171;
const sameIndex = [85, 86];

test(
  `${queries} random queries give what a naive model gives, with indexes and without (seed ${seed})`,
  { timeout: 120_000 + queries * 100 },
  async () => {
    const client = await (await RunningEngine.start()).client();
    const random = randomIntegers(seed);
    for (let done = 0; done < queries; done += queriesOfOneSet) {
      const hasLists = random(2) === 0;
      const documents = Array.from({ length: documentsMax }, (_, id) => randomDocument(random, id, hasLists));
      const db = client.db("model");
      await db.dropDatabase();
      const plain = db.collection<NaiveDocument>("plain");
      const indexed = db.collection<NaiveDocument>("indexed");
      await plain.insertMany(documents as never[]);
      await indexed.insertMany(documents as never[]);
      const indexes = await makeIndexes(indexed, random);
      for (let i = 0; i < queriesOfOneSet; i++) {
        if (i === queriesOfOneSet / 2) await change(random, documents, hasLists, [indexed, plain]);
        await compareOnce(random, documents, { plain, indexed }, indexes);
      }
    }
  },
);

/** Makes up to four; those for which a document has lists on two of their paths are refused by MongoDB. */
async function makeIndexes(
  collection: Collection<NaiveDocument>,
  random: RandomInteger,
): Promise<RandomIndex[]> {
  const made: RandomIndex[] = [];
  for (let i = 0; i < 4; i++) {
    const index = randomIndex(random);
    const { key, options } = index;
    const refused = await collection
      .createIndex(key as never, { ...options, name: `index${i}` })
      .then(() => undefined)
      .catch((error: unknown) => error);
    if (refused === undefined) made.push(index);
    else expect(refused).toMatchObject({ code: expect.toBeOneOf([parallelLists, ...sameIndex]) });
  }
  return made;
}

/** The same changes for the documents here and those of the collections; not those that an index refuses. */
async function change(
  random: RandomInteger,
  documents: NaiveDocument[],
  hasLists: boolean,
  [indexed, plain]: readonly [Collection<NaiveDocument>, Collection<NaiveDocument>],
): Promise<void> {
  for (let i = 0; i < documentsMax / 3; i++) {
    const id = random(documentsMax);
    const name = ["a", "b", "c"][random(3)]!;
    const value = randomValue(random, hasLists);
    const isRemoved = random(4) === 0;
    const update = isRemoved ? { $unset: { [name]: "" } } : { $set: { [name]: value } };
    const refused = await indexed
      .updateOne({ _id: id } as never, update as never)
      .then(() => undefined)
      .catch((error: unknown) => error);
    if (refused !== undefined) {
      expect(refused).toMatchObject({ code: parallelLists });
      continue;
    }
    await plain.updateOne({ _id: id } as never, update as never);
    const { [name]: _, ...others } = documents[id]!;
    documents[id] = isRemoved ? others : { ...documents[id]!, [name]: value };
  }
}

async function compareOnce(
  random: RandomInteger,
  documents: readonly NaiveDocument[],
  collections: Readonly<Record<string, Collection<NaiveDocument>>>,
  indexes: readonly RandomIndex[],
): Promise<void> {
  const filter = randomFilter(random);
  const path = sortedPaths[random(sortedPaths.length)]!;
  const direction = random(2) === 0 ? 1 : -1;
  const [skip, limit] = random(2) === 0 ? [0, 0] : [random(5), 1 + random(10)];
  const found = documents.filter((document) => matches(document, filter));
  const sorted = inOrder(found, path, direction).map(({ _id }) => _id);
  const expected = sorted.slice(skip, limit === 0 ? undefined : skip + limit);
  for (const [name, collection] of Object.entries(collections)) {
    const told = JSON.stringify({ seed, name, filter: shown(filter), path, direction, indexes }, null, 1);
    const sort = path === "_id" ? { _id: direction } : { [path]: direction, _id: 1 };
    const answer = await collection
      .find(filter as never)
      .sort(sort as never)
      .skip(skip)
      .limit(limit)
      .toArray();
    expect(
      answer.map(({ _id }) => _id),
      told,
    ).toEqual(expected);
    expect(await collection.countDocuments(filter as never), told).toBe(found.length);
    const unordered = await collection.find(filter as never, { projection: { [path]: 1 } }).toArray();
    expect(
      unordered.map(({ _id }) => Number(_id)).sort((a, b) => a - b),
      told,
    ).toEqual(found.map(({ _id }) => _id));
  }
}

/** Types and special numbers can be told apart in it. */
function shown(filter: NaiveFilter): string {
  return JSON.stringify(filter, (_, value) =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value,
  );
}
