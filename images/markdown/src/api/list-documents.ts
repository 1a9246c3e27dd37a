import { json, problems, type Route, route } from "@weftkit/http";
import type { Database } from "@weftkit/store";
import Type from "typebox";
import { compileFilter } from "../fields/compile-filter.ts";
import { filterText, parseFilter } from "../fields/filter.ts";
import { parseSort } from "../fields/sort.ts";
import { collectionNotFound, invalidFilter, invalidSort } from "../problems.ts";
import { countFacets } from "../search/facets.ts";
import { browseDocuments, countedMax } from "../storage/browse-documents.ts";
import { requireCollection } from "../storage/collections.ts";
import { type Listing, listDocuments, type Position } from "../storage/list-documents.ts";
import type { ApiContext } from "./context.ts";
import { documentJson } from "./representation.ts";
import {
  collectionParams,
  cursor,
  facetsSchema,
  limit,
  listedDocumentSchema,
  next,
  strict,
  totalMembers,
} from "./schemas.ts";
import { requireSortable, sortParameter } from "./sort-parameter.ts";

/** Fields that are counted at once. */
const facetsMax = 10;

export const filterParameter = Type.Optional(
  Type.String({
    maxLength: 4096,
    description:
      'Which documents: `status = "draft" and (year >= 2020 or tags in (guide, intro))`. Operators are =, !=, <, <=, >, >=, in, exists, and, or, not; names are fields (`address.city`), `id`, and `meta.title`, `meta.createdAt`, `meta.createdBy`, `meta.updatedAt`, `meta.updatedBy`, `meta.version`, `meta.size`.',
  }),
);

export function listDocumentsRoute(api: ApiContext): Route {
  return route({
    method: "GET",
    path: "/collections/{name}/documents",
    operation: "listDocuments",
    tag: "Documents",
    summary: "List documents",
    description: "Without their content.",
    access: { action: "read", object: ({ name }) => name },
    params: collectionParams,
    query: Type.Object(
      {
        limit,
        cursor,
        filter: filterParameter,
        sort: sortParameter("`id`"),
        prefix: Type.Optional(
          Type.String({ maxLength: 1024, description: "What ids begin with: `guides/`." }),
        ),
        total: Type.Optional(
          Type.Enum(["true", "false"], {
            description: "Whether to say how many documents there are on all pages. Default: false.",
          }),
        ),
        facets: Type.Optional(
          Type.String({
            minLength: 1,
            maxLength: 2600,
            description:
              "Fields whose values are counted over the documents of all pages, up to 10, separated by commas: `tags,status`. They come with the total.",
          }),
        ),
      },
      strict,
    ),
    responses: {
      200: {
        description: "A page of them.",
        content: {
          "application/json": Type.Object({
            documents: Type.Array(listedDocumentSchema),
            next,
            total: Type.Optional(totalMembers.total),
            totalIsExact: Type.Optional(totalMembers.totalIsExact),
            facets: Type.Optional(facetsSchema),
          }),
        },
      },
    },
    problems: [collectionNotFound, problems.invalidCursor, invalidFilter, invalidSort],
    handle: async ({ params, query, signal }) => {
      const sort = parseSort(query.sort ?? "id");
      const filter = query.filter === undefined ? undefined : parseFilter(query.filter);
      const facets = facetsOf(query.facets);
      const prefix = (query.prefix ?? "").normalize("NFC");
      const collection = await api.store.read(
        (db) => {
          const found = requireCollection(db, params.name);
          if (query.cursor === undefined) requireSortable(db, [found], sort);
          return found;
        },
        { signal },
      );
      const order = `${sort.descending ? "-" : ""}${sort.name}`;
      const listing = JSON.stringify(["documents", collection.row, order, prefix, filterText(filter)]);
      const from =
        query.cursor === undefined ? undefined : (api.cursors.read(listing, query.cursor) as Position);
      const page = await listDocuments(
        api.store,
        { collection: params.name, prefix, filter, sort },
        from,
        query.limit ?? 100,
        signal,
      );
      const isCounted = query.total === "true" || facets !== undefined;
      const counts = isCounted
        ? await api.store.read((db) => countsOf(db, params.name, { prefix, filter, facets }), { signal })
        : {};
      return json(200, {
        ...counts,
        documents: page.documents.map((document) => documentJson(collection, document)),
        next: page.next === undefined ? null : api.cursors.write(listing, page.next),
      });
    },
  });
}

/** @throws Problem `invalid-request` */
function facetsOf(text: string | undefined): string[] | undefined {
  const names = text?.split(",").map((name) => name.trim());
  if (names === undefined || (names.length <= facetsMax && names.every((name) => name !== ""))) return names;
  throw problems.invalidRequest(`facets are up to ${facetsMax} names of fields, separated by commas`, {
    errors: [
      { in: "query", pointer: "/facets", detail: `has more than ${facetsMax} names, or an empty one` },
    ],
  });
}

/** What is said of the documents of all pages. */
function countsOf(
  db: Database,
  name: string,
  { prefix, filter, facets }: Pick<Listing, "prefix" | "filter"> & { readonly facets: string[] | undefined },
) {
  const collection = requireCollection(db, name);
  if (facets === undefined && filter === undefined && prefix === "") {
    return { total: collection.documents, totalIsExact: true };
  }
  const compiled = filter === undefined ? {} : { filter: compileFilter(filter) };
  const found = browseDocuments(db, collection.row, { ...compiled, prefix, countedMax });
  return {
    total: found.rows.length,
    totalIsExact: found.isComplete,
    ...(facets !== undefined && { facets: countFacets(db, facets, found.rows) }),
  };
}
