import { randomBytes } from "node:crypto";
import { isPrivateAddress } from "@weftkit/cdc/webhook";
import { empty, json, type Route, route } from "@weftkit/http";
import type { Database } from "@weftkit/store";
import Type from "typebox";
import { collectionNotFound, invalidWebhook, tooManyWebhooks, webhookNotFound } from "../problems.ts";
import { changeTypes } from "../storage/changes.ts";
import { requireCollection } from "../storage/collections.ts";
import {
  deadLettersOf,
  deleteWebhook,
  findWebhook,
  insertWebhook,
  type Webhook,
  webhooksOf,
} from "../webhooks/webhooks.ts";
import type { ApiContext } from "./context.ts";
import { collectionParams, limit, noQuery, strict } from "./schemas.ts";

const tag = "Webhooks";
const webhooksMax = 20;
const secretBytes = 32;

const events = Type.Array(Type.Enum([...changeTypes]), {
  description: "Of which changes it is told. Default, and when empty: of all.",
});
const webhookSchema = Type.Object({
  id: Type.String(),
  url: Type.String(),
  events,
  createdAt: Type.String({ format: "date-time" }),
  createdBy: Type.String(),
  disabled: Type.Union([Type.String(), Type.Null()], {
    description: "Why nothing is sent any more; null while it is.",
  }),
});
const webhookParams = Type.Object({
  name: Type.String({ maxLength: 128, description: "The collection." }),
  id: Type.String({ maxLength: 64, description: "The webhook." }),
});

export function createWebhookRoute(api: ApiContext): Route {
  return route({
    method: "POST",
    path: "/collections/{name}/webhooks",
    operation: "createWebhook",
    tag,
    summary: "Be told of the changes of a collection",
    description:
      "Each change from now on is sent as `POST` with a JSON body, in order, once or more: `webhook-id` is the same at every try. A message is signed as Standard Webhooks says (`webhook-signature`), anew at every try. Any answer but 2xx is tried again later, 410 ends the webhook, redirects are not followed; what cannot be delivered is a dead letter.",
    access: { action: "schema", object: ({ name }) => name },
    params: collectionParams,
    query: noQuery,
    body: {
      "application/json": {
        kind: "json",
        bytesMax: 16_384,
        schema: Type.Object(
          {
            url: Type.String({ maxLength: 2048, description: "http or https, without a user." }),
            events: Type.Optional(events),
          },
          strict,
        ),
      },
    },
    responses: {
      201: {
        description: "It was created. Its secret is shown only here.",
        content: {
          "application/json": Type.Interface([webhookSchema], {
            secret: Type.String({ description: "`whsec_` and the key of the signatures in base64." }),
          }),
        },
        headers: { location: "Its address." },
      },
    },
    problems: [collectionNotFound, invalidWebhook, tooManyWebhooks],
    handle: async ({ params, body: { value }, user, signal }) => {
      const url = requireUrl(value.url, api.limits.allowsPrivateWebhooks);
      const secret = randomBytes(secretBytes);
      const webhook = await api.write((db) => {
        const collection = requireCollection(db, params.name);
        if (webhooksOf(db, collection.row).length >= webhooksMax) {
          throw tooManyWebhooks(`a collection has at most ${webhooksMax}: delete one`);
        }
        return insertWebhook(db, {
          id: randomBytes(8).toString("hex"),
          collection: collection.row,
          url,
          events: value.events ?? [],
          secret,
          createdAt: Date.now(),
          createdBy: user.user,
        });
      }, signal);
      await api.deliveries.start(webhook);
      const location = `/v1/collections/${params.name}/webhooks/${webhook.id}`;
      return json(
        201,
        { ...webhookJson(webhook), secret: `whsec_${secret.toString("base64")}` },
        { location },
      );
    },
  });
}

export function listWebhooksRoute(api: ApiContext): Route {
  return route({
    method: "GET",
    path: "/collections/{name}/webhooks",
    operation: "listWebhooks",
    tag,
    summary: "List the webhooks of a collection",
    access: { action: "schema", object: ({ name }) => name },
    params: collectionParams,
    query: noQuery,
    responses: {
      200: {
        description: "All of them, oldest first.",
        content: { "application/json": Type.Object({ webhooks: Type.Array(webhookSchema) }) },
      },
    },
    problems: [collectionNotFound],
    handle: ({ params, signal }) =>
      api.store.read(
        (db) => {
          const { row } = requireCollection(db, params.name);
          return json(200, { webhooks: webhooksOf(db, row).map(webhookJson) });
        },
        { signal },
      ),
  });
}

