import type { IncomingMessage, ServerResponse } from "node:http";
import type { Authenticator } from "@weftkit/auth";
import { type Deadline, systemClock } from "@weftkit/core";
import type { Peer } from "@weftkit/host";
import { RateLimit } from "@weftkit/http/rate-limit";
import { newRequestId, xmlText } from "@weftkit/http-aws";
import { Counter, Histogram, type Registry } from "@weftkit/observe";
import { S3Error, s3ErrorOf } from "../errors.ts";
import type { Services } from "../objects/services.ts";
import { findBucket } from "../storage/buckets.ts";
import type { Reply } from "./answer/reply.ts";
import { Call } from "./call.ts";
import { corsHeaders, preflight } from "./cors.ts";
import { readAddress } from "./request/address.ts";
import { operationFor } from "./router.ts";
import { SignatureVerifier, type Verified } from "./signature/verify.ts";

export interface S3ServerOptions {
  readonly services: Services;
  readonly auth: Authenticator;
  readonly metrics: Registry;
  readonly domains: readonly string[];
  /** Requests a second and user; 0 is no limit. */
  readonly ratePerSecond: number;
}

const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];
/** How long requests that run when the engine closes may go on. */
const drainMs = 5000;

/** The S3 face: a request of node:http in, its answer out. */
export class S3Server {
  readonly #options: S3ServerOptions;
  readonly #services: Services;
  readonly #verifier: SignatureVerifier;
  readonly #rate: RateLimit | undefined;
  readonly #requests: Counter<"operation" | "status">;
  readonly #duration: Histogram<"operation">;
  readonly #idle = Promise.withResolvers<void>();
  #running = 0;
  #isClosing = false;

