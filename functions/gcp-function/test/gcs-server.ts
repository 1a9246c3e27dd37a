import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { untilAnswers } from "@weftkit/testing/answering";
import { freePort } from "@weftkit/testing/free-ports";
import { installedProgram } from "@weftkit/testing/installed-program";
import { onTestFinished } from "vitest";

export const bucket = "weftkit-test";

/** fake-gcs-server, which speaks the JSON API, where it is installed. */
export const gcsServer = installedProgram("fake-gcs-server");

/** Starts it with an empty bucket, until the test has finished; resolves to its URL. */
export async function startGcsServer(): Promise<string> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const place = ["-scheme", "http", "-host", "127.0.0.1", "-port", String(port)];
  const child = spawn(gcsServer!, [...place, "-public-host", `127.0.0.1:${port}`, "-backend", "memory"], {
    stdio: "ignore",
  });
  const ended = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  await untilAnswers(url, () => (child.exitCode === null ? undefined : `ended with ${child.exitCode}`));
  const made = await fetch(`${url}/storage/v1/b?project=test`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: bucket }),
  });
  if (!made.ok) throw new Error(`the bucket was not made: ${made.status} ${await made.text()}`);
  return url;
}

/** The platform's metadata server, as it gives tokens of the service account, until the test has finished; host and port. */
export async function startMetadataServer(): Promise<string> {
  const server = createServer(({ method, url = "", headers }, response) => {
    const path = url.split("?")[0];
    const isAsked = path === "/computeMetadata/v1/instance/service-accounts/default/token";
    if (method !== "GET" || !isAsked || headers["metadata-flavor"] !== "Google") {
      response.writeHead(403).end();
      return;
    }
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ access_token: "ya29.token", expires_in: 3599, token_type: "Bearer" }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