export function deleteWebhookRoute(api: ApiContext): Route {
  return route({
    method: "DELETE",
    path: "/collections/{name}/webhooks/{id}",
    operation: "deleteWebhook",
    tag,
    summary: "Delete a webhook",
    description: "With its dead letters. A message that is on its way may still arrive.",
    access: { action: "schema", object: ({ name }) => name },
    params: webhookParams,
    query: noQuery,
    responses: { 204: { description: "It is gone." } },
    problems: [collectionNotFound, webhookNotFound],
    handle: async ({ params, signal }) => {
      const webhook = await api.write((db) => {
        const found = requireWebhook(db, params);
        deleteWebhook(db, found.row);
        return found;
      }, signal);
      await api.deliveries.stop(webhook);
      return empty(204);
    },
  });
}

export function listDeadLettersRoute(api: ApiContext): Route {
  return route({
    method: "GET",
    path: "/collections/{name}/webhooks/{id}/dead-letters",
    operation: "listDeadLetters",
    tag,
    summary: "List what a webhook could not be told",
    description: "The newest 1000 are kept.",
    access: { action: "schema", object: ({ name }) => name },
    params: webhookParams,
    query: Type.Object(
      {
        after: Type.Optional(Type.Integer({ minimum: 0, description: "The number of one to go on after." })),
        limit,
      },
      strict,
    ),
    responses: {
      200: {
        description: "Oldest first.",
        content: {
          "application/json": Type.Object({
            deadLetters: Type.Array(
              Type.Object({
                number: Type.Integer(),
                messageId: Type.String(),
                body: Type.String(),
                at: Type.String({ format: "date-time" }),
                reason: Type.String({ description: "What came of the last try." }),
              }),
            ),
          }),
        },
      },
    },
    problems: [collectionNotFound, webhookNotFound],
    handle: ({ params, query: { after = 0, limit: count = 100 }, signal }) =>
      api.store.read(
        (db) => {
          const letters = deadLettersOf(db, requireWebhook(db, params).row, after, count);
          return json(200, {
            deadLetters: letters.map(({ row, messageId, body, at, reason }) => ({
              number: row,
              messageId,
              body,
              at: new Date(at).toISOString(),
              reason,
            })),
          });
        },
        { signal },
      ),
  });
}

export function retryDeadLettersRoute(api: ApiContext): Route {
  return route({
    method: "POST",
    path: "/collections/{name}/webhooks/{id}/dead-letters/retry",
    operation: "retryDeadLetters",
    tag,
    summary: "Try to deliver dead letters again",
    description: "Oldest first, each once, until one fails.",
    access: { action: "schema", object: ({ name }) => name },
    params: webhookParams,
    query: noQuery,
    responses: {
      200: {
        description: "So many were delivered, and are no dead letters any more.",
        content: { "application/json": Type.Object({ delivered: Type.Integer() }) },
      },
    },
    problems: [collectionNotFound, webhookNotFound],
    handle: async ({ params, signal }) => {
      const webhook = await api.store.read((db) => requireWebhook(db, params), { signal });
      return json(200, { delivered: await api.deliveries.retryDeadLetters(webhook, signal) });
    },
  });
}

function requireWebhook(db: Database, { name, id }: { readonly name: string; readonly id: string }): Webhook {
  const found = findWebhook(db, requireCollection(db, name).row, id);
  if (found === undefined) throw webhookNotFound(`there is no webhook ${id} in ${name}`);
  return found;
}

function requireUrl(text: string, allowsPrivate: boolean): string {
  if (!URL.canParse(text)) throw invalidWebhook("the url is not one");
  const url = new URL(text);
  if (!["http:", "https:"].includes(url.protocol)) throw invalidWebhook("the url must be http or https");
  if (url.username !== "" || url.password !== "") throw invalidWebhook("the url must have no user in it");
  if (!allowsPrivate && isPrivateAddress(url.hostname.replace(/^\[|\]$/g, ""))) {
    throw invalidWebhook("the url has a private address: allow webhook_private_addresses, or name another");
  }
  return url.href;
}

function webhookJson({ id, url, events: told, createdAt, createdBy, disabled }: Webhook) {
  return { id, url, events: [...told], createdAt: new Date(createdAt).toISOString(), createdBy, disabled };
}
