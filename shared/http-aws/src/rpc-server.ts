import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { Duplex } from "node:stream";
import { crc32, gzip } from "node:zlib";
import type { Deadline } from "@weftkit/core";
import type { EngineContext, Peer } from "@weftkit/host";
import { Counter, Histogram } from "@weftkit/observe";
import { AwsError } from "./aws-error.ts";
import { readBody } from "./read-body.ts";
import { newRequestId } from "./request-id.ts";

/** A request whose body is there. */
export interface RpcRequest {
  readonly id: string;
  readonly method: string;
  /** The path and the query, as they were sent. */
  readonly url: string;
  readonly headers: Readonly<IncomingHttpHeaders>;
  readonly body: Buffer;
  readonly peer: Peer | undefined;
}

export interface RpcAnswer {
  readonly status: number;
  readonly body: string;
  readonly contentType: string;
  /** For metrics: of a small, fixed set. */
  readonly operation: string;
}

export interface RpcServerOptions {
  readonly context: Pick<EngineContext, "log" | "metrics">;
  /** Must not throw and not reject: what goes wrong is an answer, too. */
  readonly handle: (request: RpcRequest) => RpcAnswer | Promise<RpcAnswer>;
  /** The largest body, unpacked. */
  readonly bodyBytesMax: number;
}

const headersMaxBytes = 16 * 1024;
const headersTimeoutMs = 15_000;
const requestTimeoutMs = 60_000;
const keepAliveTimeoutMs = 65_000;
const timeoutCheckMs = 1000;
/** How long requests that run when the engine closes may go on. */
const drainMs = 5000;
/** Shorter answers are not worth packing. */
const gzipMinLength = 1024;
const corsMaxAgeSeconds = "172800";
const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/**
 * HTTP for AWS's JSON protocols, where every request is a POST of a small body to one address: node:http on the host's
 * sockets and nothing between, as a router and hooks would cost as much as the work itself.
 *
 * Every answer has a request id and the checksum that clients verify (`x-amz-crc32`, of the bytes as they are sent).
 */
export class RpcServer {
  readonly #options: RpcServerOptions;
  readonly #server: Server;
  readonly #peers = new WeakMap<Duplex, Peer>();
  readonly #idle = Promise.withResolvers<void>();
  readonly #requests: Counter<"operation" | "status">;
  readonly #duration: Histogram<"operation">;
  #running = 0;
  #isClosing = false;

  constructor(options: RpcServerOptions) {
    this.#options = options;
    const registers = [options.context.metrics];
    this.#requests = new Counter({
      name: "weftkit_http_requests_total",
      help: "Requests by operation and status.",
      labelNames: ["operation", "status"],
      registers,
    });
    this.#duration = new Histogram({
      name: "weftkit_http_request_duration_seconds",
      help: "From the request's headers to its answer.",
      labelNames: ["operation"],
      buckets,
      registers,
    });
    this.#server = createServer(
      {
        maxHeaderSize: headersMaxBytes,
        headersTimeout: headersTimeoutMs,
        requestTimeout: requestTimeoutMs,
        keepAliveTimeout: keepAliveTimeoutMs,
        connectionsCheckingInterval: timeoutCheckMs,
      },
      (message, response) => this.#receive(message, response),
    );
    this.#server.on("clientError", refuseMalformed);
    // The host listens; without this event the server would not watch its timeouts.
    this.#server.emit("listening");
  }

  accept(socket: Duplex, peer: Peer): void {
    this.#peers.set(socket, peer);
    this.#server.emit("connection", socket);
    socket.resume();
  }

  /** Tells a client that there are too many. */
  refuse(socket: Duplex): void {
    answerRaw(socket, 503, "Service Unavailable", "ServiceUnavailable", "too many clients are connected");
  }

  /** How many requests are being served. */
  get requests(): number {
    return this.#running;
  }

  /** Lets the requests that run end, for a while, and closes every connection. */
  async close(deadline: Deadline): Promise<void> {
    this.#isClosing = true;
    // As it does not listen, this only ends its timers, and says so with an error of no interest.
    this.#server.close(() => {});
    this.#server.closeIdleConnections();
    if (this.#running > 0) {
      const timer = setTimeout(this.#idle.resolve, Math.min(drainMs, deadline.remainingMs()));
      await this.#idle.promise;
      clearTimeout(timer);
    }
    this.#server.closeAllConnections();
  }

  #receive(message: IncomingMessage, response: ServerResponse): void {
    const startedMs = performance.now();
    this.#running++;
    response.once("close", () => {
      this.#running--;
      if (this.#isClosing && this.#running === 0) this.#idle.resolve();
    });
    const id = newRequestId();
    readBody(message, this.#options.bodyBytesMax, (error, body) => {
      if (error !== undefined) {
        response.shouldKeepAlive = false;
        this.#send(message, response, id, failure(error), startedMs);
        return;
      }
      const { method = "", url = "/", headers } = message;
      if (method === "OPTIONS" && headers.origin !== undefined) return preflight(headers, response, id);
      const peer = this.#peers.get(message.socket);
      const answer = this.#options.handle({ id, method, url, headers, body, peer });
      if (answer instanceof Promise) {
        void answer.then((settled) => this.#send(message, response, id, settled, startedMs));
      } else {
        this.#send(message, response, id, answer, startedMs);
      }
    });
  }

  #send(
    { headers }: IncomingMessage,
    response: ServerResponse,
    id: string,
    answer: RpcAnswer,
    startedMs: number,
  ): void {
    const { status, operation } = answer;
    this.#requests.inc({ operation, status });
    this.#duration.observe({ operation }, (performance.now() - startedMs) / 1000);
    // The client is gone.
    if (response.destroyed) return;
    if (this.#isClosing) response.shouldKeepAlive = false;
    const accepted = headers["accept-encoding"];
    if (answer.body.length >= gzipMinLength && typeof accepted === "string" && /\bgzip\b/.test(accepted)) {
      gzip(answer.body, (error, packed) => {
        if (error === null) write(response, id, answer, packed, headers.origin, true);
        else response.destroy(error);
      });
      return;
    }
    write(response, id, answer, answer.body, headers.origin, false);
  }
}

