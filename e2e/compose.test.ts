import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { expect, onTestFinished } from "vitest";
import { differences, writeDataset } from "./dataset.ts";
import { freePort, inspect, projectPrefix, registry, run, tag } from "./docker.ts";
import { testWithDocker } from "./test-with-docker.ts";

const program = join(import.meta.dirname, "../compose-builder/bin/weftkit.mjs");
const keyCount = 100_000;

/** A compose project that `weftkit compose` wrote, on a port of its own. */
async function writeProject(name: string) {
  const folder = mkdtempSync(join(tmpdir(), projectPrefix));
  const port = await freePort();
  const project = `${projectPrefix}${name}`;
  const compose = async (...args: string[]) => {
    const { code, stderr } = await run("docker", ["compose", ...args], folder);
    if (code !== 0) throw new Error(`docker compose ${args.join(" ")}: ${stderr}`);
  };
  onTestFinished(async () => {
    await compose("down", "--volumes", "--timeout", "5");
    rmSync(folder, { recursive: true, force: true });
  });
  const which = ["--engines", "inmemory", "--registry", registry, "--tag", tag];
  const where = ["--project", project, "--port", `inmemory=${port}`];
  const written = await run(process.execPath, [program, "compose", ...which, ...where], folder);
  expect(written).toMatchObject({ code: 0, stderr: "" });
  const password = readFileSync(join(folder, "secrets/inmemory_password"), "utf8").trim();
  return { project, compose, connect: (db = 0) => connect(port, password, db) };
}

function connect(port: number, password: string, db: number): Redis {
  const redis = new Redis({ port, password, db, maxRetriesPerRequest: 1 });
  onTestFinished(() => redis.disconnect());
  return redis;
}

testWithDocker("100,000 keys of all types are there after compose down and up", async () => {
  const { compose, connect } = await writeProject("down-up");
  await compose("up", "--detach", "--wait");
  const before = connect();
  await writeDataset(before, keyCount);
  const expiresAtMs = Date.now() + 1500;
  await before.set("short-lived", "gone soon", "PXAT", expiresAtMs);
  await connect(5).set("in another database", "yes");
  expect(await differences(before, keyCount)).toEqual([]);
  before.disconnect();

  await compose("down");
  await compose("up", "--detach", "--wait");

  const after = connect();
  expect(await differences(after, keyCount)).toEqual([]);
  await expect.poll(() => after.dbsize(), { timeout: 10_000 }).toBe(keyCount);
  expect(Date.now()).toBeGreaterThan(expiresAtMs);
  expect(await after.get("short-lived")).toBeNull();
  expect(await connect(5).get("in another database")).toBe("yes");
});

testWithDocker("what was acknowledged is there after the container was killed", async () => {
  const { compose, connect } = await writeProject("kill");
  await compose("up", "--detach", "--wait");
  const before = connect();
  await writeDataset(before, 10_000);
  await compose("kill");
  before.disconnect();
  await compose("up", "--detach", "--wait");
  const after = connect();
  expect(await differences(after, 10_000)).toEqual([]);
  expect(await after.dbsize()).toBe(10_000);
});

testWithDocker("the service runs as its compose file says, and a plain stop is clean", async () => {
  const { project, compose } = await writeProject("hardened");
  await compose("up", "--detach", "--wait");
  const container = `${project}-inmemory-1`;
  expect(await inspect(container, ".State.Health.Status")).toBe("healthy");
  expect(await inspect(container, ".HostConfig")).toMatchObject({
    ReadonlyRootfs: true,
    CapDrop: ["ALL"],
    SecurityOpt: ["no-new-privileges:true"],
    Memory: 1024 ** 3,
    PidsLimit: 128,
  });
  await compose("stop");
  expect(await inspect(container, ".State")).toMatchObject({ ExitCode: 0, OOMKilled: false });
});
