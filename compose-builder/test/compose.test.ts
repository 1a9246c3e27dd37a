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
  return parse(readFileSync(join(folder, "docker-compose.yml"), "utf8"), { merge: true });
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
    ports: ["127.0.0.1:6379:6379"],
    volumes: ["inmemory-data:/data"],
    mem_limit: "1gb",
    pids_limit: 128,
    environment: { WEFTKIT_PASSWORD_FILE: "/run/secrets/inmemory_password" },
  });
  // Above the budget of 30 s that engines have when nothing is said.
  expect(services.inmemory.stop_grace_period).toBe("40s");
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
  const ports = Object.values<{ ports: string[] }>(three.services).map(({ ports }) => ports[0]);
  expect(ports).toEqual(["6379", "6380", "6381"].map((port) => `127.0.0.1:${port}:6379`));
});

test("--port moves an engine, and its replicas follow", async () => {
  const folder = temporaryFolder();
  await compose(folder, "--engines", "inmemory:2", "--port", "inmemory=7000");
  const { services } = readYaml(folder);
  expect(services.inmemory.ports[0]).toBe("127.0.0.1:7000:6379");
  expect(services["inmemory-2"].ports[0]).toBe("127.0.0.1:7001:6379");
});

test("what every service has is said once, and what engines do anyhow is not said", async () => {
  const folder = temporaryFolder();
  await compose(folder, "--engines", "inmemory,graph");
  const text = readFileSync(join(folder, "docker-compose.yml"), "utf8");
  expect(text.match(/no-new-privileges/g)).toHaveLength(1);
  expect(text).not.toMatch(/WEFTKIT_PERSIST|healthcheck/);
});

test("a network that exists, folders, memory and a Prometheus, which another run keeps", async () => {
  const folder = temporaryFolder();
  const surroundings = [
    "--network",
    "backend",
    "--data",
    "./data",
    "--memory",
    "inmemory=2GB",
    "--prometheus",
  ];
  expect(await compose(folder, "--engines", "inmemory", ...surroundings)).toMatchObject({
    code: 0,
    stderr: "",
  });
  const { services, networks, volumes, configs } = readYaml(folder);
  expect(networks).toEqual({ default: { name: "backend", external: true } });
  expect(volumes).toBeUndefined();
  expect(services.inmemory).toMatchObject({
    volumes: ["./data/inmemory:/data"],
    mem_limit: "2gb",
    environment: { WEFTKIT_INMEMORY_MAX_MEMORY_BYTES: String(Math.floor((2 * 1024 ** 3 * 2) / 5)) },
  });
  // The engine's user may write there, whoever has made it.
  expect(statSync(join(folder, "data/inmemory")).mode & 0o7777).toBe(0o1777);
  expect(services.prometheus).toMatchObject({ profiles: ["monitoring"] });
  expect(configs.prometheus.content).toContain("inmemory:9464");
  await compose(folder, "--engines", "inmemory,graph");
  const again = readYaml(folder);
  expect(again.services.inmemory).toEqual(services.inmemory);
  expect(again.services.graph.volumes).toEqual(["./data/graph:/data"]);
  expect(again.networks).toEqual(networks);
  expect(again.configs.prometheus.content).toContain("[inmemory:9464, graph:9464]");
});

