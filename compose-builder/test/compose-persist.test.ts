import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { weftkit } from "./command.ts";

const hasCompose = spawnSync("docker", ["compose", "version"]).status === 0;

const elsewhere = ["--persist", "serverless", "--persist-url", "https://state.example.com/"];
const inProject = ["--persist", "serverless", "--persist-function"];

function compose(folder: string, ...args: string[]) {
  return weftkit(folder, ["compose", "--project", "shop", ...args]);
}

function readYaml(folder: string) {
  return parse(readFileSync(join(folder, "docker-compose.yml"), "utf8"), { merge: true });
}

test("--persist-url wires every engine to its own place behind the function", async () => {
  const folder = temporaryFolder();
  const { code, stdout } = await compose(folder, "--engines", "inmemory:2", ...elsewhere);
  expect(code).toBe(0);
  expect(stdout).toContain("The function there needs the secret of secrets/persist_secret");
  const { services, secrets } = readYaml(folder);
  expect(Object.keys(services)).toEqual(["inmemory", "inmemory-2"]);
  expect(services.inmemory.environment).toMatchObject({
    WEFTKIT_PERSIST_MODE: "serverless",
    WEFTKIT_PERSIST_URL: "https://state.example.com",
    WEFTKIT_PERSIST_SECRET_FILE: "/run/secrets/persist_secret",
    WEFTKIT_PERSIST_KEY_ID: "default",
    WEFTKIT_PERSIST_NAMESPACE: "shop",
    WEFTKIT_PERSIST_REPLICA: "0",
    WEFTKIT_PERSIST_SCHEDULE: "*/15 * * * *",
    WEFTKIT_PERSIST_MAX_LAG: "32MB",
    WEFTKIT_PERSIST_RESTORE_ON_BOOT: "auto",
    WEFTKIT_PERSIST_RETENTION: "24h all, 7d daily",
    WEFTKIT_PERSIST_SHUTDOWN_BUDGET: "30s",
  });
  expect(services.inmemory.environment).not.toHaveProperty("WEFTKIT_PERSIST_ENCRYPTION_KEY_FILE");
  expect(services["inmemory-2"].environment.WEFTKIT_PERSIST_REPLICA).toBe("1");
  expect(services.inmemory.depends_on).toBeUndefined();
  expect(Object.keys(secrets)).toEqual(["inmemory_password", "persist_secret"]);
  expect(readFileSync(join(folder, "secrets/persist_secret"), "utf8")).toMatch(/^[0-9a-f]{64}\n$/);
});

test("what the engines are given is a valid configuration", async () => {
  const folder = temporaryFolder();
  await compose(folder, "--engines", "inmemory", ...elsewhere, "--persist-encrypt");
  const { environment } = readYaml(folder).services.inmemory;
  const env = Object.fromEntries(
    Object.entries<string>(environment).map(([name, value]) => [
      name,
      value.replace("/run/secrets/", "secrets/"),
    ]),
  );
  const { code, stdout } = await weftkit(folder, ["config", "print", "--image", "inmemory"], env);
  expect(code).toBe(0);
  expect(stdout).toMatch(/namespace = "shop"/);
});

test("--persist-function adds the Node function, hardened, with a volume, and engines wait for it", async () => {
  const folder = temporaryFolder();
  const { code } = await compose(folder, "--engines", "inmemory", ...inProject, "--persist-port", "9900");
  expect(code).toBe(0);
  const { services, volumes } = readYaml(folder);
  expect(services.persist).toMatchObject({
    image: expect.stringContaining("NODE_S3_IMAGE"),
    user: "1000:1000",
    read_only: true,
    cap_drop: ["ALL"],
    environment: { WKP_STORE: "file:///data", WKP_SECRET_FILE: "/run/secrets/persist_secret" },
    ports: ["127.0.0.1:9900:8787"],
    volumes: ["persist-data:/data"],
    mem_limit: "256mb",
  });
  expect(services.inmemory.depends_on).toEqual({ persist: { condition: "service_healthy" } });
  expect(services.inmemory.environment.WEFTKIT_PERSIST_URL).toBe("http://persist:8787");
  expect(Object.keys(volumes)).toEqual(["persist-data", "inmemory-data"]);
  expect(readFileSync(join(folder, ".env"), "utf8")).toContain("NODE_S3_IMAGE=weftkit/node-s3:0.1.0\n");
  const readme = readFileSync(join(folder, "README.md"), "utf8");
  expect(readme).toContain("and that of `persist`, with every state in it");
  expect(readme).toContain("weftkit persist status --url http://127.0.0.1:9900");
});

test("--persist-encrypt gives the key to the engines, never to the function", async () => {
  const folder = temporaryFolder();
  await compose(folder, "--engines", "inmemory", ...inProject, "--persist-encrypt");
  const { services } = readYaml(folder);
  expect(services.inmemory.environment.WEFTKIT_PERSIST_ENCRYPTION_KEY_FILE).toBe(
    "/run/secrets/persist_encryption_key",
  );
  expect(services.persist.secrets).toEqual(["persist_secret"]);
  expect(readFileSync(join(folder, "README.md"), "utf8")).toContain("Keep a copy elsewhere");
});

