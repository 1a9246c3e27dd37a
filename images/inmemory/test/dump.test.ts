import { randomIntegers } from "@weftkit/testing/random-numbers";
import { expect, test } from "vitest";
import { openPayload, sealPayload } from "../src/rdb/payload.ts";
import { EngineInMemory } from "./engine-in-memory.ts";

/** What Redis 7.2.6 answers to DUMP after the commands. */
const DUMPED: readonly { name: string; commands: readonly string[][]; payload: string }[] = [
  {
    name: "an integer",
    commands: [["SET", "k", "-12345"]],
    payload: "00c1c7cf0b000e321f454944cf59",
  },
  {
    name: "an integer of 64 bits",
    commands: [["SET", "k", "9223372036854775807"]],
    payload: "0013393232333337323033363835343737353830370b0053bac3e77c77b6ab",
  },
  {
    name: "a text",
    commands: [["SET", "k", "hello"]],
    payload: "000568656c6c6f0b000aad620598abc983",
  },
  {
    name: "a text that is packed",
    commands: [["SET", "k", `abcabcabcabcabcabcabcabcabcabc${"x".repeat(300)}the end, abcabc`]],
    payload: "00c31f41590361626361e011020078e0ff00e01a000874686520656e642c20414f0162630b00b4fa121cd660112a",
  },
  {
    name: "a small list",
    commands: [
      [
        "RPUSH",
        "k",
        "a",
        "1",
        "-4096",
        "65536",
        "-8388608",
        "2147483648",
        "9223372036854775807",
        "",
        "x".repeat(70),
      ],
    ],
    payload:
      "120102c3354078127800000009008161020101d00002f2000001042004028004f4201700802003030009f4ff8000067f098001e04678e03c000148ff0b009194d567b782ab28",
  },
  {
    name: "a list of several nodes",
    commands: [["RPUSH", "k", ...Array.from({ length: 6 }, (_, i) => `${i}-${"y".repeat(3000)}`)]],
    payload:
      "120302c3405e57830a831700000200ebba302d79e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e056000417bcebba31ebffbde0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e058000217bcff02c3405e57830a831700000200ebba322d79e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e056000417bcebba33ebffbde0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e058000217bcff02c3405e57830a831700000200ebba342d79e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e056000417bcebba35ebffbde0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e0ff00e058000217bcff0b00877d0e7f33bf6806",
  },
  {
    name: "integers",
    commands: [["SADD", "k", "1", "-32769", "70000"]],
    payload: "0b140400000003000000ff7fffff01000000701101000b004b176ca2c0e8b374",
  },
  {
    name: "a small set",
    commands: [["SADD", "k", "b", "a", "12"]],
    payload: "140f0f00000003008162028161020c01ff0b00fa0150701528697a",
  },
  {
    name: "a set of one in a table",
    commands: [["SADD", "k", "z".repeat(65)]],
    payload: "0201c3094041017a7ae03400017a7a0b00ad9bf1125e3538b7",
  },
  {
    name: "a small hash",
    commands: [["HSET", "k", "field", "value", "n", "17"]],
    payload: "101a1a0000000400856669656c64068576616c756506816e021101ff0b00e8c5a9638d305e6f",
  },
  {
    name: "a hash of one in a table",
    commands: [["HSET", "k", "f", "w".repeat(65)]],
    payload: "04010166c3094041017777e034000177770b0084475d7f41f03504",
  },
  {
    name: "a small sorted set",
    commands: [
      [
        "ZADD",
        "k",
        "1",
        "one",
        "2.5",
        "two and a half",
        "-inf",
        "least",
        "1e300",
        "much",
        "-0.0",
        "zero",
        "4611686018427387905",
        "large",
      ],
    ],
    payload:
      "114057570000000c00856c6561737406842d696e6605847a65726f050001836f6e650401018e74776f20616e6420612068616c660f83322e3504856c6172676506f4000000000000004009846d756368058631652b33303007ff0b0035d44b9c230ff9dc",
  },
  {
    name: "a sorted set with a table",
    commands: [["ZADD", "k", "3", "c".repeat(65), "1.5", "a", "2", "b"]],
    payload:
      "0503c3094041016363e034000163630000000000000840016200000000000000400161000000000000f83f0b00e55a8198c9ff3a19",
  },
  {
    name: "a stream",
    commands: [
      ["XADD", "k", "5-1", "name", "Ann", "age", "7"],
      ["XADD", "k", "5-2", "name", "Ben", "age", "8"],
      ["XADD", "k", "6-0", "other", "x"],
      ["XDEL", "k", "5-2"],
      ["XGROUP", "CREATE", "k", "g", "0"],
      ["XGROUP", "CREATE", "k", "h", "$"],
      ["XCLAIM", "k", "g", "ann", "0", "5-1", "TIME", "1700000000000", "RETRYCOUNT", "3", "JUSTID", "FORCE"],
    ],
    payload:
      "15011000000000000000050000000000000001404d4d0000001900020101010201846e616d65058361676504000102010001000183416e6e04070105010301000101018342656e040801050100010101dfff020101856f74686572068178020601ff0206000501050203020167000081ffffffffffffffff01000000000000000500000000000000010068e5cf8b010000030103616e6e0867d726a20100000867d726a201000001000000000000000500000000000000010168060081ffffffffffffffff00000b004994dc80d1e67d85",
  },
];

