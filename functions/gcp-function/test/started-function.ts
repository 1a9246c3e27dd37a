import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { untilAnswers } from "@weftkit/testing/answering";
import { freePort } from "@weftkit/testing/free-ports";
import { Program } from "@weftkit/testing/program";
import { bucket, startGcsServer, startMetadataServer } from "./gcs-server.ts";

export const secret = "a secret of enough length";

/** What is deployed; `npm run build` makes it. */
const source = join(import.meta.dirname, "..", "dist");
const framework = join(
  dirname(createRequire(import.meta.url).resolve("@google-cloud/functions-framework")),
  "main.js",
);

export interface StartedFunction {
  readonly url: string;
  readonly program: Program;
}

/** The function in Google's functions framework, on a bucket of its own. */
export async function startFunction(env: Readonly<Record<string, string>> = {}): Promise<StartedFunction> {
  const port = await freePort();
  const program = startFramework(port, {
    WKP_STORE: `gs://${bucket}/some/prefix`,
    WKP_GCS_ENDPOINT: await startGcsServer(),
    GCE_METADATA_HOST: await startMetadataServer(),
    WKP_SECRET: secret,
    ...env,
  });
  const url = `http://127.0.0.1:${port}`;
  await untilAnswers(url, () => (program.child.exitCode === null ? undefined : program.output));
  return { url, program };
}

/** As the platform's image starts it. */
export function startFramework(port: number, env: Readonly<Record<string, string>>): Program {
  const args = ["--source", source, "--target", "persist", "--port", String(port)];
  return new Program(framework, { args, env });
}