function write(
  response: ServerResponse,
  id: string,
  answer: RpcAnswer,
  body: string | Buffer,
  origin: string | undefined,
  isPacked: boolean,
): void {
  const headers = [
    "x-amzn-RequestId",
    id,
    "x-amz-crc32",
    String(crc32(body)),
    "Content-Type",
    answer.contentType,
    "Content-Length",
    String(Buffer.byteLength(body)),
  ];
  if (isPacked) headers.push("Content-Encoding", "gzip");
  if (origin !== undefined) {
    headers.push("Access-Control-Allow-Origin", "*");
    headers.push("Access-Control-Expose-Headers", "x-amzn-requestid,x-amz-crc32");
  }
  response.writeHead(answer.status, headers);
  // Text goes out with the headers in one write.
  response.end(body);
}

/** What a browser asks before it calls from a page of another origin. */
function preflight(headers: IncomingHttpHeaders, response: ServerResponse, id: string): void {
  const allowed: string[] = ["Access-Control-Allow-Origin", "*", "x-amzn-RequestId", id];
  const asked = headers["access-control-request-headers"];
  if (typeof asked === "string") allowed.push("Access-Control-Allow-Headers", asked);
  const method = headers["access-control-request-method"];
  if (typeof method === "string") allowed.push("Access-Control-Allow-Methods", method);
  allowed.push("Access-Control-Max-Age", corsMaxAgeSeconds, "Content-Length", "0");
  response.writeHead(200, allowed);
  response.end();
}

function failure(error: AwsError): RpcAnswer {
  return {
    status: error.status,
    body: JSON.stringify({ __type: error.type, message: error.message }),
    contentType: "application/x-amz-json-1.0",
    operation: "none",
  };
}

/** Answers on a connection that has no request: the whole response by hand, then the end. */
function answerRaw(socket: Duplex, status: number, reason: string, code: string, message: string): void {
  const body = JSON.stringify({ __type: AwsError.service(code, message).type, message });
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nx-amzn-RequestId: ${newRequestId()}\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: ${Buffer.byteLength(body)}\r\nx-amz-crc32: ${crc32(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** What Node's parser could not read, or did not get in time. */
function refuseMalformed(error: Error & { code?: string }, socket: Duplex): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  switch (error.code) {
    case "HPE_HEADER_OVERFLOW":
      answerRaw(
        socket,
        431,
        "Request Header Fields Too Large",
        "RequestHeaderFieldsTooLarge",
        "address and headers together take more than 16 KB",
      );
      break;
    case "ERR_HTTP_REQUEST_TIMEOUT":
      answerRaw(
        socket,
        408,
        "Request Timeout",
        "RequestTimeoutException",
        "the request did not arrive in time",
      );
      break;
    default:
      answerRaw(socket, 400, "Bad Request", "MalformedHttpRequestException", "the request cannot be read");
  }
}
