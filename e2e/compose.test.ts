import { expect } from "vitest";
import { writeProject } from "./compose-project.ts";
import { differences, writeDataset } from "./dataset.ts";
import { inspect, run } from "./docker.ts";
import { testWithDocker } from "./test-with-docker.ts";

const keyCount = 100_000;

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

testWithDocker("the sidecar has everything when the engine's volume is gone", async () => {
  const { name, compose, connect } = await writeProject("sidecar", "--persist", "container");
  await compose("up", "--detach", "--wait");
  const before = connect();
  await writeDataset(before, 10_000);
  before.disconnect();
  await compose("rm", "--stop", "--force", "inmemory");
  expect(await run("docker", ["volume", "rm", `${name}_inmemory-data`])).toMatchObject({ code: 0 });
  await compose("up", "--detach", "--wait");
  const after = connect();
  expect(await differences(after, 10_000)).toEqual([]);
});

testWithDocker("the service runs as its compose file says, and a plain stop is clean", async () => {
  const { name, compose } = await writeProject("hardened");
  await compose("up", "--detach", "--wait");
  const container = `${name}-inmemory-1`;
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

testWithDocker("gateway, pool and playground lead to the engine of their project", async () => {
  const { compose, connect } = await writeProject("fleet", "--with", "gateway,pool,playground");
  await compose("up", "--detach", "--wait");
  await connect().set("colour", "green");
  expect(await connect(0, 20_004).get("colour")).toBe("green");
  expect(await connect(0, 6433).get("colour")).toBe("green");
  const page = await fetch("http://127.0.0.1:3000/");
  expect(await page.text()).toContain("<title>");
  await compose("stop");
});
