import type { Buffer } from "node:buffer";
import { Readable } from "node:stream";
import { formatBytes } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import { VectorError, type VectorErrorCode } from "../../errors.ts";
import { isObject, parseJson, stringifyJson } from "../../model/json.ts";
import type { Caller } from "../caller.ts";
import { type Apis, qdrantRoutes, type Route } from "../qdrant/rest-routes.ts";
import type { HttpAnswer, HttpRequest } from "./http-server.ts";
import type { JsonService } from "./json-service.ts";
import { Router } from "./router.ts";
import { httpStatus } from "./statuses.ts";

export interface HttpFaceOptions {
  readonly apis: Apis;
  readonly service: JsonService;
  readonly log: Logger;
  /** @throws VectorError */
  readonly identify: (request: HttpRequest) => Promise<Caller["user"]>;
  readonly finished: (route: string, code: string, seconds: number) => void;
  readonly isServing: () => boolean;
  /** What is told of this server, whose API it has. */
  readonly version: Readonly<Record<string, unknown>>;
}

/** What is asked by those who look after the process. */
const probes = new Set(["healthz", "livez", "readyz"]);

/** HTTP/JSON: the native service's messages at /v1, and Qdrant's REST interface beside it. */
export class HttpFace {
  readonly #options: HttpFaceOptions;
  readonly #router = new Router<Route>();

  constructor(options: HttpFaceOptions) {
    this.#options = options;
    for (const route of qdrantRoutes) this.#router.add(route.method, route.path, route);
  }

  async handle(request: HttpRequest): Promise<HttpAnswer> {
    const startedMs = performance.now();
    const { method, path } = request;
    const [first = ""] = path;
    if (path.length === 1 && probes.has(first) && (method === "GET" || method === "HEAD")) {
      const isServing = this.#options.isServing();
      return {
        status: isServing ? 200 : 503,
        body: `${first} check ${isServing ? "passed" : "failed"}`,
        contentType: "text/plain",
      };
    }
    const native = this.#options.service.methodOf(path);
    let code: VectorErrorCode | "ok" = "ok";
    let route = native ?? "unknown";
    try {
      if (path.length === 0 && method === "GET")
        return { status: 200, body: stringifyJson(this.#options.version) };
      if (native !== undefined) {
        if (method !== "POST") return notAllowed(["POST"]);
        const user = await this.#options.identify(request);
        const answer = await this.#options.service.call({ user }, native, jsonOf(request.body));
        return { status: 200, body: stringifyJson(answer) };
      }
      const found = this.#router.find(method, path);
      if (found === undefined) throw new VectorError("not_found", `there is no ${method} /${path.join("/")}`);
      if ("allowed" in found) return notAllowed(found.allowed);
      route = `${method} ${found.route.path}`;
      const user = await this.#options.identify(request);
      const result = await found.route.answer(this.#options.apis, {
        caller: { user },
        params: found.params,
        body: jsonOf(request.body),
        query: request.query,
      });
      if (result instanceof Readable)
        return { status: 200, body: result, contentType: "application/octet-stream" };
      const time = (performance.now() - startedMs) / 1000;
      return { status: 200, body: stringifyJson({ result, status: "ok", time }) };
    } catch (error) {
      const told = this.#told(error, route);
      code = told.code;
      const time = (performance.now() - startedMs) / 1000;
      const body =
        native === undefined
          ? { status: { error: told.message }, time }
          : { code: told.code.toUpperCase(), message: told.message };
      return {
        status: httpStatus[told.code],
        body: stringifyJson(body),
        ...(told.code === "unauthenticated" && { headers: { "www-authenticate": 'Bearer realm="weftkit"' } }),
      };
    } finally {
      this.#options.finished(route, code, (performance.now() - startedMs) / 1000);
    }
  }

  #told(error: unknown, route: string): VectorError {
    if (error instanceof VectorError) return error;
    this.#options.log.error({ err: error, route }, "a request failed");
    return new VectorError("internal", "the request failed in the engine; its log says why");
  }
}

/** The answer to a body that is too large. */
export function tooLarge(bytesMax: number): HttpAnswer {
  const message = `a request takes ${formatBytes(bytesMax)} at the most`;
  return {
    status: 413,
    body: stringifyJson({ status: { error: message }, code: "RESOURCE_EXHAUSTED", message, time: 0 }),
  };
}

function notAllowed(allowed: readonly string[]): HttpAnswer {
  const message = `this method is not possible here; there is: ${allowed.join(", ")}`;
  return {
    status: 405,
    body: stringifyJson({ status: { error: message }, time: 0 }),
    headers: { allow: allowed.join(", ") },
  };
}

/** A body as JSON; none is an empty object. @throws VectorError */
function jsonOf(body: Buffer): Readonly<Record<string, unknown>> {
  if (body.length === 0) return {};
  let value: unknown;
  try {
    value = parseJson(body.toString("utf8"));
  } catch (error) {
    throw new VectorError("invalid_argument", `Format error in JSON body: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (!isObject(value))
    throw new VectorError("invalid_argument", "Format error in JSON body: an object is expected");
  return value;
}
