import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type Duplex, Readable } from "node:stream";
import type { Deadline } from "@weftkit/core";
import type { Peer } from "@weftkit/host";
import { messageBytesMax } from "../grpc-server.ts";

/** A request whose body is there. */
export interface HttpRequest {
  readonly method: string;
  /** The parts of the path, decoded. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  /** The token, as a header `authorization` has it. */
  readonly authorization: string | undefined;
  readonly body: Buffer;
  readonly peer: Peer | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string | Buffer | Readable;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpServerOptions {
  /** Must not reject: what goes wrong is an answer, too. */
  readonly handle: (request: HttpRequest) => Promise<HttpAnswer>;
  /** The answer to a body that is larger than it may be. */
  readonly tooLarge: (bytesMax: number) => HttpAnswer;
}

const headersMaxBytes = 16 * 1024;
const headersTimeoutMs = 15_000;
const requestTimeoutMs = 300_000;
const keepAliveTimeoutMs = 65_000;
const timeoutCheckMs = 1000;
/** How long requests that run when the engine closes may go on. */
const drainMs = 5000;

/** HTTP/1.1, on connections that the host has accepted: node:http, and nothing between. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #server: Server;
  readonly #peers = new WeakMap<Duplex, Peer>();
  readonly #idle = Promise.withResolvers<void>();
  #running = 0;
  #isClosing = false;

  constructor(options: HttpServerOptions) {
    this.#options = options;
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
    // The host listens; without this event the server would not watch its timeouts.
    this.#server.emit("listening");
  }

  accept(socket: Duplex, peer: Peer): void {
    this.#peers.set(socket, peer);
    this.#server.emit("connection", socket);
    socket.resume();
  }

  get running(): number {
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
    this.#running++;
    response.once("close", () => {
      this.#running--;
      if (this.#isClosing && this.#running === 0) this.#idle.resolve();
    });
    const pieces: Buffer[] = [];
    let length = 0;
    let isRefused = false;
    const refuse = () => {
      isRefused = true;
      response.shouldKeepAlive = false;
      this.#send(response, this.#options.tooLarge(messageBytesMax));
      message.resume();
    };
    if (Number(message.headers["content-length"] ?? 0) > messageBytesMax) {
      refuse();
      return;
    }
    message.on("data", (piece: Buffer) => {
      if (isRefused) return;
      length += piece.length;
      if (length > messageBytesMax) refuse();
      else pieces.push(piece);
    });
    message.on("error", () => response.destroy());
    message.on("end", () => {
      if (isRefused) return;
      const [path = "", query = ""] = (message.url ?? "/").split("?", 2);
      const { headers, method = "" } = message;
      const key = headers["api-key"];
      void this.#options
        .handle({
          method,
          path: partsOf(path),
          query: new URLSearchParams(query),
          authorization: headers.authorization ?? (typeof key === "string" ? `Bearer ${key}` : undefined),
          body: pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces),
          peer: this.#peers.get(message.socket),
        })
        .then((answer) => this.#send(response, answer));
    });
  }

  #send(
    response: ServerResponse,
    { status, body, contentType = "application/json", headers = {} }: HttpAnswer,
  ): void {
    // The client is gone.
    if (response.destroyed || response.headersSent) return;
    if (this.#isClosing) response.shouldKeepAlive = false;
    const told = { "content-type": contentType, "x-content-type-options": "nosniff", ...headers };
    if (body instanceof Readable) {
      response.writeHead(status, told);
      body.on("error", () => response.destroy());
      body.pipe(response);
      return;
    }
    response.writeHead(status, { ...told, "content-length": Buffer.byteLength(body) });
    response.end(body);
  }
}

/** Parts that cannot be decoded stay as they are: nothing has such a name. */
function partsOf(path: string): string[] {
  return path
    .split("/")
    .filter((part) => part !== "")
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    });
}
