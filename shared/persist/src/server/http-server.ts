import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import { Deadline, listen } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import type { Handler } from "./handler.ts";

export interface HttpServerOptions {
  readonly bind: string;
  readonly port: number;
  /** Undefined: plain http. */
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  /** What to do when the address is taken. */
  readonly remedy: string;
  /** Default: 512. */
  readonly connectionsMax?: number;
  readonly handler: Handler;
  /** Whether the store answers. */
  readonly isReady: () => Promise<boolean>;
  readonly log: Logger;
}

const connectionsMaxDefault = 512;
/** A whole request of 4 MiB comes in this time over the slowest line that the handler serves; it ends slower ones sooner. */
const requestTimeoutMs = 600_000;
const headersTimeoutMs = 10_000;
/** Longer than load balancers keep idle connections (60 s), so that they are the ones who close. */
const keepAliveMs = 65_000;
const headerBytesMax = 16 * 1024;
/** What is still read of a request that was answered before its end, so that its sender gets to see the answer. */
const lingerBytesMax = 8 * 1024 * 1024;
const lingerMs = 2000;

/** The contract's handler, behind node:http or node:https, and the two pages that tell whether it is well. */
export class HttpServer {
  readonly #server: Server;
  readonly #options: HttpServerOptions;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    const limits = {
      requestTimeout: requestTimeoutMs,
      headersTimeout: headersTimeoutMs,
      connectionsCheckingInterval: 5000,
      keepAliveTimeout: keepAliveMs,
      maxHeaderSize: headerBytesMax,
    };
    const answer = (request: IncomingMessage, response: ServerResponse) => {
      this.#answer(request, response).catch((error: unknown) => {
        options.log.debug({ err: error }, "a connection has ended before its answer");
        response.destroy();
      });
    };
    const { tls } = options;
    this.#server =
      tls === undefined
        ? createServer(limits, answer)
        : createTlsServer({ ...limits, ...tls, minVersion: "TLSv1.2" }, answer);
    this.#server.maxConnections = options.connectionsMax ?? connectionsMaxDefault;
  }

  /** Begins to listen; resolves to the port. @throws WeftkitError `cannot_listen` */
  open(): Promise<number> {
    const { bind, port, remedy } = this.#options;
    return listen(this.#server, { bind, port, remedy });
  }

  /** Serves other certificates from now on. */
  setSecureContext(material: { readonly cert: Buffer; readonly key: Buffer }): void {
    if ("setSecureContext" in this.#server) (this.#server as TlsServer).setSecureContext(material);
  }

  /** Stops listening and lets requests end that are under way, for as long as `budgetMs`. */
  async close(budgetMs: number): Promise<void> {
    using deadline = Deadline.after(budgetMs);
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeIdleConnections();
    deadline.signal.addEventListener("abort", () => this.#server.closeAllConnections(), { once: true });
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = "/", query = ""] = splitOnce(request.url ?? "/", "?");
    if (request.method === "GET" && (path === "/livez" || path === "/readyz")) {
      const isWell = path === "/livez" || (await this.#options.isReady());
      response.writeHead(isWell ? 200 : 503, {
        "content-type": "application/json",
        "cache-control": "no-store",
      });
      response.end(`${JSON.stringify(path === "/livez" ? { live: true } : { ready: isWell })}\n`);
      return;
    }
    const { method = "GET", headers } = request;
    // A body that is refused halfway must not take the connection with it, or its answer is lost.
    const reply = await this.#options.handler({
      method,
      path,
      query,
      headers,
      body: request.iterator({ destroyOnReturn: false }),
    });
    const isEarly = !request.complete;
    response.writeHead(reply.status, {
      ...reply.headers,
      ...(reply.status !== 204 && { "content-length": reply.body.length }),
      ...((isEarly || !this.#server.listening) && { connection: "close" }),
    });
    if (isEarly) {
      // Closing while the other side still writes would make it lose the answer.
      response.write(reply.body);
      await drained(request);
    }
    response.end(isEarly ? undefined : reply.body);
  }
}

async function drained(request: IncomingMessage): Promise<void> {
  using deadline = Deadline.after(lingerMs);
  let bytes = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  deadline.signal.addEventListener("abort", () => resolve(), { once: true });
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > lingerBytesMax) resolve();
  });
  request.once("close", resolve).once("end", resolve);
  request.resume();
  await promise;
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
