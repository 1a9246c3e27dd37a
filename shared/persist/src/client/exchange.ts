import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingMessage,
  request as requestHttp,
} from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { getCACertificates } from "node:tls";
import { headerNames } from "../contract/signing.ts";
import { EndpointError } from "./errors.ts";
import type { Throttle } from "./throttle.ts";

/** One request over HTTP. */
export interface Exchange {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** How long nothing may be sent or come: a slow line is no dead one. */
  readonly timeoutMs: number;
  /** A longer reply is cut off, and an error. */
  readonly replyBytesMax: number;
  /** The store answers, which signs nothing. */
  readonly isFromStore?: boolean;
  readonly throttle?: Throttle | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpReply {
  readonly status: number;
  header(name: string): string | undefined;
  readonly body: Buffer;
  /** The body's. It is made while the body comes: hashing megabytes at once would hold the event loop. */
  readonly sha256: string;
}

const watchMs = 1000;
/** Four parts at once over 32 KB/s. */
const bytesPerSecondMin = 8 * 1024;
/** So much is read of a reply that has no signature: it is only looked at for its status. */
const unsignedBytesMax = 64 * 1024;
/** How much is written at once when a bandwidth limit holds. */
const throttledWriteBytes = 16 * 1024;
const idleSocketMs = 20_000;
const socketsMax = 16;

/** HTTPS_PROXY and NO_PROXY, in either case. */
function proxyVariables(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const names = ["HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"];
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

/** What carries requests. */
export interface Connections {
  /** @throws EndpointError `unreachable` when no whole reply came; the signal's reason when it was aborted */
  exchange(exchange: Exchange): Promise<HttpReply>;
  /** Requests under way fail. */
  close(): void;
}

/** Keeps connections to the function and the store open between requests. */
export class HttpConnections implements Connections {
  readonly #http: HttpAgent;
  readonly #https: HttpsAgent;

  /** `ca`: certificates to trust besides the system's, as PEM. */
  constructor(ca?: string, env: NodeJS.ProcessEnv = process.env) {
    const options = { keepAlive: true, maxSockets: socketsMax, timeout: idleSocketMs };
    this.#http = new HttpAgent(options);
    this.#https = new HttpsAgent({
      ...options,
      minVersion: "TLSv1.2",
      // http is for this host and private networks, which no proxy leads to.
      proxyEnv: proxyVariables(env),
      ...(ca !== undefined && { ca: [...getCACertificates("default"), ca] }),
    });
  }

  /**
   * Sends one request and reads the whole reply; redirects are not followed.
   *
   * @throws EndpointError `unreachable` when no whole reply came; the signal's reason when it was aborted
   */
  async exchange(exchange: Exchange): Promise<HttpReply> {
    const { signal } = exchange;
    signal?.throwIfAborted();
    const watch = new ProgressWatch(exchange.timeoutMs, exchange.body.length);
    try {
      const either = AbortSignal.any(signal ? [signal, watch.signal] : [watch.signal]);
      return await this.#once(exchange, either, watch);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (error instanceof EndpointError) throw error;
      const why = watch.signal.aborted ? `no reply within ${exchange.timeoutMs} ms` : reasonOf(error);
      const message = `${exchange.url.origin} cannot be reached: ${why}`;
      throw new EndpointError("unreachable", message, { cause: error });
    } finally {
      watch.stop();
    }
  }

  /** Closes what is open; requests under way fail. */
  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  async #once(exchange: Exchange, signal: AbortSignal, watch: ProgressWatch): Promise<HttpReply> {
    const request = this.#request(exchange, signal);
    watch.look(request);
    try {
      return await converse(request, exchange, signal);
    } catch (error) {
      // The server has closed a kept connection at the very moment of its use: says nothing about the server.
      const isStale = request.reusedSocket && (error as NodeJS.ErrnoException).code === "ECONNRESET";
      if (!isStale || signal.aborted) throw error;
      return await converse(this.#request(exchange, signal), exchange, signal);
    } finally {
      request.destroy();
    }
  }

  #request({ url, method, headers, body }: Exchange, signal: AbortSignal): ClientRequest {
    const isTls = url.protocol === "https:";
    const length =
      body.length > 0 || method === "POST" || method === "PUT" ? { "content-length": body.length } : {};
    const options = {
      method,
      headers: { ...headers, ...length },
      signal,
      agent: isTls ? this.#https : this.#http,
    };
    return isTls ? requestHttps(url, options) : requestHttp(url, options);
  }
}

/** Ends an exchange in which nothing moves for too long, or which takes longer than its bytes do on a slow line. */
class ProgressWatch {
  readonly #abort = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #endsAtMs: number;
  #request: ClientRequest | undefined;
  #moved = 0;
  #movedAtMs = performance.now();

  constructor(timeoutMs: number, bodyBytes: number) {
    this.#endsAtMs = this.#movedAtMs + 2 * timeoutMs + (bodyBytes / bytesPerSecondMin) * 1000;
    this.#timer = setInterval(() => this.#check(timeoutMs), Math.min(watchMs, timeoutMs / 4));
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  look(request: ClientRequest): void {
    this.#request = request;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #check(timeoutMs: number): void {
    const { bytesWritten = 0, bytesRead = 0 } = this.#request?.socket ?? {};
    const now = performance.now();
    if (bytesWritten + bytesRead !== this.#moved) {
      this.#moved = bytesWritten + bytesRead;
      this.#movedAtMs = now;
    }
    if (now - this.#movedAtMs > timeoutMs || now > this.#endsAtMs) this.#abort.abort();
  }
}

async function converse(request: ClientRequest, exchange: Exchange, signal: AbortSignal): Promise<HttpReply> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request.on("response", resolve).on("error", reject);
  // A server that refuses answers before it has read everything: its answer counts, not the broken write.
  write(request, exchange, signal).catch(reject);
  return await readReply(await promise, exchange);
}

async function write(
  request: ClientRequest,
  { body, throttle }: Exchange,
  signal: AbortSignal,
): Promise<void> {
  if (throttle === undefined || body.length === 0) {
    request.end(body);
    return;
  }
  for (let from = 0; from < body.length; from += throttledWriteBytes) {
    const chunk = body.subarray(from, from + throttledWriteBytes);
    await throttle.take(chunk.length, signal);
    if (request.destroyed) return;
    if (!request.write(chunk)) await once(request, "drain", { signal });
  }
  request.end();
}

async function readReply(
  response: IncomingMessage,
  { url, replyBytesMax, isFromStore }: Exchange,
): Promise<HttpReply> {
  const isSigned = isFromStore === true || response.headers[headerNames.signature] !== undefined;
  const chunks: Buffer[] = [];
  const hash = createHash("sha256");
  let bytes = 0;
  const bytesMax = isSigned ? replyBytesMax : Math.min(replyBytesMax, unsignedBytesMax);
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) {
      response.destroy();
      // The status of an outage says what it is, however much comes with it.
      if (!isSigned) break;
      throw new EndpointError(
        "forged_reply",
        `${url.origin} answered with more than ${replyBytesMax} bytes`,
        {
          status: response.statusCode!,
        },
      );
    }
    hash.update(chunk);
    chunks.push(chunk);
  }
  return {
    status: response.statusCode!,
    header: (name) => {
      const value = response.headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
    body: Buffer.concat(chunks),
    sha256: hash.digest("hex"),
  };
}

/** Connection errors of several addresses come as one AggregateError without a message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}
