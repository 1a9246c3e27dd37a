import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { systemClock } from "@weftkit/core";
import { createLogger } from "@weftkit/observe";
import type { Limits } from "../src/contract/messages.ts";
import { FolderStore } from "../src/server/folder/folder-store.ts";
import { createHandler, type Handler } from "../src/server/index.ts";

/** What becomes of one request: served, lost before it is served, or served with its reply lost. */
export type Fate = "served" | "request lost" | "reply lost" | "unavailable" | "served twice";

export const testKey = { id: "default", secret: "a secret of the tests" };

/** The function of WKP-1 over HTTP and a folder, on a network that may lose things. */
export class FunctionServer {
  readonly folder: string;
  /** Decides for each request; `label` is like "POST /persist commit". */
  fate: (label: string, request: IncomingMessage) => Fate | Promise<Fate> = () => "served";
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  #handler!: Handler;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Milliseconds that the function's clock is ahead. */
  clockOffsetMs = 0;

  static async start(folder: string, limits: Partial<Limits> = {}): Promise<FunctionServer> {
    const server = new FunctionServer(folder);
    server.#handler = createHandler({
      store: await FolderStore.open(folder),
      keys: [testKey],
      log: createLogger({ level: "error", image: "function", node: "test", stream: { write: () => {} } }),
      limits,
      clock: {
        monotonicMs: () => systemClock.monotonicMs(),
        wallMs: () => systemClock.wallMs() + server.clockOffsetMs,
      },
    });
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, "http://function");
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const label = [request.method, url.pathname, url.searchParams.get("action")].filter(Boolean).join(" ");
    const fate = await this.fate(label, request);
    if (fate === "request lost") return void request.socket.destroy();
    if (fate === "unavailable") return void response.writeHead(503).end();
    const serve = () =>
      this.#handler({
        method: request.method!,
        path: url.pathname,
        query: url.search.slice(1),
        headers: request.headers,
        body,
      });
    if (fate === "served twice") await serve();
    const reply = await serve();
    if (fate === "reply lost") return void request.socket.destroy();
    response.writeHead(reply.status, reply.headers).end(reply.body);
  }
}
