import { Readable } from "node:stream";
import { content, json, negotiate, problems, type Route, route } from "@weftkit/http";
import Type from "typebox";
import { collectionNotFound } from "../problems.ts";
import { type Change, changesAfter, changesRange } from "../storage/changes.ts";
import { requireCollection } from "../storage/collections.ts";
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
          Type.Integer({
            minimum: 0,
            description: "The sequence number to go on after. Default: in a stream now, in JSON the oldest.",
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
                sequence: Type.Integer(),
                type: Type.Enum(["created", "updated", "deleted", "restored", "renamed", "purged"]),
                id: Type.String(),
                version: Type.Integer(),
                at: Type.String({ format: "date-time" }),
                author: Type.String(),
                previousId: Type.Optional(Type.String({ description: "Of a rename." })),
              }),
            ),
            next: Type.Integer({ description: "For `after` of the next request." }),
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
      const { row, range } = await api.store.read(
        (db) => ({ row: requireCollection(db, params.name).row, range: changesRange(db) }),
        { signal },
      );
      if (type === "application/json") {
        const { after = range.oldest, limit: count = batch } = query;
        const changes = await api.store.read((db) => changesAfter(db, row, after, count), { signal });
        return json(200, {
          changes: changes.map(changeJson),
          next: changes.at(-1)?.sequence ?? Math.max(after, range.newest),
          isReset: after < range.oldest,
        });
      }
      if (api.feed.followers >= followersMax)
        throw problems.unavailable("too many clients follow changes already");
      const after = lastEventId(headers["last-event-id"]) ?? query.after ?? range.newest;
      const isReset = after < range.oldest || after > range.newest;
      const events = eventsOf(api, row, isReset ? range.newest : after, isReset, signal);
      return content(200, "text/event-stream", Readable.from(events), {
        "cache-control": "no-store",
        "x-accel-buffering": "no",
      });
    },
  });
}

function lastEventId(header: string | string[] | undefined): number | undefined {
  return typeof header === "string" && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}

/** Changes as they come. They are read when the client has taken those before, so a slow one costs no memory. */
async function* eventsOf(
  api: ApiContext,
  collectionRow: number,
  from: number,
  isReset: boolean,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const { feed, store } = api;
  const unfollow = feed.follow();
  let after = from;
  try {
    yield `retry: 2000\n${isReset ? `id: ${from}\nevent: reset\ndata: {}\n` : ": following\n"}\n`;
    while (!feed.isClosed && !signal.aborted) {
      const { generation } = feed;
      const changes = await store.read((db) => changesAfter(db, collectionRow, after, batch));
      for (const change of changes) {
        yield `id: ${change.sequence}\nevent: ${change.type}\ndata: ${JSON.stringify(changeJson(change))}\n\n`;
        after = change.sequence;
      }
      if (changes.length > 0) continue;
      await feed.changedSince(generation, heartbeatMs, signal);
      if (feed.generation === generation) yield ": \n\n";
    }
  } finally {
    unfollow();
  }
}

function changeJson({ sequence, type, id, version, at, author, previousId }: Change) {
  return {
    sequence,
    type,
    id,
    version,
    at: new Date(at).toISOString(),
    author,
    ...(previousId !== null && { previousId }),
  };
}
