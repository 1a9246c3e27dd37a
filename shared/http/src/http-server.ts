import { createServer, type IncomingMessage, METHODS, type Server, type ServerResponse } from "node:http";
import { type Duplex, Readable } from "node:stream";
import type { Deadline } from "@weftkit/core";
import type { EngineContext, Peer } from "@weftkit/host";
import type { Logger } from "@weftkit/observe";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { type Answer, empty } from "./answer.ts";
import { RequestAuthenticator } from "./authenticate.ts";
import { refuseConnection, refuseMalformed } from "./connection-errors.ts";
import { Cors } from "./cors.ts";
import { Exchange } from "./exchange.ts";
import { HttpMetrics } from "./http-metrics.ts";
import { problemOf } from "./problem-of.ts";
import { problems } from "./problems.ts";
import { readQuery } from "./query-string.ts";
import { RateLimit } from "./rate-limit.ts";
import { requestIdOf } from "./request-id.ts";
import type { Route } from "./route.ts";
import { RouteSchemas } from "./route-schemas.ts";
import { type Gate, serve } from "./serve.ts";

/** A page that needs no token. */
export interface Page {
  readonly mediaType: string;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpServerOptions {
  readonly context: Pick<EngineContext, "auth" | "log" | "metrics">;
  readonly routes: readonly Route[];
  /** Before every route's path: `/v1`. */
  readonly prefix: string;
  /** By path: the API's description. */
  readonly pages?: Readonly<Record<string, Page>>;
  /** Requests a second and user; 0 is no limit. */
  readonly ratePerSecond: number;
  /** Pages of which origins may call the routes from a browser; see `Cors`. Default: none. */
  readonly corsOrigins?: readonly string[];
  /** A body of which nothing comes for this long is given up. Default: 15 s. */
  readonly bodyIdleMs?: number;
  /** For all of a request to arrive; 0 is no limit. Default: 10 minutes, the largest import of most engines included. */
  readonly requestTimeoutMs?: number;
  /** Who serves what is not below the prefix, on the same port. */
  readonly beside?: BesideServer;
}

/** Another protocol over HTTP on the same connections. */
export interface BesideServer {
  /** Whether a request for this address is its own. */
  takes(url: string): boolean;
  /**
   * Serves one, from its headers to the end of the answer. A client that waits for `100 Continue` gets it when this calls
   * `response.writeContinue()`.
   */
  handle(message: IncomingMessage, response: ServerResponse, peer: Peer | undefined): void;
}

const headersMaxBytes = 16 * 1024;
const paramMaxLength = 8 * 1024;
const headersTimeoutMs = 15_000;
const requestTimeoutMsDefault = 600_000;
const keepAliveTimeoutMs = 65_000;
const timeoutCheckMs = 1000;
/** How long requests that run when the engine closes may go on. */
const drainMs = 5000;

const routeMethods: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
]);
/** All that Node can read; CONNECT has an event of its own. */
const methods = METHODS.filter((method) => method !== "CONNECT");

