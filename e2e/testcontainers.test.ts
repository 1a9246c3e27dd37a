import { Redis } from "ioredis";
import { GenericContainer, Wait } from "testcontainers";
import { expect, onTestFinished } from "vitest";
import { image, label } from "./docker.ts";
import { testWithDocker } from "./test-with-docker.ts";

// Its helper container comes from a registry; the label lets require-docker.ts clean up instead.
process.env.TESTCONTAINERS_RYUK_DISABLED = "true";

testWithDocker("testcontainers starts the image as any other", async () => {
  const [name = "", value = ""] = label.split("=");
  const container = await new GenericContainer(image)
    .withEnvironment({ WEFTKIT_AUTH: "none" })
    .withExposedPorts(6379, 9464)
    .withLabels({ [name]: value })
    .withWaitStrategy(Wait.forHttp("/readyz", 9464))
    .start();
  onTestFinished(async () => {
    await container.stop();
  });
  const redis = new Redis(container.getMappedPort(6379), container.getHost());
  onTestFinished(() => redis.disconnect());
  await redis.set("colour", "green");
  expect(await redis.get("colour")).toBe("green");
});
