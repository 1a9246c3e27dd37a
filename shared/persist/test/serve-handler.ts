import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "@weftkit/core";
import { FolderStore } from "../src/server/folder/folder-store.ts";
import { createHandler, type Handler, type HandlerOptions } from "../src/server/index.ts";

export const secret = "a secret of enough length";
export const key = { id: "default", secret };
export const silentLog = { debug() {}, info() {}, warn() {}, error() {} };

/** A clock that a test moves. */
export class TestClock implements Clock {
  offsetMs = 0;
  monotonicMs(): number {
    return performance.now();
  }
  wallMs(): number {
    return Date.now() + this.offsetMs;
  }
}

/** A store in a temporary folder and a handler on it. */
export async function openHandler(options: Partial<HandlerOptions> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "weftkit-wkp-"));
  const store = await FolderStore.open(folder);
  const dispose = () => {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const handler = createHandler({ store, keys: [key], log: silentLog, ...options });
    return { folder, store, handler, [Symbol.dispose]: dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** Answers instead of the handler, or lets it answer by returning undefined. */
export type Intercept = (
  request: IncomingMessage,
  response: ServerResponse,
) => true | undefined | Promise<true | undefined>;

/** Serves a handler over HTTP on a free port; `intercept` stands for what is between. */
export async function serveHandler(handler: Handler, intercept: Intercept = () => undefined) {
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (await intercept(request, response)) return;
    const [path = "/", query = ""] = (request.url ?? "/").split("?");
    const body = request.iterator({ destroyOnReturn: false });
    const reply = await handler({ method: request.method!, path, query, headers: request.headers, body });
    response.writeHead(reply.status, reply.headers).end(reply.body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
