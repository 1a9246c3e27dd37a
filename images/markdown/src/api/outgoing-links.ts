import { json, problems, type Route, route } from "@weftkit/http";
import Type from "typebox";
import { brokenLinks, type LinkPosition, type OutgoingLink, outgoingLinks } from "../links/outgoing.ts";
import { requireDocumentId } from "../names.ts";
import { collectionNotFound, documentNotFound } from "../problems.ts";
import { requireCollection } from "../storage/collections.ts";
import { requireDocument } from "../storage/documents.ts";
import type { ApiContext } from "./context.ts";
import { pageOf } from "./listing.ts";
import { collectionParams, documentParams, next, pageQuery, writtenLink } from "./schemas.ts";

const tag = "Links";

export function linksRoute(api: ApiContext): Route {
  return route({
    method: "GET",
    path: "/collections/{name}/links/{id...}",
    operation: "listLinks",
    tag,
    summary: "List the links of a document",
    description: "Those inside the collection, with the document or the attachment that each means now.",
    access: { action: "read", object: ({ name }) => name },
    params: documentParams,
    query: pageQuery,
    responses: {
      200: {
        description: "A page of them, in the order of the text.",
        content: {
          "application/json": Type.Object({
            links: Type.Array(
              Type.Object({
                ...writtenLink,
                document: Type.Union([Type.String(), Type.Null()], { description: "An id." }),
                attachment: Type.Union([Type.String(), Type.Null()], { description: "A path." }),
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
          const { items, next } = pageOf<OutgoingLink, number>(api.cursors, query, {
            name: `links ${document.row} ${document.version}`,
            start: -1,
            list: (after, limit) => outgoingLinks(db, collection, document, after, limit),
            positionOf: ({ position }) => position,
          });
          return json(200, { links: items.map(({ source, position, ...link }) => link), next });
        },
        { signal },
      ),
  });
}

export function brokenLinksRoute(api: ApiContext): Route {
  return route({
    method: "GET",
    path: "/collections/{name}/broken-links",
    operation: "listBrokenLinks",
    tag,
    summary: "List the links that lead nowhere",
    description:
      "A page may have fewer than `limit`, or none, and be followed by another: go on until `next` is null.",
    access: { action: "read", object: ({ name }) => name },
    params: collectionParams,
    query: pageQuery,
    responses: {
      200: {
        description: "A page of them, by the document that they are in.",
        content: {
          "application/json": Type.Object({
            links: Type.Array(
              Type.Object({
                id: Type.String({ description: "The document that the link is in." }),
                ...writtenLink,
              }),
            ),
            next,
          }),
        },
      },
    },
    problems: [collectionNotFound, problems.invalidCursor],
    handle: ({ params, query: { limit = 100, cursor }, signal }) =>
      api.store.read(
        (db) => {
          const collection = requireCollection(db, params.name);
          const listing = `broken links ${collection.row}`;
          const after = cursor === undefined ? ["", -1] : api.cursors.read(listing, cursor);
          const { links, last } = brokenLinks(db, collection, after as LinkPosition, limit);
          return json(200, {
            links: links.map(({ source, position, document, attachment, ...link }) => {
              return { id: source, ...link };
            }),
            next: last === undefined ? null : api.cursors.write(listing, last),
          });
        },
        { signal },
      ),
  });
}
