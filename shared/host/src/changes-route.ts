import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Change, type ChangeBatch, type ChangeLog, positionOf, tokenOf } from "@weftkit/changes";
import { WeftkitError } from "@weftkit/core";

/**
 * `GET /v1/changes`: what is committed, as lines of JSON or as server-sent events, without end.
 *
 * - `after` or the header Last-Event-ID: the token of the last batch that was seen. Default: what comes from now on.
 * - `consumer`: a name for which everything after its last `after` is kept, also over restarts.
 * - `namespace`, any number of times: only changes of these.
 * - `end=true`: ends where there is nothing more now.
 */
export const changesPath = "/v1/changes";
/** `POST /v1/changes/forget?consumer=NAME`: nothing is kept for it any more; one that was dropped may begin anew. */
export const forgetPath = "/v1/changes/forget";

const consumerNamePattern = /^[A-Za-z0-9._-]{1,64}$/;
/** How a stream is told what its position can no longer be gone on from: 410 at its start, an event later. */
const statusByCode: Readonly<Record<string, number>> = {
  too_old: 410,
  consumer_dropped: 410,
  other_database: 410,
  malformed_token: 400,
  malformed_request: 400,
};

interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const noLog: Reply = { status: 404, body: { error: "this engine has no change log", code: "no_changes" } };

/** Answers with a stream, or returns what is to be said instead. */
export async function streamChanges(
  log: ChangeLog | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Reply | undefined> {
  if (log === undefined) return noLog;
  const closed = new AbortController();
  response.once("close", () => closed.abort());
  const url = new URL(request.url ?? "/", "http://admin");
  const isEvents = request.headers.accept?.includes("text/event-stream") ?? false;
  let first: ChangeBatch | undefined;
  let batches: AsyncIterator<ChangeBatch>;
  try {
    const token = url.searchParams.get("after") ?? headerOf(request, "last-event-id");
    const consumer = url.searchParams.get("consumer");
    const after = await startOf(log, token, consumer, closed.signal);
    // The first is a heartbeat that says where the stream begins, unless there is something: an error still has its status.
    await log.read(after, { batchesMax: 1 });
    first = { position: after, atMs: Date.now(), stamp: 0n, origin: "local", changes: [] };
    const namespaces = url.searchParams.getAll("namespace");
    const options = namespaces.length === 0 ? {} : { namespaces };
    batches =
      url.searchParams.get("end") === "true"
        ? untilEnd(log, after, namespaces)
        : log.follow(after, closed.signal, options)[Symbol.asyncIterator]();
  } catch (error) {
    return replyOf(log, error);
  }
  response.writeHead(200, {
    "content-type": isEvents ? "text/event-stream" : "application/x-ndjson",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  const write = isEvents ? eventOf : lineOf;
  const text = async function* () {
    if (isEvents) yield "retry: 2000\n\n";
    yield write(log, first);
    try {
      for (let step = await batches.next(); step.done !== true; step = await batches.next()) {
        yield write(log, step.value);
      }
    } catch (error) {
      const { body } = replyOf(log, error);
      yield isEvents ? `event: ${body.code}\ndata: ${JSON.stringify(body)}\n\n` : `${JSON.stringify(body)}\n`;
    } finally {
      await batches.return?.();
    }
  };
  await pipeline(Readable.from(text()), response).catch((error: unknown) => {
    // A client that goes away is no fault; the stream has ended with it.
    if (!closed.signal.aborted) throw error;
  });
  return undefined;
}

export async function forgetConsumer(log: ChangeLog | undefined, request: IncomingMessage): Promise<Reply> {
  if (log === undefined) return noLog;
  const consumer = new URL(request.url ?? "/", "http://admin").searchParams.get("consumer");
  if (consumer === null) {
    return { status: 400, body: { error: "say which: ?consumer=NAME", code: "malformed_request" } };
  }
  await log.forget(consumer);
  return { status: 200, body: { forgotten: consumer } };
}

/** Where the stream begins; a consumer's own place when it names none. */
async function startOf(
  log: ChangeLog,
  token: string | undefined,
  consumer: string | null,
  signal: AbortSignal,
) {
  const after = token === undefined ? undefined : positionOf(token, log.identity);
  if (consumer === null) return after ?? log.listen(signal);
  if (!consumerNamePattern.test(consumer)) {
    throw new WeftkitError(
      "malformed_request",
      "the name of a consumer is 1 to 64 letters, digits, '.', '_' and '-'",
    );
  }
  if (after !== undefined) return log.retain(consumer, after);
  const known = (await log.consumers()).find(({ name }) => name === consumer);
  return known === undefined ? log.retain(consumer) : log.retain(consumer, known.position);
}

async function* untilEnd(
  log: ChangeLog,
  from: ChangeBatch["position"],
  namespaces: readonly string[],
): AsyncGenerator<ChangeBatch> {
  for (let at = from; ; ) {
    const batches = await log.read(at);
    if (batches.length === 0) return;
    for (const batch of batches) {
      at = batch.position;
      const isWanted = ({ namespace }: Change) => namespaces.length === 0 || namespaces.includes(namespace);
      yield { ...batch, changes: batch.changes.filter(isWanted) };
    }
  }
}

function eventOf(log: ChangeLog, batch: ChangeBatch): string {
  const event = batch.changes.length === 0 ? "heartbeat" : "changes";
  return `id: ${tokenOf(log.identity, batch.position)}\nevent: ${event}\ndata: ${bodyOf(log, batch)}\n\n`;
}

function lineOf(log: ChangeLog, batch: ChangeBatch): string {
  return `${bodyOf(log, batch)}\n`;
}

/** Images that are JSON are put in as the texts that they are, so that no number changes. */
function bodyOf(log: ChangeLog, { position, atMs, stamp, origin, changes }: ChangeBatch): string {
  const head = JSON.stringify({
    token: tokenOf(log.identity, position),
    at: new Date(atMs).toISOString(),
    stamp: String(stamp),
    origin,
  });
  return `${head.slice(0, -1)},"changes":[${changes.map(changeOf).join(",")}]}`;
}

function changeOf({ namespace, key, op, before, after, format }: Change): string {
  const head = JSON.stringify({ namespace, key: Buffer.from(key).toString("base64"), op, format });
  const images =
    (before === undefined ? "" : `,"before":${imageOf(before, format)}`) +
    (after === undefined ? "" : `,"after":${imageOf(after, format)}`);
  return `${head.slice(0, -1)}${images}}`;
}

/** JSON as it is, on one line; everything else in base64. */
function imageOf(bytes: Uint8Array, format: string): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Outside of strings, where they are escaped, line ends are only blanks.
  return format === "json"
    ? buffer.toString().replace(/[\r\n]/g, " ")
    : JSON.stringify(buffer.toString("base64"));
}

function replyOf(log: ChangeLog, error: unknown): Reply {
  if (!(error instanceof WeftkitError)) throw error;
  const { code, message } = error;
  const range = { oldest: tokenOf(log.identity, log.oldest), newest: tokenOf(log.identity, log.newest) };
  return { status: statusByCode[code] ?? 503, body: { error: message, code, ...range } };
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}
