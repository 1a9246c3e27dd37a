import { randomIntegers } from "@weftkit/testing/random-numbers";
import { expect, test } from "vitest";
import {
  type Instance,
  type InstanceRecord,
  instanceStates,
  supersedes,
} from "../../src/registry/instance.ts";
import { decodeRecord, encodeRecord, recordBytesMax } from "../../src/registry/record-codec.ts";
import { Registry } from "../../src/registry/registry.ts";

const seed = Number(process.env.WEFTKIT_DISCOVERY_SEED ?? Math.floor(Math.random() * 1e9));
const policy = { heartbeatMs: 1000, suspectMs: 2000, failMs: 3000, rememberMs: 60_000, instancesMax: 100 };

function instance(id: string, more: Partial<Instance> = {}): Instance {
  return {
    id,
    engine: "inmemory",
    protocol: "resp",
    host: "10.0.0.1",
    port: 6379,
    groups: ["default"],
    role: "primary",
    weight: 1,
    tls: false,
    draining: false,
    epoch: 1,
    metadata: {},
    ...more,
  };
}

/** A node with what it told, and which other nodes are there. */
function node(name: string, present = new Set<string>(), instancesMax = 100) {
  const told: InstanceRecord[] = [];
  const registry = new Registry(
    {
      node: name,
      policy: { ...policy, instancesMax },
      isNodePresent: (other) => present.has(other),
      tell: (record) => told.push(record),
    },
    0,
  );
  return { registry, told, present };
}

/** Sweeps as often as a node does. */
function sweepUntil(registry: Registry, fromMs: number, untilMs: number): void {
  for (let nowMs = fromMs; nowMs <= untilMs; nowMs += 250) registry.sweep(nowMs);
}

const stateOf = (registry: Registry, id = "a") => registry.get(id)?.record.state;

test("silence makes an instance suspected, then failed, and a heartbeat brings it back", () => {
  const { registry } = node("one");
  registry.register(instance("a"), 0);
  sweepUntil(registry, 0, 1900);
  expect(stateOf(registry)).toBe("passing");
  sweepUntil(registry, 2000, 2000);
  expect(stateOf(registry)).toBe("suspect");
  sweepUntil(registry, 2250, 3000);
  expect(stateOf(registry)).toBe("failed");
  expect(registry.ofGroup("default")).toEqual([]);
  registry.heartbeat("a", 1, 3100);
  expect(stateOf(registry)).toBe("passing");
  expect(registry.ofGroup("DEFAULT")).toHaveLength(1);
});

test("a node that stood still counts nobody's silence", () => {
  const { registry } = node("one");
  registry.register(instance("a"), 0);
  sweepUntil(registry, 0, 1000);
  registry.sweep(11_000);
  expect(stateOf(registry)).toBe("passing");
  sweepUntil(registry, 11_250, 13_000);
  expect(stateOf(registry)).toBe("failed");
});

test("an instance that left does not fail, is not revived by a late heartbeat, and is forgotten", () => {
  const { registry } = node("one");
  registry.register(instance("a"), 0);
  expect(registry.deregister("a", 1, 100)).toBe(true);
  expect(registry.heartbeat("a", 1, 200)).toBeUndefined();
  sweepUntil(registry, 0, 10_000);
  expect(stateOf(registry)).toBe("left");
  sweepUntil(registry, 10_250, 61_000);
  expect(registry.get("a")).toBeUndefined();
});

test("a later start wins, an older one and a second instance with the same id are refused", () => {
  const { registry } = node("one");
  registry.register(instance("a", { epoch: 5 }), 0);
  expect(registry.register(instance("a", { epoch: 4 }), 1)).toMatchObject({ reason: "older_epoch" });
  expect(registry.register(instance("a", { epoch: 5, port: 1 }), 1)).toMatchObject({ reason: "id_taken" });
  expect(registry.register(instance("a", { epoch: 6, port: 1 }), 1)).toMatchObject({ state: "passing" });
  expect(registry.deregister("a", 5, 2)).toBe(false);
});

test("no more than max_instances are taken, from instances and from other nodes", () => {
  const { registry } = node("one", new Set(), 1);
  registry.register(instance("a"), 0);
  expect(registry.register(instance("b"), 0)).toEqual({ reason: "full" });
  expect(registry.merge({ instance: instance("b"), state: "passing", sequence: 1, home: "two" }, 0)).toBe(
    false,
  );
  expect(registry.size).toBe(1);
  expect(registry.dropped).toBe(1);
});

