import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LoadOptions, loadConfig } from "@weftkit/config";
import { createLogger } from "@weftkit/observe";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { describe, expect, onTestFinished, test } from "vitest";
import { namesOf } from "../src/certificate.ts";
import { createAuthenticator } from "../src/index.ts";

const users = [
  { username: "app", password: "s3cret", roles: ["read", "write"] },
  { username: "reader", password: "r3ader", roles: ["read"] },
];

async function authenticator(auth: Record<string, unknown>, env: LoadOptions["env"] = {}) {
  const lines: string[] = [];
  const log = createLogger({
    level: "debug",
    image: "inmemory",
    stream: { write: (line) => void lines.push(line) },
  });
  const { config } = loadConfig({
    env,
    file: false,
    values: { auth, tls: { cert_file: "c", key_file: "k", ca_file: "a" } },
  });
  const made = await createAuthenticator({ config: config.auth, log, env, watchIntervalMs: 5 });
  onTestFinished(() => made.close());
  return Object.assign(made, { lines });
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "weftkit-auth-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}

describe("passwords", () => {
  test("let in who knows one, with the user's roles", async () => {
    const auth = await authenticator({ users });
    const context = await auth.verifyPassword("app", "s3cret");
    expect(context).toMatchObject({ user: "app", roles: ["read_only", "read_write"] });
    expect(context?.can("write")).toBe(true);
    expect((await auth.verifyPassword("reader", Buffer.from("r3ader")))?.can("write")).toBe(false);
    expect(await auth.verifyPassword("app", "r3ader")).toBeUndefined();
    expect(await auth.verifyPassword("nobody", "s3cret")).toBeUndefined();
    expect(auth.users()).toEqual([
      { name: "app", roles: ["read_only", "read_write"], hasPassword: true },
      { name: "reader", roles: ["read_only"], hasPassword: true },
    ]);
    expect(auth.anonymous).toBeUndefined();
  });

  test("are remembered once verified, and a wrong one still fails", async () => {
    const auth = await authenticator({ users });
    for (let round = 0; round < 3; round++) {
      expect((await auth.verifyPassword("app", "s3cret"))?.user).toBe("app");
      expect(await auth.verifyPassword("app", "s3cre")).toBeUndefined();
      expect(await auth.verifyPassword("app", "s3cret\0")).toBeUndefined();
    }
  });

  test("WEFTKIT_USER and WEFTKIT_PASSWORD make a superuser, which a login without name means", async () => {
    const auth = await authenticator({ users }, { WEFTKIT_USER: "admin", WEFTKIT_PASSWORD: "pw" });
    expect((await auth.verifyPassword("admin", "pw"))?.can("admin")).toBe(true);
    expect(auth.defaultUser).toBe("admin");
    expect((await authenticator({ users })).defaultUser).toBeUndefined();
    expect((await authenticator({ users: users.slice(0, 1) })).defaultUser).toBe("app");
  });

  test("with method none everybody is a superuser", async () => {
    const auth = await authenticator({ method: "none" });
    expect(auth.anonymous?.can("admin")).toBe(true);
    expect(await auth.verifyPassword("whoever", "whatever")).toMatchObject({
      user: "whoever",
      roles: ["superuser"],
    });
  });
});

describe("configured users", () => {
  test("are required, unless a token brings them", async () => {
    await expect(authenticator({})).rejects.toThrow(/no user is configured.*WEFTKIT_AUTH=none/);
    await expect(authenticator({ users: [{ username: "u", roles: ["read"] }] })).rejects.toThrow(
      /no user is configured/,
    );
    await authenticator({ method: "jwt", jwt_secret: "x".repeat(32) });
  });

  test("have roles that exist, and one name each, over all sources", async () => {
    const file = join(folder(), "users.toml");
    writeFileSync(file, '[[users]]\nusername = "app"\npassword = "x"\nroles = ["raed"]\n');
    const bad = [...users, { username: "none" }, { username: "typo", roles: ["superusr"] }];
    const error = await authenticator({ users: bad, users_file: file }).catch((thrown: unknown) => thrown);
    expect((error as { mistakes: { message: string }[] }).mistakes.map(({ message }) => message)).toEqual([
      'the user "app" exists already',
      "has no roles; give at least one, such as read or write",
      "unknown role superusr; did you mean superuser?",
    ]);
  });

  test("follow their file; a file that cannot be used changes nothing", async () => {
    const path = folder();
    const file = join(path, "users.toml");
    const roles = join(path, "roles.yaml");
    writeFileSync(file, '[[users]]\nusername = "a"\npassword = "1"\nroles = ["r"]\n');
    writeFileSync(roles, "- name: r\n  allow: [read]\n");
    const auth = await authenticator({ users_file: file, roles_file: roles });
    const session = await auth.verifyPassword("a", "1");
    writeFileSync(file, '[[users]]\nusername = "a"\npassword = "2"\nroles = ["r"]\n');
    await until(async () => (await auth.verifyPassword("a", "2")) !== undefined);
    expect(await auth.verifyPassword("a", "1")).toBeUndefined();

    writeFileSync(roles, "- name: r\n  allow: [write]\n");
    await until(async () => (await auth.verifyPassword("a", "2"))?.can("write") === true);
    expect(session?.can("write")).toBe(false);

    writeFileSync(file, "[[users]\n");
    await until(() => auth.lines.some((line) => line.includes("the old ones stay")));
    expect(await auth.verifyPassword("a", "2")).toBeDefined();
  });
});

describe("tokens", () => {
  const secret = "a secret of thirty-two bytes ok!";
  const hs256 = (claims: Record<string, unknown>, key = secret) =>
    new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(new TextEncoder().encode(key));
  const inAnHour = Math.floor(Date.now() / 1000) + 3600;
  const anHourAgo = inAnHour - 7200;

  test("signed with the secret bring their user and roles", async () => {
    const auth = await authenticator({ method: "jwt", jwt_secret: secret, users });
    const verify = async (claims: Record<string, unknown>, key?: string) =>
      auth.verifyToken(await hs256(claims, key));
    expect(await verify({ sub: "ann", roles: ["read", "of another system"], exp: inAnHour })).toMatchObject({
      user: "ann",
      roles: ["read_only"],
    });
    expect((await verify({ sub: "ann", roles: "read write", exp: inAnHour }))?.can("write")).toBe(true);
    expect((await verify({ sub: "app", exp: inAnHour }))?.can("write")).toBe(true);
    expect((await verify({ sub: "ann", exp: inAnHour }))?.can("connect")).toBe(false);
    expect(await verify({ sub: "ann", exp: anHourAgo })).toBeUndefined();
    expect(await verify({ sub: "ann" })).toBeUndefined();
    expect(await verify({ sub: "ann", exp: inAnHour, nbf: inAnHour })).toBeUndefined();
    expect(await verify({ roles: ["superuser"], exp: inAnHour })).toBeUndefined();
    expect(await verify({ sub: "ann", exp: inAnHour }, "b".repeat(32))).toBeUndefined();
    expect(await auth.verifyToken("not a token")).toBeUndefined();
    expect(await auth.verifyToken("x".repeat(100_000))).toBeUndefined();
    const none = `${btoa('{"alg":"none"}')}.${btoa(`{"sub":"ann","exp":${inAnHour}}`)}.`.replaceAll("=", "");
    expect(await auth.verifyToken(none)).toBeUndefined();
  });

  test("stand for a password where a protocol has nothing else", async () => {
    const auth = await authenticator({ method: "jwt", jwt_secret: secret });
    const token = await hs256({ sub: "ann", roles: ["read"], exp: inAnHour });
    expect((await auth.verifyPassword("ann", token))?.user).toBe("ann");
    expect(await auth.verifyPassword("bob", token)).toBeUndefined();
  });

  test("must be from the issuer and for the audience that are configured", async () => {
    const auth = await authenticator({
      method: "jwt",
      jwt_secret: secret,
      jwt_issuer: "me",
      jwt_audience: "db",
      jwt_user_claim: "email",
    });
    const token = { email: "a@b", exp: inAnHour, iss: "me", aud: ["db", "web"] };
    expect((await auth.verifyToken(await hs256(token)))?.user).toBe("a@b");
    expect(await auth.verifyToken(await hs256({ ...token, iss: "you" }))).toBeUndefined();
    expect(await auth.verifyToken(await hs256({ ...token, aud: "web" }))).toBeUndefined();
  });

  test.each(["RS256", "ES256"])(
    "signed with a published %s key are accepted, and its rotation is followed",
    async (alg) => {
      const published: { keys: JWK[] } = { keys: [] };
      let fetches = 0;
      const server = createServer((_, response) => {
        fetches++;
        response.setHeader("content-type", "application/json").end(JSON.stringify(published));
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      onTestFinished(() => void server.close());
      const { port } = server.address() as { port: number };
      const newKey = async (kid: string) => {
        const pair = await generateKeyPair(alg, { extractable: true });
        published.keys = [{ ...(await exportJWK(pair.publicKey)), kid, alg }];
        return (sub: string) =>
          new SignJWT({ sub, roles: ["read"], exp: inAnHour })
            .setProtectedHeader({ alg, kid })
            .sign(pair.privateKey);
      };
      const signFirst = await newKey("1");
      const auth = await authenticator({ method: "jwt", jwt_jwks_uri: `http://127.0.0.1:${port}/jwks` });
      expect((await auth.verifyToken(await signFirst("ann")))?.can("read")).toBe(true);
      expect((await auth.verifyToken(await signFirst("bob")))?.user).toBe("bob");
      expect(fetches).toBe(1);
      // A public key must not serve as the secret of a forged HS256 token.
      const forged = await hs256({ sub: "eve", exp: inAnHour }, JSON.stringify(published.keys[0]));
      expect(await auth.verifyToken(forged)).toBeUndefined();
      // An unknown key is not looked for more often than the cooldown allows.
      const signSecond = await newKey("2");
      expect(await auth.verifyToken(await signSecond("ann"))).toBeUndefined();
      expect(fetches).toBe(1);
      // A fresh start knows the new key only.
      const later = await authenticator({ method: "jwt", jwt_jwks_uri: `http://127.0.0.1:${port}/jwks` });
      expect((await later.verifyToken(await signSecond("ann")))?.user).toBe("ann");
      expect(await later.verifyToken(await signFirst("ann"))).toBeUndefined();
    },
  );
});

describe("certificates", () => {
  test("name a user by common name or alternative name", async () => {
    const auth = await authenticator({
      method: "mtls",
      users: [{ username: "app.internal", roles: ["read"] }],
    });
    expect(auth.fromCertificate({ subject: { CN: "app.internal" } })?.user).toBe("app.internal");
    expect(
      auth.fromCertificate({ subject: { CN: "x" }, subjectaltname: "DNS:app.internal" })?.can("read"),
    ).toBe(true);
    expect(auth.fromCertificate({ subject: { CN: "x" } })).toBeUndefined();
    expect(auth.fromCertificate({})).toBeUndefined();
  });

  test("cannot smuggle one name inside another", () => {
    expect(namesOf({ subjectaltname: 'DNS:a, email:b@c, URI:spiffe://d/e, DNS:"x, DNS:admin"' })).toEqual([
      "a",
      "b@c",
      "spiffe://d/e",
      "x, DNS:admin",
    ]);
  });
});
