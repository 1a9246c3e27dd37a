import { Readable } from "node:stream";
import { type Position, positionOf, tokenOf } from "@weftkit/changes";
import { WeftkitError } from "@weftkit/core";
import { content, json, negotiate, problems, type Route, route } from "@weftkit/http";
import Type from "typebox";
import { collectionNotFound } from "../problems.ts";
import { changeTypes, type DocumentChange, documentChangeOf } from "../storage/changes.ts";
import { type Collection, requireCollection } from "../storage/collections.ts";
import type { ApiContext } from "./context.ts";
import { collectionParams, limit, strict } from "./schemas.ts";

/** A line now and then keeps proxies from closing a stream on which nothing happens. */
const heartbeatMs = 15_000;
const followersMax = 1000;
const batch = 100;

export function changesRoute(api: ApiContext): Route {
  return route({
    method: "GET",
    path: "/collections/{name}/changes",
    operation: "listChanges",
    tag: "Changes",
    summary: "Follow the changes",
    description:
      "As a stream of server-sent events (`Accept: text/event-stream`), which goes on after `Last-Event-ID` when the client comes back, or as pages of JSON. An event `reset` says that changes between were forgotten: read everything again.",
    access: { action: "read", object: ({ name }) => name },
    params: collectionParams,
    query: Type.Object(
      {
        after: Type.Optional(
          Type.String({
            maxLength: 64,
            description:
              "The `id` of an event or the `next` of a page to go on after. Default: in a stream now, in JSON the oldest.",
          }),
        ),
        limit,
      },
      strict,
    ),
    responses: {
      200: {
        description: "The changes, oldest first.",
        content: {
          "application/json": Type.Object({
            changes: Type.Array(
              Type.Object({
                sequence: Type.Integer({
                  description: "Ascending over all collections; changes of one write have the same.",
                }),
                type: Type.Enum([...changeTypes]),
                id: Type.String(),
                version: Type.Integer(),
                at: Type.String({ format: "date-time" }),
                author: Type.String(),
                previousId: Type.Optional(Type.String({ description: "Of a rename." })),
              }),
            ),
            next: Type.String({ description: "For `after` of the next request." }),
            isReset: Type.Boolean({
              description: "Whether changes between `after` and these were forgotten.",
            }),
          }),
          "text/event-stream": undefined,
        },
      },
    },
    problems: [collectionNotFound, problems.notAcceptable],
    handle: async ({ params, query, headers, signal }) => {
      const type = negotiate(headers.accept, ["application/json", "text/event-stream"]);
      const collection = await api.store.read((db) => requireCollection(db, params.name), { signal });
      if (type === "application/json") {
        const { position, isReset } = await startOf(api, query.after, api.changes.oldest);
        const { changes, next } = await pageAfter(api, collection, position, query.limit ?? batch);
        return json(200, { changes, next: tokenOf(api.changes.identity, next), isReset });
      }
      if (api.changes.followers >= followersMax)
        throw problems.unavailable("too many clients follow changes already");
      const from = lastEventId(headers["last-event-id"]) ?? query.after;
      const { position, isReset } = await startOf(api, from, api.changes.newest);
      const events = eventsOf(api, collection, position, isReset, signal);
      return content(200, "text/event-stream", Readable.from(events), {
        "cache-control": "no-store",
        "x-accel-buffering": "no",
      });
    },
  });
}

function lastEventId(header: string | string[] | undefined): string | undefined {
  return typeof header === "string" && header !== "" ? header : undefined;
}

/** Where a reader goes on; at `otherwise` when it says nothing, or changes since then are not known any more. */
async function startOf(
  { changes }: ApiContext,
  token: string | undefined,
  otherwise: Position,
): Promise<{ position: Position; isReset: boolean }> {
  if (token === undefined) return { position: otherwise, isReset: false };
  try {
    const position = positionOf(token, changes.identity);
    await changes.read(position, { batchesMax: 1 });
    return { position, isReset: false };
  } catch (error) {
    if (!(error instanceof WeftkitError) || !resets.has(error.code)) throw error;
    return { position: otherwise, isReset: true };
  }
}

/** Whatever a client has kept, from wherever: it has to read everything again, and then goes on. */
const resets: ReadonlySet<string> = new Set(["too_old", "other_database", "malformed_token"]);

/** Changes of a collection, so many at least if there are, and whole writes. */
async function pageAfter(
  { changes }: ApiContext,
  collection: Collection,
  after: Position,
  count: number,
): Promise<{ changes: unknown[]; next: Position }> {
  const found: unknown[] = [];
  let next = after;
  for (;;) {
    const batches = await changes.read(next);
    if (batches.length === 0) return { changes: found, next };
    for (const { position, changes: logged } of batches) {
      next = position;
      for (const one of logged) {
        const change = documentChangeOf(one, collection);
        if (change !== undefined) found.push(changeJson(position, change));
      }
      if (found.length >= count) return { changes: found, next };
    }
  }
}

/** Changes as they come. They are read when the client has taken those before, so a slow one costs no memory. */
async function* eventsOf(
  { changes }: ApiContext,
  collection: Collection,
  from: Position,
  isReset: boolean,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const idOf = (position: Position) => `id: ${tokenOf(changes.identity, position)}\n`;
  yield `retry: 2000\n${isReset ? `${idOf(from)}event: reset\ndata: {}\n` : ": following\n"}\n`;
  const options = { namespaces: [collection.name], heartbeatMs };
  for await (const { position, changes: logged } of changes.follow(from, signal, options)) {
    const found = logged.flatMap((one) => documentChangeOf(one, collection) ?? []);
    // Of one write the last alone has the id: who goes on after another one would miss the rest.
    for (const [index, change] of found.entries()) {
      const id = index === found.length - 1 ? idOf(position) : "";
      yield `${id}event: ${change.type}\ndata: ${JSON.stringify(changeJson(position, change))}\n\n`;
    }
    if (found.length === 0) yield `${idOf(position)}: \n\n`;
  }
}

function changeJson({ sequence }: Position, { type, id, version, at, author, previousId }: DocumentChange) {
  return {
    sequence: Number(sequence),
    type,
    id,
    version,
    at: new Date(at).toISOString(),
    author,
    ...(previousId !== null && { previousId }),
  };
}
