import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { EndpointClient } from "../src/client/endpoint-client.ts";
import { parseManifest } from "../src/contract/index.ts";
import { CountingEngine } from "./counting-engine.ts";
import { type Fate, FunctionServer, testKey } from "./function-server.ts";

let root: string;
let server: FunctionServer;
const engines = new Set<CountingEngine>();

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "last-push-"));
  server = await FunctionServer.start(join(root, "store"), { leaseMs: 600 });
});
afterEach(async () => {
  server.fate = () => "served";
  for (const engine of engines) await engine.persistence.abandon();
  engines.clear();
  await server.stop();
  rmSync(root, { recursive: true, force: true });
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

/** So many deltas are behind the first base that one more makes the next base due. */
async function untilBaseIsDue(engine: CountingEngine): Promise<void> {
  for (let push = 0; push < 65; push++) {
    engine.write();
    await engine.persistence.flush();
  }
}

/** The pieces of the newest state. */
async function piecesOfHead() {
  const client = new EndpointClient({ url: server.url, subtree: "default/counting/0", keys: [testKey] });
  const reply = await client.restore();
  client.close();
  return parseManifest(reply!.manifest!).streams.log!.pieces;
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe("a base that is due", () => {
  test("is stored beside the pushes, and has its place with the next one", async () => {
    const engine = await start("one");
    await untilBaseIsDue(engine);
    expect(await piecesOfHead()).toHaveLength(65);
    engine.write();
    await engine.persistence.flush();
    expect((await piecesOfHead()).at(-1)?.kind).toBe("delta");
    await expect
      .poll(async () => {
        engine.write();
        await engine.persistence.flush();
        return (await piecesOfHead())[0]?.standsFor;
      })
      .toBeDefined();
    const pieces = await piecesOfHead();
    expect(pieces.length).toBeLessThan(60);
    const last = engine.write();
    await stop(engine);
    expect((await start("two")).log.numbers()).toEqual(upTo(last));
  });

  test("is never part of the last push, nor waited for by it", async () => {
    const engine = await start("one");
    await untilBaseIsDue(engine);
    const last = engine.write();
    await stop(engine);
    expect((await piecesOfHead()).map(({ kind }) => kind).slice(1)).toEqual(Array(65).fill("delta"));
    expect((await start("two")).log.numbers()).toEqual(upTo(last));
  });

  test("that is being sent is given up for the last push, and goes on at the next start", async () => {
    const engine = await start("one");
    await untilBaseIsDue(engine);
    engine.write();
    await engine.persistence.flush();
    const arrived = Promise.withResolvers<void>();
    // The upload of the base never ends.
    server.fate = (label): Fate | Promise<Fate> => {
      if (label !== "POST /persist part") return "served";
      arrived.resolve();
      return new Promise(() => {});
    };
    engine.write();
    const pushing = engine.persistence.flush(AbortSignal.timeout(300)).catch(() => {});
    await arrived.promise;
    await pushing;
    server.fate = () => "served";
    const last = engine.write();
    await stop(engine);
    expect((await piecesOfHead()).every(({ standsFor }) => standsFor === undefined)).toBe(true);
    expect((await start("elsewhere")).log.numbers()).toEqual(upTo(last));
  });
});

test("captures do not wait for a push that waits for the network", async () => {
  const engine = await start("one");
  engine.write();
  await engine.persistence.flush();
  const answer = Promise.withResolvers<Fate>();
  const arrived = Promise.withResolvers<void>();
  server.fate = (label) => {
    if (label !== "POST /persist commit") return "served";
    arrived.resolve();
    return answer.promise;
  };
  engine.write();
  const pushing = engine.persistence.flush();
  await arrived.promise;
  engine.write();
  await engine.captureNow();
  expect(engine.persistence.status().outbox.entries).toBe(2);
  server.fate = () => "served";
  answer.resolve("served");
  await pushing;
  await stop(engine);
  expect((await start("two")).log.numbers()).toEqual(upTo(3));
});

test("while pushes fail, a volume without writes makes nothing more that waits", async () => {
  const engine = await start("one");
  for (let number = 0; number < 50; number++) engine.write();
  server.fate = () => "unavailable";
  for (let attempt = 0; attempt < 4; attempt++) await engine.persistence.flush().catch(() => {});
  await engine.captureNow();
  expect(readdirSync(join(root, "one", "persist", "outbox"))).toEqual(["1"]);
  server.fate = () => "served";
  expect(await engine.persistence.flush()).toHaveLength(1);
});
