import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { weftkit } from "./command.ts";

const hasCompose = spawnSync("docker", ["compose", "version"]).status === 0;

function compose(folder: string, ...args: string[]) {
  return weftkit(folder, ["compose", "--project", "shop", ...args]);
}

function readYaml(folder: string) {
  return parse(readFileSync(join(folder, "docker-compose.yml"), "utf8"));
}

test("writes the compose file and its companions", async () => {
  const folder = temporaryFolder();
  const { code, stdout, stderr } = await compose(folder, "--engines", "inmemory");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(readdirSync(folder).sort()).toEqual([".env", "README.md", "docker-compose.yml", "secrets"]);
  expect(stdout).toContain("docker compose up -d --wait");
  expect(stdout).not.toContain("\u001b");
  expect(readFileSync(join(folder, ".env"), "utf8")).toContain("\nINMEMORY_IMAGE=weftkit/inmemory:0.1.0\n");
});

test("hardens the service and gives it a volume, a health check, limits and a grace period", async () => {
  const folder = temporaryFolder();
  await compose(folder, "--engines", "inmemory");
  const { name, services, volumes, secrets } = readYaml(folder);
  expect(name).toBe("shop");
  expect(services.inmemory).toMatchObject({
    user: "1000:1000",
    read_only: true,
    cap_drop: ["ALL"],
    security_opt: ["no-new-privileges:true"],
    ports: [{ target: 6379, published: "6379", host_ip: "127.0.0.1" }],
    volumes: [{ source: "inmemory-data", target: "/data" }],
    healthcheck: { test: ["CMD", "node", "/app/healthcheck.mjs"] },
    deploy: { resources: { limits: { memory: "1gb", pids: 128 } } },
    environment: { WEFTKIT_PASSWORD_FILE: "/run/secrets/inmemory_password" },
  });
  const budget = Number.parseInt(services.inmemory.environment.WEFTKIT_PERSIST_SHUTDOWN_BUDGET, 10);
  expect(Number.parseInt(services.inmemory.stop_grace_period, 10)).toBeGreaterThan(budget);
  expect(Object.keys(volumes)).toEqual(["inmemory-data"]);
  expect(secrets).toEqual({ inmemory_password: { file: "./secrets/inmemory_password" } });
});

test("a secret is readable by the container's user, in a folder that nobody else enters, and never in the README", async () => {
  const folder = temporaryFolder();
  await compose(folder, "--engines", "inmemory");
  const file = join(folder, "secrets", "inmemory_password");
  expect(statSync(join(folder, "secrets")).mode & 0o777).toBe(0o700);
  expect(statSync(file).mode & 0o777).toBe(0o644);
  const password = readFileSync(file, "utf8").trim();
  expect(password).toMatch(/^[\w-]{32}$/);
  expect(readFileSync(join(folder, "README.md"), "utf8")).not.toContain(password);
  expect(readFileSync(join(folder, "docker-compose.yml"), "utf8")).not.toContain(password);
});

test("replicas are services of their own; the first keeps its name and its volume", async () => {
  const folder = temporaryFolder();
  await compose(folder, "--engines", "inmemory");
  const one = readYaml(folder);
  await compose(folder, "--engines", "inmemory:3");
  const three = readYaml(folder);
  expect(Object.keys(three.services)).toEqual(["inmemory", "inmemory-2", "inmemory-3"]);
  expect(three.services.inmemory).toEqual(one.services.inmemory);
  expect(Object.keys(three.volumes)).toEqual(["inmemory-data", "inmemory-2-data", "inmemory-3-data"]);
  const ports = Object.values<{ ports: { published: string }[] }>(three.services).map(
    ({ ports }) => ports[0]?.published,
  );
  expect(ports).toEqual(["6379", "6380", "6381"]);
});

test("--port moves an engine, and its replicas follow", async () => {
  const folder = temporaryFolder();
  await compose(folder, "--engines", "inmemory:2", "--port", "inmemory=7000");
  const { services } = readYaml(folder);
  expect(services.inmemory.ports[0]).toMatchObject({ target: 6379, published: "7000" });
  expect(services["inmemory-2"].ports[0]).toMatchObject({ target: 6379, published: "7001" });
});

