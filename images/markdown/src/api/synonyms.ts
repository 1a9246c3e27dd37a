import { type Answer, json, type Route, route } from "@weftkit/http";
import Type from "typebox";
import { collectionNotFound, invalidSynonyms } from "../problems.ts";
import {
  foldSynonyms,
  listSynonyms,
  replaceSynonyms,
  type Synonyms,
  synonymsPerWordMax,
  synonymWordsMax,
  wordsPerSynonymMax,
} from "../search/synonyms.ts";
import { requireCollection } from "../storage/collections.ts";
import type { ApiContext } from "./context.ts";
import { collectionParams, noQuery, strict } from "./schemas.ts";

const tag = "Search";
/** Holds as many synonyms as there may be, of 40 bytes on average. */
const bytesMax = 1_048_576;

/** Any member is a word; the pattern that typebox has for it leaves out those with line ends, and so their values. */
const anyText = Type.String({ pattern: "^[\\s\\S]*$" });
const synonyms = Type.Record(anyText, Type.Array(Type.String()), {
  description: `By word: what is searched, too. At most ${synonymWordsMax} words, ${synonymsPerWordMax} synonyms of each, ${wordsPerSynonymMax} words in each of them.`,
});

export function getSynonymsRoute(api: ApiContext): Route {
  return route({
    method: "GET",
    path: "/collections/{name}/synonyms",
    operation: "getSynonyms",
    tag,
    summary: "Get the synonyms of a collection",
    access: { action: "read", object: ({ name }) => name },
    params: collectionParams,
    query: noQuery,
    responses: {
      200: {
        description: "All of them, as they are searched: without case and diacritics.",
        content: { "application/json": Type.Object({ synonyms }) },
      },
    },
    problems: [collectionNotFound],
    handle: ({ params, signal }) =>
      api.store.read((db) => synonymsAnswer(listSynonyms(db, requireCollection(db, params.name).row)), {
        signal,
      }),
  });
}

export function replaceSynonymsRoute(api: ApiContext): Route {
  return route({
    method: "PUT",
    path: "/collections/{name}/synonyms",
    operation: "replaceSynonyms",
    tag,
    summary: "Replace the synonyms of a collection",
    description:
      "All of them: `{}` removes them. A search for a word finds its synonyms, too, words and phrases; not the other way round. Holds from the next search on.",
    access: { action: "schema", object: ({ name }) => name },
    params: collectionParams,
    query: noQuery,
    body: { "application/json": { kind: "json", bytesMax, schema: Type.Object({ synonyms }, strict) } },
    responses: {
      200: {
        description: "They are replaced; these are stored, without case and diacritics.",
        content: { "application/json": Type.Object({ synonyms }) },
      },
    },
    problems: [collectionNotFound, invalidSynonyms],
    handle: ({ params, body: { value }, signal }) => {
      const folded = foldSynonyms(value.synonyms);
      return api.write((db) => {
        const { row } = requireCollection(db, params.name);
        replaceSynonyms(db, row, folded);
        return synonymsAnswer(listSynonyms(db, row));
      }, signal);
    },
  });
}

function synonymsAnswer(found: Synonyms): Answer {
  return json(200, { synonyms: Object.fromEntries(found) });
}
