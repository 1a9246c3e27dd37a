import { randomIntegers } from "@weftkit/testing/random-numbers";
import { expect, test } from "vitest";
import { discovery } from "../../src/description.ts";
import { Codec, CodecError, exchangeBytesMax, nameBytesMax, noteBytesMax } from "../../src/swim/codec.ts";
import type { Message } from "../../src/swim/message.ts";
import { membersMax } from "../../src/swim/policy.ts";

const seed = Number(process.env.WEFTKIT_SWIM_SEED ?? Math.floor(Math.random() * 1e9));
const codec = new Codec("secret", "default");
const from = { name: "ä-node", incarnation: 2 ** 48 - 1 };
const address = { host: "2001:db8::1", port: 7946 };
const suspect = { state: "suspect", name: "b", incarnation: 7, address, accusers: [1, 2 ** 32 - 1] } as const;
const left = { state: "left", name: "c", incarnation: 0, address, accusers: [] } as const;
const note = { key: "images/db1", body: Buffer.from("{}") };

const messages: Message[] = [
  { kind: "ping", sequence: 2 ** 32 - 1, target: "b", from, updates: [suspect, left], notes: [note] },
  { kind: "ping_request", sequence: 0, target: "b", address, from, updates: [], notes: [] },
  { kind: "ack", sequence: 1, from, updates: [suspect], notes: [] },
  { kind: "nack", sequence: 1, from, updates: [], notes: [] },
  { kind: "gossip", from, updates: [left], notes: [note, note] },
  { kind: "exchange", isReply: true, from, updates: [suspect, left], notes: [note] },
];

test.each(messages)("$kind is read as it was written", (message) => {
  expect(codec.decode(codec.encode(message))).toEqual(message);
});

test("all that may be known fits into one exchange", () => {
  const name = "n".repeat(nameBytesMax);
  const update = {
    ...suspect,
    name,
    address: { ...address, host: "h".repeat(255) },
    accusers: Array(8).fill(1),
  };
  const longest = { key: "i".repeat(128), body: Buffer.alloc(noteBytesMax) };
  const bytes = codec.encode({
    kind: "exchange",
    isReply: true,
    from,
    updates: Array.from({ length: membersMax + 1 }, () => update),
    notes: Array.from({ length: discovery.keys.max_instances.max! }, () => longest),
  });
  expect(bytes.length).toBeLessThanOrEqual(exchangeBytesMax);
});

test("a message of another cluster, of another key, or changed on its way is not authentic", () => {
  const bytes = codec.encode(messages[0]!);
  const changed = Buffer.from(bytes);
  changed[5]! ^= 1;
  for (const [reader, sent] of [
    [new Codec("secret", "another"), bytes],
    [new Codec("guess", "default"), bytes],
    [new Codec(undefined, "default"), bytes],
    [codec, changed],
  ] as const) {
    expect(() => reader.decode(sent)).toThrow(expect.objectContaining({ reason: "not_authentic" }));
  }
});

test(`bytes that are no message are refused, whatever they are (seed ${seed})`, () => {
  const random = randomIntegers(seed);
  const macBytes = 16;
  for (let i = 0; i < 5000; i++) {
    // Authentic, so that what is behind the check is reached: a member with a defect.
    const text = codec.encode(messages[i % messages.length]!).subarray(0, -macBytes);
    const broken = Buffer.from(random(3) === 0 ? text.subarray(0, random(text.length)) : text);
    for (let flips = random(4); flips >= 0 && broken.length > 1; flips--)
      broken[1 + random(broken.length - 1)] = random(256);
    try {
      codec.decode(codec.seal(broken, []));
    } catch (error) {
      expect(error).toBeInstanceOf(CodecError);
    }
  }
});