test.skipIf(!hasCompose)("docker compose accepts the file without a warning", async () => {
  const folder = temporaryFolder();
  await compose(folder, "--engines", "inmemory:2", "--bind", "::1");
  const { status, stdout, stderr } = spawnSync("docker", ["compose", "config", "--format", "json"], {
    cwd: folder,
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const services: Record<string, { image: string }> = JSON.parse(stdout).services;
  expect(Object.values(services).map(({ image }) => image)).toEqual(Array(2).fill("weftkit/inmemory:0.1.0"));
});

test("writing the same again changes nothing and keeps the secret", async () => {
  const folder = temporaryFolder();
  await compose(folder, "--engines", "inmemory");
  const password = readFileSync(join(folder, "secrets", "inmemory_password"), "utf8");
  const { code, stdout } = await compose(folder, "--engines", "inmemory", "--json", "--force");
  expect(code).toBe(0);
  expect(JSON.parse(stdout).files.map(({ change }: { change: string }) => change)).toEqual([
    "unchanged",
    "unchanged",
    "unchanged",
    "unchanged",
    "kept",
  ]);
  expect(readFileSync(join(folder, "secrets", "inmemory_password"), "utf8")).toBe(password);
});

test("a generated file that nobody edited is brought up to date, and the diff is shown", async () => {
  const folder = temporaryFolder();
  await compose(folder, "--engines", "inmemory");
  const { code, stdout } = await compose(folder, "--engines", "inmemory", "--bind", "0.0.0.0");
  expect(code).toBe(0);
  expect(stdout).toContain("-        host_ip: 127.0.0.1\n+        host_ip: 0.0.0.0\n");
  expect(readYaml(folder).services.inmemory.ports[0].host_ip).toBe("0.0.0.0");
});

test("an edited file stops everything, until --force", async () => {
  const folder = temporaryFolder();
  await compose(folder, "--engines", "inmemory");
  appendFileSync(join(folder, "docker-compose.yml"), "# mine\n");
  const before = readdirSync(folder).map((name) => statSync(join(folder, name)).mtimeMs);
  const refused = await compose(folder, "--engines", "inmemory:2");
  expect(refused.code).toBe(3);
  expect(refused.stdout).toContain("-# mine");
  expect(refused.stderr).toMatch(/edited since: docker-compose.yml\n.*--force/);
  expect(readdirSync(folder).map((name) => statSync(join(folder, name)).mtimeMs)).toEqual(before);
  const forced = await compose(folder, "--engines", "inmemory:2", "--force");
  expect(forced.code).toBe(0);
  expect(Object.keys(readYaml(folder).services)).toHaveLength(2);
});

test("somebody else's README is not overwritten", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "README.md"), "# My project\n");
  const { code, stderr } = await compose(folder, "--engines", "inmemory");
  expect(code).toBe(3);
  expect(stderr).toContain("--out DIR");
  expect(existsSync(join(folder, "docker-compose.yml"))).toBe(false);
  expect(existsSync(join(folder, "secrets"))).toBe(false);
});

test.each([
  [["--engines", "inmemory,gateway"], "gateway (one address for all engines) is not built yet"],
  [["--engines", "inmemoy"], "Did you mean inmemory?"],
  [["--engines", "inmemory:0"], "count from 1"],
  [["--engines", "inmemory:two"], "count from 1"],
  [["--engines", "inmemory,inmemory"], "named twice"],
  [["--engines", ","], "no engine is named"],
  [["--engines", "inmemory", "--bind", "localhost"], "not an IP address"],
  [["--engines", "inmemory", "--project", "My Shop"], "--project"],
  [[], "--engines is missing"],
])("compose %j is refused before anything is written", async (args, message) => {
  const folder = temporaryFolder();
  const { code, stderr } = await weftkit(folder, ["compose", ...args]);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
  expect(readdirSync(folder)).toEqual([]);
});
