import { setImmediate } from "node:timers/promises";
import { WeftkitError } from "@weftkit/core";
import { type Answer, json, problems, type Route, route } from "@weftkit/http";
import type { Database } from "@weftkit/store";
import Type, { type Static } from "typebox";
import type { SearchHit, SearchQuery, ShownHit } from "../content.ts";
import { compileFilter } from "../fields/compile-filter.ts";
import { parseFilter } from "../fields/filter.ts";
import { parseSort, type Sort } from "../fields/sort.ts";
import { collectionNotFound, invalidFilter, invalidQuery, invalidSort } from "../problems.ts";
import { findDocuments } from "../search/find-documents.ts";
import { type FoundDocuments, foundRows, resultOf } from "../search/found-documents.ts";
import { browseDocuments, countedMax } from "../storage/browse-documents.ts";
import { type Collection, listCollections, requireCollection } from "../storage/collections.ts";
import { documentOfRow } from "../storage/documents.ts";
import { orderRows } from "../storage/order-rows.ts";
import type { ApiContext } from "./context.ts";
import { filterParameter } from "./list-documents.ts";
import { documentJson } from "./representation.ts";
import {
  collectionParams,
  facetsSchema,
  listedDocumentSchema,
  noParams,
  noQuery,
  strict,
  totalMembers,
} from "./schemas.ts";
import { requireSortable, sortParameter } from "./sort-parameter.ts";

/** So long the event loop is held for snippets, and for one more. */
const sliceMs = 5;
/** Collections of one search. */
const collectionsMax = 20;

const members = {
  query: Type.Optional(
    Type.String({
      maxLength: 1024,
      description:
        'Words; `"a phrase"`, `begin*`, `-without`, `one OR other`. Without any, or `*`: all documents, those that were changed last first.',
    }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: "Default: 10." })),
  offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000, description: "Default: 0." })),
  filter: filterParameter,
  facets: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
      maxItems: 10,
      description: "Fields whose values are counted over all hits.",
    }),
  ),
  fields: Type.Optional(
    Type.Array(Type.Enum(["title", "headings", "tags", "text"]), {
      minItems: 1,
      maxItems: 4,
      description: "Where to search. Default: everywhere.",
    }),
  ),
  sort: sortParameter(
    "the best first; without words those that were changed last. Of what is in very many documents, only those that are counted are sorted",
  ),
  prefixLast: Type.Optional(
    Type.Boolean({
      description:
        "Whether the last word of the query may also be the beginning of one, as while somebody types. Default: false.",
    }),
  ),
  typo: Type.Optional(
    Type.Boolean({ description: "Whether an unknown word may stand for one that is near. Default: true." }),
  ),
  highlight: Type.Optional(
    Type.Boolean({ description: "Whether hits are between `<mark>` and `</mark>`. Default: true." }),
  ),
};

const body = Type.Object(members, strict);

const bodyOfSeveral = Type.Object(
  {
    collections: Type.Optional(
      Type.Array(Type.String({ maxLength: 128 }), {
        minItems: 1,
        maxItems: collectionsMax,
        uniqueItems: true,
        description: "Where to search. Default: all that may be read, when they are no more.",
      }),
    ),
    ...members,
  },
  strict,
);

const answer = Type.Object({
  hits: Type.Array(
    Type.Object({
      collection: Type.String(),
      id: Type.String(),
      score: Type.Number({
        description:
          "Higher is better; to be compared within one answer only. 0 where they are sorted otherwise.",
      }),
      title: Type.String({ description: "HTML when highlighted." }),
      snippet: Type.String({ description: "HTML when highlighted." }),
      document: listedDocumentSchema,
    }),
  ),
  ...totalMembers,
  corrections: Type.Array(Type.Object({ from: Type.String(), to: Type.String() })),
  facets: facetsSchema,
});

export function searchRoute(api: ApiContext): Route {
  return route({
    method: "POST",
    path: "/collections/{name}/search",
    operation: "search",
    tag: "Search",
    summary: "Full-text search",
    access: { action: "read", object: ({ name }) => name },
    params: collectionParams,
    query: noQuery,
    body: { "application/json": { kind: "json", bytesMax: 65_536, schema: body } },
    responses: { 200: { description: "The best documents first.", content: { "application/json": answer } } },
    problems: [collectionNotFound, invalidFilter, invalidQuery, invalidSort],
    handle: async ({ params, body: { value }, signal }) => {
      const wanted = wantedOf(value);
      const { search, order } = wanted;
      const result = await api.store.read(
        (db) => {
          const collection = requireCollection(db, params.name);
          if (order !== undefined) requireSortable(db, [collection], order);
          return resultIn(db, [collection], [findIn(db, collection, search, countedMax)], wanted);
        },
        { signal },
      );
      return json(200, { ...result, hits: await shownHits(result.hits, signal) });
    },
  });
}

