import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { describe, expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";
import { WireClient } from "./wire-client.ts";

const auth = { method: "password", users: [{ username: "ann", password: "pencil", roles: ["superuser"] }] };

/** A certificate for localhost, signed by itself. */
function certificate(folder: string) {
  const [cert_file, key_file] = [join(folder, "server.crt"), join(folder, "server.key")];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  execFileSync("openssl", ["req", "-x509", ...key, ...names, "-keyout", key_file, "-out", cert_file], {
    stdio: "pipe",
  });
  return { cert_file, key_file };
}

describe("a password", () => {
  test("is asked for by SCRAM-SHA-256", async () => {
    const engine = await RunningEngine.start({ auth });
    const client = await engine.client({ password: "pencil" });
    expect((await client.query("select current_user")).rows).toEqual([{ current_user: "ann" }]);
  });

  test("that is wrong, and a user that does not exist, look the same", async () => {
    const engine = await RunningEngine.start({ auth });
    for (const user of ["ann", "bob"]) {
      await expect(engine.client({ user, password: "crayon" })).rejects.toMatchObject({
        code: "28P01",
        severity: "FATAL",
        message: `password authentication failed for user "${user}"`,
      });
    }
  });

  test("that never comes leaves nobody logged in", async () => {
    const engine = await RunningEngine.start({ auth });
    const client = await WireClient.open(engine.port);
    client.send((writer) => {
      writer.startup([["user", "ann"]]);
      writer.query("select 1");
    });
    const answers = await client.answer();
    expect(answers[0]).toBe("R(10)");
    expect(answers.at(-2)).toContain("E(08P01 expected password response");
    expect(answers.at(-1)).toBe("<closed>");
  });
});

describe("TLS", () => {
  test("is negotiated, with the channel bound, or begun at once", async () => {
    const folder = temporaryFolder();
    const tls = certificate(folder);
    const ca = readFileSync(tls.cert_file, "utf8");
    const engine = await RunningEngine.start({ auth, tls });
    const client = await engine.client({
      password: "pencil",
      ssl: { ca, servername: "localhost" },
      enableChannelBinding: true,
    });
    expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);

    const direct = connectTls({
      port: engine.port,
      host: "127.0.0.1",
      servername: "localhost",
      ca,
      ALPNProtocols: ["postgresql"],
    });
    await new Promise((resolve, reject) =>
      direct.once("secureConnect", () => resolve(undefined)).once("error", reject),
    );
    expect(direct.alpnProtocol).toBe("postgresql");
    direct.destroy();
  });

  test("cannot be left out", async () => {
    const engine = await RunningEngine.start({ auth, tls: certificate(temporaryFolder()) });
    await expect(engine.client({ password: "pencil" })).rejects.toMatchObject({
      code: "28000",
      message: "this server accepts encrypted connections only",
    });
  });

  test("does not take what was sent before its handshake", async () => {
    const engine = await RunningEngine.start({ auth, tls: certificate(temporaryFolder()) });
    const client = await WireClient.open(engine.port);
    client.send((writer) => {
      writer.sslRequest();
      writer.startup([["user", "ann"]]);
    });
    expect(await client.answer()).toEqual([
      "E(08P01 received unencrypted data after SSL request)",
      "<closed>",
    ]);
  });
});

test("without a certificate TLS is declined, and the connection goes on", async () => {
  const engine = await RunningEngine.start();
  const client = await engine.client();
  expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
});

test("clients above the limit are told so", async () => {
  const engine = await RunningEngine.start({ relational: { max_connections: 1 } });
  await engine.client();
  await expect(engine.client()).rejects.toMatchObject({
    code: "53300",
    message: "sorry, too many clients already",
  });
});

test("a query is cancelled from another connection", async () => {
  const engine = await RunningEngine.start();
  const client = await engine.client();
  const running = client.query("select count(*) from generate_series(1, 2000000000)");
  // It may end before anybody waits for it.
  running.catch(() => {});
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
  const key = Buffer.alloc(4);
  key.writeInt32BE(secretKey);
  const wrong = Buffer.from(key.map((byte) => byte ^ 1));
  for (const each of [wrong, key]) {
    const canceler = await WireClient.open(engine.port);
    canceler.send((writer) => writer.cancelRequest(processID, each));
    expect(await canceler.answer()).toEqual(["<closed>"]);
  }
  await expect(running).rejects.toMatchObject({ code: "57014" });
  expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
});
