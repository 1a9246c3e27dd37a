import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { ApiClient, startPlayground } from "./start-playground.ts";

const program = join(import.meta.dirname, "../../../compose-builder/bin/weftkit.mjs");

const usual = {
  target: "compose",
  project: "shop",
  engines: "relational,inmemory:2",
  with: "playground",
  bind: "127.0.0.1",
  state: "volume",
  persistEncrypt: false,
  volumeSize: "10Gi",
  withSecrets: false,
};

/** All files of a folder but its secrets, by their paths. */
function filesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    names
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !/\/secrets\/\w+$/.test(path))
      .map((path) => [path.slice(folder.length + 1), readFileSync(path, "utf8")]),
  );
}

test.each([
  ["compose", {}, ["compose"]],
  [
    "compose",
    { state: "serverless", persistEncrypt: true },
    ["compose", "--persist", "serverless", "--persist-function", "--persist-encrypt"],
  ],
  [
    "compose",
    { state: "container", bind: "0.0.0.0" },
    ["compose", "--persist", "container", "--bind", "0.0.0.0"],
  ],
  ["kubernetes", {}, ["k8s"]],
  [
    "kubernetes",
    { state: "container", volumeSize: "5Gi" },
    ["k8s", "--persist", "container", "--volume-size", "5Gi"],
  ],
  ["kubernetes", { state: "none" }, ["k8s", "--persist", "none"]],
  [
    "kubernetes",
    { state: "serverless", persistUrl: "https://state.example.com" },
    ["k8s", "--persist", "serverless", "--persist-url", "https://state.example.com"],
  ],
])("%s %j is what the command writes", async (target, changed, args) => {
  const { service } = await startPlayground([]);
  const client = await ApiClient.loggedIn(service.port);
  const { body } = await client.post("/api/project", { ...usual, target, ...changed });
  const folder = temporaryFolder();
  const flags = [
    "--engines",
    usual.engines,
    "--with",
    usual.with,
    "--project",
    usual.project,
    "--out",
    folder,
  ];
  await promisify(execFile)(process.execPath, [program, ...args, ...flags], { cwd: temporaryFolder() });
  const built = body.files.map(({ path, content }: { path: string; content: string }) => [path, content]);
  expect(Object.fromEntries(built)).toEqual(filesOf(folder));
});

test("secrets are made for those who take the project, and anew each time", async () => {
  const { service } = await startPlayground([]);
  const client = await ApiClient.loggedIn(service.port, "rob");
  const take = async () => {
    const { body } = await client.post("/api/project", { ...usual, withSecrets: true });
    return body.files.find(({ path }: { path: string }) => path === "secrets/weftkit_password").content;
  };
  const [one, other] = [await take(), await take()];
  expect(one).toMatch(/^[\w-]{32}\n$/);
  expect(other).not.toBe(one);
  expect((await client.post("/api/project", usual)).body).toMatchObject({ secrets: ["weftkit_password"] });
});

test("what does not go together is told in the command's words", async () => {
  const { service } = await startPlayground([]);
  const client = await ApiClient.loggedIn(service.port);
  const refused = async (changed: object) =>
    (await client.post("/api/project", { ...usual, ...changed })).body.error.message;
  expect(await refused({ engines: "relationl" })).toContain('no engine "relationl"');
  expect(await refused({ engines: "" })).toContain("no engine is named");
  expect(await refused({ engines: "graph", with: "pool" })).toContain("pool speaks the protocol of none");
  expect(await refused({ state: "container", persistUrl: "http://localhost:1" })).toContain(
    "the container itself",
  );
  expect(await refused({ project: "../x" })).toContain("the body");
  client.cookie = "";
  expect((await client.post("/api/project", usual)).status).toBe(401);
});
