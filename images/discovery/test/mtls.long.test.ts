import { readFileSync } from "node:fs";
import { get } from "node:https";
import { join } from "node:path";
import { type Certificate, makeCertificate } from "@weftkit/testing/certificates";
import { EngineProgram } from "@weftkit/testing/engine-program";
import { freePorts } from "@weftkit/testing/free-ports";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { DiscoveryProgram } from "./discovery-program.ts";

/** The status of an answer, or the code of why there is none. */
function ask(port: number, ca: string, shown?: Certificate): Promise<number | string> {
  const { promise, resolve } = Promise.withResolvers<number | string>();
  const certificate = shown && { cert: readFileSync(shown.cert), key: readFileSync(shown.key) };
  get(
    `https://127.0.0.1:${port}/v1/groups`,
    { ca: readFileSync(ca), agent: false, ...certificate },
    (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    },
  ).on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  return promise;
}

test("with mutual TLS a certificate says who it is, an engine's too", { timeout: 60_000 }, async () => {
  const folder = temporaryFolder();
  const ca = makeCertificate(folder, "ca");
  const [server, client, stranger] = ["server", "cache", "stranger"].map((name) =>
    makeCertificate(folder, name, ca),
  );
  const other = makeCertificate(folder, "cache-of-nobody");
  const ports = await freePorts("port", "gossipPort");
  await new DiscoveryProgram("node-0", ports, {
    WEFTKIT_AUTH: "mtls",
    WEFTKIT_USER: "cache",
    WEFTKIT_PASSWORD: "never asked for",
    WEFTKIT_TLS_CERT: server!.cert,
    WEFTKIT_TLS_KEY: server!.key,
    WEFTKIT_MTLS_CA: ca.cert,
  }).ready();
  expect(await ask(ports.port, ca.cert, client)).toBe(200);
  expect(await ask(ports.port, ca.cert, stranger)).toBe(401);
  expect(await ask(ports.port, ca.cert, other)).not.toBe(200);
  expect(await ask(ports.port, ca.cert)).not.toBe(200);

  const engine = await new EngineProgram(
    join(import.meta.dirname, "..", "..", "inmemory", "src", "main.ts"),
    temporaryFolder(),
    {
      WEFTKIT_SERVER_NAME: "cache-0",
      WEFTKIT_DISCOVERY_CLIENT_URLS: `https://localhost:${ports.port}`,
      WEFTKIT_DISCOVERY_CLIENT_CA_FILE: ca.cert,
      WEFTKIT_DISCOVERY_CLIENT_CERT_FILE: client!.cert,
      WEFTKIT_DISCOVERY_CLIENT_KEY_FILE: client!.key,
    },
  ).ready();
  const { id } = await engine.logged<{ id: string }>("registered with discovery");
  expect(id).toBe("inmemory-cache-0");
});
