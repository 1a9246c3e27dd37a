import { createLogger } from "@weftkit/observe";
import { randomIntegers, randomNumbers } from "@weftkit/testing/random-numbers";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  type Backend,
  type BackendSource,
  Backends,
  type BackendsOptions,
  type Found,
  type Place,
  parseBackend,
  staticSource,
  type TableChange,
} from "../src/index.ts";
import { Health } from "../src/outliers.ts";

const log = createLogger({ level: "silent", image: "test" });

/** A source that a test tells what to find. */
class ToldSource implements BackendSource {
  readonly name = "the test";
  tell: Found = () => {};
  isClosed = false;
  readonly #first: readonly Backend[];

  constructor(...texts: string[]) {
    this.#first = texts.map(parseBackend);
  }

  async open(found: Found): Promise<void> {
    this.tell = found;
    found(this.#first);
  }

  close(): void {
    this.isClosed = true;
  }
}

/** Time that stands until it is moved. */
class HandClock {
  nowMs = 1000;
  monotonicMs(): number {
    return this.nowMs;
  }
  wallMs(): number {
    return this.nowMs;
  }
}

async function open(source: BackendSource, options: Partial<BackendsOptions> = {}) {
  const clock = new HandClock();
  const backends = new Backends({ sources: [source], log, clock, random: randomNumbers(1), ...options });
  await backends.open();
  onTestFinished(() => backends.close());
  return { backends, clock };
}

const relational = { engine: "relational", group: "default" } as const;

function fail(backends: Backends, times: number): void {
  for (let i = 0; i < times; i++) {
    const place = backends.acquire(relational);
    place?.failed("refused");
    place?.release();
  }
}

describe("choosing", () => {
  test("the fewest connections for the weight", async () => {
    const { backends } = await open(new ToldSource("relational=a:1?weight=3", "relational=b:1"));
    const held = Array.from({ length: 40 }, () => backends.acquire(relational)!);
    const ofA = held.filter(({ backend }) => backend.host === "a").length;
    expect(ofA).toBe(30);
    for (const place of held) place.release();
    expect(backends.states().map(({ connections }) => connections)).toEqual([0, 0]);
  });

  test("the first that is in", async () => {
    const { backends } = await open(new ToldSource("relational=a:1", "relational=b:1"), {
      outliers: { failuresMax: 1, ejectionMs: 100, ejectionMsMax: 1000 },
    });
    const wanted = { ...relational, policy: "first" } as const;
    expect(backends.acquire(wanted)?.backend.host).toBe("a");
    backends.acquire(wanted)?.failed("gone");
    expect(backends.acquire(wanted)?.backend.host).toBe("b");
  });

  test("by weight, by chance", async () => {
    const { backends } = await open(new ToldSource("relational=a:1?weight=9", "relational=b:1"));
    const hosts = Array.from(
      { length: 2000 },
      () => backends.acquire({ ...relational, policy: "weighted" })!.backend.host,
    );
    const ofA = hosts.filter((host) => host === "a").length;
    expect(ofA).toBeGreaterThan(1700);
    expect(ofA).toBeLessThan(1900);
  });

  test("a replica is a wish, a primary is not", async () => {
    const both = await open(new ToldSource("relational=a:1", "relational=b:1?role=replica"));
    expect(both.backends.acquire(relational)?.backend.host).toBe("a");
    expect(both.backends.acquire({ ...relational, role: "replica" })?.backend.host).toBe("b");
    const one = await open(new ToldSource("relational=a:1"));
    expect(one.backends.acquire({ ...relational, role: "replica" })?.backend.host).toBe("a");
    const none = await open(new ToldSource("relational=b:1?role=replica"));
    expect(none.backends.acquire(relational)).toBeUndefined();
  });

  test("groups and engines are kept apart, and what was tried is left out", async () => {
    const { backends } = await open(new ToldSource("relational=a:1", "relational/x=b:1", "inmemory=c:1"));
    expect(backends.acquire({ engine: "relational", group: "x" })?.backend.host).toBe("b");
    expect(backends.acquire({ engine: "vector", group: "default" })).toBeUndefined();
    expect(backends.acquire({ ...relational, except: new Set(["relational@a:1"]) })).toBeUndefined();
  });
});

describe("outliers", () => {
  const outliers = { failuresMax: 3, ejectionMs: 100, ejectionMsMax: 250 };

  test("so many failures on end eject a backend, for longer each time", async () => {
    const { backends, clock } = await open(new ToldSource("relational=a:1", "relational=b:1?role=replica"), {
      outliers,
    });
    fail(backends, 2);
    backends.acquire(relational)?.succeeded();
    fail(backends, 2);
    expect(backends.states()[0]).toMatchObject({ state: "in", lastError: "refused" });
    fail(backends, 1);
    expect(backends.states()[0]?.state).toBe("ejected");
    clock.nowMs += 100;
    expect(backends.states()[0]?.state).toBe("in");
    fail(backends, 1);
    clock.nowMs += 199;
    expect(backends.states()[0]?.state).toBe("ejected");
    clock.nowMs += 1;
    expect(backends.states()[0]?.state).toBe("in");
  });

  test("when all are out all are tried, but for those that leave", async () => {
    const { backends } = await open(new ToldSource("relational=a:1", "relational=b:1"), { outliers });
    fail(backends, 6);
    expect(backends.states().map(({ state }) => state)).toEqual(["ejected", "ejected"]);
    expect(backends.acquire(relational)).toMatchObject({ isPanic: true });
    expect(backends.panics).toBe(1);
  });

  test("an ejection never ends early, is never longer than the most, and ends", () => {
    const seed = Number(process.env.WEFTKIT_TEST_SEED ?? Date.now() % 2 ** 31);
    const below = randomIntegers(seed);
    for (let round = 0; round < 200; round++) {
      const health = new Health(outliers);
      let nowMs = 0;
      let outUntilMs = 0;
      for (let step = 0; step < 100; step++) {
        nowMs += below(80);
        if (below(3) === 0) health.succeeded(nowMs);
        else if (health.failed(nowMs, "x")) {
          expect(nowMs, `seed ${seed}`).toBeGreaterThanOrEqual(outUntilMs);
          outUntilMs = nowMs + health.ejectedForMs(nowMs);
          expect(outUntilMs - nowMs, `seed ${seed}`).toBeLessThanOrEqual(outliers.ejectionMsMax);
          expect(outUntilMs - nowMs, `seed ${seed}`).toBeGreaterThanOrEqual(outliers.ejectionMs);
        }
        expect(health.isIn(nowMs), `seed ${seed}`).toBe(nowMs >= outUntilMs);
      }
    }
  });
});

describe("the table", () => {
  test("is told of when it changes, and only then", async () => {
    const source = new ToldSource("relational=a:1", "relational=b:1");
    const { backends } = await open(source);
    const first = backends.table;
    const changes: TableChange[] = [];
    backends.onChange((change) => changes.push(change));
    source.tell(["relational=a:1", "relational=b:1"].map(parseBackend));
    expect(changes).toEqual([]);
    source.tell(["relational=b:1?weight=2", "relational=c:1"].map(parseBackend));
    expect(changes[0]).toMatchObject({
      added: [{ host: "c" }],
      changed: [{ host: "b", weight: 2 }],
      removed: [{ host: "a" }],
    });
    expect(first.of(relational).map(({ host }) => host)).toEqual(["a", "b"]);
    expect(backends.table.of(relational).map(({ host }) => host)).toEqual(["b", "c"]);
    expect(backends.table.version).toBe(first.version + 1);
  });

  test("a backend that has left is drained: no new connections, and it is forgotten after the last", async () => {
    const source = new ToldSource("relational=a:1");
    const { backends } = await open(source);
    const place = backends.acquire(relational)!;
    source.tell([]);
    expect(backends.acquire(relational)).toBeUndefined();
    expect(backends.states()).toMatchObject([{ state: "draining", connections: 1 }]);
    place.release();
    place.release();
    expect(backends.states()).toEqual([]);
  });

  test("sources are one list; closing closes them", async () => {
    const one = new ToldSource("relational=a:1");
    const { backends } = await open(one, { sources: [one, staticSource([parseBackend("inmemory=c:1")])] });
    expect(backends.table.backends.map(({ host }) => host)).toEqual(["a", "c"]);
    backends.close();
    expect(one.isClosed).toBe(true);
  });

  test("connections are counted right through any order of events", async () => {
    const seed = Number(process.env.WEFTKIT_TEST_SEED ?? Date.now() % 2 ** 31);
    const below = randomIntegers(seed);
    const texts = [
      "relational=a:1",
      "relational=b:1",
      "relational=c:1?weight=3",
      "relational=d:1?role=replica",
    ];
    const source = new ToldSource(...texts);
    const { backends, clock } = await open(source, { random: randomNumbers(seed) });
    const held: Place[] = [];
    for (let step = 0; step < 5000; step++) {
      clock.nowMs += below(5000);
      const action = below(6);
      if (action < 3) {
        const place = backends.acquire({ ...relational, role: "any" });
        if (place !== undefined) held.push(place);
      } else if (action === 3 && held.length > 0) held.splice(below(held.length), 1)[0]!.release();
      else if (action === 4 && held.length > 0) held[below(held.length)]!.failed("x");
      else source.tell(texts.filter(() => below(3) > 0).map(parseBackend));
      const counted = backends.states().reduce((sum, { connections }) => sum + connections, 0);
      expect(counted, `seed ${seed}, step ${step}`).toBe(held.length);
    }
  });
});
