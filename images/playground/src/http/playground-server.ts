import type { Server } from "node:http";
import type { Readable } from "node:stream";
import type { Authenticator } from "@weftkit/auth";
import { listen } from "@weftkit/core";
import type { ServiceTls } from "@weftkit/host";
import { RateLimit } from "@weftkit/http/rate-limit";
import { Counter, type Logger, type Registry } from "@weftkit/observe";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { Compile } from "typebox/compile";
import type { ErrorBody, SessionInfo } from "../api.ts";
import type { Operation } from "../consoles/console.ts";
import { hasConsole, loadConsole, loadTransfers } from "../consoles/consoles.ts";
import { metricsOf, statusOf } from "../engines/admin-client.ts";
import type { ConfiguredEngine } from "../engines/engine-list.ts";
import { PlaygroundError } from "../errors.ts";
import type { ProjectChoices } from "../projects/project-api.ts";
import type { Session } from "../sessions/session.ts";
import { isSameToken, type Sessions } from "../sessions/sessions.ts";
import { setCookie, tokenOf } from "./cookie.ts";
import type { PageFile } from "./page-files.ts";
import { securityHeaders } from "./security-headers.ts";

export interface PlaygroundServerOptions {
  readonly version: string;
  readonly auth: Authenticator;
  readonly engines: ReadonlyMap<string, ConfiguredEngine>;
  readonly sessions: Sessions;
  readonly files: ReadonlyMap<string, PageFile>;
  readonly tls: ServiceTls | undefined;
  readonly connectionsMax: number;
  readonly log: Logger;
  readonly metrics: Registry;
}

const bodyBytesMax = 4 * 1024 ** 2;
/** A part of a file over a slow line takes longest. */
const requestTimeoutMs = 120_000;
const credentialCharsMax = 4096;
/** Wrong logins: by address, and by user from wherever they come. */
const failuresByAddress = { ratePerSecond: 0.2, burst: 10 };
const failuresByUser = { ratePerSecond: 0.1, burst: 20 };

type Parameters = { id: string; operation: string };

/** The page, its logins and what it asks for. It reaches the engines that are configured, and nothing else. */
export class PlaygroundServer {
  readonly #options: PlaygroundServerOptions;
  readonly #fastify: FastifyInstance;
  readonly #byAddress = new RateLimit(failuresByAddress);
  readonly #byUser = new RateLimit(failuresByUser);
  readonly #checks = new WeakMap<Pick<Operation, "schema">, ReturnType<typeof Compile>>();
  readonly #requests: Counter<"operation" | "status">;

