import { createHash, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { connect as connectTcp, Socket } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { connect } from "node:tls";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { describe, expect, test } from "vitest";
import type { Peer, SecuredPeer } from "../src/index.ts";
import { EchoEngine } from "./echo-engine.ts";
import { Client, certificate, settings, startEcho, until } from "./fixtures.ts";

function tlsSettings(folder: string, pair: { cert: string; key: string }) {
  return { ...settings(join(folder, "data")), tls: { cert_file: pair.cert, key_file: pair.key } as object };
}

describe("TLS", () => {
  test("is all that a TLS port speaks, from 1.2 on", async () => {
    const folder = temporaryFolder();
    const pair = certificate(folder, "server", "/CN=localhost");
    const { image, engine } = await startEcho({ config: tlsSettings(folder, pair) });
    const ca = readFileSync(pair.cert);
    const client = await Client.tls(image.port, { ca });
    expect(await client.line()).toBe("hello nobody");
    expect(await client.say("abc")).toBe("abc");
    expect(engine.peers[0]).toMatchObject({ tls: true, address: "127.0.0.1" });

    const plain = await Client.tcp(image.port);
    plain.socket.write("PING\r\n");
    await plain.closed;
    expect(engine.peers).toHaveLength(1);
    await expect(
      Client.tls(image.port, { ca, minVersion: "TLSv1.1", maxVersion: "TLSv1.1" }),
    ).rejects.toThrow();
    const older = await Client.tls(image.port, { ca, maxVersion: "TLSv1.2" });
    expect(older.socket.getProtocol()).toBe("TLSv1.2");
  });

  test("takes a new certificate over without dropping connections, and keeps the old one when files are bad", async () => {
    const folder = temporaryFolder();
    const first = certificate(folder, "first", "/CN=first");
    const second = certificate(folder, "second", "/CN=second");
    const pair = { cert: join(folder, "server.crt"), key: join(folder, "server.key") };
    copyFileSync(first.cert, pair.cert);
    copyFileSync(first.key, pair.key);
    const lines: string[] = [];
    const logStream = { write: (line: string) => void lines.push(line) };
    const { image } = await startEcho({ config: tlsSettings(folder, pair), watchIntervalMs: 5, logStream });
    const subject = async () => {
      const client = await Client.tls(image.port, { rejectUnauthorized: false });
      const { CN } = client.socket.getPeerCertificate().subject;
      client.socket.destroy();
      return CN;
    };
    const before = await Client.tls(image.port, { rejectUnauthorized: false });
    await before.line();
    expect(await subject()).toBe("first");

    writeFileSync(pair.cert, "not a certificate");
    await until(() => lines.some((line) => line.includes("the old ones stay")));
    expect(await subject()).toBe("first");

    copyFileSync(second.cert, pair.cert);
    copyFileSync(second.key, pair.key);
    await until(async () => (await subject()) === "second");
    expect(await before.say("still here")).toBe("still here");
  });

  test("is not worn out by clients that never finish a handshake", async () => {
    const folder = temporaryFolder();
    const pair = certificate(folder, "server", "/CN=localhost");
    const config = { ...tlsSettings(folder, pair), inmemory: { port: 0, max_connections: 1 } };
    const { image } = await startEcho({ config });
    const ways = [
      (client: Client) => client.socket.destroy(),
      (client: Client) => client.socket.resetAndDestroy(),
      (client: Client) => client.socket.end(),
      (client: Client) => client.socket.write("garbage\n"),
    ];
    for (let round = 0; round < 20; round++) {
      const clients = await Promise.all(Array.from({ length: 40 }, () => Client.tcp(image.port)));
      for (const [index, client] of clients.entries()) ways[index % ways.length]!(client);
      await Promise.all(clients.map(({ closed }) => closed));
    }
    const ca = readFileSync(pair.cert);
    await until(() =>
      Client.tls(image.port, { ca })
        .then((client) => client.line())
        .then(
          (line) => line === "hello nobody",
          () => false,
        ),
    );
  });

  test("closes without a word what comes on top of too many handshakes, and recovers", async () => {
    const folder = temporaryFolder();
    const pair = certificate(folder, "server", "/CN=localhost");
    const config = { ...tlsSettings(folder, pair), inmemory: { port: 0, max_connections: 1 } };
    const { image } = await startEcho({ config });
    for (let round = 0; round < 3; round++) {
      const idle = await Promise.all(Array.from({ length: 200 }, () => Client.tcp(image.port)));
      await Promise.race(idle.map(({ closed }) => closed));
      for (const { socket } of idle) socket.destroy();
      await Promise.all(idle.map(({ closed }) => closed));
    }
    const ca = readFileSync(pair.cert);
    await until(() =>
      Client.tls(image.port, { ca })
        .then((client) => client.line())
        .then(
          (line) => line === "hello nobody",
          () => false,
        ),
    );
  });

  test("refuses a client beyond the limit in words it can read", async () => {
    const folder = temporaryFolder();
    const pair = certificate(folder, "server", "/CN=localhost");
    const config = { ...tlsSettings(folder, pair), inmemory: { port: 0, max_connections: 1 } };
    const { image } = await startEcho({ config });
    const ca = readFileSync(pair.cert);
    const first = await Client.tls(image.port, { ca });
    await first.line();
    expect(await (await Client.tls(image.port, { ca })).line()).toBe("refused max_connections");
  });
});

test("with mTLS a client is the user that its certificate names", async () => {
  const folder = temporaryFolder();
  const authority = certificate(folder, "ca", "/CN=clients");
  const server = certificate(folder, "server", "/CN=localhost");
  const app = certificate(folder, "app", "/O=Example/CN=app", authority);
  const stranger = certificate(folder, "stranger", "/CN=stranger", authority);
  const forged = certificate(folder, "forged", "/CN=app");
  const config = {
    ...tlsSettings(folder, server),
    auth: { method: "mtls", users: [{ username: "app", roles: ["read"] }] },
    tls: { cert_file: server.cert, key_file: server.key, ca_file: authority.cert },
  };
  const { image, engine } = await startEcho({ config });
  const greet = async (pair?: { cert: string; key: string }) => {
    const own = pair && { cert: readFileSync(pair.cert), key: readFileSync(pair.key) };
    const client = await Client.tls(image.port, { ca: readFileSync(server.cert), ...own });
    return client.line();
  };
  expect(await greet(app)).toBe("hello app");
  expect(engine.peers[0]?.identity?.can("read")).toBe(true);
  expect(engine.peers[0]?.identity?.can("write")).toBe(false);
  expect(await greet(stranger)).toBe("hello nobody");
  // With TLS 1.3 the client learns after its own handshake that it was refused.
  expect(await greet(forged).catch(() => undefined)).toBeUndefined();
  expect(await greet().catch(() => undefined)).toBeUndefined();
  expect(engine.peers).toHaveLength(2);
});

/** Answers "s" to one byte, goes on in TLS, and says who is there. */
class NegotiatingEngine extends EchoEngine {
  readonly negotiatesTls = true;
  readonly alpn = ["echo"];
  readonly secured: SecuredPeer[] = [];
  readonly failures: unknown[] = [];

  override accept(socket: Duplex, peer: Peer): void {
    if (!(socket instanceof Socket)) throw new TypeError("not a TCP connection");
    socket.once("readable", () => {
      socket.read(1);
      socket.write("s");
      peer.startTls?.(socket).then(
        (secured) => {
          this.secured.push(secured);
          super.accept(secured.socket, { ...peer, tls: true });
        },
        (error: unknown) => this.failures.push(error),
      );
    });
  }
}

test("an engine whose protocol asks for TLS in plain text first gets the connection before and after", async () => {
  const folder = temporaryFolder();
  const pair = certificate(folder, "server", "/CN=localhost");
  const engine = new NegotiatingEngine();
  const { image } = await startEcho({ config: tlsSettings(folder, pair) }, engine);
  const plain = connectTcp(image.port, "127.0.0.1");
  plain.write("?");
  expect((await once(plain, "data"))[0].toString()).toBe("s");
  const secure = connect({
    socket: plain,
    ca: readFileSync(pair.cert),
    servername: "localhost",
    ALPNProtocols: ["echo"],
  });
  await once(secure, "secureConnect");
  expect(secure.alpnProtocol).toBe("echo");
  expect((await once(secure, "data"))[0].toString()).toBe("hello nobody\n");
  const { raw } = new X509Certificate(readFileSync(pair.cert));
  expect(engine.secured[0]?.channelBinding).toEqual(createHash("sha256").update(raw).digest());
  secure.destroy();

  const broken = connectTcp(image.port, "127.0.0.1");
  broken.write("?");
  await once(broken, "data");
  broken.write("this is no handshake");
  broken.resume();
  await once(broken, "close");
  await until(() => engine.failures.length === 1);
});
