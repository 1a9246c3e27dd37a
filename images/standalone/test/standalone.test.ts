import { createHmac } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { get } from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { engineNames } from "@weftkit/config";
import { makeCertificate } from "@weftkit/testing/certificates";
import pg from "pg";
import { describe, expect, test } from "vitest";
import { login, pageFor } from "./page.ts";

const root = join(import.meta.dirname, "..");
const main = join(root, "src", "main.ts");

test("its bundle has every engine's, and the gateway's", () => {
  const { weftkit } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  expect(weftkit.programs).toEqual([...engineNames, "gateway"]);
});

describe("the engine that is named", () => {
  test("is served by its configuration alone: TLS, SCRAM and the file of passwords", async () => {
    const page = await pageFor("relational", "postgresql");
    const program = page.start(main);
    expect(await program.logged("ready")).toMatchObject({ port: page.port, tls: true, auth: "password" });

    const ssl = { ca: readFileSync(page.certificate.cert) };
    const at = { host: "localhost", port: page.port, database: "weftkit" };
    const client = new pg.Client({ ...at, ...login, ssl });
    await client.connect();
    expect((await client.query("SELECT 1 + 1 AS two")).rows).toEqual([{ two: 2 }]);
    await client.end();

    const codeOf = (other: object) =>
      new pg.Client({ ...at, ...login, ...other }).connect().then(
        () => "connected",
        (error: { code?: string }) => error.code,
      );
    expect(await codeOf({ ssl, password: "wrong" })).toBe("28P01");
    expect(await codeOf({ ssl: false })).toBe("28000");

    // What speaks another protocol gets no further than any other client that makes no sense.
    const stranger = connect(page.port, "127.0.0.1");
    stranger.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(await text(stranger)).not.toContain("HTTP/1.1 200");
    expect(await program.terminate()).toBe(0);
  });

  test("knows clients by their certificates", async () => {
    const page = await pageFor("relational", "postgresql");
    const authority = makeCertificate(page.folder, "authority");
    const client = makeCertificate(page.folder, login.user, authority);
    page.keys.auth_method = '"mtls"';
    page.more = `[tls]\nca_file = "${authority.cert}"\n`;
    await page.start(main).logged("ready");

    const ca = readFileSync(page.certificate.cert);
    const at = { host: "localhost", port: page.port, database: "weftkit", user: login.user };
    const known = { ca, cert: readFileSync(client.cert), key: readFileSync(client.key) };
    const sql = new pg.Client({ ...at, ssl: known });
    await sql.connect();
    expect((await sql.query("SELECT current_user::text AS name")).rows).toEqual([{ name: login.user }]);
    await sql.end();
    await expect(new pg.Client({ ...at, ssl: { ca } }).connect()).rejects.toThrow();
  });

  test("knows clients by tokens", async () => {
    const page = await pageFor("markdown", "rest");
    const secret = "an HS256 key of thirty-two bytes or more";
    page.keys.auth_method = '"token"';
    page.more = `[auth]\njwt_secret = "${secret}"\n`;
    await page.start(main).logged("ready");
    const ca = readFileSync(page.certificate.cert);
    const list = async (key: string) => {
      const authorization = `Bearer ${tokenFor(login.user, key)}`;
      const path = "/v1/collections";
      const asked = get({
        host: "localhost",
        port: page.port,
        ca,
        path,
        headers: { authorization },
        agent: false,
      });
      const [response] = await once(asked, "response");
      response.resume();
      return response.statusCode as number;
    };
    expect(await list(secret)).toBe(200);
    expect(await list("another key of thirty-two bytes or more")).toBe(401);
  });

  test("may be named by a variable, and listens on 20000 or where a variable says", async () => {
    const page = await pageFor("markdown", "rest");
    for (const key of ["module", "bind", "protocol"]) page.keys[key] = undefined;
    const port = String(page.port);
    const program = page.start(main, { WEFTKIT_STANDALONE_MODULE: "markdown", WEFTKIT_PORT: port });
    expect(await program.logged("ready")).toMatchObject({ port: page.port, tls: true });
  });
});

/** A JSON Web Token that is good for a minute (RFC 7519). */
function tokenFor(user: string, key: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { sub: user, roles: ["superuser"], exp: Math.floor(Date.now() / 1000) + 60 };
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
}

describe("it does not start, and says why,", () => {
  test.each([
    [
      "without a module",
      { module: undefined, bind: undefined, protocol: undefined },
      "standalone.module: not set",
    ],
    ["with one that there is not", { module: '"rational"' }, "did you mean relational?"],
    ["without TLS", { tls_cert: undefined, tls_key: undefined }, "must use TLS: set standalone.tls_cert"],
    ["with another engine's protocol", { protocol: '"resp3"' }, 'relational speaks postgresql, not "resp3"'],
    ["with a login that there is not", { auth_method: '"md5"' }, "auth_method: must be one of"],
    ["with an address without port", { bind: '"0.0.0.0"' }, "standalone.bind must be host:port"],
    ["with a certificate that is not there", { tls_cert: '"/nowhere.crt"' }, "cannot read /nowhere.crt"],
  ])("%s", async (_, changes, message) => {
    const page = await pageFor("relational", "postgresql");
    Object.assign(page.keys, changes);
    const program = page.start(main);
    expect(await program.exited).toBe(78);
    expect(program.errors).toContain(message);
  });
});
