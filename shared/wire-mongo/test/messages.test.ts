import { randomIntegers } from "@weftkit/testing/random-numbers";
import { describe, expect, test } from "vitest";
import {
  compressMessage,
  frameLength,
  type MsgMessage,
  msgFlags,
  readMessage,
  requireValidDocument,
  WireMongoError,
  writeMsg,
  writeQuery,
  writeReply,
} from "../src/index.ts";

/** { a: int32 } */
function document(value: number): Buffer {
  const bytes = Buffer.from("0c0000001061000000000000", "hex");
  bytes.writeInt32LE(value, 7);
  return bytes;
}

describe("OP_MSG", () => {
  test("comes back as it was written, with sequences and a checksum", () => {
    const bytes = writeMsg({
      requestId: 7,
      responseTo: 3,
      flags: msgFlags.checksumPresent | msgFlags.exhaustAllowed,
      body: document(1),
      sequences: [{ identifier: "documents", documents: [document(2), document(3)] }],
    });
    expect(frameLength(bytes, 0, bytes.length)).toBe(bytes.length);
    expect(readMessage(bytes, 0, bytes.length)).toEqual({
      kind: "msg",
      requestId: 7,
      responseTo: 3,
      flags: msgFlags.checksumPresent | msgFlags.exhaustAllowed,
      body: document(1),
      sequences: [{ identifier: "documents", documents: [document(2), document(3)] }],
    });
    bytes[bytes.length - 1]! ^= 1;
    expect(() => readMessage(bytes, 0, bytes.length)).toThrow(/checksum/);
  });

  test.each(["zlib", "zstd"] as const)("is the same when it was compressed with %s", (name) => {
    const bytes = writeMsg({ requestId: 1, body: document(5) });
    const compressed = compressMessage(bytes, name);
    expect(readMessage(compressed, 0, compressed.length)).toEqual(readMessage(bytes, 0, bytes.length));
  });

  test("refuses flags that must be known, and two bodies", () => {
    const bytes = writeMsg({ requestId: 1, body: document(1), flags: 4 });
    expect(() => readMessage(bytes, 0, bytes.length)).toThrow(WireMongoError);
  });
});

test("OP_QUERY and OP_REPLY come back as they were written", () => {
  const query = writeQuery(9, "admin.$cmd", document(1));
  expect(readMessage(query, 0, query.length)).toMatchObject({
    kind: "query",
    requestId: 9,
    collection: "admin.$cmd",
    query: document(1),
  });
  const reply = writeReply(10, 9, document(2));
  expect(readMessage(reply, 0, reply.length)).toMatchObject({
    kind: "reply",
    responseTo: 9,
    documents: [document(2)],
  });
});

test("frames have lengths that can be", () => {
  const bytes = Buffer.alloc(16);
  expect(frameLength(bytes, 0, 3)).toBe(0);
  bytes.writeInt32LE(15, 0);
  expect(() => frameLength(bytes, 0, 16)).toThrow(/shorter/);
  bytes.writeInt32LE(48_000_001, 0);
  expect(() => frameLength(bytes, 0, 16)).toThrow(/longest/);
});

test("no message of random bytes does anything but be read or be refused", () => {
  const seed = Date.now() % 1_000_000;
  const random = randomIntegers(seed);
  const good = writeMsg({
    requestId: 1,
    body: document(1),
    sequences: [{ identifier: "documents", documents: [document(2)] }],
  });
  for (let round = 0; round < 3000; round++) {
    const bytes = Buffer.from(good);
    for (let i = random(4); i >= 0; i--) bytes[16 + random(bytes.length - 16)] = random(256);
    try {
      const message = readMessage(bytes, 0, bytes.length) as MsgMessage;
      for (const { documents } of message.sequences) {
        for (const one of documents) requireValidDocument(one, 0, one.length);
      }
      requireValidDocument(message.body, 0, message.body.length);
    } catch (error) {
      expect(error, `seed ${seed}, round ${round}`).toBeInstanceOf(WireMongoError);
    }
  }
});
