import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import {
  constants,
  createServer as createHttp2Server,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";
import type { Backends, BackendTls } from "@weftkit/backends";
import type { Deadline } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import type { Arrival, RefusalReason } from "@weftkit/relay";
import type { Asked, ListenerName, Route } from "../routes/route.ts";
import type { RouteBook } from "../routes/route-book.ts";
import type { UpstreamOptions } from "../tcp/upstream.ts";
import type { Traffic } from "../traffic.ts";
import { readAsked } from "./asked.ts";
import { Http1Exchange, Http2Exchange } from "./exchanges.ts";
import { type Client, requestHeaders } from "./headers.ts";
import { type Exchange, type Forwarded, forwardHttp1 } from "./http1-forward.ts";
import { Http1Upstream } from "./http1-upstream.ts";
import { forwardHttp2 } from "./http2-forward.ts";
import { Http2Upstream } from "./http2-upstream.ts";

/** Between two requests of a connection. */
const keepAliveMs = 75_000;
const drainLookMs = 50;

export interface HttpFrontOptions {
  readonly book: RouteBook;
  readonly backends: Backends;
  readonly backendTls: BackendTls;
  readonly upstream: UpstreamOptions;
  readonly traffic: Traffic;
  readonly log: Logger;
  readonly hasAccessLog: boolean;
  readonly headMs: number;
  isTrustedProxy(address: string): boolean;
}

/** A connection of HTTP, whichever version. */
interface Connection extends Client {
  readonly listener: ListenerName;
  readonly serverName: string | undefined;
}

/** One request on its way: what is logged and counted of it. */
interface Call {
  readonly connection: Connection;
  readonly method: string;
  readonly path: string;
  readonly host: string | undefined;
  readonly traceparent: string;
  readonly startedMs: number;
}

/** Looks at HTTP request by request: each has its own route, its limits and its line in the log. */
export class HttpFront {
  readonly #options: HttpFrontOptions;
  readonly #http1: Server;
  readonly #http2: Http2Server;
  readonly #http1Upstream: Http1Upstream;
  readonly #http2Upstream: Http2Upstream;
  readonly #connections = new WeakMap<Socket, Connection>();
  readonly #sessions = new Map<ServerHttp2Session, Connection>();
  /** The connection whose session is being made. */
  #arriving: Connection | undefined;
  #open = 0;
  #isClosing = false;

  constructor(options: HttpFrontOptions) {
    this.#options = options;
    this.#http1Upstream = new Http1Upstream(options.backendTls, options.upstream.timeoutMs);
    this.#http2Upstream = new Http2Upstream(options.upstream);
    this.#http1 = createServer({
      keepAliveTimeout: keepAliveMs,
      headersTimeout: options.headMs,
      // A body may take as long as it takes: uploads are large.
      requestTimeout: 0,
      noDelay: true,
      connectionsCheckingInterval: Math.min(options.headMs, 5000),
    });
    this.#http1.on("request", (request, response) => this.#request(request, response));
    this.#http1.on("checkContinue", (request, response) => this.#request(request, response));
    this.#http1.on("connect", (_request, socket) => {
      socket.end("HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    });
    // It never listens itself; this starts its look at slow clients.
    this.#http1.emit("listening");
    this.#http2 = createHttp2Server({ settings: { maxConcurrentStreams: 1000 } });
    this.#http2.on("session", (session) => {
      this.#sessions.set(session, this.#arriving!);
      session.on("close", () => this.#sessions.delete(session));
    });
    this.#http2.on("sessionError", (error) => options.log.debug({ err: error }, "an HTTP/2 session failed"));
    this.#http2.on("stream", (stream, headers, flags, raw) => {
      stream.on("error", () => {});
      const hasBody = (flags & constants.NGHTTP2_FLAG_END_STREAM) === 0;
      this.#stream(stream, headers, hasBody, raw as unknown as string[]);
    });
  }

  get connections(): number {
    return this.#open;
  }

  /** Serves a connection until it ends; `left` is called then. */
  serve(arrival: Arrival, listener: ListenerName, left: () => void): void {
    const { socket, opening, bytes, ends, hello } = arrival;
    const connection: Connection = {
      listener,
      serverName: hello?.serverName,
      ends,
      isTls: arrival.tls === "ended",
      isTrusted: this.#options.isTrustedProxy(socket.remoteAddress ?? ""),
    };
    this.#open++;
    socket.once("close", () => {
      this.#open--;
      left();
    });
    socket.unshift(bytes);
    if (opening.protocol === "http2") {
      this.#arriving = connection;
      // Who has ended its half can no longer say how much it takes: Node would keep the session for ever.
      socket.allowHalfOpen = false;
      this.#http2.emit("connection", socket);
    } else {
      this.#connections.set(socket, connection);
      // HTTP/1.1 answers a client that has ended its half.
      this.#http1.emit("connection", socket);
      socket.resume();
    }
  }

  /** Tells clients from now on, each with its next answer, that the connection ends. */
  beginClose(): void {
    this.#isClosing = true;
    for (const session of this.#sessions.keys()) session.close();
  }

  /** Answers what was asked, and closes connections that ask for nothing. */
  async close(deadline: Deadline): Promise<void> {
    while (this.#open > 0 && deadline.remainingMs() > 1000) {
      this.#http1.closeIdleConnections();
      if (this.#open > 0) await new Promise((resolve) => setTimeout(resolve, drainLookMs));
    }
    this.#http1.closeAllConnections();
    this.#http1.close();
    for (const session of this.#sessions.keys()) session.destroy();
    this.#http1Upstream.close();
    this.#http2Upstream.close();
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.get(request.socket)!;
    const { method = "GET", url = "/", headers, rawHeaders } = request;
    const asked = readAsked(url, (name) => headers[name] as string | undefined);
    const sent = requestHeaders(rawHeaders, headers.connection, connection);
    const exchange = new Http1Exchange(request, response, sent.headers, () => this.#isClosing);
    const { path, host } = asked;
    const { traceparent } = sent;
    const call = { connection, method, path, host, traceparent, startedMs: performance.now() };
    const { listener, serverName } = connection;
    const route = this.#options.book.table.find({ listener, protocol: "http", serverName, ...asked });
    this.#forward(exchange, route, call);
  }

  #stream(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    hasBody: boolean,
    raw: readonly string[],
  ): void {
    const connection = this.#sessions.get(stream.session as ServerHttp2Session);
    if (connection === undefined) {
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
      return;
    }
    if (this.#isClosing) stream.session?.close();
    const { listener, serverName } = connection;
    const method = headers[":method"] ?? "GET";
    if (method === "CONNECT") {
      stream.respond({ ":status": 501 }, { endStream: true });
      return;
    }
    const target = headers[":path"] ?? "/";
    const authority = headers[":authority"] ?? headers.host;
    const read = (name: string) => (name === "host" ? authority : (headers[name] as string | undefined));
    const asked = readAsked(target, read);
    const isGrpc = headers["content-type"]?.startsWith("application/grpc") === true;
    const common: Asked = { listener, protocol: "http", serverName, ...asked };
    const service = asked.path.split("/")[1];
    const { table } = this.#options.book;
    const route =
      (isGrpc ? undefined : table.find(common)) ?? table.find({ ...common, protocol: "http2", service });
    const sent = requestHeaders(
      authority === undefined ? raw : ["Host", authority, ...raw],
      undefined,
      connection,
    );
    const { path, host } = asked;
    const { traceparent } = sent;
    const call = { connection, method, path, host, traceparent, startedMs: performance.now() };
    const exchange = new Http2Exchange(stream, { method, target, hasBody, headers: sent.headers }, isGrpc);
    this.#forward(exchange, route, call);
  }

  #forward(exchange: Http1Exchange | Http2Exchange, route: Route | undefined, call: Call): void {
    const { traffic, backends } = this.#options;
    const reason = route === undefined ? "no_route" : this.#reasonAgainst(route, call.connection);
    if (route === undefined || reason !== undefined) {
      exchange.refuse(reason ?? "no_route");
      traffic.refused(route, reason ?? "no_route");
      this.#log(call, route, { refused: reason ?? "no_route" });
      return;
    }
    let bytes = 0;
    let outcome: Record<string, unknown> = { status: "aborted" };
    const told: Forwarded = {
      answered: (status, backend) => {
        traffic.answered(route, status);
        outcome = { status, backend };
      },
      refused: (why) => {
        traffic.refused(route, why);
        outcome = { refused: why };
      },
      sent: (count) => {
        bytes += count;
      },
    };
    exchange.onOver(() => {
      traffic.leave(route);
      traffic.passed(route, 0, bytes);
      this.#log(call, route, { ...outcome, bytes });
    });
    if (exchange instanceof Http2Exchange && route.protocol === "http2") {
      forwardHttp2(exchange, route, this.#http2Upstream, told);
    } else {
      forwardHttp1(exchange as Exchange, route, { backends, upstream: this.#http1Upstream }, told);
    }
  }

  #reasonAgainst(route: Route, connection: Connection): RefusalReason | undefined {
    const { traffic } = this.#options;
    if (route.tls === "required" && !connection.isTls) return "tls_required";
    return traffic.admitRequest(route) ?? traffic.enter(route);
  }

  #log(call: Call, route: Route | undefined, outcome: Record<string, unknown>): void {
    const { log, hasAccessLog } = this.#options;
    if (!hasAccessLog) return;
    const { connection, method, path, host, traceparent, startedMs } = call;
    const durationMs = Math.round((performance.now() - startedMs) * 1000) / 1000;
    const client = `${connection.ends.sourceAddress}:${connection.ends.sourcePort}`;
    log.info(
      { client, route: route?.name, method, host, path, ...outcome, traceparent, durationMs },
      "request",
    );
  }
}
