import { describe, expect, test } from "vitest";
import { parseNotifyClasses } from "../src/server/notifications.ts";
import { EngineInMemory, type Value } from "./engine-in-memory.ts";
import { RecordingJournal } from "./recording-journal.ts";

const NOW = 1_700_000_000_000;

function engineAt(now = NOW): { engine: EngineInMemory; clock: { now: number } } {
  const clock = { now };
  return { engine: new EngineInMemory({ clock: () => clock.now }), clock };
}

/** A key of each type. */
function fill(engine: EngineInMemory): void {
  engine.run("SET", "string", "v");
  engine.run("RPUSH", "list", "a", "b");
  engine.run("SADD", "set", 1, 2);
  engine.run("HSET", "hash", "f", "v");
  engine.run("ZADD", "zset", 1, "m");
}

const TYPES = ["string", "list", "set", "hash", "zset"];

describe("keys", () => {
  test("keys of all types are found, counted, named and deleted alike", () => {
    const { engine } = engineAt();
    fill(engine);
    for (const type of TYPES) expect(engine.run("TYPE", type)).toBe(type);
    expect(engine.run("EXISTS", ...TYPES, "set", "none")).toBe(6);
    expect(engine.run("TYPE", "none")).toBe("none");
    expect((engine.run("KEYS", "*s[te]t*") as Value[]).sort()).toEqual(["set", "zset"]);
    expect(engine.run("UNLINK", ...TYPES, "none")).toBe(5);
    expect(engine.run("DBSIZE")).toBe(0);
    expect(engine.server.slab.usedBytes).toBe(0);
  });

  test("RENAME and MOVE take the value with its expiry, small and large", () => {
    const { engine } = engineAt();
    fill(engine);
    const members = Array.from({ length: 600 }, (_, index) => `m${index}`);
    engine.run("SADD", "large", ...members);
    for (const name of [...TYPES, "large"]) {
      engine.run("PEXPIRE", name, 1000);
      expect(engine.run("RENAME", name, "renamed")).toBe("OK");
      expect(engine.run("MOVE", "renamed", 1)).toBe(1);
      engine.run("SELECT", 1);
      expect(engine.run("PTTL", "renamed")).toBe(1000);
      if (name === "large")
        expect((engine.run("SMEMBERS", "renamed") as Value[]).sort()).toEqual(members.sort());
      engine.run("DEL", "renamed");
      engine.run("SELECT", 0);
    }
    expect(engine.run("RENAME", "none", "x")).toEqual(new Error("ERR no such key"));
  });

  test("a copy is independent of what it was made from", () => {
    const { engine } = engineAt();
    fill(engine);
    engine.run("HSET", "big", ...Array.from({ length: 1100 }, (_, index) => `f${index}`));
    for (const name of TYPES) expect(engine.run("COPY", name, `${name}2`, "DB", 2)).toBe(1);
    expect(engine.run("COPY", "hash", "big")).toBe(0);
    expect(engine.run("COPY", "big", "hash", "REPLACE")).toBe(1);
    engine.run("DEL", "big");
    expect(engine.run("HLEN", "hash")).toBe(550);
    expect(engine.run("COPY", "set", "set")).toEqual(
      new Error("ERR source and destination objects are the same"),
    );
    engine.run("SADD", "set", 3);
    engine.run("SELECT", 2);
    expect(engine.run("SCARD", "set2")).toBe(2);
  });

  test("a scan sees every key that stays, once it is through", () => {
    const { engine } = engineAt();
    const names = Array.from({ length: 1000 }, (_, index) => `key:${index}`);
    for (const name of names) engine.run("SET", name, "v");
    engine.run("SADD", "other", "m");
    const seen = new Set<Value>();
    let cursor: Value = "0";
    do {
      const [next, found] = engine.run("SCAN", cursor as string, "MATCH", "key:*", "TYPE", "string") as [
        Value,
        Value[],
      ];
      for (const name of found) seen.add(name);
      cursor = next;
    } while (cursor !== "0");
    expect([...seen].sort()).toEqual(names.sort());
    expect(engine.run("SCAN", "x")).toEqual(new Error("ERR invalid cursor"));
  });

  test("FLUSHALL empties every database and breaks the transactions of those who watch a key", () => {
    const { engine } = engineAt();
    fill(engine);
    const watcher = engine.client();
    engine.runAs(watcher, "WATCH", "set");
    expect(engine.run("FLUSHALL", "ASYNC")).toBe("OK");
    expect(engine.run("DBSIZE")).toBe(0);
    engine.runAs(watcher, "MULTI");
    engine.runAs(watcher, "PING");
    expect(engine.runAs(watcher, "EXEC")).toBeNull();
    engine.run("SET", "after", "v");
    expect(engine.run("DBSIZE")).toBe(1);
  });

  test("a large database is emptied at once and its memory freed in slices", () => {
    const { engine } = engineAt();
    for (let i = 0; i < 20_000; i++) engine.run("SET", `key:${i}`, "v");
    engine.run("FLUSHDB");
    expect(engine.run("DBSIZE")).toBe(0);
    expect(engine.server.lazyFree.pending).toBe(1);
    while (engine.server.lazyFree.step(1));
    expect(engine.server.slab.usedBytes).toBe(0);
  });

  test("SWAPDB shows each database's clients the keys of the other, and wakes those who wait for one", () => {
    const { engine } = engineAt();
    engine.run("SELECT", 1);
    engine.run("RPUSH", "list", "a");
    engine.run("PEXPIRE", "list", 1000);
    const waiting = engine.client();
    engine.runAs(waiting, "BLPOP", "list", 0);
    expect(engine.run("SWAPDB", 0, 1)).toBe("OK");
    expect(engine.received(waiting)).toEqual([["list", "a"]]);
    expect(engine.run("DBSIZE")).toBe(0);
    expect(engine.run("SWAPDB", "x", 1)).toEqual(new Error("ERR invalid first DB index"));
    expect(engine.run("SWAPDB", 0, 99)).toEqual(new Error("ERR DB index is out of range"));
  });

  test("OBJECT tells the encoding, and looking is no use of the key", () => {
    const { engine, clock } = engineAt();
    fill(engine);
    engine.run("SET", "number", 12);
    engine.run("SET", "long", "x".repeat(45));
    engine.run("APPEND", "number2", 1);
    engine.run("APPEND", "number2", 1);
    const encodings = [...TYPES, "number", "long", "number2"].map((name) =>
      engine.run("OBJECT", "ENCODING", name),
    );
    expect(encodings).toEqual(["embstr", "listpack", "intset", "listpack", "listpack", "int", "raw", "raw"]);
    clock.now += 5000;
    engine.server.tick();
    engine.server.updateAccessClock();
    engine.run("TYPE", "string");
    engine.run("TTL", "string");
    engine.run("EXISTS", "string");
    expect(engine.run("OBJECT", "IDLETIME", "string")).toBe(5);
    engine.run("TOUCH", "string");
    expect(engine.run("OBJECT", "IDLETIME", "string")).toBe(0);
    expect(engine.run("OBJECT", "ENCODING", "none")).toBeNull();
  });

  test("each change is published with its event", () => {
    const { engine } = engineAt();
    engine.server.settings.notifyClasses = parseNotifyClasses("EA")!;
    const subscriber = engine.client();
    engine.runAs(subscriber, "PSUBSCRIBE", "__keyevent@*");
    engine.run("SET", "a", 1, "EX", 10);
    engine.run("RENAME", "a", "b");
    engine.run("COPY", "b", "c");
    engine.run("MOVE", "c", 1);
    engine.run("PERSIST", "b");
    engine.run("EXPIRE", "b", -1);
    const events = engine.received(subscriber).map((message) => (message as Value[]).slice(2).join(" "));
    expect(events.map((event) => event.replace("__keyevent@", ""))).toEqual([
      "0__:set a",
      "0__:expire a",
      "0__:rename_from a",
      "0__:rename_to b",
      "0__:copy_to c",
      "0__:move_from c",
      "1__:move_to c",
      "0__:persist b",
      "0__:del b",
    ]);
  });
});

