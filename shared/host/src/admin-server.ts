import { createHash, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { ChangeLog } from "@weftkit/changes";
import { listen, WeftkitError } from "@weftkit/core";
import type { ReadinessRegistry, Registry } from "@weftkit/observe";
import { changesPath, forgetConsumer, forgetPath, streamChanges } from "./changes-route.ts";
import type { AdminOperation } from "./service.ts";
import {
  restorePath,
  restoreSnapshot,
  type SnapshotOperations,
  sendSnapshot,
  snapshotPath,
} from "./snapshot-routes.ts";

/** What the admin port answers from. */
export interface AdminOptions {
  readonly bind: string;
  readonly port: number;
  /** What POST requests, and whoever reads changes, must bear; without it they are refused. */
  readonly token: string | undefined;
  readonly readiness: ReadinessRegistry;
  /** What `/metrics` shows, one after the other. */
  metrics(): readonly Registry[];
  status(): Record<string, unknown>;
  /** What `/v1/changes` streams; undefined while the engine has said none. */
  changes(): ChangeLog | undefined;
  /** Those of a service, by method and path; each needs the token. */
  operations?(): Readonly<Record<string, AdminOperation>>;
  /** What `/v1/snapshot` and `/v1/restore` do; undefined where there is no state. */
  readonly snapshots?: SnapshotOperations;
  /** Pushes what was written so far; resolves to what is told about it. */
  flush(): Promise<unknown>;
}

const connectionsMax = 256;
const requestTimeoutMs = 10_000;

type Handler = (
  options: AdminOptions,
  response: ServerResponse,
  request: IncomingMessage,
) => void | Promise<void>;

/** GET (and HEAD) by path. */
const pages: Readonly<Record<string, Handler>> = {
  "/livez": (_, response) => send(response, 200, { live: true }),
  "/readyz": ({ readiness }, response) =>
    send(response, readiness.ready ? 200 : 503, {
      ready: readiness.ready,
      components: readiness.components(),
    }),
  "/metrics": async ({ metrics }, response) => {
    const registries = metrics();
    const texts = await Promise.all(registries.map((registry) => registry.metrics()));
    response.writeHead(200, { "content-type": registries[0]!.contentType }).end(texts.join(""));
  },
  "/v1/status": ({ status }, response) => send(response, 200, status()),
  [changesPath]: async ({ changes }, response, request) => {
    const reply = await streamChanges(changes(), request, response);
    if (reply !== undefined) send(response, reply.status, reply.body);
  },
};

/** What is read with the admin token only: it says what is in the database. */
const secretPages: ReadonlySet<string> = new Set([changesPath]);

/** POST by path; each needs the admin token. */
const operations: Readonly<Record<string, Handler>> = {
  [snapshotPath]: ({ snapshots }, response) => sendSnapshot(snapshots, response),
  [restorePath]: ({ snapshots }, response, request) => restoreSnapshot(snapshots, request, response),
  [forgetPath]: async ({ changes }, response, request) => {
    const { status, body } = await forgetConsumer(changes(), request);
    send(response, status, body);
  },
  "/v1/persist/flush": async ({ flush }, response) => {
    try {
      send(response, 200, await flush());
    } catch (error) {
      if (!(error instanceof WeftkitError)) throw error;
      send(response, error.code === "persistence_disabled" ? 409 : 503, {
        error: error.message,
        code: error.code,
      });
    }
  },
};

function answerWith(operation: AdminOperation): Handler {
  return async (_options, response, request) => {
    const { searchParams } = new URL(request.url ?? "/", "http://admin");
    const { status, body } = await operation(searchParams);
    send(response, status, body);
  };
}

/** The admin port: health, metrics and status over HTTP, never on the data port. */
export class AdminServer {
  readonly #server: Server;
  readonly #options: AdminOptions;

  constructor(options: AdminOptions) {
    this.#options = options;
    // A body may take as long as it needs where one is wanted; each route watches over its own.
    this.#server = createServer({ requestTimeout: 0, headersTimeout: requestTimeoutMs }, (...pair) =>
      this.#answer(...pair),
    );
    this.#server.maxConnections = connectionsMax;
  }

  /** Begins to listen; resolves to the port. @throws WeftkitError `cannot_listen` */
  open(): Promise<number> {
    const { bind, port } = this.#options;
    const remedy = "set WEFTKIT_ADMIN_PORT to another";
    return listen(this.#server, { bind, port, who: "the admin port", remedy });
  }

  /** Stops listening and closes every connection. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? "/").split("?")[0]!;
    if (!(request.method === "POST" && path === restorePath)) dropBody(request);
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (!isRead && request.method !== "POST") {
      send(response.setHeader("allow", "GET, HEAD, POST"), 405, { error: "method not allowed" });
      return;
    }
    const own = this.#options.operations?.() ?? {};
    const name = `${isRead ? "GET" : "POST"} ${path}`;
    const operation = Object.hasOwn(own, name) ? own[name] : undefined;
    const refusal =
      isRead && !secretPages.has(path) && operation === undefined
        ? undefined
        : this.#refusalOf(request.headers.authorization);
    if (refusal !== undefined) {
      dropBody(request);
      send(response.setHeader("www-authenticate", "Bearer"), refusal.status, { error: refusal.error });
      return;
    }
    const routes = isRead ? pages : operations;
    const handler =
      operation !== undefined
        ? answerWith(operation)
        : Object.hasOwn(routes, path)
          ? routes[path]
          : undefined;
    if (handler === undefined) {
      send(response, 404, { error: `there is no ${path}`, pages: Object.keys(routes) });
      return;
    }
    this.#run(handler, response, request);
  }

  async #run(handler: Handler, response: ServerResponse, request: IncomingMessage): Promise<void> {
    try {
      await handler(this.#options, response, request);
    } catch (error) {
      if (response.headersSent) {
        response.destroy();
        return;
      }
      send(response, 500, { error: error instanceof Error ? error.message : String(error) });
    }
  }

  #refusalOf(authorization: string | undefined): { status: 401 | 403; error: string } | undefined {
    const { token } = this.#options;
    if (token === undefined)
      return { status: 403, error: "this needs an admin token: set WEFTKIT_ADMIN_TOKEN" };
    const given = /^Bearer (.+)$/i.exec(authorization ?? "")?.[1];
    if (given !== undefined && timingSafeEqual(digest(given), digest(token))) return undefined;
    return { status: 401, error: "the admin token is missing or wrong" };
  }
}

/** Nobody reads it; a client that takes long to send it is not waited for. */
function dropBody(request: IncomingMessage): void {
  const timer = setTimeout(() => request.destroy(), requestTimeoutMs).unref();
  request.once("close", () => clearTimeout(timer)).once("end", () => clearTimeout(timer));
  request.resume();
}

/** Of equal length for any two texts, so that comparing takes the same time for all of them. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(`${JSON.stringify(body)}\n`);
}
