import { cpSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CountingEngine, type CountingOptions } from "./counting-engine.ts";
import { FunctionServer } from "./function-server.ts";
import { StoreEngine } from "./store-engine.ts";

const leaseMs = 900;

let root: string;
let server: FunctionServer;
const engines = new Set<CountingEngine>();

beforeEach(async () => {
  root = temporaryFolder();
  server = await FunctionServer.start(join(root, "store"), { leaseMs });
});
afterEach(async () => {
  server.fate = () => "served";
  for (const engine of engines) await engine.persistence.abandon();
  engines.clear();
  await server.stop();
});

async function start(volume: string, options: Partial<CountingOptions> = {}): Promise<CountingEngine> {
  const engine = await CountingEngine.start({
    dataDir: join(root, volume),
    url: server.url,
    isScheduled: true,
    ...options,
    config: { prefer: "consistency", ...options.config },
  });
  engines.add(engine);
  return engine;
}

async function stop(engine: CountingEngine): Promise<void> {
  await engine.stop();
  engines.delete(engine);
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe("a volume", () => {
  test("that comes back after a crash does not wait for its own lease", async () => {
    const first = await start("one");
    first.write();
    await first.persistence.flush();
    // Renewed a few times: the name of the claim is not the one that counts.
    await delay(leaseMs);
    server.fate = () => "request lost";
    await first.persistence.abandon();
    engines.delete(first);
    server.fate = () => "served";
    const started = performance.now();
    const second = await start("one");
    expect(performance.now() - started).toBeLessThan(leaseMs);
    expect(second.persistence.status()).toMatchObject({ epoch: 2, leaseHeld: true });
  });

  test("that was copied while its engine runs is another owner's: the copy waits, the original goes on", async () => {
    const first = await start("one");
    first.write();
    await first.persistence.flush();
    cpSync(join(root, "one"), join(root, "copy"), { recursive: true });
    const waiting = new AbortController();
    const copy = start("copy", { signal: waiting.signal });
    await delay(2 * leaseMs);
    first.write();
    await first.persistence.flush();
    expect(first.persistence.status()).toMatchObject({ epoch: 1, leaseHeld: true });
    waiting.abort();
    await expect(copy).rejects.toThrow();
  });

  test("that was cloned with all that tells files apart has a name that counts no more after one renewal", async () => {
    const first = await start("one");
    first.write();
    await first.persistence.flush();
    const { readOwners, writeOwners } = await import("../src/engine/owners.ts");
    const stale = readOwners(join(root, "one", "persist-owner"));
    cpSync(join(root, "one"), join(root, "clone"), { recursive: true });
    await delay(leaseMs / 2);
    await writeOwners(join(root, "clone", "persist-owner"), stale);
    const waiting = new AbortController();
    const clone = start("clone", { signal: waiting.signal });
    await delay(2 * leaseMs);
    expect(first.persistence.status()).toMatchObject({ epoch: 1, leaseHeld: true });
    waiting.abort();
    await expect(clone).rejects.toThrow();
  });
});

describe("without a lease", () => {
  test("nothing is acknowledged, until it is renewed", async () => {
    const first = await start("one");
    const gate = first.log.gate!;
    expect(gate.isOpen).toBe(true);
    server.fate = () => "unavailable";
    const closed = Promise.withResolvers<void>();
    gate.onChange(() => {
      if (!gate.admits) closed.resolve();
    });
    await closed.promise;
    await expect.poll(() => gate.isOpen).toBe(false);
    const opened = Promise.withResolvers<void>();
    gate.whenOpen(opened.resolve);
    expect(gate.admits).toBe(false);
    server.fate = () => "served";
    await opened.promise;
    expect(gate.isOpen).toBe(true);
  });

  test("an engine that writes to open its state opens it, and acknowledges nothing to clients afterwards", async () => {
    const first = await StoreEngine.start({ dataDir: join(root, "db"), url: server.url });
    await first.write();
    await first.stop();
    server.fate = () => "unavailable";
    const config = { prefer: "consistency" } as const;
    const again = await StoreEngine.start({ dataDir: join(root, "db"), url: server.url, config });
    // As the change log does when an engine opens.
    expect(await again.write()).toBe(2);
    again.persistence.start();
    await expect(again.write()).rejects.toMatchObject({ code: "lease_expired" });
    expect(await again.numbers()).toEqual(upTo(2));
    server.fate = () => "served";
    await expect
      .poll(
        () =>
          again.write().then(
            () => true,
            () => false,
          ),
        { timeout: 10_000 },
      )
      .toBe(true);
    await again.stop();
  }, 40_000);

  test("a volume that is served while the function is down takes no write that could be lost", async () => {
    const first = await start("one");
    first.write();
    await stop(first);
    server.fate = () => "unavailable";
    const again = await start("one");
    expect(again.log.gate).toMatchObject({ isOpen: false, admits: false });
    server.fate = () => "served";
    const opened = Promise.withResolvers<void>();
    again.log.gate!.whenOpen(opened.resolve);
    await opened.promise;
  }, 40_000);

  test("an owner that stood still past its lease acknowledges nothing after another has taken over", async () => {
    const first = await start("one");
    first.write();
    await first.persistence.flush();
    server.fate = (_, { headers }) => (headers["x-weftkit-epoch"] === "1" ? "request lost" : "served");
    const other = await start("two");
    expect(first.log.gate!.isOpen).toBe(false);
    let ended = false;
    first.log.gate!.whenOpen(
      () => expect.unreachable(),
      () => {
        ended = true;
      },
    );
    server.fate = () => "served";
    expect((await first.fenced).code).toBe("fenced");
    await first.persistence.abandon();
    engines.delete(first);
    expect(ended).toBe(true);
    expect(other.persistence.status().epoch).toBe(2);
  }, 40_000);

  test("availability goes on acknowledging, if so told", async () => {
    const first = await start("one", { config: { prefer: "availability" } });
    server.fate = () => "unavailable";
    await expect.poll(() => first.persistence.status().leaseHeld, { timeout: 5000 }).toBe(false);
    expect(first.log.gate).toMatchObject({ isOpen: true, admits: true });
  });
});

describe("a place that is used", () => {
  test("is handed over to the engine that asks for it, with everything that was written", async () => {
    const first = await start("one");
    for (let count = 0; count < 20; count++) first.write();
    const second = start("two", { config: { handover: "ask", replica: "auto" } });
    await first.handedOver;
    const last = first.write();
    await stop(first);
    const engine = await second;
    expect(engine.log.numbers()).toEqual(upTo(last));
    expect(engine.persistence.status()).toMatchObject({ subtree: "default/counting/0", epoch: 2 });
    // And further on, as deploy follows deploy.
    engine.write();
    const third = start("three", { config: { handover: "ask" } });
    await engine.handedOver.catch(() => {});
    await stop(engine);
    expect((await third).log.numbers()).toEqual(upTo(last + 1));
  });

  test("is not handed over while what was written cannot be pushed", async () => {
    const first = await start("one");
    first.write();
    server.fate = (label) => (label.startsWith("POST /persist") ? "unavailable" : "served");
    let handedOver = false;
    void first.handedOver.then(() => {
      handedOver = true;
    });
    const second = start("two", { config: { handover: "ask" } });
    await delay(2 * leaseMs);
    expect(handedOver).toBe(false);
    server.fate = () => "served";
    await first.handedOver;
    await stop(first);
    expect((await second).log.numbers()).toEqual([1]);
  });

  test("is never doubled: beyond the number of replicas nobody begins an empty state", async () => {
    const config = { replica: "auto", replicas: 2 };
    const first = await start("one", { config });
    const second = await start("two", { config });
    first.write();
    const third = start("three", { config: { ...config, handover: "ask" } });
    await first.handedOver;
    await stop(first);
    expect((await third).log.numbers()).toEqual([1]);
    expect((await third).persistence.status().subtree).toBe("default/counting/0");
    expect(second.persistence.status()).toMatchObject({ subtree: "default/counting/1", epoch: 1 });
  }, 40_000);
});

test("an event loop that stands still does not lose the lease", async () => {
  // The function is another process: here it would stand still as well.
  const { KilledProgram } = await import("./killed-program.ts");
  const { freePort } = await import("@weftkit/testing/free-ports");
  const port = await freePort();
  const program = await KilledProgram.start(
    "function-child.ts",
    join(root, "other-store"),
    String(port),
    "2500",
  );
  const url = `http://127.0.0.1:${port}`;
  const first = await start("one", { url, isThreaded: true });
  const renewed = first.persistence.status();
  expect(renewed.leaseHeld).toBe(true);
  // The thread has started when it has renewed once.
  await delay(1500);
  const until = performance.now() + 4000;
  while (performance.now() < until);
  expect(first.log.gate!.isOpen).toBe(true);
  expect(first.persistence.status()).toMatchObject({ leaseHeld: true, epoch: 1 });
  await stop(first);
  await program.kill();
}, 40_000);
