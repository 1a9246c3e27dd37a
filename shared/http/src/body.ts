import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { formatBytes } from "@weftkit/core";
import { excessOf } from "./json-limits.ts";
import type { Problem } from "./problem.ts";
import { problems } from "./problems.ts";
import type { Bodies, Body } from "./route.ts";
import type { Validator } from "./validator.ts";

/** What a request's body is, before its schema is looked at. */
export interface ReceivedBody {
  readonly type: string;
  readonly mediaType: string;
  readonly value: unknown;
}

/**
 * Reads the body of a request as the route takes it; undefined for a route without bodies.
 *
 * What is too large is refused by its `content-length` before any of it is read, else as soon as it is too long; what
 * still arrives is then dropped, so that memory stays flat and the client gets to read the answer.
 *
 * A body of which no byte comes for `idleMs` is given up.
 *
 * @throws Problem 400, 408, 413 or 415.
 */
export async function readBody(
  message: IncomingMessage,
  bodies: Bodies | undefined,
  validatorOf: (body: Body) => Validator | undefined,
  idleMs: number,
): Promise<ReceivedBody | undefined> {
  if (bodies === undefined) return undefined;
  const { "content-length": length, "transfer-encoding": transferEncoding } = message.headers;
  if ((length === undefined || length === "0") && transferEncoding === undefined && !takesNothing(bodies)) {
    throw problems.bodyMissing(`send one of: ${Object.keys(bodies).join(", ")}`);
  }
  const { type, mediaType, body } = bodyFor(message, bodies);
  if (Number(length ?? 0) > body.bytesMax) throw tooLarge(body);
  if (body.kind === "stream") return { type, mediaType, value: chunksOf(message, body, idleMs) };
  const bytes = await collect(message, body, idleMs);
  if (body.kind === "bytes") return { type, mediaType, value: bytes };
  if (!isUtf8(bytes)) throw problems.invalidEncoding("the body has bytes that are not UTF-8");
  if (body.kind === "text") return { type, mediaType, value: bytes.toString() };
  const value = parseJson(bytes);
  validatorOf(body)?.check(value);
  return { type, mediaType, value };
}

/** An empty body is a body where bytes of any length are. */
function takesNothing(bodies: Bodies): boolean {
  return Object.values(bodies).some(({ kind }) => kind !== "json");
}

/** Which of the route's bodies was sent. */
function bodyFor(message: IncomingMessage, bodies: Bodies): { type: string; mediaType: string; body: Body } {
  const taken = Object.keys(bodies).join(", ");
  const { "content-type": mediaType = "", "content-encoding": encoding = "identity" } = message.headers;
  if (encoding !== "identity") {
    const message = `content-encoding ${encoding} is not taken: send the body as it is`;
    throw problems.unsupportedMediaType(message, { headers: { "accept-encoding": "identity" } });
  }
  const [essence = "", ...parameters] = mediaType.split(";").map((part) => part.trim().toLowerCase());
  const type = Object.hasOwn(bodies, essence) ? essence : "*/*";
  const body = Object.hasOwn(bodies, type) ? bodies[type] : undefined;
  if (body === undefined) {
    const given = essence === "" ? "the request has no content-type" : `${essence} is not taken here`;
    throw problems.unsupportedMediaType(`${given}; send one of: ${taken}`, { headers: { accept: taken } });
  }
  const charset = parameters.find((parameter) => parameter.startsWith("charset="))?.slice("charset=".length);
  const isText = body.kind === "text" || body.kind === "json";
  if (isText && charset !== undefined && !/^"?(?:utf-8|utf8|us-ascii)"?$/.test(charset)) {
    throw problems.unsupportedMediaType(`the charset ${charset} is not taken: send UTF-8`);
  }
  return { type, mediaType: mediaType === "" ? "application/octet-stream" : mediaType, body };
}

/** Reads all of it. A body that stalls is answered 408, as the socket is still there to answer on. */
function collect(message: IncomingMessage, body: Body, idleMs: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let length = 0;
  const onData = (chunk: Buffer) => {
    length += chunk.length;
    timer.refresh();
    if (length > body.bytesMax) refuse(tooLarge(body));
    else chunks.push(chunk);
  };
  const onEnd = () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length));
  const onGone = () => reject(problems.malformedRequest("the connection ended before the body did"));
  const refuse = (problem: Problem) => {
    chunks.length = 0;
    reject(problem);
  };
  const timer = setTimeout(() => refuse(stalled(idleMs)), idleMs);
  message.on("data", onData).once("end", onEnd).once("close", onGone).once("error", onGone);
  return promise.finally(() => {
    clearTimeout(timer);
    message.off("data", onData).off("end", onEnd).off("close", onGone);
    // The rest of a body that is refused is read and dropped: closing on it would reset the connection, and the reset
    // overtakes the answer.
    message.resume();
  });
}

/** Hands the body over chunk by chunk; one that stalls is cut off. */
async function* chunksOf(message: IncomingMessage, body: Body, idleMs: number): AsyncGenerator<Buffer> {
  let length = 0;
  // Runs while the next chunk is waited for, and not while the last one is worked on.
  const arm = () => setTimeout(() => message.destroy(stalled(idleMs)), idleMs);
  let timer = arm();
  try {
    for await (const chunk of message.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > body.bytesMax) throw tooLarge(body);
      clearTimeout(timer);
      yield chunk;
      timer = arm();
    }
  } finally {
    clearTimeout(timer);
    if (!message.readableEnded && !message.destroyed) message.resume();
  }
}

function stalled(idleMs: number): Problem {
  return problems.requestTimeout(`no byte of the body came for ${idleMs / 1000} seconds`, {
    headers: { connection: "close" },
  });
}

function tooLarge(body: Body): Problem {
  return problems.bodyTooLarge(`at most ${formatBytes(body.bytesMax)} are taken here`);
}

function parseJson(bytes: Buffer): unknown {
  const excess = excessOf(bytes);
  if (excess !== undefined) throw problems.invalidJson(`the body is too complex: ${excess}`);
  try {
    return JSON.parse(bytes.toString()) as unknown;
  } catch (error) {
    throw problems.invalidJson(`the body is not JSON: ${(error as SyntaxError).message}`, { cause: error });
  }
}