test("the instances of a node that is gone get the usual time to find another one", () => {
  const { registry, present } = node("one", new Set(["two"]));
  registry.merge({ instance: instance("a"), state: "passing", sequence: 1, home: "two" }, 0);
  sweepUntil(registry, 0, 20_000);
  expect(stateOf(registry)).toBe("passing");
  present.delete("two");
  registry.nodeChanged("two", 20_000);
  sweepUntil(registry, 20_250, 22_500);
  expect(stateOf(registry)).toBe("suspect");
  registry.heartbeat("a", 1, 22_600);
  sweepUntil(registry, 22_750, 24_000);
  expect(stateOf(registry)).toBe("passing");
  expect(registry.get("a")?.record.home).toBe("one");
});

test("who hears an instance contradicts those who do not", () => {
  const { registry, told } = node("one", new Set(["two"]));
  registry.register(instance("a"), 0);
  const failed = { instance: instance("a"), state: "failed", sequence: 7, home: "two" } as const;
  expect(registry.merge(failed, 500)).toBe(false);
  expect(told.at(-1)).toMatchObject({ state: "passing", sequence: 8, home: "one" });
  expect(registry.merge({ ...failed, state: "left", sequence: 9 }, 600)).toBe(true);
});

test(`nodes that hear the same statements in any order agree (seed ${seed})`, () => {
  const random = randomIntegers(seed);
  for (let round = 0; round < 200; round++) {
    const statements = Array.from({ length: 12 }, (): InstanceRecord => {
      const epoch = random(2);
      return {
        instance: instance("a", { epoch, port: 1000 + random(2) }),
        state: instanceStates[random(4)]!,
        sequence: random(3),
        home: `node-${random(3)}`,
      };
    });
    statements.unshift({ instance: instance("a", { epoch: 0 }), state: "passing", sequence: 0, home: "" });
    const ends = [0, 1, 2].map((index) => {
      const { registry } = node(`listener-${index}`, new Set(["node-0", "node-1", "node-2"]));
      registry.merge(statements[0]!, 0);
      const order = statements.slice(1);
      for (let left = order.length; left > 0; left--)
        registry.merge(order.splice(random(order.length), 1)[0]!, 0);
      return registry.get("a")!.record;
    });
    // Of two statements that differ in nothing that orders them neither wins: no node makes such.
    const key = ({ instance: { epoch }, sequence, state, home }: InstanceRecord) =>
      [epoch, sequence, state, home].join();
    expect(new Set(ends.map(key)).size).toBe(1);
    for (const one of statements) expect(supersedes(one, ends[0]!)).toBe(false);
  }
});

test(`records are read as they were written, and nothing else is read (seed ${seed})`, () => {
  const random = randomIntegers(seed);
  const record: InstanceRecord = {
    instance: instance("a-1", { metadata: { zone: "ü" }, groups: ["x", "y"], tls: true }),
    state: "suspect",
    sequence: 12,
    home: "one",
  };
  const bytes = encodeRecord(record);
  expect(decodeRecord(bytes)).toEqual(record);
  const metadata = { text: "x".repeat(recordBytesMax) };
  const tooLong = { ...record, instance: { ...record.instance, metadata } };
  expect(decodeRecord(encodeRecord(tooLong))).toBeUndefined();
  for (let i = 0; i < 5000; i++) {
    const broken = Buffer.from(random(3) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes);
    for (let flips = random(4); flips >= 0 && broken.length > 0; flips--)
      broken[random(broken.length)] = random(256);
    const read = decodeRecord(broken);
    if (read !== undefined) expect(read.instance.groups.length).toBeGreaterThan(0);
  }
});

test("a name is above groups for as long as somebody is in one of them", () => {
  const { registry } = node("one");
  registry.register(instance("a", { groups: ["Eu.west.one", "flat"] }), 0);
  const above = () =>
    ["west.one", "one", "eu.west.one", "flat", "ne"].filter((name) => registry.isAboveGroup(name));
  expect(above()).toEqual(["west.one", "one"]);
  registry.register(instance("b", { groups: ["eu.flat"] }), 0);
  expect(above()).toEqual(["west.one", "one", "flat"]);
  registry.deregister("a", 1, 0);
  expect(above()).toEqual(["flat"]);
});
