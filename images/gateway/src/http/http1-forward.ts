import type { IncomingMessage } from "node:http";
import type { Readable, Writable } from "node:stream";
import type { Backends, Place } from "@weftkit/backends";
import type { RefusalReason } from "@weftkit/relay";
import type { Route } from "../routes/route.ts";
import { endToEnd } from "./headers.ts";
import { type Http1Upstream, onceConnected } from "./http1-upstream.ts";

/** So many servers are tried for one request. */
const triesMax = 3;

/** A request as it came, in whichever version, and where its answer goes. */
export interface Exchange {
  readonly method: string;
  readonly target: string;
  /** Names and values in turn, as the server is to get them. */
  readonly headers: string[];
  readonly body: Readable;
  readonly hasBody: boolean;
  /** The client is gone, or was answered. */
  readonly isOver: boolean;
  /** Called once, when the exchange is over, however it ends. */
  onOver(listener: () => void): void;
  /** The client waits for a word before it sends the body. */
  sendContinue(): void;
  /** Begins the answer; the rest goes to what is returned. */
  respond(status: number, message: string, headers: string[]): Writable;
  addTrailers(trailers: readonly string[]): void;
  refuse(reason: RefusalReason): void;
  /** An answer that has begun cannot be ended well. */
  abort(): void;
}

/** What became of a request. */
export interface Forwarded {
  answered(status: number, backend: string): void;
  refused(reason: RefusalReason): void;
  /** Bytes of the answer's body. */
  sent(bytes: number): void;
}

/** Forwards a request to a server of the route that speaks HTTP/1.1, and its answer to the client. */
export function forwardHttp1(
  exchange: Exchange,
  route: Route,
  parts: { readonly backends: Backends; readonly upstream: Http1Upstream },
  told: Forwarded,
): void {
  const except = new Set<string>();
  const next = (): void => {
    const { backends } = parts;
    const wanted = { ...route.target, role: route.role, policy: route.policy, except };
    const place = except.size < triesMax ? backends.acquire(wanted) : undefined;
    if (place === undefined) {
      told.refused("no_backend");
      exchange.refuse("no_backend");
      return;
    }
    except.add(place.backend.id);
    ask(exchange, parts.upstream, place, told, next);
  };
  next();
}

function ask(
  exchange: Exchange,
  upstream: Http1Upstream,
  place: Place,
  told: Forwarded,
  tryNext: () => void,
): void {
  const { method, hasBody, body } = exchange;
  const made = upstream.begin(place.backend, exchange);
  let hasBegun = false;
  let hasAnswered = false;
  const release = () => place.release();
  exchange.onOver(() => {
    release();
    made.destroy();
  });
  // The body is read when there is a connection for it: until then another server could get it.
  if (hasBody)
    onceConnected(made, () => {
      if (exchange.isOver) return;
      hasBegun = true;
      body.pipe(made);
    });
  else made.end();
  made.on("continue", () => exchange.sendContinue());
  made.once("response", (answer) => {
    hasAnswered = true;
    place.succeeded();
    answerWith(exchange, answer, place.backend.id, told);
  });
  made.once("error", (error: NodeJS.ErrnoException) => {
    release();
    if (exchange.isOver) return;
    if (hasAnswered) {
      exchange.abort();
      return;
    }
    place.failed(error.message);
    const isUnsent = error.syscall === "connect" || error.message.startsWith("no connection within");
    const isSafe = isUnsent || ["GET", "HEAD", "OPTIONS"].includes(method);
    if (!hasBegun && isSafe) {
      tryNext();
      return;
    }
    told.refused("no_backend");
    exchange.refuse("no_backend");
  });
}

function answerWith(exchange: Exchange, answer: IncomingMessage, backend: string, told: Forwarded): void {
  const status = answer.statusCode ?? 502;
  const headers = endToEnd(answer.rawHeaders, answer.headers.connection);
  const to = exchange.respond(status, answer.statusMessage ?? "", headers);
  told.answered(status, backend);
  answer.on("data", (chunk: Buffer) => told.sent(chunk.length));
  answer.on("error", () => exchange.abort());
  answer.on("aborted", () => exchange.abort());
  answer.on("end", () => {
    if (answer.rawTrailers.length > 0) exchange.addTrailers(answer.rawTrailers);
  });
  answer.pipe(to);
}
