import { json, problems, type Route, route } from "@weftkit/http";
import Type from "typebox";
import { requireDocumentId } from "../names.ts";
import { collectionNotFound, documentNotFound } from "../problems.ts";
import { requireCollection } from "../storage/collections.ts";
import { findDocument, requireDocument } from "../storage/documents.ts";
import { listVersions } from "../storage/versions.ts";
import type { ApiContext } from "./context.ts";
import { versionJson } from "./representation.ts";
import { documentParams, next, pageQuery, versionSchema } from "./schemas.ts";

export function listVersionsRoute(api: ApiContext): Route {
  return route({
    method: "GET",
    path: "/collections/{name}/versions/{id...}",
    operation: "listVersions",
    tag: "Versions",
    summary: "List the versions of a document",
    description:
      "Newest first; also of a document in the trash. Each can be read with `?version=` of the document.",
    access: { action: "read", object: ({ name }) => name },
    params: documentParams,
    query: pageQuery,
    responses: {
      200: {
        description: "A page of them.",
        content: { "application/json": Type.Object({ versions: Type.Array(versionSchema), next }) },
      },
    },
    problems: [collectionNotFound, documentNotFound, problems.invalidCursor],
    handle: ({ params, query, signal }) =>
      api.store.read(
        (db) => {
          const id = requireDocumentId(params.id);
          const collection = requireCollection(db, params.name);
          const document = findDocument(db, collection, id) ?? requireDocument(db, collection, id);
          const { limit = 100, cursor } = query;
          const listing = `versions ${document.row}`;
          const before =
            cursor === undefined ? Number.MAX_SAFE_INTEGER : (api.cursors.read(listing, cursor) as number);
          const versions = listVersions(db, document.row, before, limit);
          const last = versions.length === limit ? versions.at(-1)!.version : undefined;
          return json(200, {
            versions: versions.map(versionJson),
            next: last === undefined ? null : api.cursors.write(listing, last),
          });
        },
        { signal },
      ),
  });
}
