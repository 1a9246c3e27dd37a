import { Redis } from "ioredis";
import { expect, onTestFinished } from "vitest";
import { Pods } from "./pods.ts";
import { testWithDocker } from "./test-with-docker.ts";

function connect(port: number, password: string): Redis {
  const redis = new Redis({ port, password, maxRetriesPerRequest: 1 });
  // Tests take its server away; what that means for a command, the command says.
  redis.on("error", () => {});
  onTestFinished(() => redis.disconnect());
  return redis;
}

testWithDocker(
  "pods serve with what the objects give them, and each finds its own state again on another node",
  async () => {
    const pods = await Pods.write("--engines", "inmemory:2", "--persist", "container", "--persist-encrypt");
    await pods.start("persistence");
    await Promise.all([pods.start("inmemory", 0), pods.start("inmemory", 1)]);
    const redis = async (pod: string) =>
      connect(await pods.port(pod, 6379), pods.secret("inmemory_password"));
    await (await redis("inmemory-0")).set("who", "first");
    await (await redis("inmemory-1")).set("who", "second");
    // Scaled down to nothing, its nodes and their disks gone with it.
    for (const pod of ["inmemory-1", "inmemory-0"]) {
      expect(await pods.stop(pod)).toBe(0);
      await pods.loseVolume(pod);
    }
    await Promise.all([pods.start("inmemory", 1), pods.start("inmemory", 0)]);
    expect(await (await redis("inmemory-0")).get("who")).toBe("first");
    expect(await (await redis("inmemory-1")).get("who")).toBe("second");
    const status = await fetch(`http://127.0.0.1:${await pods.port("inmemory-1", 9464)}/v1/status`);
    expect((await status.json()) as object).toMatchObject({ persistence: { subtree: "shop/inmemory/1" } });
  },
);

testWithDocker("a serverless engine needs no volume of its own", async () => {
  const pods = await Pods.write("--engines", "inmemory", "--persist", "serverless", "--persist-function");
  await pods.start("persist");
  await pods.start("inmemory");
  const redis = async () => connect(await pods.port("inmemory-0", 6379), pods.secret("inmemory_password"));
  await (await redis()).set("colour", "green");
  expect(await pods.stop("inmemory-0")).toBe(0);
  await pods.loseVolume("inmemory-0");
  await pods.start("inmemory");
  expect(await (await redis()).get("colour")).toBe("green");
});