const bytesOf = (dumped: unknown) => Buffer.from(String(dumped), "latin1");

test.for(DUMPED)("$name is dumped as Redis dumps it, and restored", ({ name, commands, payload }) => {
  const engine = new EngineInMemory();
  for (const words of commands) expect(engine.run(...words)).not.toBeInstanceOf(Error);
  const own = bytesOf(engine.run("DUMP", "k"));
  // When a consumer was seen last is the clock's.
  if (name !== "a stream") expect(own.toString("hex")).toBe(payload);
  const given = Buffer.from(payload, "hex");
  expect(engine.run("RESTORE", "copy", "0", given)).toBe("OK");
  expect(bytesOf(engine.run("DUMP", "copy")).toString("hex")).toBe(payload);
  expect(engine.run("TYPE", "copy")).toBe(engine.run("TYPE", "k"));
});

/** What older servers have written, by hand after rdb.h, ziplist.c and intset.c; the footer is added. */
const OLDER: readonly { name: string; body: string; read: readonly string[]; value: unknown }[] = [
  {
    name: "a list, element by element",
    body: "01 02 01 61 c0 05",
    read: ["LRANGE", "k", "0", "-1"],
    value: ["a", "5"],
  },
  {
    name: "a list in a ziplist",
    // Lengths, last element, count; then "hi", 1, -300, the end.
    body: "0a 15 15000000 11000000 0300 00 02 6869 04 f2 02 c0 d4fe ff",
    read: ["LRANGE", "k", "0", "-1"],
    value: ["hi", "1", "-300"],
  },
  {
    name: "a list of ziplists",
    body: "0e 02 0d 0d000000 0a000000 0100 00 f3 ff 0e 0e000000 0a000000 0100 00 01 7a ff",
    read: ["LRANGE", "k", "0", "-1"],
    value: ["2", "z"],
  },
  {
    name: "a hash in a ziplist",
    body: "0d 11 11000000 0d000000 0200 00 01 66 03 fe 9c ff",
    read: ["HGETALL", "k"],
    value: ["f", "-100"],
  },
  {
    name: "a sorted set in a ziplist",
    body: "0c 13 13000000 0d000000 0200 00 01 6d 03 03 312e35 ff",
    read: ["ZRANGE", "k", "0", "-1", "WITHSCORES"],
    value: ["m", "1.5"],
  },
  {
    name: "a sorted set with scores as texts",
    body: "03 03 01 61 03 302e35 01 62 fe 01 63 ff",
    read: ["ZRANGE", "k", "0", "-1", "WITHSCORES"],
    value: ["c", "-inf", "a", "0.5", "b", "inf"],
  },
];