export function searchSeveralRoute(api: ApiContext): Route {
  return route({
    method: "POST",
    path: "/search",
    operation: "searchCollections",
    tag: "Search",
    summary: "Full-text search in several collections",
    description: `In at most ${collectionsMax}, as in one: the best documents of all of them first, facets and totals over all of them.`,
    access: { action: "read" },
    params: noParams,
    query: noQuery,
    body: { "application/json": { kind: "json", bytesMax: 65_536, schema: bodyOfSeveral } },
    responses: { 200: { description: "The best documents first.", content: { "application/json": answer } } },
    problems: [collectionNotFound, invalidFilter, invalidQuery, invalidSort],
    handle: ({ body: { value }, user, signal }) => {
      const { collections: names, ...search } = value;
      const mayRead = (name: string) => user.can("read", name);
      const forbidden = names?.find((name) => !mayRead(name));
      if (forbidden !== undefined) {
        throw problems.forbidden(`${user.user} may not read the collection ${forbidden}`);
      }
      const collections = (db: Database) =>
        names?.map((name) => requireCollection(db, name)) ?? readableCollections(db, mayRead);
      return searchSeveral(api, collections, wantedOf(search), signal);
    },
  });
}

/** @throws Problem `invalid-request` when there are more than are searched at once */
function readableCollections(db: Database, mayRead: (name: string) => boolean): Collection[] {
  const found: Collection[] = [];
  let after = "";
  for (;;) {
    const page = listCollections(db, after, collectionsMax);
    found.push(...page.filter(({ name }) => mayRead(name)));
    if (found.length > collectionsMax) {
      throw problems.invalidRequest(
        `there are more than ${collectionsMax} collections: say which to search`,
        {
          errors: [{ in: "body", pointer: "/collections", detail: "is missing" }],
        },
      );
    }
    const last = page.at(-1);
    if (last === undefined) return found;
    after = last.name;
  }
}

/** What is searched for, and in which order it is wanted. */
interface Wanted {
  readonly search: SearchQuery;
  readonly order: Sort | undefined;
}

function wantedOf({
  query = "",
  limit = 10,
  offset = 0,
  filter,
  sort,
  ...options
}: Static<typeof body>): Wanted {
  const compiled = filter === undefined ? {} : { filter: compileFilter(parseFilter(filter)) };
  return {
    search: { query, limit, offset, ...options, ...compiled },
    order: sort === undefined ? undefined : parseSort(sort),
  };
}

/** Searches in one state of the collections; others have their turn between two of them. */
async function searchSeveral(
  api: ApiContext,
  collectionsIn: (db: Database) => readonly Collection[],
  { search, order }: Wanted,
  signal: AbortSignal,
): Promise<Answer> {
  const snapshot = await api.store.snapshot({ signal });
  try {
    const collections = await snapshot.read((db) => {
      const found = collectionsIn(db);
      if (order !== undefined) requireSortable(db, found, order);
      return found;
    });
    const found: FoundDocuments[] = [];
    let left = countedMax;
    for (const collection of collections) {
      signal.throwIfAborted();
      const one = await snapshot.read((db) => findIn(db, collection, search, left));
      found.push(one);
      left -= one.total;
    }
    const newestFirst = isEmpty(search.query) ? parseSort("-meta.updatedAt") : undefined;
    const result = await snapshot.read((db) =>
      resultIn(db, collections, found, { search, order: order ?? newestFirst }),
    );
    return json(200, { ...result, hits: await shownHits(result.hits, signal) });
  } finally {
    snapshot.release();
  }
}

function resultIn(
  db: Database,
  collections: readonly Collection[],
  found: readonly FoundDocuments[],
  { search, order }: Wanted,
) {
  const { hits, ...result } = resultOf(
    db,
    found,
    search,
    order && ((db, rows) => orderRows(db, rows, order)),
  );
  return { ...result, hits: hits.map((hit) => hitIn(db, collections, hit)) };
}

function findIn(db: Database, { row }: Collection, search: SearchQuery, left: number): FoundDocuments {
  if (left <= 0) return foundRows(row, { rows: [], isComplete: false });
  if (isEmpty(search.query))
    return foundRows(row, browseDocuments(db, row, { filter: search.filter, countedMax: left }));
  return findOrRefuse(db, row, search);
}

function hitIn(
  db: Database,
  collections: readonly Collection[],
  { collectionRow, documentRow, score, shown }: SearchHit,
) {
  const collection = collections.find(({ row }) => row === collectionRow)!;
  const document = documentOfRow(db, documentRow);
  return {
    collection: collection.name,
    id: document.id,
    score,
    shown,
    document: documentJson(collection, document),
  };
}

/** Whether a query says nothing of words. */
function isEmpty(query: string): boolean {
  return /^\s*\*?\s*$/.test(query);
}

/** Others have their turn between the snippets of long texts. */
async function shownHits<Hit extends Pick<SearchHit, "shown">>(
  hits: readonly Hit[],
  signal: AbortSignal,
): Promise<(Omit<Hit, "shown"> & ShownHit)[]> {
  const all = [];
  let sliceEndsMs = performance.now() + sliceMs;
  for (const { shown, ...hit } of hits) {
    if (performance.now() > sliceEndsMs) {
      await setImmediate();
      signal.throwIfAborted();
      sliceEndsMs = performance.now() + sliceMs;
    }
    all.push({ ...hit, ...shown() });
  }
  return all;
}

/** What is wrong with a query is the client's to know. */
function findOrRefuse(...call: Parameters<typeof findDocuments>): FoundDocuments {
  try {
    return findDocuments(...call);
  } catch (error) {
    if (error instanceof WeftkitError && error.code === "invalid_query") throw invalidQuery(error.message);
    throw error;
  }
}
