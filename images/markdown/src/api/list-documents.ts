import { json, problems, type Route, route } from "@weftkit/http";
import Type from "typebox";
import { filterText, parseFilter } from "../fields/filter.ts";
import { parseSort } from "../fields/sort.ts";
import { collectionNotFound, invalidFilter, invalidSort } from "../problems.ts";
import { requireCollection } from "../storage/collections.ts";
import { listDocuments, type Position } from "../storage/list-documents.ts";
import type { ApiContext } from "./context.ts";
import { documentJson } from "./representation.ts";
import { collectionParams, cursor, limit, listedDocumentSchema, next, strict } from "./schemas.ts";
import { requireSortable, sortParameter } from "./sort-parameter.ts";

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
      },
      strict,
    ),
    responses: {
      200: {
        description: "A page of them.",
        content: { "application/json": Type.Object({ documents: Type.Array(listedDocumentSchema), next }) },
      },
    },
    problems: [collectionNotFound, problems.invalidCursor, invalidFilter, invalidSort],
    handle: async ({ params, query, signal }) => {
      const sort = parseSort(query.sort ?? "id");
      const filter = query.filter === undefined ? undefined : parseFilter(query.filter);
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
      return json(200, {
        documents: page.documents.map((document) => documentJson(collection, document)),
        next: page.next === undefined ? null : api.cursors.write(listing, page.next),
      });
    },
  });
}
