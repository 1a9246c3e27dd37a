import { createLogger } from "@weftkit/observe";
import type { SigningKey } from "@weftkit/persist/contract";
import { createS3Store } from "@weftkit/persist/s3-store";
import { createHandler, type Handler, unavailableReply } from "@weftkit/persist/server";
import { readConfig } from "./config.ts";
import { type HttpEvent, type HttpResult, toRequest, toResult } from "./function-url.ts";
import { secretKeys } from "./secrets-manager.ts";

const config = readConfig(process.env);
const log = createLogger({ level: config.logLevel, image: "aws-lambda" });
const store = createS3Store(config.store);
const secrets = secretKeys(config.secret, config.store.region, config.credentials, config.keyIds);

let made: { readonly keys: readonly SigningKey[]; readonly handler: Handler } | undefined;

/** The contract's handler, with the keys that are valid now. */
async function currentHandler(): Promise<Handler> {
  const keys = await secrets.get();
  if (made?.keys !== keys) {
    made = { keys, handler: createHandler({ store, keys, log, limits: { leaseMs: config.leaseMs } }) };
  }
  return made.handler;
}

// Lambda starts a function with a whole processor; what fails now is told to the first request.
await currentHandler().catch(() => {});

/** What Lambda calls with each request. */
export async function handler(event: HttpEvent): Promise<HttpResult> {
  const request = toRequest(event);
  try {
    const serve = await currentHandler();
    return toResult(await serve(request));
  } catch (error) {
    log.error({ err: error }, "the signing keys are not there");
    return toResult(unavailableReply());
  }
}
