import { join } from "node:path";
import { Program } from "@weftkit/testing/program";
import { identityHeader, startAzurite, startIdentityEndpoint } from "./azurite.ts";

export const secret = "a secret of enough length";

/** The bundle that is deployed; `npm run build` makes it. */
const main = join(import.meta.dirname, "..", "dist", "main.mjs");

/** The function in a worker, on a container of its own; resolves to its URL. */
export async function startFunction(
  change: (container: string) => Readonly<Record<string, string>> = () => ({}),
): Promise<string> {
  const container = await startAzurite();
  const worker = startWorker({
    WKP_STORE: container.url,
    WKP_PREFIX: "some/prefix",
    WKP_SECRET: secret,
    IDENTITY_ENDPOINT: await startIdentityEndpoint(),
    IDENTITY_HEADER: identityHeader,
    NODE_EXTRA_CA_CERTS: container.ca,
    ...change(container.url),
  });
  const { port } = await worker.logged<{ port: number }>("listening");
  return `http://127.0.0.1:${port}`;
}

/** The worker with these variables alone. */
export function startWorker(env: Readonly<Record<string, string>>): Program {
  return new Program(join(import.meta.dirname, "functions-worker.ts"), { env: { APP_FILE: main, ...env } });
}
