import { empty, json, problems, type Route, route } from "@weftkit/http";
import Type from "typebox";
import { requireCollectionName } from "../names.ts";
import { collectionExists, collectionNotFound, invalidCollectionName } from "../problems.ts";
import {
  createCollection,
  listCollections,
  markCollectionDeleted,
  requireCollection,
} from "../storage/collections.ts";
import { collectionStatistics } from "../storage/statistics.ts";
import { webhooksOf } from "../webhooks/webhooks.ts";
import type { ApiContext } from "./context.ts";
import { pageOf } from "./listing.ts";
import { collectionJson } from "./representation.ts";
import { collectionParams, collectionSchema, next, noParams, noQuery, pageQuery, strict } from "./schemas.ts";

const tag = "Collections";

export function createCollectionRoute(api: ApiContext): Route {
  return route({
    method: "POST",
    path: "/collections",
    operation: "createCollection",
    tag,
    summary: "Create a collection",
    access: { action: "schema" },
    params: noParams,
    query: noQuery,
    body: {
      "application/json": {
        kind: "json",
        bytesMax: 65_536,
        schema: Type.Object(
          {
            name: Type.String({
              maxLength: 128,
              description:
                "Letters, digits, dots, hyphens and underscores; the first is a letter or a digit.",
            }),
            description: Type.Optional(Type.String({ maxLength: 4096 })),
          },
          strict,
        ),
      },
    },
    responses: {
      201: {
        description: "It was created.",
        content: { "application/json": collectionSchema },
        headers: { location: "Its address." },
      },
    },
    problems: [invalidCollectionName, collectionExists],
    handle: async ({ body, user, signal }) => {
      const name = requireCollectionName(body.value.name);
      if (!user.can("schema", name))
        throw problems.forbidden(`${user.user} may not create the collection ${name}`);
      const { description = "" } = body.value;
      const collection = await api.write(
        (db) => createCollection(db, { name, description, at: Date.now(), author: user.user }),
        signal,
      );
      return json(201, collectionJson(collection), { location: `/v1/collections/${name}` });
    },
  });
}

export function listCollectionsRoute(api: ApiContext): Route {
  return route({
    method: "GET",
    path: "/collections",
    operation: "listCollections",
    tag,
    summary: "List collections",
    description: "By name; those that may be read.",
    access: { action: "read" },
    params: noParams,
    query: pageQuery,
    responses: {
      200: {
        description: "A page of them.",
        content: { "application/json": Type.Object({ collections: Type.Array(collectionSchema), next }) },
      },
    },
    problems: [problems.invalidCursor],
    handle: ({ query, user, signal }) =>
      api.store.read(
        (db) => {
          const { items, next } = pageOf(api.cursors, query, {
            name: "collections",
            start: "",
            list: (after, limit) => listCollections(db, after, limit),
            positionOf: ({ name }) => name,
          });
          const collections = items.filter(({ name }) => user.can("read", name)).map(collectionJson);
          return json(200, { collections, next });
        },
        { signal },
      ),
  });
}

export function getCollectionRoute(api: ApiContext): Route {
  return route({
    method: "GET",
    path: "/collections/{name}",
    operation: "getCollection",
    tag,
    summary: "Get a collection and its statistics",
    access: { action: "read", object: ({ name }) => name },
    params: collectionParams,
    query: noQuery,
    responses: {
      200: {
        description: "The collection.",
        content: {
          "application/json": Type.Interface([collectionSchema], {
            trash: Type.Integer({ description: "Documents in the trash." }),
            links: Type.Integer({ description: "Links between documents." }),
            attachments: Type.Integer(),
            attachmentBytes: Type.Integer(),
          }),
        },
      },
    },
    problems: [collectionNotFound],
    handle: ({ params, signal }) =>
      api.store.read(
        (db) => {
          const collection = requireCollection(db, params.name);
          return json(200, { ...collectionJson(collection), ...collectionStatistics(db, collection) });
        },
        { signal },
      ),
  });
}

export function deleteCollectionRoute(api: ApiContext): Route {
  return route({
    method: "DELETE",
    path: "/collections/{name}",
    operation: "deleteCollection",
    tag,
    summary: "Delete a collection",
    description: "With all that is in it, for good. Its name is free at once.",
    access: { action: "schema", object: ({ name }) => name },
    params: collectionParams,
    query: noQuery,
    responses: { 204: { description: "It is gone." } },
    problems: [collectionNotFound],
    handle: async ({ params, signal }) => {
      const webhooks = await api.write((db) => {
        const collection = requireCollection(db, params.name);
        markCollectionDeleted(db, collection.row, Date.now());
        return webhooksOf(db, collection.row);
      }, signal);
      for (const webhook of webhooks) await api.deliveries.stop(webhook);
      api.sweep();
      return empty(204);
    },
  });
}