/** HTTP for an engine: connections come from the host, requests go to the routes, errors leave as problems. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #log: Logger;
  readonly #metrics: HttpMetrics;
  readonly #gate: Gate;
  readonly #cors: Cors;
  readonly #peers = new WeakMap<Duplex, Peer>();
  readonly #exchanges = new Set<Exchange>();
  readonly #fastify: FastifyInstance;
  readonly #idle = Promise.withResolvers<void>();
  #server!: Server;
  #isClosing = false;

  constructor(options: HttpServerOptions) {
    const { context, ratePerSecond, bodyIdleMs = 15_000, corsOrigins = [] } = options;
    this.#options = options;
    this.#log = context.log;
    this.#metrics = new HttpMetrics(context.metrics, context.log);
    this.#gate = {
      authenticator: new RequestAuthenticator(context.auth),
      rate: ratePerSecond === 0 ? undefined : new RateLimit({ ratePerSecond, burst: 2 * ratePerSecond }),
      bodyIdleMs,
    };
    this.#cors = new Cors(corsOrigins);
    this.#fastify = this.#createFastify();
  }

  async open(): Promise<void> {
    await this.#fastify.ready();
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
    refuseConnection(socket);
  }

  /** How many requests are being served. */
  get requests(): number {
    return this.#exchanges.size;
  }

  /** Lets the requests that run end, for a while, and closes every connection. Endless streams are the engine's to end. */
  async close(deadline: Deadline): Promise<void> {
    this.#isClosing = true;
    // As it does not listen, this only ends its timers, and says so with an error of no interest.
    this.#server.close(() => {});
    this.#server.closeIdleConnections();
    if (this.#exchanges.size > 0) {
      const timer = setTimeout(this.#idle.resolve, Math.min(drainMs, deadline.remainingMs()));
      await this.#idle.promise;
      clearTimeout(timer);
    }
    for (const exchange of this.#exchanges) exchange.abort("the engine closes");
    this.#server.closeAllConnections();
    await this.#fastify.close();
  }

  #createFastify(): FastifyInstance {
    const fastify = Fastify({
      logger: false,
      exposeHeadRoutes: false,
      genReqId: (request) => requestIdOf(request.headers["x-request-id"]),
      routerOptions: { maxParamLength: paramMaxLength, querystringParser: readQuery },
      frameworkErrors: (error, request, reply) => {
        const problem = problems.invalidRequest(`the address is not valid: ${error.message}`);
        this.#answer(request as FastifyRequest, reply as FastifyReply, "none", () => Promise.reject(problem));
      },
      serverFactory: (handler) => {
        const { beside, requestTimeoutMs = requestTimeoutMsDefault } = this.#options;
        const options = {
          maxHeaderSize: headersMaxBytes,
          headersTimeout: headersTimeoutMs,
          requestTimeout: requestTimeoutMs,
          keepAliveTimeout: keepAliveTimeoutMs,
          connectionsCheckingInterval: timeoutCheckMs,
        };
        this.#server = createServer(options, beside === undefined ? handler : this.#split(handler, beside));
        if (beside !== undefined) {
          // Expectations that nobody knows are not met, and nobody is hurt by that.
          this.#server.on("checkExpectation", (message: IncomingMessage, response: ServerResponse) => {
            this.#server.emit("request", message, response);
          });
          this.#server.on("checkContinue", (message: IncomingMessage, response: ServerResponse) => {
            if (!beside.takes(message.url ?? "")) response.writeContinue();
            this.#server.emit("request", message, response);
          });
        }
        return this.#server;
      },
      clientErrorHandler: (error, socket) => refuseMalformed(error, socket),
    });
    // Of methods that no route has nothing is asked but that they are none.
    for (const method of methods) {
      if (!routeMethods.has(method))
        fastify.addHttpMethod(method, { hasBody: false, overrideExisting: true });
    }
    // Bodies are read by whoever knows the route's types and limits.
    fastify.removeAllContentTypeParsers();
    fastify.addContentTypeParser("*", (_request, _payload, done) => done(null));
    fastify.setErrorHandler((error, request, reply) => {
      const isMediaType = (error as { code?: string }).code?.startsWith("FST_ERR_CTP_") === true;
      const problem = isMediaType ? problems.unsupportedMediaType((error as Error).message) : error;
      return this.#answer(request, reply, "none", () => Promise.reject(problem));
    });
    fastify.setNotFoundHandler((request, reply) =>
      this.#answer(request, reply, "none", () => {
        const path = request.url.split("?")[0];
        const hint = `the API is described at ${this.#options.prefix}/docs`;
        throw problems.notFound(`there is no ${path}; ${hint}`);
      }),
    );
    this.#addRoutes(fastify);
    return fastify;
  }

  #split(
    handler: (message: IncomingMessage, response: ServerResponse) => void,
    beside: BesideServer,
  ): (message: IncomingMessage, response: ServerResponse) => void {
    return (message, response) => {
      if (!beside.takes(message.url ?? "")) handler(message, response);
      else beside.handle(message, response, this.#peers.get(message.socket));
    };
  }

  #addRoutes(fastify: FastifyInstance): void {
    const { routes, prefix, pages = {} } = this.#options;
    const taken = new Map<string, string[]>();
    const add = (method: string, url: string, work: (exchange: Exchange) => Promise<Answer> | Answer) => {
      const names = method === "GET" ? ["GET", "HEAD"] : [method];
      taken.set(url, [...(taken.get(url) ?? []), ...names]);
      fastify.route({
        method: names,
        url,
        handler: (request, reply) => this.#answer(request, reply, url, work),
      });
    };
    for (const [path, { mediaType, text, headers }] of Object.entries(pages)) {
      add("GET", path, () => ({
        status: 200,
        headers: { "content-type": mediaType, ...headers },
        body: text,
      }));
    }
    for (const route of routes) {
      const schemas = new RouteSchemas(route);
      const url = prefix + route.path.replace(/\{\w+\.\.\.\}$/, "*").replaceAll(/\{(\w+)\}/g, ":$1");
      add(route.method, url, (exchange) => serve(this.#gate, route, schemas, exchange));
    }
    for (const [url, names] of taken) {
      const allow = [...names, "OPTIONS"].join(", ");
      fastify.route({
        method: methods.filter((method) => !names.includes(method)),
        url,
        handler: (request, reply) =>
          this.#answer(request, reply, url, () => {
            if (request.method === "OPTIONS") {
              return empty(204, { allow, ...this.#cors.preflight(request.headers, names.join(", ")) });
            }
            const detail = `${request.method} is not possible here; there is: ${allow}`;
            throw problems.methodNotAllowed(detail, { headers: { allow } });
          }),
      });
    }
  }

  /** Does the work of one request and sends what comes of it. */
  async #answer(
    request: FastifyRequest,
    reply: FastifyReply,
    route: string,
    work: (exchange: Exchange) => Promise<Answer> | Answer,
  ): Promise<FastifyReply> {
    const exchange = new Exchange(request, reply, route, this.#peers.get(request.raw.socket));
    this.#exchanges.add(exchange);
    reply.raw.once("close", () => this.#ended(exchange));
    let answer: Answer;
    try {
      answer = await work(exchange);
    } catch (error) {
      answer = this.#problem(error, exchange);
    }
    reply.code(answer.status).headers({
      "x-request-id": exchange.id,
      "x-content-type-options": "nosniff",
      ...(this.#isClosing && { connection: "close" }),
      ...answer.headers,
      ...this.#cors.headersFor(request.headers, answer.headers),
    });
    return reply.send(sendable(answer, request.method));
  }

  #problem(error: unknown, exchange: Exchange): Answer {
    const problem = problemOf(error);
    const { status } = problem.type;
    if (status >= 500) {
      const { id, method, route } = exchange;
      this.#log.error(
        { err: problem.cause ?? problem, requestId: id, method, route, status },
        "a request failed",
      );
    }
    return {
      status,
      headers: { "content-type": "application/problem+json", ...problem.headers },
      body: `${JSON.stringify(problem.toJson(exchange.id))}\n`,
    };
  }

  /** The answer is sent, or the client is gone. */
  #ended(exchange: Exchange): void {
    this.#exchanges.delete(exchange);
    exchange.abort("the client is gone");
    const { id, method, route, durationMs, user, address, reply } = exchange;
    const status = reply.raw.statusCode;
    this.#metrics.served({ id, method, route, status, durationMs, user: user?.user, address });
    if (this.#isClosing && this.#exchanges.size === 0) this.#idle.resolve();
  }
}

/** Text as bytes, because to text fastify adds a charset, which JSON does not have; of a stream only the headers to HEAD. */
function sendable({ body }: Answer, method: string): Buffer | Readable | undefined {
  if (typeof body === "string") return Buffer.from(body);
  if (!(body instanceof Readable) || method !== "HEAD") return body;
  body.destroy();
  return undefined;
}
