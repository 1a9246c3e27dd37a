import { randomIntegers } from "@weftkit/testing/random-numbers";
import { describe, expect, test } from "vitest";
import { dumpDatabases } from "../src/persistence/dump.ts";
import { PendingList } from "../src/storage/pending-list.ts";
import { parseStreamId, StreamId } from "../src/storage/stream-id.ts";
import { EngineInMemory, type Value } from "./engine-in-memory.ts";
import { RecordingJournal } from "./recording-journal.ts";

const NOW = 1_700_000_000_000;

function engineAt(clock: { now: number }, settings = {}) {
  return new EngineInMemory({ clock: () => clock.now, settings });
}

describe("identifiers", () => {
  const parse = (text: string) => parseStreamId(Buffer.from(text), 0, text.length)?.id.toString();

  test("all 64 bits of both halves are exact", () => {
    expect(parse("18446744073709551615-18446744073709551615")).toBe(
      "18446744073709551615-18446744073709551615",
    );
    expect(parse("9007199254740993-9007199254740995")).toBe("9007199254740993-9007199254740995");
    expect(parse("18446744073709551616-0")).toBeUndefined();
    expect(parse("5")).toBe("5-0");
    expect(parse("5-")).toBeUndefined();
  });

  test("the next and the previous one carry over", () => {
    const last = new StreamId(0, 7, 0xffffffff, 0xffffffff);
    expect(last.next()?.toString()).toBe("8-0");
    expect(last.next()?.previous()?.compare(last)).toBe(0);
    expect(parseStreamId(Buffer.from("0-0"), 0, 3)!.id.previous()).toBeUndefined();
  });
});

describe("entries", () => {
  test("XADD takes the clock's identifier, and goes on from the last one when the clock is behind", () => {
    const clock = { now: NOW };
    const engine = engineAt(clock);
    expect(engine.run("XADD", "s", "*", "f", "v")).toBe(`${NOW}-0`);
    expect(engine.run("XADD", "s", "*", "f", "v")).toBe(`${NOW}-1`);
    clock.now -= 1000;
    expect(engine.run("XADD", "s", "*", "f", "v")).toBe(`${NOW}-2`);
    expect(engine.run("XADD", "s", `${NOW}-*`, "f", "v")).toBe(`${NOW}-3`);
    expect(engine.run("XADD", "s", "1-1", "f", "v")).toEqual(
      new Error("ERR The ID specified in XADD is equal or smaller than the target stream top item"),
    );
    expect(engine.run("XADD", "none", "NOMKSTREAM", "*", "f", "v")).toBeNull();
  });

  test("entries with the same and with other fields are read back both ways", () => {
    const engine = new EngineInMemory({ settings: { streamNodeEntriesMax: 3 } });
    const entries: Value[] = [];
    for (let i = 1; i <= 20; i++) {
      const fields = i % 3 === 0 ? ["other", `o${i}`, "more", ""] : ["name", `n${i}`];
      engine.run("XADD", "s", `${i}-1`, ...fields);
      entries.push([`${i}-1`, fields]);
    }
    expect(engine.run("XRANGE", "s", "-", "+")).toEqual(entries);
    expect(engine.run("XREVRANGE", "s", "+", "-")).toEqual(entries.toReversed());
    expect(engine.run("XRANGE", "s", "(5-1", "8")).toEqual(entries.slice(5, 8));
    expect(engine.run("XREVRANGE", "s", "8", "(5-1", "COUNT", 2)).toEqual(entries.slice(6, 8).toReversed());
  });

  test("an approximate trim takes whole nodes, an exact one what was asked", () => {
    const engine = new EngineInMemory({ settings: { streamNodeEntriesMax: 10 } });
    for (let i = 1; i <= 100; i++) engine.run("XADD", "s", `${i}-0`, "f", "v");
    expect(engine.run("XTRIM", "s", "MAXLEN", "~", 55)).toBe(40);
    expect(engine.run("XTRIM", "s", "MAXLEN", "=", 55)).toBe(5);
    expect(engine.run("XTRIM", "s", "MINID", "50")).toBe(4);
    expect(engine.run("XRANGE", "s", "-", "+", "COUNT", 1)).toEqual([["50-0", ["f", "v"]]]);
    expect(engine.run("XDEL", "s", "50-0", "50-0", "99-0")).toBe(2);
    expect(engine.run("XLEN", "s")).toBe(49);
    expect(engine.run("XTRIM", "s", "MAXLEN", 0)).toBe(49);
    expect(engine.run("EXISTS", "s")).toBe(1);
    engine.run("DEL", "s");
    expect(engine.server.slab.usedBytes).toBe(0);
  });

  test("the journal has the identifier and the exact trim", () => {
    const engine = engineAt({ now: NOW }, { streamNodeEntriesMax: 2 });
    const journal = new RecordingJournal();
    engine.server.propagation.journal = journal;
    for (let i = 0; i < 3; i++) engine.run("XADD", "s", "*", "f", "v");
    journal.take();
    engine.run("XADD", "s", "MAXLEN", "~", 2, "LIMIT", 10, "*", "f", "v");
    engine.run("XTRIM", "s", "MINID", "~", `${NOW}-3`);
    engine.run("XADD", "s", "MINID", "~", `${NOW}-9`, `${NOW + 1}-0`, "f", "v");
    expect(journal.take()).toEqual([
      `XADD s MAXLEN = 2 LIMIT 10 ${NOW}-3 f v`,
      `XADD s MINID = ${NOW + 1}-0 ${NOW + 1}-0 f v`,
    ]);
  });
});