  constructor(options: PlaygroundServerOptions) {
    this.#options = options;
    const { tls } = options;
    this.#requests = new Counter({
      name: "weftkit_playground_requests_total",
      help: "Requests of the page, by operation and status.",
      labelNames: ["operation", "status"],
      registers: [options.metrics],
    });
    this.#fastify = Fastify({
      bodyLimit: bodyBytesMax,
      requestTimeout: requestTimeoutMs,
      routerOptions: { maxParamLength: 1024 },
      ...(tls !== undefined && { https: { ...tls.material } }),
    } as object) as unknown as FastifyInstance;
    this.#fastify.removeContentTypeParser("text/plain");
    // Files are passed on as they come; who takes them bounds them.
    this.#fastify.addContentTypeParser("application/octet-stream", (_request, payload, done) =>
      done(null, payload),
    );
    this.#fastify.addHook("onRequest", async (request, reply) => {
      reply.headers(securityHeaders);
      refuseOtherSites(request);
    });
    this.#fastify.setErrorHandler((error, request, reply) => this.#fail(error, request, reply));
    this.#fastify.setNotFoundHandler((request, reply) =>
      this.#fail(new PlaygroundError("not_found", `there is no ${request.url}`), request, reply),
    );
    this.#addRoutes();
  }

  /** Listens; resolves to the port. */
  async open(bind: string, port: number): Promise<number> {
    await this.#fastify.ready();
    const server = this.#fastify.server as Server;
    server.maxConnections = this.#options.connectionsMax;
    this.#options.tls?.follow(server as never);
    return listen(server, {
      bind,
      port,
      who: "the playground",
      remedy: "set WEFTKIT_PLAYGROUND_PORT to another",
    });
  }

  /** Stops listening and closes every connection. */
  async close(): Promise<void> {
    const { server } = this.#fastify;
    if (!server.listening) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    server.close(() => resolve());
    server.closeAllConnections();
    await promise;
    await this.#fastify.close();
  }

  #addRoutes(): void {
    const { files } = this.#options;
    for (const name of files.keys()) {
      this.#fastify.get(`/${name}`, (request, reply) => sendFile(request, reply, files.get(name)!));
    }
    const index = files.get("index.html");
    if (index !== undefined) this.#fastify.get("/", (request, reply) => sendFile(request, reply, index));
    this.#fastify.post("/api/login", (request, reply) => this.#login(request, reply));
    this.#fastify.post("/api/logout", async (request, reply) => {
      this.#sessionOf(request);
      await this.#options.sessions.end(tokenOf(request)!);
      reply.header("set-cookie", setCookie(request, undefined));
      return {};
    });
    this.#fastify.get("/api/session", async (request) => this.#infoOf(this.#sessionOf(request)));
    this.#fastify.get("/api/engines", async (request) => {
      this.#sessionOf(request);
      return Promise.all([...this.#options.engines.values()].map(infoOf));
    });
    this.#fastify.post("/api/project", async (request) => {
      this.#sessionOf(request);
      const { buildProject, projectForm } = await import("../projects/project-api.ts");
      this.#check(projectForm, request.body);
      return buildProject(request.body as ProjectChoices);
    });
    this.#fastify.get<{ Params: Parameters }>("/api/engines/:id/metrics", async (request) => {
      this.#sessionOf(request);
      return { samples: (await metricsOf(this.#engineOf(request.params.id))) ?? [] };
    });
    this.#fastify.put<{ Params: Parameters }>("/api/engines/:id/upload", (request, reply) =>
      this.#upload(request, reply),
    );
    this.#fastify.get<{ Params: Parameters }>("/api/engines/:id/download", (request, reply) =>
      this.#download(request, reply),
    );
    this.#fastify.post<{ Params: Parameters }>("/api/engines/:id/:operation", (request, reply) =>
      this.#operate(request, reply),
    );
  }

  async #login(request: FastifyRequest, reply: FastifyReply): Promise<SessionInfo> {
    const { user, password } = (request.body ?? {}) as Record<string, unknown>;
    if (
      typeof user !== "string" ||
      typeof password !== "string" ||
      user.length + password.length > credentialCharsMax
    ) {
      throw new PlaygroundError("invalid_request", "a login is an object of user and password");
    }
    const waitMs = this.#byAddress.waitMs(request.ip) ?? this.#byUser.waitMs(user);
    if (waitMs !== undefined) {
      reply.header("retry-after", Math.ceil(waitMs / 1000));
      throw new PlaygroundError(
        "too_many_requests",
        `too many wrong logins; try again in ${Math.ceil(waitMs / 1000)} s`,
      );
    }
    const known = this.#options.auth.anonymous ?? (await this.#options.auth.verifyPassword(user, password));
    if (known === undefined || known.scope("connect") === "none") {
      this.#byAddress.take(request.ip);
      this.#byUser.take(user);
      this.#options.log.warn({ user, address: request.ip }, "a login was refused");
      throw new PlaygroundError("wrong_login", "the user or the password is wrong");
    }
    const { session, token } = this.#options.sessions.begin(known, password);
    reply.header("set-cookie", setCookie(request, token));
    return this.#infoOf(session);
  }

  #infoOf({ user, csrfToken }: Session): SessionInfo {
    return { user: user.user, roles: user.roles, csrfToken, version: this.#options.version };
  }

  /** Who asks; what changes something must bear the session's token beside its cookie. */
  #sessionOf(request: FastifyRequest): Session {
    const token = tokenOf(request);
    const session = token === undefined ? undefined : this.#options.sessions.find(token);
    if (session === undefined)
      throw new PlaygroundError("not_logged_in", "log in first; the session may be over");
    const csrf = request.headers["x-csrf-token"];
    if (request.method !== "GET" && (typeof csrf !== "string" || !isSameToken(csrf, session.csrfToken))) {
      throw new PlaygroundError("forbidden", "the CSRF token is missing or is not the session's");
    }
    return session;
  }

  #engineOf(id: string): ConfiguredEngine {
    const engine = this.#options.engines.get(id);
    if (engine === undefined) throw new PlaygroundError("not_found", "no such engine is configured");
    return engine;
  }

  async #operate(request: FastifyRequest<{ Params: Parameters }>, reply: FastifyReply): Promise<unknown> {
    const session = this.#sessionOf(request);
    const engine = this.#engineOf(request.params.id);
    const console = await loadConsole(engine.backend.engine);
    const name = request.params.operation;
    const operation = console !== undefined && Object.hasOwn(console, name) ? console[name] : undefined;
    if (operation === undefined) throw new PlaygroundError("not_found", `there is no operation ${name} here`);
    this.#check(operation, request.body);
    return this.#counted(engine, name, () =>
      operation.run({ engine, session, body: request.body, signal: goneOf(reply) }),
    );
  }

  async #upload(request: FastifyRequest<{ Params: Parameters }>, reply: FastifyReply): Promise<unknown> {
    const session = this.#sessionOf(request);
    const engine = this.#engineOf(request.params.id);
    const upload = (await loadTransfers(engine.backend.engine))?.upload;
    const bytes = Number(request.headers["content-length"]);
    if (upload === undefined) throw new PlaygroundError("not_found", "this engine takes no files");
    if (!Number.isSafeInteger(bytes))
      throw new PlaygroundError("invalid_request", "say how long the file is");
    this.#check(upload, request.query);
    const call = { engine, session, body: request.query, signal: goneOf(reply) };
    return this.#counted(engine, "upload", () => upload.run(call, request.body as Readable, bytes));
  }

  async #download(
    request: FastifyRequest<{ Params: Parameters }>,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const session = this.#sessionOf(request);
    const engine = this.#engineOf(request.params.id);
    const download = (await loadTransfers(engine.backend.engine))?.download;
    if (download === undefined) throw new PlaygroundError("not_found", "this engine has no files");
    this.#check(download, request.query);
    const call = { engine, session, body: request.query, signal: goneOf(reply) };
    const { status, headers, body } = await this.#counted(engine, "download", () =>
      download.run(call, request.headers.range),
    );
    return reply.code(status).headers(headers).send(body);
  }

  async #counted<T>(engine: ConfiguredEngine, name: string, run: () => Promise<T>): Promise<T> {
    const label = `${engine.backend.engine}.${name}`;
    try {
      const answer = await run();
      this.#requests.inc({ operation: label, status: "ok" });
      return answer;
    } catch (error) {
      this.#requests.inc({
        operation: label,
        status: error instanceof PlaygroundError ? error.code : "internal",
      });
      throw error;
    }
  }

  #check(operation: Pick<Operation, "schema">, body: unknown): void {
    const check = this.#checks.get(operation) ?? Compile(operation.schema);
    this.#checks.set(operation, check);
    if (check.Check(body)) return;
    const [first] = check.Errors(body);
    const what = `${first?.instancePath ?? ""} ${first?.message ?? "is wrong"}`;
    throw new PlaygroundError("invalid_request", `the body ${what}`);
  }

  #fail(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const known = error instanceof PlaygroundError ? error : fromFastify(error);
    if (known.status >= 500 && known.code === "internal") {
      this.#options.log.error({ err: error, method: request.method, url: request.url }, "a request failed");
    }
    const body: ErrorBody = { error: { code: known.code, message: known.message, ...known.fields } };
    return reply.code(known.status).header("cache-control", "no-store").send(body);
  }
}

