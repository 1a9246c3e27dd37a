import { json, problems, type Route, route } from "@weftkit/http";
import type { Database } from "@weftkit/store";
import Type from "typebox";
import { type Backlink, type BacklinkPosition, backlinksTo } from "../links/backlinks.ts";
import { type Renamed, renameDocument } from "../links/rename.ts";
import { requireDocumentId } from "../names.ts";
import {
  collectionNotFound,
  documentExists,
  documentNotFound,
  documentTooLarge,
  invalidDocumentId,
  pathConflict,
  tooManyLinks,
} from "../problems.ts";
import { requireCollection } from "../storage/collections.ts";
import { requireDocument, type StoredDocument } from "../storage/documents.ts";
import type { ApiContext } from "./context.ts";
import { entityTag, requirePreconditions } from "./entity-tag.ts";
import { pageOf } from "./listing.ts";
import { documentAddress, documentJson } from "./representation.ts";
import {
  documentParams,
  listedDocumentSchema,
  next,
  noQuery,
  pageQuery,
  strict,
  writtenLink,
} from "./schemas.ts";

const tag = "Links";

export function backlinksRoute(api: ApiContext): Route {
  return route({
    method: "GET",
    path: "/collections/{name}/backlinks/{id...}",
    operation: "listBacklinks",
    tag,
    summary: "List the links to a document",
    description: "`[[wiki links]]` and `[Markdown](links.md)` that mean it now.",
    access: { action: "read", object: ({ name }) => name },
    params: documentParams,
    query: pageQuery,
    responses: {
      200: {
        description: "A page of them, by the document that they are in.",
        content: {
          "application/json": Type.Object({
            backlinks: Type.Array(
              Type.Object({
                id: Type.String({ description: "The document that the link is in." }),
                title: Type.String(),
                ...writtenLink,
              }),
            ),
            next,
          }),
        },
      },
    },
    problems: [collectionNotFound, documentNotFound, problems.invalidCursor],
    handle: ({ params, query, signal }) =>
      api.store.read(
        (db) => {
          const collection = requireCollection(db, params.name);
          const document = requireDocument(db, collection, requireDocumentId(params.id));
          const { items, next } = pageOf<Backlink, BacklinkPosition>(api.cursors, query, {
            name: `backlinks ${document.row}`,
            start: ["", -1],
            list: (after, limit) => backlinksTo(db, collection, document, after, limit),
            positionOf: ({ source, position }) => [source, position],
          });
          const backlinks = items.map(({ source, sourceTitle, kind, target, anchor, label }) => {
            return { id: source, title: sourceTitle, kind, target, anchor, label };
          });
          return json(200, { backlinks, next });
        },
        { signal },
      ),
  });
}

export function renameRoute(api: ApiContext): Route {
  return route({
    method: "POST",
    path: "/collections/{name}/rename/{id...}",
    operation: "renameDocument",
    tag,
    summary: "Rename a document",
    description:
      "Gives it another id, and rewrites the links to it in all other documents, each as a new version, in one transaction.",
    access: { action: "write", object: ({ name }) => name },
    params: documentParams,
    query: noQuery,
    body: {
      "application/json": {
        kind: "json",
        bytesMax: 16_384,
        schema: Type.Object(
          { to: Type.String({ minLength: 1, maxLength: 1024, description: "The new id." }) },
          strict,
        ),
      },
    },
    responses: {
      200: {
        description: "The document under its new id, and in how many others links were rewritten.",
        content: {
          "application/json": Type.Object({ document: listedDocumentSchema, relinked: Type.Integer() }),
        },
        headers: { etag: "The new version.", location: "Its new address." },
      },
    },
    problems: [
      collectionNotFound,
      documentNotFound,
      invalidDocumentId,
      documentExists,
      pathConflict,
      tooManyLinks,
      documentTooLarge,
      problems.preconditionFailed,
    ],
    handle: async ({ params, body, headers, user, signal }) => {
      const id = requireDocumentId(params.id);
      const to = requireDocumentId(body.value.to);
      const check = (document: StoredDocument) => requirePreconditions(headers, document);
      const { name } = params;
      const { collection, document, relinked } =
        to === id
          ? await api.store.read((db) => asItIs(db, name, id, check), { signal })
          : await renameDocument(api, { collection: name, id, to, author: user.user, check }, signal);
      return json(
        200,
        { document: documentJson(collection, document), relinked },
        { etag: entityTag(document), location: documentAddress(collection.name, document.id) },
      );
    },
  });
}

/** A document that has the id already. */
function asItIs(db: Database, name: string, id: string, check: (document: StoredDocument) => void): Renamed {
  const collection = requireCollection(db, name);
  const document = requireDocument(db, collection, id);
  check(document);
  return { collection, document, relinked: 0 };
}
