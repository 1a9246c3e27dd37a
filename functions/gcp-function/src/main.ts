import type { IncomingMessage, ServerResponse } from "node:http";
import { createLogger } from "@weftkit/observe";
import { GcsStore } from "@weftkit/persist/gcs-store";
import { createHandler } from "@weftkit/persist/server";
import { readConfig } from "./config.ts";

const { logLevel, store, keys, leaseMs } = readConfig(process.env);
const log = createLogger({ level: logLevel, image: "gcp-function" });
const serve = createHandler({ store: new GcsStore(store), keys, log, limits: { leaseMs } });

/** A request as the functions framework hands it over: a body of a type that it knows is read already. */
type FrameworkRequest = IncomingMessage & { readonly rawBody?: Buffer };

/** What the functions framework calls with each request; `--entry-point` names it. */
export async function persist(request: FrameworkRequest, response: ServerResponse): Promise<void> {
  const { method = "GET", url = "/", headers, rawBody } = request;
  const [path = "/", query = ""] = url.split("?", 2);
  const reply = await serve({ method, path, query, headers, body: rawBody ?? request });
  response.writeHead(reply.status, {
    ...reply.headers,
    ...(reply.status !== 204 && { "content-length": reply.body.length }),
  });
  response.end(reply.body);
}
