import type { IncomingMessage, ServerResponse } from "node:http";
import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { Readable, Writable } from "node:stream";
import { httpStatuses, problemOf, type RefusalReason, refusalHeaders, refuseStream } from "@weftkit/relay";
import type { Exchange } from "./http1-forward.ts";

/** A request and its answer on a connection of HTTP/1.1. */
export class Http1Exchange implements Exchange {
  readonly headers: string[];
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #isLast: () => boolean;

  /** @param isLast whether the connection ends with this answer */
  constructor(request: IncomingMessage, response: ServerResponse, headers: string[], isLast: () => boolean) {
    this.#isLast = isLast;
    this.#request = request;
    this.#response = response;
    this.headers = headers;
    request.on("error", () => {});
    response.on("error", () => {});
  }

  get method(): string {
    return this.#request.method ?? "GET";
  }

  get target(): string {
    return this.#request.url ?? "/";
  }

  get body(): Readable {
    return this.#request;
  }

  get hasBody(): boolean {
    const { headers } = this.#request;
    return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
  }

  get isOver(): boolean {
    return this.#response.destroyed || this.#response.writableFinished;
  }

  onOver(listener: () => void): void {
    this.#response.once("close", listener);
  }

  sendContinue(): void {
    if (!this.#response.headersSent) this.#response.writeContinue();
  }

  respond(status: number, message: string, headers: string[]): Writable {
    this.#response.sendDate = false;
    if (this.#isLast()) this.#response.shouldKeepAlive = false;
    // How the body is cut is between us and the client, who may speak HTTP/1.0.
    const kept = headers.filter((_, at) => headers[at - (at % 2)]!.toLowerCase() !== "transfer-encoding");
    this.#response.writeHead(status, message, kept);
    return this.#response;
  }

  addTrailers(trailers: readonly string[]): void {
    const pairs: [string, string][] = [];
    for (let at = 0; at < trailers.length; at += 2) pairs.push([trailers[at]!, trailers[at + 1]!]);
    this.#response.addTrailers(pairs);
  }

  refuse(reason: RefusalReason): void {
    const response = this.#response;
    if (response.headersSent || response.destroyed) {
      this.abort();
      return;
    }
    const body = problemOf(reason);
    const [status, title] = httpStatuses[reason];
    // What is left of the request is not read: the connection cannot go on after it.
    if ((!this.#request.complete && this.hasBody) || this.#isLast()) response.shouldKeepAlive = false;
    response.writeHead(status, title, {
      ...refusalHeaders(reason),
      "content-length": Buffer.byteLength(body),
    });
    response.end(body);
  }

  abort(): void {
    this.#request.socket.destroy();
  }
}

/** A request as a stream of HTTP/2 has it. */
export interface StreamRequest {
  readonly method: string;
  readonly target: string;
  readonly hasBody: boolean;
  readonly headers: string[];
}

/** A request and its answer as a stream of HTTP/2. */
export class Http2Exchange implements Exchange {
  readonly stream: ServerHttp2Stream;
  readonly method: string;
  readonly target: string;
  readonly hasBody: boolean;
  readonly headers: string[];
  readonly isGrpc: boolean;
  #trailers: OutgoingHttpHeaders = {};

  constructor(stream: ServerHttp2Stream, request: StreamRequest, isGrpc: boolean) {
    this.stream = stream;
    this.method = request.method;
    this.target = request.target;
    this.hasBody = request.hasBody;
    this.headers = joinCookies(request.headers);
    this.isGrpc = isGrpc;
  }

  get body(): Readable {
    return this.stream;
  }

  get isOver(): boolean {
    return this.stream.destroyed || this.stream.closed;
  }

  onOver(listener: () => void): void {
    this.stream.once("close", listener);
  }

  sendContinue(): void {
    if (!this.stream.headersSent && !this.isOver) this.stream.additionalHeaders({ ":status": 100 });
  }

  respond(status: number, _message: string, headers: string[]): Writable {
    // Reset by the client, with a body in it that was not read yet: it says that it is over only later.
    if (this.isOver) return this.stream;
    const grouped: OutgoingHttpHeaders = { ":status": status };
    for (let at = 0; at < headers.length; at += 2) {
      const name = headers[at]!.toLowerCase();
      // Frames say how long a body is.
      if (name === "transfer-encoding") continue;
      add(grouped, name, headers[at + 1]!);
    }
    this.stream.respond(grouped, { waitForTrailers: true });
    this.stream.once("wantTrailers", () => this.stream.sendTrailers(this.#trailers));
    return this.stream;
  }

  addTrailers(trailers: readonly string[]): void {
    for (let at = 0; at < trailers.length; at += 2) {
      add(this.#trailers, trailers[at]!.toLowerCase(), trailers[at + 1]!);
    }
  }

  refuse(reason: RefusalReason): void {
    if (this.stream.headersSent) this.abort();
    else refuseStream(this.stream, this.isGrpc ? "application/grpc" : undefined, reason);
  }

  abort(): void {
    this.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }
}

function add(headers: OutgoingHttpHeaders, name: string, value: string): void {
  const before = headers[name];
  if (before === undefined) headers[name] = value;
  else headers[name] = Array.isArray(before) ? [...before, value] : [String(before), value];
}

/** RFC 9113, 8.2.3: HTTP/2 may send cookies one by one, HTTP/1.1 has one header of them. */
function joinCookies(headers: string[]): string[] {
  const cookies = headers.filter((_, at) => at % 2 === 1 && headers[at - 1]!.toLowerCase() === "cookie");
  if (cookies.length < 2) return headers;
  const others: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    if (headers[at]!.toLowerCase() !== "cookie") others.push(headers[at]!, headers[at + 1]!);
  }
  return [...others, "Cookie", cookies.join("; ")];
}
