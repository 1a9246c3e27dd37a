import { empty, json, problems, type Route, route } from "@weftkit/http";
import Type from "typebox";
import { requireDocumentId } from "../names.ts";
import { collectionNotFound, documentNotFound } from "../problems.ts";
import { requireCollection } from "../storage/collections.ts";
import { findDocument } from "../storage/documents.ts";
import { listTrash, purgeDocument } from "../storage/trash.ts";
import type { ApiContext } from "./context.ts";
import { pageOf } from "./listing.ts";
import { documentJson } from "./representation.ts";
import {
  collectionParams,
  documentParams,
  listedDocumentSchema,
  next,
  noQuery,
  pageQuery,
} from "./schemas.ts";

const tag = "Trash";

export function listTrashRoute(api: ApiContext): Route {
  return route({
    method: "GET",
    path: "/collections/{name}/trash",
    operation: "listTrash",
    tag,
    summary: "List deleted documents",
    description: "By id. `meta.deletedAt` and `meta.deletedBy` say when and by whom.",
    access: { action: "read", object: ({ name }) => name },
    params: collectionParams,
    query: pageQuery,
    responses: {
      200: {
        description: "A page of them.",
        content: { "application/json": Type.Object({ documents: Type.Array(listedDocumentSchema), next }) },
      },
    },
    problems: [collectionNotFound, problems.invalidCursor],
    handle: ({ params, query, signal }) =>
      api.store.read(
        (db) => {
          const collection = requireCollection(db, params.name);
          const page = pageOf(api.cursors, query, {
            name: `trash ${collection.row}`,
            start: "",
            list: (after, limit) => listTrash(db, collection, after, limit),
            positionOf: ({ id }) => id,
          });
          const documents = page.items.map((document) => documentJson(collection, document));
          return json(200, { documents, next: page.next });
        },
        { signal },
      ),
  });
}

export function purgeRoute(api: ApiContext): Route {
  return route({
    method: "DELETE",
    path: "/collections/{name}/trash/{id...}",
    operation: "purgeDocument",
    tag,
    summary: "Delete a document for good",
    description: "One that is in the trash, with all its versions.",
    access: { action: "write", object: ({ name }) => name },
    params: documentParams,
    query: noQuery,
    responses: { 204: { description: "It is gone." } },
    problems: [collectionNotFound, documentNotFound],
    handle: async ({ params, user, signal }) => {
      const id = requireDocumentId(params.id);
      await api.write((db) => {
        const collection = requireCollection(db, params.name);
        const document = findDocument(db, collection, id);
        if (document === undefined || document.deletedAt === null) {
          throw documentNotFound(`there is no document ${id} in the trash of ${collection.name}`);
        }
        purgeDocument(db, collection.row, document, { at: Date.now(), author: user.user });
      }, signal);
      return empty(204);
    },
  });
}
