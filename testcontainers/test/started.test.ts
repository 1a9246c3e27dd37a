import { readdirSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { Redis } from "ioredis";
import { expect, onTestFinished, test, vi } from "vitest";
import {
  DocumentContainer,
  FilestoreContainer,
  GraphContainer,
  InmemoryContainer,
  KeyvalueContainer,
  MarkdownContainer,
  RelationalContainer,
  type StartedEngine,
  VectorContainer,
  type WeftKitContainer,
} from "../src/index.ts";
import { type Data, data } from "./data.ts";

const containers: Record<keyof typeof data, () => WeftKitContainer> = {
  relational: () => new RelationalContainer(),
  document: () => new DocumentContainer(),
  graph: () => new GraphContainer(),
  inmemory: () => new InmemoryContainer(),
  keyvalue: () => new KeyvalueContainer(),
  vector: () => new VectorContainer(),
  markdown: () => new MarkdownContainer(),
  filestore: () => new FilestoreContainer(),
};

async function startLocal(container: WeftKitContainer): Promise<StartedEngine> {
  const engine = await container.startLocal();
  onTestFinished(async () => void (await engine.stop()));
  return engine;
}

async function open(name: keyof typeof data, engine: StartedEngine): Promise<Data> {
  const opened = await data[name](engine);
  onTestFinished(() => opened.close());
  return opened;
}

test.each(Object.keys(data) as (keyof typeof data)[])(
  "%s: its driver logs in, and goes on after each restore",
  async (name) => {
    const engine = await startLocal(containers[name]().withAccount("tester", "a password of tests"));
    const client = await open(name, engine);
    await client.write("one");
    await client.write("two");
    await engine.snapshot();
    for (let round = 0; round < 3; round++) {
      await client.write(`three${round}`);
      expect(await client.read()).toEqual(["one", `three${round}`, "two"]);
      await engine.restore();
      expect(await client.read()).toEqual(["one", "two"]);
    }
    await expect(open(name, { ...facts(engine), password: "wrong" })).rejects.toThrow();
  },
);

test("a snapshot in a file is what another one begins with", async () => {
  const file = join(temporaryFolder(), "seed.wksn");
  const seeded = await startLocal(new MarkdownContainer());
  const client = await open("markdown", seeded);
  await client.write("seed");
  await seeded.saveSnapshot(file);
  const engine = await startLocal(new MarkdownContainer().withSnapshot(file));
  const other = await open("markdown", engine);
  expect(await other.read()).toEqual(["seed"]);
  await other.write("more");
  await engine.restore();
  expect(await other.read()).toEqual(["seed"]);
  await expect(new InmemoryContainer().withSnapshot(file).startLocal()).rejects.toThrow(/weftkit\/markdown/);
});

test("TLS, with a certificate that is made for it", async () => {
  const engine = await startLocal(new InmemoryContainer().withAccount("tester", "secret").withTls());
  expect(engine.connectionUri).toMatch(/^rediss:\/\/tester:secret@127\.0\.0\.1:\d+\/0$/);
  const redis = new Redis(engine.connectionUri, { tls: { ca: engine.certificate! } });
  onTestFinished(() => redis.disconnect());
  expect(await redis.ping()).toBe("PONG");
  const suspicious = new Redis(engine.connectionUri, { lazyConnect: true, retryStrategy: () => null });
  suspicious.on("error", () => {});
  await expect(suspicious.connect()).rejects.toThrow();
});

test("what is wrong is said, and nothing is left", async () => {
  const engine = await startLocal(new InmemoryContainer());
  await expect(engine.restore()).rejects.toThrow(/no snapshot to restore/);
  await expect(engine.restore(Buffer.from("nothing of ours"))).rejects.toThrow(/no whole snapshot/);
  const folder = temporaryFolder();
  vi.stubEnv("TMPDIR", folder);
  onTestFinished(() => void vi.unstubAllEnvs());
  const wrong = new GraphContainer().withEnvironment({ WEFTKIT_LOG_LEVEL: "loud" });
  await expect(wrong.startLocal()).rejects.toThrow(/weftkit\/graph has ended:[\s\S]*LOG_LEVEL/);
  expect(readdirSync(folder)).toEqual([]);
  await expect(new GraphContainer().startLocal({ programs: "/nowhere" })).rejects.toThrow(/WEFTKIT_PROGRAMS/);
});

/** What a client needs to know, without the rest. */
function facts({ connectionUri, username, password, host, port }: StartedEngine): StartedEngine {
  const wrong = connectionUri.replace(encodeURIComponent(password), "wrong");
  return { connectionUri: wrong, username, password, host, port } as StartedEngine;
}
