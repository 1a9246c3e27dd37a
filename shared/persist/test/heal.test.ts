import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CountingEngine } from "./counting-engine.ts";
import { FunctionServer } from "./function-server.ts";

let root: string;
let server: FunctionServer;
const engines = new Set<CountingEngine>();

beforeEach(async () => {
  root = temporaryFolder();
  server = await FunctionServer.start(join(root, "store"), { leaseMs: 900 });
});
afterEach(async () => {
  for (const engine of engines) await engine.persistence.abandon();
  engines.clear();
  await server.stop();
});

async function start(volume: string): Promise<CountingEngine> {
  const engine = await CountingEngine.start({
    dataDir: join(root, volume),
    url: server.url,
    isScheduled: true,
  });
  engines.add(engine);
  return engine;
}

async function stop(engine: CountingEngine): Promise<void> {
  await engine.stop();
  engines.delete(engine);
}

const stored = (kind: "parts" | "manifests") => join(root, "store", "default/counting/0", kind);
const head = () => join(root, "store", "default/counting/0/head");
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe("a damaged state", () => {
  const damages: Record<string, (path: string) => void> = {
    "a bit flipped": (path) => {
      const bytes = readFileSync(path);
      bytes[bytes.length >> 1]! ^= 1;
      writeFileSync(path, bytes);
    },
    "a part missing": (path) => rmSync(path),
    "a part too long": (path) => writeFileSync(path, Buffer.alloc(5 << 20)),
    "a part too short": (path) => writeFileSync(path, ""),
  };

  test.each(Object.entries(damages))(
    "with %s is found when it is read back, told, and healed",
    async (_, damage) => {
      const engine = await start("one");
      for (let count = 0; count < 50; count++) engine.write();
      // The part is damaged between its upload and its being read back.
      server.fate = (label) => {
        if (label === "GET /restore") {
          server.fate = () => "served";
          for (const name of readdirSync(stored("parts"))) damage(join(stored("parts"), name));
        }
        return "served";
      };
      const before = engine.readiness();
      expect(before["remote state"]).toBeUndefined();
      await engine.persistence.flush();
      await expect
        .poll(() => engine.persistence.status().damaged)
        .toMatch(/push 1 is damaged where it is stored/);
      expect(engine.readiness()["remote state"]?.ok).toBe(false);
      expect(await engine.metric("weftkit_persist_remote_damaged")).toBe(1);
      // By itself, and without anything being written.
      await expect.poll(() => engine.persistence.status().damaged, { timeout: 10_000 }).toBeUndefined();
      expect(engine.readiness()["remote state"]?.ok).toBe(true);
      expect(await engine.metric("weftkit_persist_remote_damaged")).toBe(0);
      await stop(engine);
      expect((await start("two")).log.numbers()).toEqual(upTo(50));
    },
    30_000,
  );
});

describe("a whole volume", () => {
  test("makes a head again that the store has lost, while it runs", async () => {
    const engine = await start("one");
    engine.write();
    await engine.persistence.flush();
    rmSync(head());
    await expect.poll(() => engine.persistence.status().epoch, { timeout: 10_000 }).toBe(2);
    engine.write();
    await engine.persistence.flush();
    await stop(engine);
    const second = await start("two");
    expect(second.log.numbers()).toEqual(upTo(2));
    expect(second.persistence.status().restorePoints).toBe(2);
  }, 30_000);

  test("makes a head again that cannot be read, at its start", async () => {
    const engine = await start("one");
    engine.write();
    await stop(engine);
    writeFileSync(head(), "half of a he");
    const again = await start("one");
    again.write();
    await stop(again);
    expect((await start("two")).log.numbers()).toEqual(upTo(2));
  });

  test("sends a manifest again that the store has lost", async () => {
    const engine = await start("one");
    engine.write();
    await engine.persistence.flush();
    for (const name of readdirSync(stored("manifests"))) rmSync(join(stored("manifests"), name));
    engine.write();
    await engine.persistence.flush();
    await stop(engine);
    expect(readdirSync(stored("manifests"))).toHaveLength(2);
    expect((await start("two")).log.numbers()).toEqual(upTo(2));
  });

  test("pushes everything again where the store is empty", async () => {
    const engine = await start("one");
    engine.write();
    await engine.persistence.flush();
    for (const kind of ["parts", "manifests"] as const) {
      for (const name of readdirSync(stored(kind))) rmSync(join(stored(kind), name));
    }
    rmSync(head());
    await expect.poll(() => engine.persistence.status().leaseHeld).toBe(true);
    engine.write();
    await expect
      .poll(
        () =>
          engine.persistence.flush().then(
            () => true,
            () => false,
          ),
        { timeout: 10_000 },
      )
      .toBe(true);
    await stop(engine);
    expect((await start("two")).log.numbers()).toEqual(upTo(2));
  }, 30_000);
});
