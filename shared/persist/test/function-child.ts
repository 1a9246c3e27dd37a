// A function to be killed: serves WKP-1 from a folder on a fixed port.
import { createServer } from "node:http";
import { createLogger } from "@weftkit/observe";
import { FolderStore } from "../src/server/folder/folder-store.ts";
import { createHandler } from "../src/server/index.ts";
import { testKey } from "./function-server.ts";

const [folder = "", port = "0", leaseMs = "400"] = process.argv.slice(2);
const log = createLogger({ level: "error", image: "function", node: "test", stream: { write: () => {} } });
const handle = createHandler({
  store: await FolderStore.open(folder),
  keys: [testKey],
  log,
  limits: { leaseMs: Number(leaseMs) },
});
const server = createServer(async (request, response) => {
  const { pathname, search } = new URL(request.url!, "http://function");
  const reply = await handle({
    method: request.method!,
    path: pathname,
    query: search.slice(1),
    headers: request.headers,
    body: request,
  });
  response.writeHead(reply.status, reply.headers).end(reply.body);
});
server.listen(Number(port), "127.0.0.1", () => process.stdout.write("ready\n"));
