import { Readable } from "node:stream";
import type { SecurityContext } from "@weftkit/auth";
import { content, problems, type Route, route } from "@weftkit/http";
import Type from "typebox";
import type { InstanceChange } from "../registry/change-ring.ts";
import { bounds, type InstanceRecord, isPresent } from "../registry/instance.ts";
import type { ApiContext } from "./context.ts";
import { isIn } from "./instances.ts";
import { instanceJson, noParams, strict } from "./schemas.ts";

/** A line now and then keeps proxies from closing a stream on which nothing happens, and shows who is gone. */
const keepAliveMs = 15_000;

/** About so much is written at once. */
const pieceChars = 16 * 1024;

interface Filter {
  readonly group: string | undefined;
  readonly engine: string | undefined;
  readonly user: SecurityContext;
}

export function watchRoute(api: ApiContext): Route {
  return route({
    method: "GET",
    path: "/watch",
    operation: "watch",
    tag: "Watch",
    summary: "Follow who is there",
    description:
      "A stream of server-sent events. `snapshot`: everybody who is passing or suspected, at the beginning, and when changes were missed that are not known any more; `changed`: an instance that came, or is other than before; `gone`: one that failed, left, or is not in the group any more; `settled`: the node has heard of everybody by now. It goes on after `Last-Event-ID` when the client comes back.",
    access: { action: "read" },
    params: noParams,
    query: Type.Object(
      {
        group: Type.Optional(Type.String({ minLength: 1, maxLength: bounds.nameCharsMax })),
        engine: Type.Optional(Type.String({ maxLength: bounds.nameCharsMax })),
        after: Type.Optional(
          Type.String({ maxLength: 64, description: "As `Last-Event-ID`; an `index` of a group." }),
        ),
      },
      strict,
    ),
    responses: { 200: { description: "The events.", content: { "text/event-stream": undefined } } },
    problems: [problems.unavailable],
    handle: ({ query, headers, user, signal }) => {
      if (api.watchers.count >= api.watchersMax) {
        throw problems.unavailable("as many clients watch as max_watchers allows");
      }
      const header = headers["last-event-id"];
      const from = typeof header === "string" && header !== "" ? header : query.after;
      const filter = { group: query.group, engine: query.engine, user };
      const events = eventsOf(api, filter, from, AbortSignal.any([signal, api.closing]));
      return content(200, "text/event-stream", Readable.from(events, { highWaterMark: 1 }), {
        "cache-control": "no-store",
        "x-accel-buffering": "no",
      });
    },
  });
}

/** What the last change is called in streams of events. */
export function eventId(api: ApiContext): string {
  return `${api.run}-${api.registry.changes.index}`;
}

/** Events as they come. Changes are read when the client has taken those before, so a slow one costs no memory. */
async function* eventsOf(
  api: ApiContext,
  filter: Filter,
  from: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const { changes } = api.registry;
  api.watchers.count++;
  try {
    let seen = indexOf(api, from);
    let isSettled = false;
    yield "retry: 1000\n\n";
    while (!signal.aborted) {
      const found = seen === undefined ? undefined : changes.after(seen);
      const settled = api.registry.isSettled(api.nowMs());
      const id = eventId(api);
      seen = changes.index;
      const texts =
        found === undefined
          ? snapshotEvent(api, filter, id, settled)
          : changeEvents(api, filter, found, settled && !isSettled ? id : undefined);
      let isQuiet = true;
      for (const piece of inPieces(texts)) {
        isQuiet = false;
        yield piece;
      }
      isSettled = settled;
      if (!isQuiet) continue;
      await changes.next(signal, keepAliveMs);
      if (!signal.aborted && changes.index === seen) yield ": \n\n";
    }
  } finally {
    api.watchers.count--;
  }
}

/** The number in an event's id; undefined when it is not of this run, or later than all. */
function indexOf(api: ApiContext, id: string | undefined): number | undefined {
  const [run, number = ""] = id?.split("-") ?? [];
  return run === api.run && /^\d{1,15}$/.test(number) ? Number(number) : undefined;
}

function* snapshotEvent(api: ApiContext, filter: Filter, id: string, isSettled: boolean): Generator<string> {
  const shown = [...api.registry.records()].filter((record) => isShown(filter, record));
  yield `event: snapshot\nid: ${id}\ndata: {"instances":[`;
  for (const [index, record] of shown.entries()) {
    yield `${index === 0 ? "" : ","}${JSON.stringify(instanceJson(record))}`;
  }
  yield `],"isSettled":${isSettled}}\n\n`;
}

/** Changes, and that the node has heard of everybody, where that is news. */
function* changeEvents(
  api: ApiContext,
  filter: Filter,
  changes: readonly InstanceChange[],
  settledId: string | undefined,
): Generator<string> {
  for (const change of changes) yield eventOf(api, filter, change);
  if (settledId !== undefined) yield `event: settled\nid: ${settledId}\ndata: {}\n\n`;
}

/** What waits for a slow client is the records, which all share, and one piece of text. */
function* inPieces(texts: Iterable<string>): Generator<string> {
  let piece = "";
  for (const text of texts) {
    piece += text;
    if (piece.length < pieceChars) continue;
    yield piece;
    piece = "";
  }
  if (piece !== "") yield piece;
}

/** Nothing for a change that is not of interest. */
function eventOf(api: ApiContext, filter: Filter, { index, now, before }: InstanceChange): string {
  const id = `id: ${api.run}-${index}\n`;
  if (isShown(filter, now)) return `event: changed\n${id}data: ${JSON.stringify(instanceJson(now!))}\n\n`;
  if (!isShown(filter, before)) return "";
  const { id: name } = before!.instance;
  const reason = now === undefined || isPresent(now) ? "other" : now.state;
  return `event: gone\n${id}data: ${JSON.stringify({ id: name, reason })}\n\n`;
}

function isShown({ group, engine, user }: Filter, record: InstanceRecord | undefined): boolean {
  if (record === undefined || !isPresent(record)) return false;
  const { instance } = record;
  return (
    (group === undefined || isIn(instance, group)) &&
    (engine === undefined || instance.engine === engine) &&
    user.can("read", instance.id)
  );
}
