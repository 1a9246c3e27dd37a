import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

const run = promisify(execFile);

/** Runs a command line as the reference has it, but for the port and the token. */
async function shell(command: string, engine: RunningEngine): Promise<string> {
  const here = command
    .replaceAll("http://localhost:8080", `http://127.0.0.1:${engine.image.port}`)
    .replaceAll("TOKEN", "app:app-password");
  return (
    await run("sh", [
      "-c",
      `${here.replace("curl ", "curl --silent --show-error --write-out '\\n%{http_code}' ")}`,
    ])
  ).stdout;
}

const auth = {
  users: [
    { username: "app", password: "app-password", roles: ["read", "write"] },
    { username: "admin", password: "admin-password", roles: ["superuser"] },
    { username: "readonly", password: "readonly-password", roles: ["read"] },
  ],
};
const admin = { authorization: "Bearer admin:admin-password" };

const createDocument = `curl -X PUT http://localhost:8080/v1/collections/wiki/documents/getting-started \\
  -H "Authorization: Bearer TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{
    "title": "Getting Started",
    "content": "# Getting Started\\n\\nWelcome to WeftKit...",
    "tags": ["guide", "intro"],
    "author": "alice"
  }'`;

const search = `curl -X POST http://localhost:8080/v1/collections/wiki/search \\
  -H "Authorization: Bearer TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{"query": "getting started", "limit": 10}'`;

describe("the reference's examples", () => {
  test("write a document and find it", async () => {
    const engine = await RunningEngine.start({ auth });
    await engine.call("POST", "/collections", { body: { name: "wiki" }, headers: admin });
    const [created = "", createdStatus] = (await shell(createDocument, engine)).trimEnd().split(/\n(?=\d+$)/);
    expect(createdStatus).toBe("201");
    expect(JSON.parse(created)).toMatchObject({
      id: "getting-started",
      title: "Getting Started",
      tags: ["guide", "intro"],
      author: "alice",
      meta: { collection: "wiki", version: 1, createdBy: "app" },
    });
    const [found = "", foundStatus] = (await shell(search, engine)).trimEnd().split(/\n(?=\d+$)/);
    expect(foundStatus).toBe("200");
    expect(JSON.parse(found)).toMatchObject({
      total: 1,
      totalIsExact: true,
      hits: [{ id: "getting-started", document: { author: "alice" } }],
    });
  });

  test("answer the codes of the reference", async () => {
    const engine = await RunningEngine.start({
      auth,
      markdown: { max_document_bytes: 2048 },
    });
    const as = (user: string) => ({ authorization: `Bearer ${user}:${user}-password` });
    const statusOf = async (method: string, path: string, body?: unknown, headers = admin) =>
      (await engine.call(method, path, { body, headers })).status;
    const document = "/collections/wiki/documents/a";
    expect(await statusOf("POST", "/collections", { name: "wiki" })).toBe(201);
    expect(await statusOf("POST", "/collections", { name: "no spaces" })).toBe(400);
    expect((await engine.call("GET", "/collections")).status).toBe(401);
    expect(await statusOf("PUT", document, { content: "x" }, as("readonly"))).toBe(403);
    expect(await statusOf("POST", "/collections", { name: "other" }, as("app"))).toBe(403);
    expect(await statusOf("GET", document)).toBe(404);
    expect(await statusOf("GET", "/collections/nowhere/documents/a")).toBe(404);
    expect(await statusOf("POST", "/collections", { name: "wiki" })).toBe(409);
    expect(await statusOf("PUT", document, { content: "x".repeat(3000) })).toBe(413);
  });

  test("answer 429 above the rate limit", async () => {
    const engine = await RunningEngine.start({ markdown: { rate_limit: 1 } });
    const replies = await Promise.all(Array.from({ length: 20 }, () => engine.call("GET", "/collections")));
    const refused = replies.find(({ status }) => status === 429);
    expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThan(0);
  });
});