test("keys are kept when the files are written again, and a secret that was there before is used", async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "secrets"));
  writeFileSync(join(folder, "secrets/persist_secret"), "the secret of my function\n");
  await compose(folder, "--engines", "inmemory", ...elsewhere, "--persist-encrypt");
  const key = readFileSync(join(folder, "secrets/persist_encryption_key"), "utf8");
  const again = ["--engines", "inmemory:2", ...elsewhere, "--persist-encrypt", "--force"];
  expect((await compose(folder, ...again)).code).toBe(0);
  expect(readFileSync(join(folder, "secrets/persist_secret"), "utf8")).toBe("the secret of my function\n");
  expect(readFileSync(join(folder, "secrets/persist_encryption_key"), "utf8")).toBe(key);
});

test("schedule, namespace and mode are what was asked for", async () => {
  const folder = temporaryFolder();
  const flags = ["--persist", "container", "--persist-url", "http://bridge:9000"];
  const details = ["--persist-schedule", "*/30 * * * * *", "--persist-namespace", "eu.shop"];
  await compose(folder, "--engines", "inmemory", ...flags, ...details);
  expect(readYaml(folder).services.inmemory.environment).toMatchObject({
    WEFTKIT_PERSIST_MODE: "container",
    WEFTKIT_PERSIST_URL: "http://bridge:9000",
    WEFTKIT_PERSIST_SCHEDULE: "*/30 * * * * *",
    WEFTKIT_PERSIST_NAMESPACE: "eu.shop",
  });
  expect(readFileSync(join(folder, "README.md"), "utf8")).toContain("`eu.shop/inmemory/0`");
});

test("--persist container adds the sidecar, with a volume", async () => {
  const folder = temporaryFolder();
  await compose(folder, "--engines", "document", "--persist", "container", "--persist-port", "9001");
  const { services, volumes } = readYaml(folder);
  expect(services.persistence).toMatchObject({
    environment: { WEFTKIT_PERSISTENCE_SECRET_FILE: "/run/secrets/persist_secret" },
    ports: ["127.0.0.1:9001:8788"],
    volumes: ["persistence-data:/data"],
  });
  expect(services.document).toMatchObject({
    environment: { WEFTKIT_PERSIST_MODE: "container", WEFTKIT_PERSIST_URL: "http://persistence:8788" },
    depends_on: { persistence: { condition: "service_healthy" } },
  });
  expect(Object.keys(volumes)).toContain("persistence-data");
});

test("without persistence nothing of it is there", async () => {
  const folder = temporaryFolder();
  await compose(folder, "--engines", "inmemory");
  const { services } = readYaml(folder);
  expect(Object.keys(services)).toEqual(["inmemory"]);
  const names = Object.keys(services.inmemory.environment).filter((name) => name.includes("PERSIST"));
  expect(names).toEqual([]);
  expect(readFileSync(join(folder, "README.md"), "utf8")).not.toContain("weftkit persist");
});

test.skipIf(!hasCompose)("docker compose accepts the files without a warning", async () => {
  const folder = temporaryFolder();
  await compose(folder, "--engines", "inmemory:2", ...inProject, "--persist-encrypt");
  const { status, stderr } = spawnSync("docker", ["compose", "config", "--quiet"], {
    cwd: folder,
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

test.each([
  [["--persist", "serverless"], /needs an endpoint\n.*--persist-url.*--persist-function/],
  [["--persist", "container", "--persist-function"], /for --persist serverless/],
  [[...elsewhere, "--persist-function"], /two endpoints/],
  [
    ["--persist-url", "https://state.example.com"],
    /--persist-url .*nothing is persisted\n.*--persist serverless/,
  ],
  [["--persist-encrypt"], /--persist-encrypt .*nothing is persisted/],
  [
    ["--persist", "serverless", "--persist-url", "http://localhost:8787"],
    /the container itself.*\n.*host\.docker\.internal/,
  ],
  [["--persist", "serverless", "--persist-url", "http://state.example.com"], /must be https/],
  [["--persist", "serverless", "--persist-url", "state"], /is not a URL/],
  [[...inProject, "--persist-schedule", "often"], /no cron expression/],
  [[...inProject, "--persist-namespace", "a/b"], /--persist-namespace/],
  [[...inProject, "--persist-port", "0"], /A port is 1 to 65535/],
])("compose %j is refused before anything is written", async (args, message) => {
  const folder = temporaryFolder();
  const { code, stderr } = await compose(folder, "--engines", "inmemory", ...args);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
  expect(readdirSync(folder)).toEqual([]);
});

test("a function on the machine itself is reached by its name from containers, on Linux as well", async () => {
  const folder = temporaryFolder();
  const url = "http://host.docker.internal:8787";
  const flags = ["--engines", "graph", "--persist", "serverless", "--persist-url", url];
  expect(await weftkit(folder, ["compose", ...flags])).toMatchObject({ code: 0 });
  const { services } = parse(readFileSync(join(folder, "docker-compose.yml"), "utf8"), { merge: true });
  expect(services.graph.extra_hosts).toEqual(["host.docker.internal:host-gateway"]);
});
