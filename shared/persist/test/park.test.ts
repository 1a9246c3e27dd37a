import { cpSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { listParked, unpark } from "../src/inspection.ts";
import { CountingEngine } from "./counting-engine.ts";
import { FunctionServer } from "./function-server.ts";
import { StoreEngine } from "./store-engine.ts";

let root: string;
let server: FunctionServer;

beforeEach(async () => {
  root = temporaryFolder();
  server = await FunctionServer.start(join(root, "store"), { leaseMs: 600 });
});
afterEach(() => server.stop());

const start = (volume: string, config = {}) =>
  CountingEngine.start({ dataDir: join(root, volume), url: server.url, config });
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);
const parts = () => join(root, "store/default/counting/0/parts");

/** A volume at push 3, whose last write is not pushed, and a remote chain that went on without it. */
async function volumeBehind(): Promise<void> {
  const engine = await start("one");
  for (let push = 0; push < 3; push++) {
    engine.write();
    await engine.persistence.flush();
  }
  await engine.stop();
  cpSync(join(root, "one"), join(root, "behind"), { recursive: true });
  const again = await start("one");
  for (let count = 0; count < 10; count++) again.write();
  await again.stop();
}

describe("a restore that cannot be done", () => {
  test("because a part is missing leaves the volume as it is", async () => {
    await volumeBehind();
    const held = join(root, "held");
    cpSync(parts(), held, { recursive: true });
    for (const name of readdirSync(parts()).slice(0, 1)) rmSync(join(parts(), name));
    await expect(start("behind")).rejects.toThrow();
    expect(listParked(join(root, "behind"))).toEqual([]);
    expect(existsSync(join(root, "behind/numbers/segment"))).toBe(true);
    // When it is there again, it is restored, and what was not pushed is aside.
    cpSync(held, parts(), { recursive: true });
    const restored = await start("behind");
    expect(restored.log.numbers()).toEqual(upTo(13));
    expect(listParked(join(root, "behind"))).toHaveLength(1);
    await restored.stop();
  });

  test("because nothing is so old leaves the volume as it is", async () => {
    await volumeBehind();
    await expect(start("one", { restore_at: "2001-01-01T00:00:00Z" })).rejects.toThrow(/oldest state/);
    expect(listParked(join(root, "one"))).toEqual([]);
    const again = await start("one");
    expect(again.log.numbers()).toEqual(upTo(13));
    await again.stop();
  });

  test("of a database leaves the volume as it is", async () => {
    const first = await StoreEngine.start({ dataDir: join(root, "db"), url: server.url });
    for (let count = 0; count < 50; count++) await first.write();
    await first.stop();
    cpSync(join(root, "db"), join(root, "db-behind"), { recursive: true });
    const again = await StoreEngine.start({ dataDir: join(root, "db"), url: server.url });
    for (let count = 0; count < 50; count++) await again.write();
    await again.stop();
    const folder = join(root, "store/default/numbers/0/parts");
    cpSync(folder, join(root, "held"), { recursive: true });
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
    const behind = { dataDir: join(root, "db-behind"), url: server.url };
    await expect(StoreEngine.start(behind)).rejects.toThrow();
    expect(listParked(behind.dataDir)).toEqual([]);
    cpSync(join(root, "held"), folder, { recursive: true });
    const restored = await StoreEngine.start(behind);
    expect(await restored.numbers()).toEqual(upTo(100));
    await restored.stop();
    // And back again: the copy becomes the newest state.
    const [name] = listParked(behind.dataDir);
    await unpark(behind.dataDir, name!, Date.now());
    const back = await StoreEngine.start(behind);
    expect(await back.numbers()).toEqual(upTo(50));
    expect(await back.check()).toBe("ok");
    await back.stop();
    const elsewhere = await StoreEngine.start({ dataDir: join(root, "db-elsewhere"), url: server.url });
    expect(await elsewhere.numbers()).toEqual(upTo(50));
    await elsewhere.stop();
  }, 30_000);
});

test("a copy that is put back becomes the newest state, once, and what it replaced stays restorable", async () => {
  await volumeBehind();
  const restored = await start("behind");
  await restored.stop();
  const dataDir = join(root, "behind");
  const [name] = listParked(dataDir);
  const aside = await unpark(dataDir, name!, Date.now());
  expect(aside).toBeDefined();
  expect(listParked(dataDir)).toHaveLength(1);
  const back = await start("behind");
  expect(back.log.numbers()).toEqual(upTo(3));
  back.log.append(99);
  await back.stop();
  const elsewhere = await start("elsewhere");
  expect(elsewhere.log.numbers()).toEqual([1, 2, 3, 99]);
  await elsewhere.stop();
  const earlier = await start("earlier", { restore_at: "4" });
  expect(earlier.log.numbers()).toEqual(upTo(13));
  await earlier.persistence.abandon();
  await expect(unpark(dataDir, "never", Date.now())).rejects.toMatchObject({ code: "not_parked" });
});
