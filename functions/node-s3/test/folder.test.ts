import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EndpointClient } from "@weftkit/persist/client";
import { runConformance } from "@weftkit/persist/conformance";
import { sha256 } from "@weftkit/persist/contract";
import { patientMs } from "@weftkit/testing/patience";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StartedFunction, secret } from "./started-function.ts";

const keys = [{ id: "default", secret }];
const subtree = "default/inmemory/0";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "weftkit-node-s3-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const env = () => ({ WKP_STORE: `file://${folder}/state` });

test("keeps the contract on a folder, and files from others' eyes", async () => {
  await using running = await StartedFunction.start(env());
  const results = await runConformance({ url: running.url, key: secret });
  expect(results.filter(({ passed }) => !passed)).toEqual([]);
  expect(statSync(join(folder, "state")).mode & 0o077).toBe(0);
});

test("keeps the contract in two processes on one folder", async () => {
  await using one = await StartedFunction.start(env());
  await using two = await StartedFunction.start(env());
  const clients = [one, two].map(({ url }) => new EndpointClient({ url, subtree, keys }));
  const claims = await Promise.allSettled(clients.map((client, index) => client.claim(`owner-${index}`)));
  expect(claims.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  for (const client of clients) client.close();
});

test("serves https with a certificate, to clients that trust it only", async () => {
  const [cert, certKey] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const files = ["-keyout", certKey, "-out", cert];
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"];
  execFileSync("openssl", ["req", ...kind, ...names, ...files], { stdio: "ignore" });
  await using running = await StartedFunction.start({ ...env(), WKP_TLS_CERT: cert, WKP_TLS_KEY: certKey });
  const retry = { attemptsMax: 1, firstWaitMsMax: 0, waitMsMax: 0 };
  const trusting = new EndpointClient({
    url: running.url,
    subtree,
    keys,
    retry,
    ca: readFileSync(cert, "utf8"),
  });
  await expect(trusting.claim("owner")).resolves.toMatchObject({ epoch: 1 });
  trusting.close();
  const other = new EndpointClient({ url: running.url, subtree, keys, retry });
  await expect(other.claim("owner")).rejects.toMatchObject({ code: "unreachable" });
  other.close();
});

test("says that it lives and whether it is ready", async () => {
  await using running = await StartedFunction.start(env());
  expect((await fetch(`${running.url}/livez`)).status).toBe(200);
  expect(await (await fetch(`${running.url}/readyz`)).json()).toEqual({ ready: true });
  rmSync(join(folder, "state"), { recursive: true });
  await expect
    .poll(async () => (await fetch(`${running.url}/readyz`)).status, {
      timeout: patientMs(15_000),
      interval: 200,
    })
    .toBe(503);
});

test("ends what is under way at SIGTERM, then exits with 0", async () => {
  await using running = await StartedFunction.start(env());
  const client = new EndpointClient({ url: running.url, subtree, keys });
  const body = Buffer.alloc(4 * 1024 * 1024, 7);
  const part = { sha256: sha256(body), bytes: body.length, read: async () => body };
  const { port } = new URL(running.url);
  // A request whose body comes when the function is already shutting down.
  const late = connect(Number(port), "127.0.0.1");
  late.write("GET /livez HTTP/1.1\r\nhost: x\r\n");
  await once(late, "connect");
  await client.uploadPart(part, undefined, 0);
  const ended = running.terminate();
  await expect.poll(() => running.lines.some((line) => line.includes("shutting down"))).toBe(true);
  late.write("connection: close\r\n\r\n");
  const [answer] = (await once(late, "data")) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /);
  late.destroy();
  expect(await ended).toBe(0);
  client.close();
});

test("answers an unsigned request before its body has come, and the sender gets to see the answer", async () => {
  await using running = await StartedFunction.start(env());
  const response = await fetch(`${running.url}/persist?action=part`, {
    method: "POST",
    body: Buffer.alloc(6 * 1024 * 1024),
  });
  expect(response.status).toBe(401);
});

test("never logs the secret", async () => {
  await using running = await StartedFunction.start({ ...env(), WKP_LOG_LEVEL: "trace" });
  const client = new EndpointClient({ url: running.url, subtree, keys });
  await client.claim("owner");
  await client.claim("other").catch(() => {});
  client.close();
  await expect.poll(() => running.lines.length).toBeGreaterThan(2);
  expect(running.lines.join()).not.toContain(secret);
});
