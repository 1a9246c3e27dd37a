import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  Agent as PlainAgent,
  request as plainRequest,
} from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";
import type { Readable } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import { PlaygroundError } from "../../errors.ts";
import type { Connection } from "../../sessions/session.ts";
import { type Call, loginOf, tlsOf } from "../console.ts";

/** An answer that is read as a whole is no longer. */
const answerBytesMax = 32 * 1024 ** 2;
const socketsMax = 6;

export interface HttpRequest {
  readonly method?: "GET" | "PUT" | "POST" | "PATCH" | "DELETE";
  /** With its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Readable;
  /** Ends the request, and with it its connection. */
  readonly signal: AbortSignal;
}

/** An answer that has been read. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** What a session has open at an engine that speaks HTTP: some connections to the one address that is configured. */
export class HttpConnection implements Connection {
  readonly #agent: PlainAgent | TlsAgent;
  readonly #send: typeof plainRequest;
  readonly #address: { readonly host: string; readonly port: number };
  readonly origin: string;

  private constructor({ engine }: Pick<Call, "engine">) {
    const { host, port } = engine.backend;
    const tls = tlsOf(engine);
    const options = { keepAlive: true, maxSockets: socketsMax };
    this.#agent = tls === undefined ? new PlainAgent(options) : new TlsAgent({ ...options, ...tls });
    this.#send = tls === undefined ? plainRequest : (tlsRequest as typeof plainRequest);
    this.#address = { host, port };
    this.origin = `${tls === undefined ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
  }

  /** The session's connections to the engine. */
  static of(call: Call): Promise<HttpConnection> {
    return call.session.connection(`http ${call.engine.id}`, async () => new HttpConnection(call));
  }

  /** Sends a request, and gives the answer with its body unread. @throws PlaygroundError `engine_unreachable` */
  async send({ method = "GET", path, headers = {}, body, signal }: HttpRequest): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    // Not as a URL, which would take ".." out of the path.
    const request = this.#send({
      ...this.#address,
      method,
      path,
      headers: { ...headers, ...(typeof body === "string" && { "content-length": Buffer.byteLength(body) }) },
      agent: this.#agent,
      signal,
    });
    request.once("response", resolve);
    request.on("error", (error) => reject(lost(error)));
    if (body === undefined || typeof body === "string") request.end(body);
    else {
      body.once("error", (error) => request.destroy(error));
      body.pipe(request);
    }
    return promise;
  }

  /** Sends a request and reads its answer, whatever its status. @throws PlaygroundError */
  async ask(request: HttpRequest): Promise<HttpAnswer> {
    const response = await this.send(request);
    let bytes = 0;
    response.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > answerBytesMax) response.destroy(new Error("the answer is too long"));
    });
    try {
      const text = await textOf(response);
      return { status: response.statusCode ?? 0, headers: response.headers, text };
    } catch (error) {
      throw bytes > answerBytesMax
        ? new PlaygroundError(
            "too_large",
            `the engine's answer is longer than ${answerBytesMax} bytes: ask for less`,
          )
        : lost(error);
    }
  }

  async close(): Promise<void> {
    this.#agent.destroy();
  }
}

/** How a user logs in at engines that take HTTP's own login. */
export function basicOf(call: Pick<Call, "session">): Record<string, string> {
  const { user, password } = loginOf(call);
  if (password === "") return {};
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` };
}

function lost(error: unknown): PlaygroundError {
  const { message } = error as Error;
  const text = `the connection to the engine is lost: ${message}`;
  return new PlaygroundError("engine_unreachable", text, {}, { cause: error });
}
