import { setImmediate } from "node:timers/promises";
import { WeftkitError } from "@weftkit/core";
import { json, type Route, route } from "@weftkit/http";
import Type from "typebox";
import type { SearchHit, SearchQuery, ShownHit } from "../content.ts";
import { compileFilter } from "../fields/compile-filter.ts";
import { parseFilter } from "../fields/filter.ts";
import { collectionNotFound, invalidFilter, invalidQuery } from "../problems.ts";
import { resultOfRows, searchCollection } from "../search/search-collection.ts";
import { browseDocuments } from "../storage/browse-documents.ts";
import { requireCollection } from "../storage/collections.ts";
import { documentOfRow } from "../storage/documents.ts";
import type { ApiContext } from "./context.ts";
import { filterParameter } from "./list-documents.ts";
import { documentJson } from "./representation.ts";
import { collectionParams, listedDocumentSchema, noQuery, strict } from "./schemas.ts";

/** So long the event loop is held for snippets, and for one more. */
const sliceMs = 5;

const body = Type.Object(
  {
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
    typo: Type.Optional(
      Type.Boolean({ description: "Whether an unknown word may stand for one that is near. Default: true." }),
    ),
    highlight: Type.Optional(
      Type.Boolean({ description: "Whether hits are between `<mark>` and `</mark>`. Default: true." }),
    ),
  },
  strict,
);

const answer = Type.Object({
  hits: Type.Array(
    Type.Object({
      id: Type.String(),
      score: Type.Number({ description: "Higher is better; to be compared within one answer only." }),
      title: Type.String({ description: "HTML when highlighted." }),
      snippet: Type.String({ description: "HTML when highlighted." }),
      document: listedDocumentSchema,
    }),
  ),
  total: Type.Integer(),
  totalIsExact: Type.Boolean({ description: "False when there are more than were counted." }),
  corrections: Type.Array(Type.Object({ from: Type.String(), to: Type.String() })),
  facets: Type.Record(
    Type.String(),
    Type.Array(Type.Object({ value: Type.String(), count: Type.Integer() })),
  ),
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
    problems: [collectionNotFound, invalidFilter, invalidQuery],
    handle: async ({ params, body: { value }, signal }) => {
      const { query = "", limit = 10, offset = 0, filter, ...options } = value;
      const compiled: Pick<SearchQuery, "filter"> =
        filter === undefined ? {} : { filter: compileFilter(parseFilter(filter)) };
      const { hits, ...result } = await api.store.read(
        (db) => {
          const collection = requireCollection(db, params.name);
          const search = { query, limit, offset, ...options, ...compiled };
          const { hits, ...result } = isEmpty(query)
            ? resultOfRows(db, browseDocuments(db, collection.row, compiled.filter), search)
            : searchOrRefuse(db, collection.row, search);
          const read = hits.map(({ documentRow, score, shown }) => {
            const document = documentOfRow(db, documentRow);
            return { id: document.id, score, shown, document: documentJson(collection, document) };
          });
          return { ...result, hits: read };
        },
        { signal },
      );
      return json(200, { ...result, hits: await shownHits(hits, signal) });
    },
  });
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
function searchOrRefuse(...call: Parameters<typeof searchCollection>): ReturnType<typeof searchCollection> {
  try {
    return searchCollection(...call);
  } catch (error) {
    if (error instanceof WeftkitError && error.code === "invalid_query") throw invalidQuery(error.message);
    throw error;
  }
}
