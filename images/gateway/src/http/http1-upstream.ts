import { type ClientRequest, Agent as HttpAgent, request } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { addressOf, type Backend, type BackendTls } from "@weftkit/backends";

/** Free connections that are kept for each server. */
const freeMax = 64;

/** A request as a server gets it. */
export interface Http1Request {
  readonly method: string;
  readonly target: string;
  /** Names and values in turn. */
  readonly headers: string[];
  /** Whether a body follows. */
  readonly hasBody: boolean;
}

/** Connections to servers that speak HTTP/1.1, kept open between requests. */
export class Http1Upstream {
  readonly #plain: HttpAgent;
  readonly #tls: HttpsAgent;
  readonly #timeoutMs: number;

  constructor(tls: BackendTls, timeoutMs: number) {
    const options = { keepAlive: true, maxFreeSockets: freeMax, noDelay: true };
    this.#timeoutMs = timeoutMs;
    this.#plain = new HttpAgent(options);
    this.#tls = new HttpsAgent({
      ...options,
      rejectUnauthorized: tls.verify,
      minVersion: "TLSv1.2",
      ...(tls.ca !== undefined && { ca: tls.ca }),
      ...(tls.cert !== undefined && { cert: tls.cert }),
      ...(tls.key !== undefined && { key: tls.key }),
    });
  }

  /** Begins a request; its body is written to what is returned. An error before `response` means that nothing was answered. */
  begin(backend: Backend, { method, target, headers, hasBody }: Http1Request): ClientRequest {
    const sent = has(headers, "host") ? [...headers] : ["Host", addressOf(backend), ...headers];
    // Node cuts a body by the method: one that it does not expect would have no end, and be the server's next request.
    if (hasBody && !has(headers, "content-length") && !has(headers, "transfer-encoding")) {
      sent.push("Transfer-Encoding", "chunked");
    }
    // Else a body is announced for methods that usually have one.
    if (!hasBody && !isBodiless(method) && !has(headers, "content-length")) sent.push("Content-Length", "0");
    const made = request({
      agent: backend.tls ? this.#tls : this.#plain,
      protocol: backend.tls ? "https:" : "http:",
      host: backend.host,
      port: backend.port,
      method,
      path: target,
      headers: sent,
    });
    const timer = setTimeout(() => {
      made.destroy(new Error(`no connection within ${this.#timeoutMs} ms`));
    }, this.#timeoutMs);
    const connected = () => clearTimeout(timer);
    onceConnected(made, connected);
    made.once("close", connected);
    return made;
  }

  close(): void {
    this.#plain.destroy();
    this.#tls.destroy();
  }
}

/** Calls back when a request has its connection, in TLS where that is wanted: one that was kept, or a new one. */
export function onceConnected(made: ClientRequest, connected: () => void): void {
  made.once("socket", (socket) => {
    if (!socket.connecting) connected();
    else socket.once("encrypted" in socket ? "secureConnect" : "connect", connected);
  });
}

function isBodiless(method: string): boolean {
  return ["GET", "HEAD", "DELETE", "OPTIONS", "TRACE"].includes(method);
}

function has(headers: readonly string[], wanted: string): boolean {
  return headers.some((name, at) => at % 2 === 0 && name.toLowerCase() === wanted);
}