/** Aborted when the browser does not wait any more. */
function goneOf(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  return gone.signal;
}

async function infoOf(engine: ConfiguredEngine) {
  const { id, name, backend } = engine;
  const address = `${backend.host}:${backend.port}`;
  const known = { id, name, engine: backend.engine, address, hasConsole: hasConsole(backend.engine) };
  return { ...known, ...(await statusOf(engine)) };
}

/** A browser says where a request comes from: another site's page may ask for nothing but to be shown. */
function refuseOtherSites(request: FastifyRequest): void {
  const site = request.headers["sec-fetch-site"];
  const isOwn = site === undefined || site === "same-origin" || site === "none";
  if (!isOwn && request.url.startsWith("/api/")) {
    throw new PlaygroundError("forbidden", "requests of other sites are refused");
  }
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: PageFile): FastifyReply {
  const isBrotli = /\bbr\b/.test(request.headers["accept-encoding"] ?? "");
  reply.headers({
    "content-type": file.mediaType,
    "cache-control": file.isImmutable ? "public, max-age=31536000, immutable" : "no-cache",
    vary: "accept-encoding",
    ...(isBrotli && { "content-encoding": "br" }),
  });
  return reply.send(isBrotli ? file.brotli : file.bytes);
}

function fromFastify(error: unknown): PlaygroundError {
  const { statusCode, message } = error as { statusCode?: number; message: string };
  if (statusCode === 413) return new PlaygroundError("too_large", "the body is too large");
  if (statusCode === 415)
    return new PlaygroundError("unsupported_media_type", "send JSON, as application/json");
  if (statusCode !== undefined && statusCode < 500) return new PlaygroundError("invalid_request", message);
  return new PlaygroundError(
    "internal",
    "a defect of the playground; its log says more",
    {},
    { cause: error },
  );
}