test.for(OLDER)("$name is restored", ({ body, read, value }) => {
  const engine = new EngineInMemory();
  const payload = sealPayload(Buffer.from(body.replaceAll(" ", ""), "hex"));
  expect(engine.run("RESTORE", "k", "0", payload)).toBe("OK");
  expect(engine.run(...read)).toEqual(value);
});

test("what cannot be a value is refused, and nothing is changed", () => {
  const engine = new EngineInMemory();
  engine.run("SET", "k", "kept");
  const refused = (hex: string) => {
    const reply = engine.run("RESTORE", "k", "0", sealPayload(Buffer.from(hex, "hex")), "REPLACE");
    expect(reply, hex).toEqual(new Error("ERR Bad data format"));
  };
  // Empty collections, an unknown form, what is cut off, twice the same, a score that is none, lengths that lie.
  for (const hex of ["0100", "0200", "0400", "63", "00", "0005616263", "020261610161", "03010161fd"])
    refused(hex);
  refused("0b080200000001000000");
  refused("0181ffffffffffffffff");
  refused("00c30181fffffffffffffffe00");
  expect(engine.run("RESTORE", "k", "0", "short")).toEqual(
    new Error("BUSYKEY Target key name already exists."),
  );
  expect(engine.run("RESTORE", "other", "0", "short")).toEqual(
    new Error("ERR DUMP payload version or checksum are wrong"),
  );
  expect(engine.run("GET", "k")).toBe("kept");
});

test("damaged payloads whose checksum is right are refused or are whole values", () => {
  const below = randomIntegers(7);
  const engine = new EngineInMemory();
  let refused = 0;
  for (let round = 0; round < 20_000; round++) {
    const body = Buffer.from(openPayload(Buffer.from(DUMPED[round % DUMPED.length]!.payload, "hex"))!);
    for (let left = 1 + below(3); left > 0; left--) body[below(body.length)] = below(256);
    const cut = below(10) === 0 ? body.subarray(0, below(body.length)) : body;
    const reply = engine.run("RESTORE", "k", "0", sealPayload(cut), "REPLACE");
    if (reply instanceof Error) {
      expect(reply.message).toBe("ERR Bad data format");
      refused++;
      continue;
    }
    // What was taken is a value like any other: it is dumped, and that is taken again.
    const again = bytesOf(engine.run("DUMP", "k"));
    expect(engine.run("RESTORE", "again", "0", again, "REPLACE")).toBe("OK");
  }
  expect(refused).toBeGreaterThan(2000);
  expect(refused).toBeLessThan(18_000);
});

test("expiry, age and frequency are restored, relative or absolute", () => {
  const engine = new EngineInMemory();
  engine.run("SET", "k", "v");
  const payload = bytesOf(engine.run("DUMP", "k"));
  const { now } = engine.server;
  expect(engine.run("RESTORE", "a", "100000", payload)).toBe("OK");
  expect(Number(engine.run("PEXPIRETIME", "a"))).toBeGreaterThanOrEqual(now + 100_000);
  expect(engine.run("RESTORE", "b", String(now + 500_000), payload, "ABSTTL", "IDLETIME", "1000")).toBe("OK");
  expect(engine.run("PEXPIRETIME", "b")).toBe(now + 500_000);
  expect(engine.run("OBJECT", "IDLETIME", "b")).toBeGreaterThanOrEqual(1000);
  expect(engine.run("RESTORE", "k", "1", payload, "ABSTTL", "REPLACE")).toBe("OK");
  expect(engine.run("EXISTS", "k")).toBe(0);
  expect(engine.run("RESTORE", "c", "-1", payload)).toEqual(new Error("ERR Invalid TTL value, must be >= 0"));
  expect(engine.run("RESTORE", "c", "0", payload, "FREQ", "256")).toEqual(
    new Error("ERR Invalid FREQ value, must be >= 0 and <= 255"),
  );
  expect(engine.run("RESTORE", "c", "0", payload, "NOW")).toEqual(new Error("ERR syntax error"));
});
