import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { readMetrics } from "../src/engines/metrics-text.ts";
import { ApiClient, startPlayground } from "./start-playground.ts";

test("nothing but the page and the login is there for those who are not logged in", async () => {
  const { service } = await startPlayground(["relational=127.0.0.1:1"]);
  const client = new ApiClient(service.port);
  expect((await client.get("/")).status).toBe(200);
  for (const path of ["/api/session", "/api/engines", "/api/engines/relational@127.0.0.1:1/metrics"]) {
    expect((await client.get(path)).status, path).toBe(401);
  }
  expect((await client.operate("relational=127.0.0.1:1", "run", { statement: "SELECT 1" })).status).toBe(401);
  expect((await client.post("/api/login", { user: "ann", password: "wrong" })).body.error.code).toBe(
    "wrong_login",
  );
  expect((await client.post("/api/login", { user: "nobody", password: "wrong" })).status).toBe(401);
  expect((await client.post("/api/login", { user: 1 })).status).toBe(400);
});

test("a session is a cookie that scripts and other sites do not see, and ends with the logout", async () => {
  const { service } = await startPlayground([]);
  const client = new ApiClient(service.port);
  const { headers, body } = await client.post("/api/login", { user: "ann", password: "ann's password" });
  expect(headers.get("set-cookie")).toMatch(/^weftkit_session=[\w-]{43}; HttpOnly; SameSite=Strict$/);
  expect(body).toMatchObject({ user: "ann", roles: ["superuser"] });
  client.csrfToken = body.csrfToken;
  expect((await client.get("/api/session")).status).toBe(200);
  const { cookie } = client;
  expect((await client.post("/api/logout")).status).toBe(200);
  client.cookie = cookie;
  expect((await client.get("/api/session")).status).toBe(401);
});

test("a session that is not used ends", async () => {
  const { service } = await startPlayground([], { session_idle: "1s" });
  const client = await ApiClient.loggedIn(service.port);
  expect(service.status()).toMatchObject({ sessions: 1 });
  await expect.poll(() => service.status()).toMatchObject({ sessions: 0 });
  expect((await client.get("/api/session")).status).toBe(401);
});

test("what changes something needs the session's CSRF token, and does not come from another site", async () => {
  const { service } = await startPlayground(["inmemory=127.0.0.1:1"]);
  const client = await ApiClient.loggedIn(service.port);
  const other = await ApiClient.loggedIn(service.port);
  const { csrfToken } = client;
  for (const wrong of ["", "x", other.csrfToken]) {
    client.csrfToken = wrong;
    expect((await client.operate("inmemory=127.0.0.1:1", "keys")).status).toBe(403);
    expect((await client.post("/api/logout")).status).toBe(403);
  }
  client.csrfToken = csrfToken;
  const headers = { cookie: client.cookie, "sec-fetch-site": "cross-site" };
  expect((await client.ask("/api/session", { headers })).status).toBe(403);
  expect((await client.get("/api/session")).status).toBe(200);
});

test("logins that are wrong are slowed down, also with the right password then", async () => {
  const { service } = await startPlayground([]);
  const client = new ApiClient(service.port);
  for (let i = 0; i < 10; i++) {
    expect((await client.post("/api/login", { user: "ann", password: `wrong ${i}` })).status).toBe(401);
  }
  const refused = await client.post("/api/login", { user: "ann", password: "ann's password" });
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
});

test("the page may load its own files alone, and is not shown in frames", async () => {
  const { service } = await startPlayground([]);
  const client = new ApiClient(service.port);
  const { headers, text } = await client.get("/");
  const policy = headers.get("content-security-policy")!;
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
  expect(headers.get("x-frame-options")).toBe("DENY");
  expect(text).not.toMatch(/<script(?![^>]* src=)|style=|https?:/);
  const script = /src="([^"]+)"/.exec(text)![1]!;
  expect(script).toMatch(/^main-[A-Z0-9]+\.js$/);
  const file = await client.ask(`/${script}`, { headers: { "accept-encoding": "br" } });
  expect(file.headers.get("cache-control")).toContain("immutable");
  expect(file.headers.get("content-encoding")).toBe("br");
  for (const path of ["/../package.json", "/%2e%2e/package.json", "/src/main.ts", "/api/nothing"]) {
    expect((await client.get(path)).status, path).toBe(404);
  }
});

test("no request reaches what is not configured", async () => {
  let asked = 0;
  const server = createServer((_, response) => {
    asked++;
    response.end("{}");
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const { service } = await startPlayground(["inmemory=127.0.0.1:1?admin=off"]);
  const client = await ApiClient.loggedIn(service.port);
  for (const engine of [
    `inmemory=127.0.0.1:${port}`,
    `relational=127.0.0.1:${port}`,
    "constructor",
    "__proto__",
  ]) {
    expect((await client.operate(engine, "keys")).status, engine).toBe(404);
  }
  expect((await client.operate("inmemory=127.0.0.1:1", "constructor")).status).toBe(404);
  expect(asked).toBe(0);
  expect((await client.get("/api/engines")).body).toMatchObject([{ state: "unknown", engine: "inmemory" }]);
});

test("bodies are bounded, of one form, and say what is wrong with them", async () => {
  const { service } = await startPlayground(["inmemory=127.0.0.1:1"]);
  const client = await ApiClient.loggedIn(service.port);
  const engine = "inmemory=127.0.0.1:1";
  expect((await client.operate(engine, "command", { line: "x".repeat(5 * 1024 ** 2) })).status).toBe(413);
  expect((await client.operate(engine, "command", { line: 1 })).body.error.message).toContain("/line");
  expect((await client.operate(engine, "keys", { match: "*", more: 1 })).status).toBe(400);
  const headers = { cookie: client.cookie, "x-csrf-token": client.csrfToken, "content-type": "text/plain" };
  const sent = await client.ask("/api/logout", { method: "POST", headers, body: "{}" });
  expect(sent.status).toBe(415);
  expect((await client.operate(engine, "keys")).body.error.code).toBe("engine_unreachable");
});

test("mistakes in the list of engines are told all at once", async () => {
  await expect(
    startPlayground(["relationl=db", "inmemory", "inmemory=a:1?admin=:x", "graph=g:1", "graph=g:1"]),
  ).rejects.toThrow(/did you mean relational[\s\S]*"inmemory" is not[\s\S]*no address[\s\S]*there twice/);
});

test("metrics are read from their text, without meanings and buckets", () => {
  const text = [
    "# HELP a Words.",
    "# TYPE a counter",
    'a{b="c d",e="f"} 12',
    "g 1.5e3 1700000000",
    'h_bucket{le="1"} 3',
    "h_count 3",
    "n NaN",
    "",
  ].join("\n");
  expect(readMetrics(text)).toEqual([
    { name: "a", labels: 'b="c d",e="f"', value: 12 },
    { name: "g", labels: "", value: 1500 },
    { name: "h_count", labels: "", value: 3 },
  ]);
});
