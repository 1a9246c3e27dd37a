import {
  FilestoreContainer,
  InmemoryContainer,
  MarkdownContainer,
  RelationalContainer,
  VectorContainer,
} from "@weftkit/testcontainers";
import { Redis } from "ioredis";
import pg from "pg";
import { GenericContainer, Wait } from "testcontainers";
import { expect, onTestFinished } from "vitest";
import { image, label, registry, tag } from "./docker.ts";
import { testWithDocker } from "./test-with-docker.ts";

// Its helper container comes from a registry; the label lets require-docker.ts clean up instead.
process.env.TESTCONTAINERS_RYUK_DISABLED = "true";

const [name = "", value = ""] = label.split("=");
const labels = { [name]: value };
const imageOf = (engine: string) => `${registry}/${engine}:${tag}`;

testWithDocker("testcontainers starts the image as any other", async () => {
  const container = await new GenericContainer(image)
    .withEnvironment({ WEFTKIT_AUTH: "none" })
    .withExposedPorts(6379, 9464)
    .withLabels(labels)
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

testWithDocker(
  "a container of @weftkit/testcontainers goes back to its snapshot, under the driver's pool",
  async () => {
    const container = await new RelationalContainer(imageOf("relational"))
      .withAccount("tester", "a password of tests")
      .withLabels(labels)
      .start();
    onTestFinished(async () => void (await container.stop()));
    const pool = new pg.Pool({ connectionString: container.connectionUri });
    pool.on("error", () => {});
    onTestFinished(() => pool.end());
    await pool.query("CREATE TABLE item (id int PRIMARY KEY)");
    await pool.query("INSERT INTO item VALUES (1)");
    await container.snapshot();
    for (let round = 0; round < 5; round++) {
      await pool.query("INSERT INTO item VALUES (2)");
      await container.restore();
      const { rows } = await pool.query("SELECT id FROM item");
      expect(rows).toEqual([{ id: 1 }]);
    }
  },
);

testWithDocker("TLS and accounts in a container", async () => {
  const container = await new InmemoryContainer(image)
    .withAccount("admin", "password of admin")
    .withAccount("reader", "password of reader", ["read_only"])
    .withTls()
    .withLabels(labels)
    .start();
  onTestFinished(async () => void (await container.stop()));
  const tls = { ca: container.certificate! };
  const admin = new Redis(container.connectionUri, { tls });
  onTestFinished(() => admin.disconnect());
  await admin.set("key", "value");
  const { host, port } = container;
  const reader = new Redis({ host, port, tls, username: "reader", password: "password of reader" });
  onTestFinished(() => reader.disconnect());
  expect(await reader.get("key")).toBe("value");
  await expect(reader.set("key", "other")).rejects.toThrow(/NOPERM/);
});

testWithDocker("a container that is reused is found again, and begins with the same snapshot", async () => {
  const seed = await new InmemoryContainer(image).startLocal();
  onTestFinished(async () => void (await seed.stop()));
  const writer = new Redis(seed.connectionUri);
  onTestFinished(() => writer.disconnect());
  await writer.set("seed", "1");
  const snapshot = await seed.snapshot();
  const container = () =>
    new InmemoryContainer(image).withLabels(labels).withReuse().withSnapshot(snapshot).start();
  const first = await container();
  const second = await container();
  onTestFinished(async () => void (await second.stop()));
  expect(second.getId()).toBe(first.getId());
  const redis = new Redis(second.connectionUri);
  onTestFinished(() => redis.disconnect());
  expect(await redis.keys("*")).toEqual(["seed"]);
});

testWithDocker.each([
  ["vector", VectorContainer],
  ["markdown", MarkdownContainer],
  ["filestore", FilestoreContainer],
] as const)("%s in a container has snapshots", async (engine, Container) => {
  const container = await new Container(imageOf(engine)).withLabels(labels).start();
  onTestFinished(async () => void (await container.stop()));
  const snapshot = await container.snapshot();
  await container.restore(snapshot);
  expect((await fetch(`${container.adminUrl}/readyz`)).status).toBe(200);
});
