import { json, problems, type Route, route } from "@weftkit/http";
import Type from "typebox";
import { requireDocumentId } from "../names.ts";
import { collectionNotFound, documentNotFound } from "../problems.ts";
import { requireCollection } from "../storage/collections.ts";
import { findDocument, requireDocument } from "../storage/documents.ts";
import { listVersions } from "../storage/versions.ts";
import type { ApiContext } from "./context.ts";
import { pageOf } from "./listing.ts";
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
          const { items, next } = pageOf(api.cursors, query, {
            name: `versions ${document.row}`,
            start: Number.MAX_SAFE_INTEGER,
            list: (before, limit) => listVersions(db, document.row, before, limit),
            positionOf: ({ version }) => version,
          });
          return json(200, { versions: items.map(versionJson), next });
        },
        { signal },
      ),
  });
}
