import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { SignJWT } from "jose";
import { describe, expect, onTestFinished, test } from "vitest";
import { startNotes } from "./notes-engine.ts";

const users = [
  { username: "weftkit", password: "correct horse", roles: ["superuser"] },
  { username: "reader", password: "pass:word", roles: ["read"] },
];
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

/** Sends bytes and gives back all that comes until the other side closes. */
async function exchange(port: number, ...pieces: readonly string[]): Promise<string> {
  const socket = open(port);
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk.toString();
  });
  for (const piece of pieces) socket.write(piece);
  await once(socket, "close");
  return answer;
}

function open(port: number): Socket {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  return socket;
}

describe("who a request comes from", () => {
  test("without a token is 401 and says how to send one", async () => {
    const { call } = await startNotes({ auth: { users } });
    const response = await call("/v1/notes");
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe(
      'Basic realm="weftkit", charset="UTF-8", Bearer realm="weftkit"',
    );
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({
      type: "urn:weftkit:problem:unauthorized",
      status: 401,
      instance: `urn:weftkit:request:${response.headers.get("x-request-id")}`,
    });
  });

  test.each([
    ["Bearer user:password", "Bearer reader:pass:word", "reader"],
    ["Bearer with the default user's password", "Bearer correct horse", "weftkit"],
    ["Basic", `Basic ${Buffer.from("reader:pass:word").toString("base64")}`, "reader"],
  ])("is told by %s", async (_, authorization, user) => {
    const { call } = await startNotes({ auth: { users } });
    for (let i = 0; i < 2; i++) {
      const response = await call("/v1/notes", { headers: { authorization } });
      expect(await response.json()).toMatchObject({ user });
    }
  });

  test("is told by a JSON Web Token, with its roles", async () => {
    const secret = "a secret of thirty-two bytes, more or less";
    const { call } = await startNotes({ auth: { method: "jwt", jwt_secret: secret } });
    const token = await new SignJWT({ roles: ["read"] })
      .setProtectedHeader({ alg: "HS256" })
      .setSubject("ada")
      .setExpirationTime("1h")
      .sign(new TextEncoder().encode(secret));
    const response = await call("/v1/notes", bearer(token));
    expect(await response.json()).toMatchObject({ user: "ada", roles: ["read_only"] });
    const wrong = await call("/v1/notes", bearer(`${token}x`));
    expect(wrong.status).toBe(401);
    expect(wrong.headers.get("www-authenticate")).toBe('Bearer realm="weftkit", error="invalid_token"');
  });

  test("decides what it may do: 403", async () => {
    const { call } = await startNotes({ auth: { users } });
    const headers = { authorization: "Bearer reader:pass:word", "content-type": "text/plain" };
    const response = await call("/v1/notes/a", { method: "PUT", headers, body: "x" });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({
      type: "urn:weftkit:problem:forbidden",
      detail: "reader may not write on a; it needs a role that allows write",
    });
  });

  test("is not looked at any more after many wrong tokens from one address", async () => {
    const { call } = await startNotes({ auth: { users } });
    const statuses = new Set<number>();
    for (let i = 0; i < 25; i++) statuses.add((await call("/v1/notes", bearer(`reader:${i}`))).status);
    expect([...statuses]).toEqual([401, 429]);
  });
});

