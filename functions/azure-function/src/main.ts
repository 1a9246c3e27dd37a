import { app, type HttpRequest, type HttpResponseInit } from "@azure/functions";
import { createLogger } from "@weftkit/observe";
import { AzureStore } from "@weftkit/persist/azure-store";
import { createHandler } from "@weftkit/persist/server";
import { readConfig } from "./config.ts";

const { logLevel, store, keys, leaseMs } = readConfig(process.env);
const log = createLogger({ level: logLevel, image: "azure-function" });
const serve = createHandler({ store: new AzureStore(store), keys, log, limits: { leaseMs } });

app.http("persist", {
  methods: ["GET", "POST"],
  // Every request is signed; the function answers 401 to any other.
  authLevel: "anonymous",
  route: "{*path}",
  handler: persist,
});

async function persist(request: HttpRequest): Promise<HttpResponseInit> {
  const { pathname, search } = new URL(request.url);
  const { status, headers, body } = await serve({
    method: request.method,
    path: pathname,
    query: search.slice(1),
    headers: Object.fromEntries(request.headers),
    body: new Uint8Array(await request.arrayBuffer()),
  });
  return status === 204 ? { status, headers } : { status, headers, body };
}