describe("reading", () => {
  test("XREAD waits for what comes after the end, and every reader gets it", () => {
    const engine = new EngineInMemory();
    engine.run("XADD", "s", "1-0", "f", "old");
    const [first, second] = [engine.client(), engine.client()];
    engine.runAs(first, "XREAD", "BLOCK", 0, "STREAMS", "other", "s", "$", "$");
    engine.runAs(second, "XREAD", "BLOCK", 0, "COUNT", 1, "STREAMS", "s", "5-0");
    engine.run("XADD", "s", "2-0", "f", "new");
    expect(engine.received(first)).toEqual([[["s", [["2-0", ["f", "new"]]]]]]);
    expect(engine.received(second)).toEqual([]);
    engine.run("XADD", "s", "6-0", "f", "v");
    expect(engine.received(second)).toEqual([[["s", [["6-0", ["f", "v"]]]]]]);
  });

  test("a group gives each entry to one consumer until it is acknowledged", () => {
    const clock = { now: NOW };
    const engine = engineAt(clock);
    for (let i = 1; i <= 3; i++) engine.run("XADD", "s", `${i}-0`, "f", `v${i}`);
    expect(engine.run("XGROUP", "CREATE", "s", "g", 0)).toBe("OK");
    expect(engine.run("XGROUP", "CREATE", "s", "g", 0)).toEqual(
      new Error("BUSYGROUP Consumer Group name already exists"),
    );
    expect(engine.run("XREADGROUP", "GROUP", "g", "alice", "COUNT", 2, "STREAMS", "s", ">")).toEqual([
      [
        "s",
        [
          ["1-0", ["f", "v1"]],
          ["2-0", ["f", "v2"]],
        ],
      ],
    ]);
    expect(engine.run("XREADGROUP", "GROUP", "g", "bob", "STREAMS", "s", ">")).toEqual([
      ["s", [["3-0", ["f", "v3"]]]],
    ]);
    engine.run("XDEL", "s", "2-0");
    clock.now += 500;
    expect(engine.run("XREADGROUP", "GROUP", "g", "alice", "STREAMS", "s", 0)).toEqual([
      [
        "s",
        [
          ["1-0", ["f", "v1"]],
          ["2-0", null],
        ],
      ],
    ]);
    expect(engine.run("XPENDING", "s", "g")).toEqual([
      3,
      "1-0",
      "3-0",
      [
        ["alice", "2"],
        ["bob", "1"],
      ],
    ]);
    expect(engine.run("XPENDING", "s", "g", "IDLE", 400, "-", "+", 10)).toEqual([
      ["2-0", "alice", 500, 1],
      ["3-0", "bob", 500, 1],
    ]);
    expect(engine.run("XACK", "s", "g", "1-0", "1-0")).toBe(1);
    expect(engine.run("XAUTOCLAIM", "s", "g", "carol", 0, "-")).toEqual([
      "0-0",
      [["3-0", ["f", "v3"]]],
      ["2-0"],
    ]);
    expect(engine.run("XINFO", "GROUPS", "s")).toEqual([
      ["name", "g", "consumers", 3, "pending", 1, "last-delivered-id", "3-0", "entries-read", 3, "lag", 0],
    ]);
    expect(engine.run("XGROUP", "DELCONSUMER", "s", "g", "carol")).toBe(1);
  });

  test("those who wait with a group are served in turn, and learn that it is gone", () => {
    const engine = new EngineInMemory();
    engine.run("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
    const [first, second] = [engine.client(), engine.client()];
    for (const client of [first, second])
      engine.runAs(client, "XREADGROUP", "GROUP", "g", "c", "BLOCK", 0, "STREAMS", "s", ">");
    engine.run("XADD", "s", "1-0", "f", "v");
    expect(engine.received(first)).toEqual([[["s", [["1-0", ["f", "v"]]]]]]);
    expect(engine.received(second)).toEqual([]);
    engine.run("XGROUP", "DESTROY", "s", "g");
    expect(engine.received(second)).toEqual([
      new Error("NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option"),
    ]);
  });

  test("the journal has the deliveries", () => {
    const engine = engineAt({ now: NOW });
    engine.run("XADD", "s", "1-0", "f", "v");
    engine.run("XADD", "s", "2-0", "f", "v");
    engine.run("XGROUP", "CREATE", "s", "g", 0);
    const journal = new RecordingJournal();
    engine.server.propagation.journal = journal;
    engine.run("XREADGROUP", "GROUP", "g", "a", "COUNT", 1, "STREAMS", "s", ">");
    engine.run("XREADGROUP", "GROUP", "g", "b", "NOACK", "STREAMS", "s", ">");
    engine.run("XCLAIM", "s", "g", "b", 0, "1-0", "JUSTID", "RETRYCOUNT", 7);
    const claim = (consumer: string, retries: number, last: string) =>
      `XCLAIM s g ${consumer} 0 1-0 TIME ${NOW} RETRYCOUNT ${retries} FORCE JUSTID LASTID ${last}`;
    expect(journal.take()).toEqual([
      claim("a", 1, "1-0"),
      "MULTI",
      "XGROUP CREATECONSUMER s g b",
      "XGROUP SETID s g 2-0 ENTRIESREAD 2",
      "EXEC",
      claim("b", 7, "2-0"),
    ]);
  });
});

test("a pending list agrees with a sorted array under random edits", () => {
  const random = randomIntegers(5);
  const list = new PendingList<{ id: StreamId }>();
  const model = new Set<number>();
  for (let i = 0; i < 60_000; i++) {
    const ms = random(5000);
    const id = new StreamId(0, ms, 0, 0);
    if (model.has(ms)) {
      expect(list.delete(id)).toBe(true);
      model.delete(ms);
    } else {
      expect(list.get(id)).toBeUndefined();
      list.add({ id });
      model.add(ms);
    }
  }
  const sorted = [...model].sort((a, b) => a - b);
  expect(Array.from(list, ({ id }) => id.msLow)).toEqual(sorted);
  for (let ms = 0; ms < 5000; ms += 7) {
    expect(list.atOrAfter(new StreamId(0, ms, 0, 0))?.id.msLow).toBe(sorted.find((other) => other >= ms));
  }
});

test("a stream written as commands is made again as it was", () => {
  const engine = engineAt({ now: NOW });
  for (let i = 1; i <= 5; i++) engine.run("XADD", "s", `${i}-0`, "f", `v${i}`, "g", "");
  engine.run("XGROUP", "CREATE", "s", "g", 0);
  engine.run("XREADGROUP", "GROUP", "g", "a", "COUNT", 3, "STREAMS", "s", ">");
  engine.run("XGROUP", "CREATECONSUMER", "s", "g", "idle");
  engine.run("XDEL", "s", "5-0");
  engine.run("XGROUP", "CREATE", "empty", "g", "$", "MKSTREAM");
  const copy = engineAt({ now: NOW });
  dumpDatabases(engine.server.databases, [], (...values) => {
    expect(copy.run(...values)).not.toBeInstanceOf(Error);
  });
  for (const key of ["s", "empty"]) {
    expect(copy.run("XRANGE", key, "-", "+")).toEqual(engine.run("XRANGE", key, "-", "+"));
    expect(copy.run("XINFO", "GROUPS", key)).toEqual(engine.run("XINFO", "GROUPS", key));
    expect(copy.run("XINFO", "STREAM", key)).toEqual(engine.run("XINFO", "STREAM", key));
  }
  expect(copy.run("XPENDING", "s", "g", "-", "+", 10)).toEqual(
    engine.run("XPENDING", "s", "g", "-", "+", 10),
  );
});