describe("expiry", () => {
  test("a key is there until its time has come", () => {
    const { engine, clock } = engineAt();
    engine.run("SET", "k", "v");
    expect(engine.run("TTL", "k")).toBe(-1);
    expect(engine.run("TTL", "none")).toBe(-2);
    expect(engine.run("EXPIRE", "k", 10)).toBe(1);
    expect(engine.run("EXPIRETIME", "k")).toBe(NOW / 1000 + 10);
    clock.now += 9_400;
    expect(engine.run("PTTL", "k")).toBe(600);
    expect(engine.run("TTL", "k")).toBe(1);
    clock.now += 601;
    expect(engine.run("EXISTS", "k")).toBe(0);
    expect(engine.run("EXPIRE", "k", 10)).toBe(0);
  });

  test("NX, XX, GT and LT compare with the expiry there is; none is later than any", () => {
    const { engine } = engineAt();
    engine.run("SET", "k", "v");
    expect(engine.run("EXPIRE", "k", 100, "XX")).toBe(0);
    expect(engine.run("EXPIRE", "k", 100, "GT")).toBe(0);
    expect(engine.run("EXPIRE", "k", 100, "LT")).toBe(1);
    expect(engine.run("EXPIRE", "k", 100, "NX")).toBe(0);
    expect(engine.run("EXPIRE", "k", 50, "GT")).toBe(0);
    expect(engine.run("EXPIRE", "k", 200, "XX", "GT")).toBe(1);
    expect(engine.run("EXPIRE", "k", 200, "NX", "GT")).toEqual(
      new Error("ERR NX and XX, GT or LT options at the same time are not compatible"),
    );
    expect(engine.run("EXPIRE", "k", 200, "BOGUS")).toEqual(new Error("ERR Unsupported option BOGUS"));
    expect(engine.run("EXPIRE", "k", "9223372036854775807")).toEqual(
      new Error("ERR invalid expire time in 'expire' command"),
    );
  });

  test("the journal gets points in time, and a deletion where they are past", () => {
    const { engine } = engineAt();
    const journal = new RecordingJournal();
    engine.server.propagation.journal = journal;
    engine.run("MSET", "k", "v", "gone", "v");
    engine.run("EXPIRE", "k", 10, "NX");
    engine.run("PEXPIREAT", "gone", 1);
    engine.run("EXPIRE", "none", 10);
    expect(journal.take()).toEqual(["MSET k v gone v", `PEXPIREAT k ${NOW + 10_000}`, "DEL gone"]);
  });
});
