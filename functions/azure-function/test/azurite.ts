import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { request } from "node:https";
import type { AddressInfo } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { makeCertificate } from "@weftkit/testing/certificates";
import { freePort } from "@weftkit/testing/free-ports";
import { patientMs } from "@weftkit/testing/patience";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { onTestFinished } from "vitest";

/** Where .ci/run installs it. */
const program = join(homedir(), ".cache/weftkit/azurite/node_modules/azurite/dist/src/blob/main.js");

/** Azurite is Microsoft's emulator of Azure Storage. */
export const hasAzurite = existsSync(program);

export interface TestContainer {
  readonly url: string;
  /** A file with the certificate to trust. */
  readonly ca: string;
}

/** Starts Azurite with an empty container, by https and with access tokens alone, until the test has finished. */
export async function startAzurite(): Promise<TestContainer> {
  const folder = temporaryFolder();
  const { cert, key } = makeCertificate(folder, "azurite");
  const port = await freePort();
  const place = ["--blobHost", "127.0.0.1", "--blobPort", String(port), "--inMemoryPersistence", "--silent"];
  const child = spawn(
    process.execPath,
    [program, ...place, "--oauth", "basic", "--cert", cert, "--key", key],
    {
      cwd: folder,
      stdio: "ignore",
    },
  );
  const ended = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const url = `https://127.0.0.1:${port}/devstoreaccount1/weftkit-test`;
  const endsAt = performance.now() + patientMs(30_000);
  for (;;) {
    const status = await makeContainer(url, readFileSync(cert)).catch(() => undefined);
    if (status === 201) return { url, ca: cert };
    if (status !== undefined || child.exitCode !== null || performance.now() > endsAt) {
      throw new Error(`Azurite makes no container: ${status}`);
    }
    await delay(50);
  }
}

async function makeContainer(url: string, ca: Buffer): Promise<number | undefined> {
  const headers = { authorization: `Bearer ${accessToken()}`, "x-ms-version": "2023-11-03" };
  const sent = request(`${url}?restype=container`, { method: "PUT", headers, ca });
  sent.end();
  const [response] = await once(sent, "response");
  response.resume();
  return response.statusCode;
}

/** As Entra ID issues it, but for the signature, which the emulator does not look at. */
function accessToken(): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    aud: "https://storage.azure.com",
    iss: "https://sts.windows.net/ab1f708d-50f6-404c-a006-d71b2ac7a606/",
    iat: now - 60,
    nbf: now - 60,
    exp: now + 3600,
  };
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  return `${encode({ typ: "JWT", alg: "RS256" })}.${encode(claims)}.c2lnbmF0dXJl`;
}

export const identityHeader = "853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a";

/** The platform's endpoint for the app's managed identity, until the test has finished; resolves to its URL. */
export async function startIdentityEndpoint(): Promise<string> {
  const server = createServer(({ method, url = "/", headers }, response) => {
    const { searchParams, pathname } = new URL(url, "http://localhost");
    const isAsked =
      method === "GET" &&
      pathname === "/msi/token" &&
      headers["x-identity-header"] === identityHeader &&
      searchParams.get("resource") === "https://storage.azure.com/" &&
      searchParams.get("api-version") === "2019-08-01";
    if (!isAsked) {
      response.writeHead(400).end();
      return;
    }
    const expires_on = String(Math.floor(Date.now() / 1000) + 3600);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ access_token: accessToken(), expires_on, token_type: "Bearer" }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/msi/token`;
}
