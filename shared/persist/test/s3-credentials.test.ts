import { writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { CredentialsProvider } from "../src/server/s3/credentials.ts";

afterEach(() => vi.useRealTimers());

const hourMs = 3_600_000;

/** A platform's endpoint: answers by method and path, and remembers what it was asked. */
async function platform(
  answer: (request: IncomingMessage, body: string) => { status?: number; body: string } | undefined,
) {
  const requests: { line: string; headers: IncomingMessage["headers"]; body: string }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    requests.push({ line: `${request.method} ${request.url}`, headers: request.headers, body });
    const reply = answer(request, body);
    response.writeHead(reply?.status ?? (reply === undefined ? 404 : 200)).end(reply?.body ?? "");
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), requests };
}

const credentialsJson = (key: string, expiresInMs = hourMs) =>
  JSON.stringify({
    AccessKeyId: key,
    SecretAccessKey: "secret",
    Token: "token",
    Expiration: new Date(Date.now() + expiresInMs).toISOString(),
  });

test("the role of a container, with the token of its file", async () => {
  const tokenFile = join(temporaryFolder(), "token");
  writeFileSync(tokenFile, "from the file\n");
  const { url, requests } = await platform(() => ({ body: credentialsJson("ASIA1") }));
  const provider = new CredentialsProvider({ kind: "container", url, token: undefined, tokenFile });
  expect(await provider.get()).toMatchObject({
    accessKeyId: "ASIA1",
    secretAccessKey: "secret",
    sessionToken: "token",
  });
  await provider.get();
  expect(requests).toHaveLength(1);
  expect(requests[0]!.headers.authorization).toBe("from the file");
});

test("the role of an instance, by the second version of its metadata service", async () => {
  const { url, requests } = await platform(({ method, url: path, headers }) => {
    if (method === "PUT") return { body: "session" };
    if (headers["x-aws-ec2-metadata-token"] !== "session") return { status: 401, body: "" };
    return path!.endsWith("/") ? { body: "my-role\n" } : { body: credentialsJson("ASIA2") };
  });
  const provider = new CredentialsProvider({ kind: "instance", endpoint: url });
  expect(await provider.get()).toMatchObject({ accessKeyId: "ASIA2" });
  expect(requests.map(({ line }) => line)).toEqual([
    "PUT /latest/api/token",
    "GET /latest/meta-data/iam/security-credentials/",
    "GET /latest/meta-data/iam/security-credentials/my-role",
  ]);
});

test("a web identity, exchanged for the credentials of a role", async () => {
  const tokenFile = join(temporaryFolder(), "token");
  writeFileSync(tokenFile, "a.jwt.token");
  const expiration = new Date(Date.now() + hourMs).toISOString();
  const { url, requests } = await platform(() => ({
    body: `<AssumeRoleWithWebIdentityResponse><Credentials><AccessKeyId>ASIA3</AccessKeyId><SecretAccessKey>s/+</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${expiration}</Expiration></Credentials></AssumeRoleWithWebIdentityResponse>`,
  }));
  const provider = new CredentialsProvider({
    kind: "web identity",
    roleArn: "arn:aws:iam::1:role/state",
    tokenFile,
    sessionName: "weftkit",
    endpoint: url,
  });
  expect(await provider.get()).toMatchObject({ accessKeyId: "ASIA3", secretAccessKey: "s/+" });
  expect(Object.fromEntries(new URLSearchParams(requests[0]!.body))).toMatchObject({
    Action: "AssumeRoleWithWebIdentity",
    RoleArn: "arn:aws:iam::1:role/state",
    WebIdentityToken: "a.jwt.token",
  });
});

test("credentials are replaced before they expire, and used on while the platform is away", async () => {
  let isAway = false;
  let given = 0;
  const { url } = await platform(() =>
    isAway ? { status: 503, body: "" } : { body: credentialsJson(`ASIA${++given}`) },
  );
  const provider = new CredentialsProvider({ kind: "container", url, token: "t", tokenFile: undefined });
  expect((await provider.get()).accessKeyId).toBe("ASIA1");
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + hourMs - 240_000 });
  isAway = true;
  expect((await provider.get()).accessKeyId).toBe("ASIA1");
  isAway = false;
  vi.setSystemTime(Date.now() + 16_000);
  expect((await provider.get()).accessKeyId).toBe("ASIA2");
  isAway = true;
  vi.setSystemTime(Date.now() + 2 * hourMs);
  await expect(provider.get()).rejects.toThrow(
    /no credentials for the bucket from the container's role: .* 503/,
  );
});
