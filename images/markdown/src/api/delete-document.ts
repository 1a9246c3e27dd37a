import { empty, problems, type Route, route } from "@weftkit/http";
import { requireDocumentId } from "../names.ts";
import { collectionNotFound, documentNotFound } from "../problems.ts";
import { requireCollection } from "../storage/collections.ts";
import { requireDocument } from "../storage/documents.ts";
import { deleteDocument } from "../storage/trash.ts";
import type { ApiContext } from "./context.ts";
import { requirePreconditions } from "./entity-tag.ts";
import { documentParams, noQuery } from "./schemas.ts";

export function deleteDocumentRoute(api: ApiContext): Route {
  return route({
    method: "DELETE",
    path: "/collections/{name}/documents/{id...}",
    operation: "deleteDocument",
    tag: "Documents",
    summary: "Delete a document",
    description: "It goes to the trash, from where it can be restored with all its versions.",
    access: { action: "write", object: ({ name }) => name },
    params: documentParams,
    query: noQuery,
    responses: { 204: { description: "It is in the trash." } },
    problems: [collectionNotFound, documentNotFound, problems.preconditionFailed],
    handle: async ({ params, headers, user, signal }) => {
      const id = requireDocumentId(params.id);
      await api.write((db) => {
        const collection = requireCollection(db, params.name);
        const document = requireDocument(db, collection, id);
        requirePreconditions(headers, document);
        deleteDocument(db, collection, document, { at: Date.now(), author: user.user });
      }, signal);
      return empty(204);
    },
  });
}
