import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { patientMs } from "@weftkit/testing/patience";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { EndpointClient } from "../src/client/endpoint-client.ts";
import { CountingEngine } from "./counting-engine.ts";
import { type Fate, FunctionServer, testKey } from "./function-server.ts";

let root: string;
let server: FunctionServer;
const engines = new Set<CountingEngine>();

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "persist-"));
  server = await FunctionServer.start(join(root, "store"), { leaseMs: 600 });
});

afterEach(async () => {
  server.fate = () => "served";
  for (const engine of engines) await engine.persistence.abandon();
  engines.clear();
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});

async function start(
  volume: string,
  config = {},
  url = server.url,
  signal?: AbortSignal,
): Promise<CountingEngine> {
  const dataDir = join(root, volume);
  const engine = await CountingEngine.start({
    dataDir,
    url,
    config,
    ...(signal !== undefined && { signal }),
  });
  engines.add(engine);
  return engine;
}

async function stop(engine: CountingEngine): Promise<void> {
  await engine.stop();
  engines.delete(engine);
}

/** The process is gone: nothing of it runs on, its lease stays until it runs out. */
async function crash(engine: CountingEngine): Promise<void> {
  const { fate } = server;
  server.fate = () => "request lost";
  await engine.persistence.abandon();
  engines.delete(engine);
  server.fate = fate;
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe("a volume that is lost", () => {
  test("comes back from the function, as of the last push", async () => {
    const first = await start("one");
    for (let push = 0; push < 5; push++) {
      for (let i = 0; i < 20; i++) first.write();
      await first.persistence.flush();
    }
    first.write();
    await crash(first);
    const second = await start("two");
    expect(second.log.numbers()).toEqual(upTo(100));
    // And goes on from there.
    second.write();
    await stop(second);
    const third = await start("three");
    expect(third.log.numbers()).toEqual(upTo(101));
    expect(third.persistence.status()).toMatchObject({ seq: 6, epoch: 3 });
  });

  test("comes back after SIGTERM with everything, and encrypted if so configured", async () => {
    const config = { encryption_key: "correct horse battery staple" };
    const first = await start("one", config);
    for (let i = 0; i < 1000; i++) first.write();
    await stop(first);
    for (const file of filesOf(server.folder)) expect(readFileSync(file).includes("\n123\n")).toBe(false);
    expect((await start("two", config)).log.numbers()).toEqual(upTo(1000));
    await stop([...engines][0]!);
    await expect(start("three")).rejects.toThrow(/is encrypted with key/);
    await expect(start("four", { encryption_key: "another passphrase" })).rejects.toThrow(
      /is encrypted with key/,
    );
  });

  test("comes back from a base that a rewrite made, and from deltas after it", async () => {
    const first = await start("one");
    for (let round = 0; round < 4; round++) {
      first.write();
      await first.persistence.flush();
      await first.log.rewrite();
      first.write();
      await first.persistence.flush();
    }
    await stop(first);
    expect((await start("two")).log.numbers()).toEqual(upTo(8));
  });

  test("can be taken back to an earlier push, once", async () => {
    const first = await start("one");
    for (let push = 0; push < 3; push++) {
      first.write();
      await first.persistence.flush();
    }
    await stop(first);
    const second = await start("two", { restore_at: "2" });
    expect(second.log.numbers()).toEqual(upTo(2));
    second.log.append(77);
    await stop(second);
    const third = await start("three", { restore_at: "2" });
    expect(third.log.numbers()).toEqual([1, 2, 77]);
    await stop(third);
    const fourth = await start("four");
    expect(fourth.log.numbers()).toEqual([1, 2, 77]);
    expect(fourth.persistence.status().seq).toBe(4);
  });
});

describe("a volume that is kept", () => {
  test("goes on where it was", async () => {
    const first = await start("one");
    first.write();
    await first.persistence.flush();
    first.write();
    await crash(first);
    const second = await start("one");
    expect(second.log.numbers()).toEqual(upTo(2));
    await second.persistence.flush();
    expect(second.persistence.status()).toMatchObject({ seq: 2, lagBytes: 0 });
  });

  test("that is behind is moved aside, never pushed over the newer state", async () => {
    const first = await start("one");
    first.write();
    await stop(first);
    cpSync(join(root, "one"), join(root, "old"), { recursive: true });
    const again = await start("one");
    again.write();
    await stop(again);
    const old = await start("old");
    expect(old.log.numbers()).toEqual(upTo(2));
    const [parked] = readdirSync(join(root, "old", "parked"));
    expect(readFileSync(join(root, "old", "parked", parked!, "numbers", "segment"), "utf8")).toBe("1\n");
  });

  test("whose state is not known at the function is pushed from anew", async () => {
    const first = await start("one");
    first.write();
    await stop(first);
    const other = await FunctionServer.start(join(root, "another store"));
    const second = await start("one", {}, other.url);
    second.write();
    await stop(second);
    const third = await start("two", {}, other.url);
    expect(third.log.numbers()).toEqual(upTo(2));
    await stop(third);
    await other.stop();
  });

  test("serves while the function is down, and catches up by itself", async () => {
    const first = await start("one");
    first.write();
    await stop(first);
    server.fate = () => "unavailable";
    const second = await start("one");
    second.write();
    await expect(second.persistence.flush()).rejects.toMatchObject({ code: "unreachable" });
    expect(second.persistence.status()).toMatchObject({ leaseHeld: false, outbox: { entries: 1 } });
    server.fate = () => "served";
    await second.persistence.flush();
    expect(second.persistence.status()).toMatchObject({ leaseHeld: true, outbox: { entries: 0 }, seq: 2 });
  }, 40_000);

  test("never goes back to an earlier epoch, also when it was served without a lease", async () => {
    const first = await start("one");
    first.write();
    await first.persistence.flush();
    await stop(first);
    const second = await start("one");
    server.fate = () => "unavailable";
    second.write();
    await second.persistence.flush().catch(() => {});
    await crash(second);
    const third = await start("one");
    third.write();
    await third.persistence.flush().catch(() => {});
    server.fate = () => "served";
    await third.persistence.flush();
    await stop(third);
    expect((await start("two")).log.numbers()).toEqual(upTo(3));
  }, 40_000);

  test("does not wait at its end for a push that waits for the function", async () => {
    const first = await start("one");
    first.write();
    const arrived = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<Fate>();
    server.fate = (label) => {
      if (!label.startsWith("POST /persist")) return "served";
      arrived.resolve();
      return answer.promise;
    };
    const pushing = first.persistence.flush(AbortSignal.timeout(1000));
    await arrived.promise;
    server.fate = () => "served";
    await expect(pushing).rejects.toThrow();
    await stop(first);
    answer.resolve("request lost");
    expect((await start("two")).log.numbers()).toEqual([1]);
  });

  test("says what is not pushed when the function stays away until the end", async () => {
    const first = await start("one");
    first.write();
    server.fate = () => "unavailable";
    await expect(first.stop()).rejects.toMatchObject({ code: "unsaved", message: /1 captures/ });
    engines.delete(first);
    server.fate = () => "served";
    const second = await start("one");
    await second.persistence.flush();
    await stop(second);
    expect((await start("two")).log.numbers()).toEqual([1]);
  });

  test("replaces a long queue of captures by one base", async () => {
    const first = await start("one");
    server.fate = () => "unavailable";
    for (let i = 0; i < 70; i++) {
      first.write();
      await first.persistence.flush().catch(() => {});
    }
    expect(first.persistence.status().outbox.entries).toBeLessThan(10);
    server.fate = () => "served";
    await first.persistence.flush();
    await stop(first);
    expect((await start("two")).log.numbers()).toEqual(upTo(70));
  });
});

describe("two engines on one subtree", () => {
  test("the second waits for as long as the first lives", async () => {
    const first = await start("one");
    first.write();
    const waiting = new AbortController();
    const second = CountingEngine.start({
      dataDir: join(root, "two"),
      url: server.url,
      signal: waiting.signal,
    });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await first.persistence.flush();
    waiting.abort();
    await expect(second).rejects.toThrow();
  });

  test("the first is fenced when its lease ran out and the second took over", async () => {
    const first = await start("one");
    first.write();
    await first.persistence.flush();
    first.write();
    // The first does not get through to renew; only a claim has no epoch yet.
    server.fate = (label, { headers }) =>
      label === "POST /lease" && headers["x-weftkit-epoch"] === "1" ? "request lost" : "served";
    await expect.poll(() => first.persistence.status().leaseHeld).toBe(false);
    const second = await start("two");
    expect(second.log.numbers()).toEqual([1]);
    second.write();
    await second.persistence.flush();
    await expect(first.persistence.flush()).rejects.toMatchObject({ code: "fenced" });
    expect((await first.fenced).code).toBe("fenced");
    await stop(second);
    expect((await start("three")).log.numbers()).toEqual([1, 2]);
  });

  test("the second waits also while the first restores for longer than its lease holds", async () => {
    const before = await start("before");
    before.write();
    await stop(before);
    // Its parts come so slowly that the lease would have run out twice.
    const slow = async (label: string) => {
      if (label === "GET /restore") await new Promise((resolve) => setTimeout(resolve, 700));
      return "served" as const;
    };
    server.fate = slow;
    const first = await start("one");
    server.fate = () => "served";
    first.write();
    await first.persistence.flush();
    expect(first.persistence.status()).toMatchObject({ leaseHeld: true, seq: 2 });
  });

  test("one that served without a lease is fenced when it finds another at its place", async () => {
    const first = await start("one");
    first.write();
    await stop(first);
    server.fate = () => "unavailable";
    const again = await start("one");
    server.fate = () => "served";
    const second = await start("two");
    again.write();
    await expect(again.persistence.flush()).rejects.toMatchObject({ code: "fenced" });
    expect((await again.fenced).code).toBe("fenced");
    second.write();
    await stop(second);
    expect((await start("three")).log.numbers()).toEqual([1, 2]);
  }, 40_000);

  test("each takes a replica of its own when it may choose", async () => {
    const first = await start("one", { replica: "auto", replicas: 2 });
    const second = await start("two", { replica: "auto", replicas: 2 });
    expect([first, second].map(({ persistence }) => persistence.status().subtree)).toEqual([
      "default/counting/0",
      "default/counting/1",
    ]);
    await stop(first);
    const third = await start("three", { replica: "auto", replicas: 2 });
    expect(third.persistence.status().subtree).toBe("default/counting/0");
  }, 40_000);
});

describe("a push that is cut off", () => {
  const steps = ["request lost", "reply lost", "served twice"] as const;
  test.each(steps)(
    "at any request (%s) is taken up after a crash, with and without the volume",
    async (fate) => {
      // How many requests the pushes of a run take; then a run for each of them.
      const runOnce = async (name: string, faultAt: number): Promise<number> => {
        const store = await FunctionServer.start(join(root, `store-${name}`), { leaseMs: 600 });
        let requests = 0;
        let dead = false;
        store.fate = (): Fate => {
          if (dead) return "request lost";
          if (++requests !== faultAt) return "served";
          dead = fate !== "served twice";
          return fate;
        };
        let acknowledged = 0;
        let written = 0;
        try {
          // An empty volume would wait for the function, which never comes back here.
          const engine = await start(name, {}, store.url, AbortSignal.timeout(3000));
          for (let push = 0; push < 3; push++) {
            written = engine.write();
            await engine.persistence.flush();
            acknowledged = written;
          }
          await crash(engine);
        } catch {
          for (const engine of engines) await crash(engine);
        }
        dead = false;
        requests = faultAt;
        // From the function alone; then the volume goes on, which was never behind.
        const copy = join(root, `copy-${name}`);
        cpSync(store.folder, copy, { recursive: true });
        const remote = await FunctionServer.start(copy, { leaseMs: 600 });
        const restored = await start(`${name}-restored`, { replica: "0" }, remote.url);
        const numbers = restored.log.numbers();
        expect(numbers).toEqual(upTo(numbers.length));
        expect(numbers.length).toBeGreaterThanOrEqual(acknowledged);
        await stop(restored);
        await remote.stop();
        const kept = await start(name, {}, store.url);
        expect(kept.log.numbers()).toEqual(upTo(written));
        await stop(kept);
        const after = await start(`${name}-after`, {}, store.url);
        expect(after.log.numbers()).toEqual(upTo(written));
        await stop(after);
        await store.stop();
        return requests;
      };
      const total = 14;
      for (let at = 1; at <= total; at++) await runOnce(`${fate.replace(" ", "-")}-${at}`, at);
    },
    120_000,
  );
});

describe("damage in the store", () => {
  test("of any object is found and named, and never restored", async () => {
    const first = await start("one");
    for (let push = 0; push < 3; push++) {
      first.write();
      await first.persistence.flush();
    }
    await stop(first);
    let refused = 0;
    for (const [index, file] of filesOf(server.folder).entries()) {
      if (/weftkit-store/.test(file) || statSync(file).size === 0) continue;
      const bytes = readFileSync(file);
      const flipped = Buffer.from(bytes);
      flipped[(index * 7919) % bytes.length]! ^= 1 << (index % 8);
      writeFileSync(file, flipped);
      const outcome = await start(`damaged-${index}`).then(
        async (engine) => {
          const numbers = engine.log.numbers();
          await stop(engine);
          return numbers;
        },
        (error: Error) => error,
      );
      writeFileSync(file, bytes);
      if (outcome instanceof Error) {
        refused++;
        expect(outcome.message.length).toBeGreaterThan(20);
      } else expect(outcome).toEqual(upTo(3));
    }
    // Three parts and the newest manifest, at least; earlier manifests are not needed for the newest state.
    expect(refused).toBeGreaterThanOrEqual(4);
  }, 60_000);
});

test(
  "no byte of a stored manifest can change unnoticed",
  async () => {
    const first = await start("one");
    first.write();
    await stop(first);
    const [path] = filesOf(server.folder).filter((file) => file.includes("/manifests/"));
    const bytes = readFileSync(path!);
    const client = new EndpointClient({
      url: server.url,
      subtree: "default/counting/0",
      keys: [testKey],
      retry: { attemptsMax: 1, firstWaitMsMax: 1, waitMsMax: 1 },
    });
    expect((await client.restore())?.manifest).toBe(bytes.toString());
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Buffer.from(bytes);
      flipped[at]! ^= 1 << (at % 8);
      writeFileSync(path!, flipped);
      await expect(client.restore(), `byte ${at}`).rejects.toThrow();
    }
    client.close();
  },
  patientMs(60_000),
);

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