describe("what a request has to look like", () => {
  test("unknown and ill-formed members of a query are named", async () => {
    const { call } = await startNotes();
    const response = await call("/v1/notes?limt=5&limit=11");
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      type: "urn:weftkit:problem:invalid-request",
      errors: [
        { in: "query", pointer: "/limt", detail: "is not known here; did you mean limit?" },
        { in: "query", pointer: "/limit", detail: "must be <= 10" },
      ],
    });
    expect((await call("/v1/notes?limit=5&limit=6")).status).toBe(400);
    expect(await (await call("/v1/notes?limit=7")).json()).toMatchObject({ limit: 7 });
  });

  test("so are those of a body", async () => {
    const { call } = await startNotes();
    const put = (body: string | Buffer<ArrayBuffer>, type = "application/json") =>
      call("/v1/notes/a", { method: "PUT", headers: { "content-type": type }, body });
    const wrong = await put(JSON.stringify({ text: 1, stars: 6, colour: "red" }));
    expect(await wrong.json()).toMatchObject({
      errors: [
        { pointer: "/colour", in: "body" },
        { pointer: "/text", in: "body" },
        { pointer: "/stars", in: "body" },
      ],
    });
    for (const [body, problem] of [
      ["{", "invalid-json"],
      [`{"text":${"[".repeat(100)}`, "invalid-json"],
      [`{"text":[${"0,".repeat(100_001)}0]}`, "invalid-json"],
      [Buffer.from('{"text":"\xff"}', "latin1"), "invalid-encoding"],
      ["", "invalid-json"],
    ] as const) {
      expect(await (await put(body)).json()).toMatchObject({
        status: 400,
        type: `urn:weftkit:problem:${problem}`,
      });
    }
    expect((await put('{"text":"[[[[{{{{,,,,\\\\\\""}')).status).toBe(200);
    expect((await put("x", "text/plain; charset=utf-16")).status).toBe(415);
    const unsupported = await put("x", "image/png");
    expect(unsupported.status).toBe(415);
    expect(unsupported.headers.get("accept")).toBe("application/json, text/plain");
    expect((await put("x", "no media type")).status).toBe(415);
  });

  test("a body with a content-encoding is refused, not stored as it came", async () => {
    const { call } = await startNotes();
    const headers = { "content-type": "text/plain", "content-encoding": "gzip" };
    expect((await call("/v1/notes/a", { method: "PUT", headers, body: "x" })).status).toBe(415);
  });

  test("an id may have slashes, written as they are or encoded", async () => {
    const { call } = await startNotes();
    const headers = { "content-type": "text/plain" };
    await call("/v1/notes/a/b%20c", { method: "PUT", headers, body: "text" });
    expect(await (await call("/v1/notes/a%2Fb%20c")).text()).toBe("text");
    const malformed = await call("/v1/notes/%ff");
    expect(malformed.status).toBe(400);
    expect(malformed.headers.get("content-type")).toBe("application/problem+json");
  });

  test("other addresses are 404, other methods 405 with those that there are", async () => {
    const { call } = await startNotes();
    expect((await call("/v2/notes")).status).toBe(404);
    const response = await call("/v1/notes/a", { method: "POST", body: "x" });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("PUT, GET, HEAD, DELETE, OPTIONS");
    expect((await call("/v1/notes", { method: "OPTIONS" })).headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    expect((await call("/v1/notes", { method: "HEAD" })).status).toBe(200);
  });

  test.each(["QUERY", "PROPFIND", "TRACE", "LINK", "M-SEARCH"])(
    "%s is no method of anything: 405 where there is something, 404 elsewhere",
    async (method) => {
      const { image } = await startNotes();
      const ask = (path: string) =>
        exchange(image.port, `${method} ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      expect(await ask("/v1/notes")).toMatch(/^HTTP\/1.1 405 [\s\S]*allow: GET, HEAD, OPTIONS/);
      expect(await ask("/v2")).toMatch(/^HTTP\/1.1 404 [\s\S]*"urn:weftkit:problem:not-found"/);
    },
  );

  test.each(["true", "1e0", "0x1", "1.0", " 1", "01", "+1", ""])(
    "a number in a query is written as JSON writes it, not as %j",
    async (text) => {
      const { call } = await startNotes();
      const response = await call(`/v1/notes?limit=${encodeURIComponent(text)}`);
      expect(await response.json()).toMatchObject({
        status: 400,
        errors: [{ in: "query", pointer: "/limit" }],
      });
    },
  );

  test("what is not HTTP gets a 400 and the end", async () => {
    const { image } = await startNotes();
    expect(await exchange(image.port, "NONSENSE\r\n\r\n")).toMatch(
      /^HTTP\/1.1 400 Bad Request\r\n[\s\S]*malformed-request/,
    );
    expect(await exchange(image.port, "FROBNICATE / HTTP/1.1\r\nHost: a\r\n\r\n")).toMatch(
      /^HTTP\/1.1 501 Not Implemented\r\n[\s\S]*method-not-implemented/,
    );
    const header = `X-Long: ${"a".repeat(20_000)}\r\n`;
    expect(await exchange(image.port, `GET / HTTP/1.1\r\nHost: a\r\n${header}\r\n`)).toMatch(
      /^HTTP\/1.1 431/,
    );
  });

  test("an id of the client's is only taken when it is harmless", async () => {
    const { call } = await startNotes();
    const id = async (given: string) =>
      (await call("/v1/notes", { headers: { "x-request-id": given } })).headers.get("x-request-id");
    expect(await id("trace-1")).toBe("trace-1");
    expect(await id("<script>")).toMatch(/^[\da-f-]{36}$/);
  });
});

describe("a body that is too large", () => {
  test("is refused by its length before it is sent", async () => {
    const { image } = await startNotes();
    const head =
      "PUT /v1/notes/a HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 104857600\r\n\r\n";
    const socket = open(image.port);
    socket.write(head);
    const [answer] = await once(socket, "data");
    expect(String(answer)).toMatch(/^HTTP\/1.1 413 /);
  });

  test("of 300 MB is read and dropped, with memory flat, and the connection goes on", async () => {
    const { image } = await startNotes();
    const socket = open(image.port);
    let answers = "";
    socket.on("data", (chunk) => {
      answers += chunk.toString();
    });
    socket.write(
      "POST /v1/count HTTP/1.1\r\nHost: a\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    const piece = Buffer.from(`100000\r\n${"x".repeat(1024 ** 2)}\r\n`);
    const before = process.memoryUsage().rss;
    let largest = before;
    for (let i = 0; i < 300; i++) {
      if (!socket.write(piece)) await once(socket, "drain");
      largest = Math.max(largest, process.memoryUsage().rss);
    }
    socket.end("0\r\n\r\nGET /v1/notes HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    await once(socket, "close");
    expect(answers.match(/^HTTP\/1.1 .*$/gm)).toEqual(["HTTP/1.1 413 Payload Too Large", "HTTP/1.1 200 OK"]);
    expect(answers).toContain("at most 1MB are taken here");
    expect((largest - before) / 1024 ** 2).toBeLessThan(150);
  });

  test("is counted in chunks too", async () => {
    const { call } = await startNotes();
    const init = { method: "POST", headers: { "content-type": "application/octet-stream" } };
    expect(await (await call("/v1/count", { ...init, body: Buffer.alloc(1024 ** 2) })).json()).toEqual({
      bytes: 1024 ** 2,
    });
    expect((await call("/v1/count", { ...init, body: Buffer.alloc(1024 ** 2 + 1) })).status).toBe(413);
  });
});

describe("a body that stalls", () => {
  const head = (path: string, type: string) =>
    `${path} HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nContent-Length: 50\r\n\r\nsome`;

  test("is answered 408 and the connection ended", async () => {
    const { image } = await startNotes();
    expect(await exchange(image.port, head("PUT /v1/notes/a", "text/plain"))).toMatch(/^HTTP\/1.1 408 /);
  });

  test("of a stream ends with its connection", async () => {
    const { image, call } = await startNotes();
    await exchange(image.port, head("POST /v1/count", "application/octet-stream"));
    expect((await call("/v1/notes")).status).toBe(200);
  });
});

describe("a page of another origin", () => {
  const origin = "https://app.example.com";
  const ask = { method: "OPTIONS", headers: { origin, "access-control-request-method": "PUT" } };

  test("may call what it is let to, and reads mistakes, too", async () => {
    const markdown = { cors_origins: ["http://localhost:3000", origin] };
    const { call } = await startNotes({ auth: { users }, markdown });
    const asked = await call("/v1/notes/a", {
      ...ask,
      headers: { ...ask.headers, "access-control-request-headers": "authorization,content-type" },
    });
    expect(asked.status).toBe(204);
    expect(Object.fromEntries(asked.headers)).toMatchObject({
      "access-control-allow-origin": origin,
      "access-control-allow-methods": "PUT, GET, HEAD, DELETE",
      "access-control-allow-headers": "authorization,content-type",
      "access-control-max-age": "600",
      vary: "Origin",
    });
    for (const authorization of ["Bearer correct horse", "Bearer wrong"]) {
      const answer = await call("/v1/notes", { headers: { origin, authorization } });
      expect(answer.headers.get("access-control-allow-origin")).toBe(origin);
      expect(answer.headers.get("access-control-expose-headers")).toBe("*");
    }
  });

  test("of which nobody spoke is told nothing, and caches keep the answers apart", async () => {
    const { call } = await startNotes({ markdown: { cors_origins: [origin] } });
    const other = "https://app.example.com.attacker.example";
    for (const from of [other, "null"]) {
      const answer = await call("/v1/notes", { headers: { origin: from } });
      expect([answer.headers.get("access-control-allow-origin"), answer.headers.get("vary")]).toEqual([
        null,
        "Origin",
      ]);
      const asked = await call("/v1/notes/a", { ...ask, headers: { ...ask.headers, origin: from } });
      expect(asked.headers.get("access-control-allow-origin")).toBeNull();
    }
  });

  test("may, whichever it is, where all may; and none where nothing is said", async () => {
    const all = await startNotes({ markdown: { cors_origins: ["*"] } });
    const answer = await all.call("/v1/nowhere", { headers: { origin } });
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    const { call } = await startNotes();
    expect([...(await call("/v1/notes/a", ask)).headers.keys()].join()).not.toMatch(/access-control|vary/);
    await expect(startNotes({ markdown: { cors_origins: ["https://app.example.com/"] } })).rejects.toThrow(
      /cors_origins.*without a path/,
    );
  });
});

describe("the engine", () => {
  test("answers 429 with Retry-After above the rate, each user by itself", async () => {
    const { call } = await startNotes({ auth: { users }, markdown: { rate_limit: 1 } });
    const get = () => call("/v1/notes", bearer("reader:pass:word"));
    expect([(await get()).status, (await get()).status]).toEqual([200, 200]);
    const refused = await get();
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect((await call("/v1/notes", bearer("correct horse"))).status).toBe(200);
  });

  test("says nothing of a defect but where to find it", async () => {
    const { call, log } = await startNotes();
    const response = await call("/v1/broken");
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(text).not.toContain("secret");
    const line = log.find((entry) => entry.includes("secret details"));
    expect(JSON.parse(line!)).toMatchObject({
      requestId: response.headers.get("x-request-id"),
      level: "error",
    });
  });

  test("tells a client beyond max_connections in HTTP", async () => {
    const { image } = await startNotes({ markdown: { max_connections: 1 } });
    const first = open(image.port);
    await once(first, "connect");
    first.write("GET /v1/notes HTTP/1.1\r\nHost: a\r\n\r\n");
    await once(first, "data");
    expect(await exchange(image.port)).toMatch(
      /^HTTP\/1.1 503 Service Unavailable\r\n[\s\S]*max_connections/,
    );
  });

  test("counts requests by route and status", async () => {
    const { call, image } = await startNotes();
    await (await call("/v1/notes/a")).text();
    await (await call("/nowhere")).text();
    const metrics = await (await fetch(`http://127.0.0.1:${image.adminPort}/metrics`)).text();
    expect(metrics).toContain(
      'weftkit_http_requests_total{method="GET",route="/v1/notes/*",status="404",image="markdown"} 1',
    );
    expect(metrics).toContain('route="none",status="404"');
  });

  test("lets requests that run end when it closes", async () => {
    const { call, engine, image } = await startNotes();
    const answer = call("/v1/slow");
    await engine.waiting.promise;
    const stopped = image.stop();
    engine.release.resolve();
    expect(await (await answer).json()).toEqual({ waited: true });
    await stopped;
  });

  test("tells a handler that its client is gone", async () => {
    const { engine, image } = await startNotes();
    const socket = open(image.port);
    socket.write("GET /v1/slow HTTP/1.1\r\nHost: a\r\n\r\n");
    const signal = await engine.waiting.promise;
    const aborted = once(signal, "abort");
    socket.destroy();
    await aborted;
  });

  test("streams", async () => {
    const { call } = await startNotes();
    expect(await (await call("/v1/stream")).text()).toBe("abc");
    const head = await call("/v1/stream", { method: "HEAD" });
    expect([head.status, head.headers.get("content-type"), await head.text()]).toEqual([
      200,
      "text/plain",
      "",
    ]);
  });

  test("describes itself, for programs and for people", async () => {
    const { call } = await startNotes();
    const document = (await (await call("/v1/openapi.json")).json()) as { paths: Record<string, object> };
    expect(document).toMatchObject({ openapi: "3.1.0", servers: [{ url: "/v1" }] });
    expect(Object.keys(document.paths)).toContain("/notes/{id}");
    expect(document.paths["/notes/{id}"]).toMatchObject({
      put: {
        operationId: "putNote",
        requestBody: { content: { "application/json": { schema: { required: ["text"] } } } },
      },
    });
    const page = await (await call("/v1/docs")).text();
    expect(page).toContain('<article id="putNote">');
    expect(page).toContain("curl -X PUT &quot;$URL/v1/notes/my-id&quot;");
    expect(page).toMatch(/<h4>Answer 20\d<\/h4>/);
    expect(page).not.toMatch(/<script|https?:\/\//);
    expect(await (await call("/")).text()).toContain('href="/v1/docs"');
  });
});