test.each([
  [["--memory", "inmemory=1"], /At least 128MB/],
  [["--memory", "graph=1GB"], /graph is none of the engines/],
  [["--network", "a b"], /cannot be the name of a network/],
  [["--data", "data"], /would be a volume's/],
])("%s is refused", async (flags, message) => {
  const folder = temporaryFolder();
  const { code, stderr } = await compose(folder, "--engines", "inmemory", ...flags);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
  expect(readdirSync(folder)).toEqual([]);
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
  expect(stdout).toContain("-      - 127.0.0.1:6379:6379\n+      - 0.0.0.0:6379:6379\n");
  expect(readYaml(folder).services.inmemory.ports[0]).toBe("0.0.0.0:6379:6379");
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

test("the version that .env names stays, and so do lines of the user's own, until --tag says another", async () => {
  const folder = temporaryFolder();
  const file = join(folder, ".env");
  writeFileSync(file, "TZ=UTC\n");
  await compose(folder, "--engines", "inmemory,graph");
  writeFileSync(file, readFileSync(file, "utf8").replace("inmemory:0.1.0", "inmemory:0.2.0"));
  const again = await compose(folder, "--engines", "inmemory,graph,vector");
  expect(again).toMatchObject({ code: 0, stderr: "" });
  const lines = () => readFileSync(file, "utf8").split("\n").slice(1, -1);
  expect(lines()).toEqual([
    "TZ=UTC",
    "INMEMORY_IMAGE=weftkit/inmemory:0.2.0",
    "GRAPH_IMAGE=weftkit/graph:0.1.0",
    "VECTOR_IMAGE=weftkit/vector:0.1.0",
  ]);
  await compose(folder, "--engines", "inmemory,graph,vector", "--tag", "0.3.0");
  expect(lines()).toContain("INMEMORY_IMAGE=weftkit/inmemory:0.3.0");
  await compose(folder, "--engines", "inmemory", "--remove");
  expect(lines()).toEqual(["TZ=UTC", "INMEMORY_IMAGE=weftkit/inmemory:0.3.0"]);
});

test("services and persistence that the flags leave out are not taken away without --remove", async () => {
  const folder = temporaryFolder();
  const pushing = ["--persist", "serverless", "--persist-url", "https://state.example.com"];
  await compose(folder, "--engines", "inmemory:2,graph", ...pushing);
  const fewer = await compose(folder, "--engines", "inmemory", ...pushing);
  expect(fewer.code).toBe(3);
  expect(fewer.stderr).toContain("leave out: inmemory-2, graph");
  const off = await compose(folder, "--engines", "inmemory:2,graph");
  expect(off.code).toBe(3);
  expect(off.stderr).toContain("persistence outside of the volumes");
  expect(Object.keys(readYaml(folder).services)).toHaveLength(3);
  const agreed = await compose(folder, "--engines", "inmemory", "--remove");
  expect(agreed.code).toBe(0);
  expect(agreed.stdout).toContain("docker compose up -d --wait --remove-orphans");
  expect(Object.keys(readYaml(folder).services)).toEqual(["inmemory"]);
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
  [["--engines", "inmemory,discovery"], "discovery is no engine"],
  [["--engines", "inmemory,gateway"], "Write --with gateway."],
  [["--engines", "inmemoy"], "Did you mean inmemory?"],
  [["--engines", "inmemory:0"], "count from 1"],
  [["--engines", "inmemory:two"], "count from 1"],
  [["--engines", "inmemory,inmemory"], "named twice"],
  [["--engines", ","], "no engine is named"],
  [["--engines", "inmemory", "--bind", "localhost"], "not an IP address"],
  [["--engines", "inmemory", "--project", "My Shop"], "--project"],
  [
    ["--engines", "inmemory,graph", "--port", "inmemory=7687"],
    "inmemory and graph would both be published on port 7687",
  ],
  [["--engines", "inmemory", "--port", "markdown=9000"], "markdown is none of the engines"],
  [["--engines", "markdown", "--with", "playground", "--port", "markdown=3000"], "port 3000"],
  [
    ["--engines", "inmemory", "--persist", "serverless", "--persist-function", "--persist-port", "6379"],
    "persist and inmemory would both be published on port 6379",
  ],
  [["--engines", "inmemory", "--tag", ""], "A tag is"],
  [["--engines", "inmemory", "--tag", "a b"], "A tag is"],
  [["--engines", "inmemory", "--registry", "x/"], "without a slash at the end"],
  [["--engines", "inmemory", "--registry", "https://x"], "registry.example.com"],
  [["--engines", "inmemory", "--out", "/proc/x"], "nothing can be written in /proc"],
  [["--engines", "inmemory", "--out", "/proc/version"], "/proc/version is a file"],
  [[], "--engines is missing"],
])("compose %j is refused before anything is written", async (args, message) => {
  const folder = temporaryFolder();
  const { code, stderr } = await weftkit(folder, ["compose", ...args]);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
  expect(readdirSync(folder)).toEqual([]);
});

test("--with puts services before the engines: they know where the engines are, and all have one password", async () => {
  const folder = temporaryFolder();
  const { code, stdout } = await compose(
    folder,
    ...["--engines", "relational,inmemory:2,graph", "--with", "gateway,pool,discovery,playground"],
  );
  expect(code).toBe(0);
  expect(stdout).toContain("http://127.0.0.1:3000");
  const { services, volumes, secrets } = readYaml(folder);
  expect(Object.keys(secrets)).toEqual(["weftkit_password"]);
  expect(Object.keys(volumes)).not.toContain("gateway-data");
  expect(services.gateway).toMatchObject({
    environment: {
      WEFTKIT_GATEWAY_BACKENDS: "relational=relational:5432,inmemory=inmemory:6379,graph=graph:7687",
    },
    ports: ["127.0.0.1:20000:20000", "127.0.0.1:20004:20004", "127.0.0.1:20003:20003"],
    read_only: true,
    depends_on: { inmemory: { condition: "service_healthy" } },
  });
  expect(services.gateway.secrets).toBeUndefined();
  expect(services.pool).toMatchObject({
    environment: {
      WEFTKIT_POOL_BACKENDS: "relational=relational:5432,inmemory=inmemory:6379",
      WEFTKIT_POOL_PASSWORD_FILE: "/run/secrets/weftkit_password",
    },
    ports: ["127.0.0.1:6432:6432", "127.0.0.1:6433:6433"],
  });
  expect(services.discovery).toMatchObject({ ports: ["127.0.0.1:8500:8500"] });
  expect(services.discovery.depends_on).toBeUndefined();
  expect(services["inmemory-2"].environment).toMatchObject({
    WEFTKIT_DISCOVERY_CLIENT_URLS: "http://discovery:8500",
    WEFTKIT_DISCOVERY_CLIENT_TOKEN_FILE: "/run/secrets/weftkit_password",
  });
  expect(services.playground.environment.WEFTKIT_PLAYGROUND_ENGINES).toBe(
    "relational=relational:5432,inmemory=inmemory:6379,inmemory/2=inmemory-2:6379,graph=graph:7687",
  );
  const readme = readFileSync(join(folder, "README.md"), "utf8");
  expect(readme).toContain("127.0.0.1:6433");
  expect(readme).toContain("`inmemory-2` has other data");
});

test("--with refuses what is no service, and a pool that nothing speaks to", async () => {
  const folder = temporaryFolder();
  const none = await compose(folder, "--engines", "graph", "--with", "pool");
  expect(none).toMatchObject({ code: 2 });
  expect(none.stderr).toContain("speaks the protocol of none of these engines");
  const wrong = await compose(folder, "--engines", "graph", "--with", "gatewya");
  expect(wrong).toMatchObject({ code: 2 });
  expect(wrong.stderr).toContain("Did you mean gateway?");
});