  constructor(options: S3ServerOptions) {
    const { services, auth, metrics, ratePerSecond } = options;
    this.#options = options;
    this.#services = services;
    this.#verifier = new SignatureVerifier(auth, systemClock);
    this.#rate = ratePerSecond === 0 ? undefined : new RateLimit({ ratePerSecond, burst: 2 * ratePerSecond });
    const registers = [metrics];
    this.#requests = new Counter({
      name: "weftkit_s3_requests_total",
      help: "Requests by operation and status.",
      labelNames: ["operation", "status"],
      registers,
    });
    this.#duration = new Histogram({
      name: "weftkit_s3_request_duration_seconds",
      help: "From a request's headers to the end of its answer.",
      labelNames: ["operation"],
      buckets,
      registers,
    });
  }

  get requests(): number {
    return this.#running;
  }

  /** Serves a request; what goes wrong is an answer, too. */
  handle(message: IncomingMessage, response: ServerResponse, peer: Peer | undefined): void {
    const startedMs = performance.now();
    const id = newRequestId().slice(0, 16);
    let operation = "none";
    this.#running++;
    response.once("close", () => {
      this.#running--;
      this.#requests.inc({ operation, status: response.statusCode });
      this.#duration.observe({ operation }, (performance.now() - startedMs) / 1000);
      if (this.#isClosing && this.#running === 0) this.#idle.resolve();
    });
    if (this.#isClosing) response.shouldKeepAlive = false;
    response.on("error", () => {});
    const named = (name: string) => {
      operation = name;
    };
    this.#serve(id, message, response, peer, named)
      .then((reply) => this.#send(reply, id, message, response, operation))
      .catch((error: unknown) => {
        if (response.headersSent || response.destroyed) throw error;
        return this.#send(this.#failure(error, id, message, operation), id, message, response, operation);
      })
      .catch((error: unknown) => {
        this.#services.log.error({ err: error, requestId: id, operation }, "an answer could not be sent");
        response.destroy();
      });
  }

  async close(deadline: Deadline): Promise<void> {
    this.#isClosing = true;
    if (this.#running === 0) return;
    const timer = setTimeout(this.#idle.resolve, Math.min(drainMs, deadline.remainingMs()));
    await this.#idle.promise;
    clearTimeout(timer);
  }

  async #serve(
    id: string,
    message: IncomingMessage,
    response: ServerResponse,
    peer: Peer | undefined,
    named: (operation: string) => void,
  ): Promise<Reply> {
    const { method = "GET", url = "/", headers, rawHeaders } = message;
    const address = readAddress(url, headers.host, this.#options.domains);
    if (headers.origin !== undefined && address.bucket !== undefined) {
      const bucket = await this.#services.read((db) => findBucket(db, address.bucket!));
      if (method === "OPTIONS") return preflight(bucket?.settings.cors, headers);
      for (const [name, value] of Object.entries(corsHeaders(bucket?.settings.cors, headers, method))) {
        response.setHeader(name, value);
      }
    } else if (method === "OPTIONS") return preflight(undefined, headers);
    const operation = operationFor(method, address, headers);
    named(operation.name);
    const { path, rawQuery, query, hostBucket } = address;
    const found =
      operation.isSignedInBody === true
        ? notSigned
        : this.#verifier.verify({ method, path, rawQuery, query, hostBucket, headers, rawHeaders, peer });
    const verified: Verified = found instanceof Promise ? await found : found;
    const { user } = verified;
    const asker =
      user === undefined || user.user === "anonymous" ? `address:${peer?.address}` : `user:${user.user}`;
    if (this.#rate?.take(asker) !== undefined) throw new S3Error("SlowDown");
    const call = new Call({
      id,
      address,
      message,
      response,
      services: this.#services,
      verified,
      peer,
      verifier: this.#verifier,
    });
    return await operation.run(call);
  }

  #failure(thrown: unknown, id: string, { url = "/", method }: IncomingMessage, operation: string): Reply {
    const error = s3ErrorOf(thrown);
    if (error.status >= 500 && error.status !== 501) {
      this.#services.log.error({ err: error.cause ?? error, requestId: id, operation }, "a request failed");
    }
    const headers: Record<string, string> = { ...error.headers };
    if (method === "HEAD" || error.status === 304) return { status: error.status, headers };
    headers["content-type"] = "application/xml";
    const fields = Object.entries(error.fields).map(([name, value]) => xmlText(name, value));
    const resource = xmlText("Resource", url.split("?")[0]);
    const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${xmlText("Code", error.code)}${xmlText("Message", error.message)}${fields.join("")}${resource}${xmlText("RequestId", id)}${xmlText("HostId", id)}</Error>`;
    return { status: error.status, headers, body };
  }

  async #send(
    { status, headers, body }: Reply,
    id: string,
    { method }: IncomingMessage,
    response: ServerResponse,
    operation: string,
  ): Promise<void> {
    headers["x-amz-request-id"] = id;
    headers["x-amz-id-2"] = id;
    headers.server = "WeftKit";
    if (body === undefined || typeof body === "string" || body instanceof Buffer) {
      if (headers["content-length"] === undefined && status !== 204 && status !== 304) {
        headers["content-length"] = String(body === undefined ? 0 : Buffer.byteLength(body));
      }
      response.writeHead(status, headers);
      response.end(method === "HEAD" ? undefined : body);
      return;
    }
    let isBegun = false;
    try {
      for await (const chunk of body) {
        if (response.destroyed) return;
        if (!isBegun) response.writeHead(status, headers);
        isBegun = true;
        if (!response.write(chunk)) await drained(response);
      }
    } catch (error) {
      // Before the first byte it is an answer like any other; after it only a broken connection tells the client.
      if (!isBegun) throw error;
      this.#services.log.error({ err: error, requestId: id, operation }, "an answer was broken off");
      response.destroy();
      return;
    }
    if (!isBegun) response.writeHead(status, headers);
    response.end();
  }
}

/** Of a request that says in its body who has signed it. */
const notSigned: Verified = {
  user: undefined,
  payload: "UNSIGNED-PAYLOAD",
  chunkSigning: undefined,
  isPresigned: false,
};

/** Resolves when more may be written, or nobody reads any more. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
  });
}
