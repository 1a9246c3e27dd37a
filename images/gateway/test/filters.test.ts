import { randomNumbers } from "@weftkit/testing/random-numbers";
import {
  chunked,
  clientHandshake,
  pack,
  requestTags,
  responseTags,
  Structure,
  unpack,
} from "@weftkit/wire-bolt";
import { opCodes, writeMsg, writeReply } from "@weftkit/wire-mongo";
import { BackendWriter } from "@weftkit/wire-postgres";
import { BSON } from "mongodb";
import { describe, expect, test } from "vitest";
import { boltRoutes } from "../src/filters/bolt-routes.ts";
import type { Filter } from "../src/filters/frame-filter.ts";
import { mongoHello } from "../src/filters/mongo-hello.ts";
import { postgresKeys } from "../src/filters/postgres-keys.ts";

const seed = Number(process.env.WEFTKIT_TEST_SEED ?? Date.now() % 1_000_000);
const random = randomNumbers(seed);

/** Passes bytes through a filter in pieces of random lengths; until it has seen enough, as a relay does. */
function through(filter: Filter, bytes: Buffer, lengthMax: number, isLast = true): Buffer {
  const out: Buffer[] = [];
  let isOn = true;
  for (let at = 0; at < bytes.length; ) {
    const length = Math.min(bytes.length - at, 1 + Math.floor(random() * lengthMax));
    // As sockets do it: the buffer is used again afterwards.
    const input = Buffer.concat([Buffer.from("ab"), bytes.subarray(at, at + length), Buffer.from("c")]);
    if (isOn) {
      isOn = filter.push(input, 2, 2 + length, (buffer, start, end) => {
        out.push(Buffer.from(buffer.subarray(start, end)));
      });
    } else out.push(Buffer.from(input.subarray(2, 2 + length)));
    input.fill(0);
    at += length;
  }
  if (isOn && isLast) filter.end((buffer, start, end) => out.push(Buffer.from(buffer.subarray(start, end))));
  return Buffer.concat(out);
}

const lengths = [1, 2, 3, 7, 20, 1000, 100_000];
const bytesOf = (length: number) => Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));

describe.each(lengths)(`in pieces of up to %s bytes (seed ${seed})`, (lengthMax) => {
  test("hello's answer names the gateway, and everything else passes", () => {
    const { client, server } = mongoHello("gw:27017");
    const hosts = ["a:1", "b:2"];
    const set = {
      setName: "rs",
      hosts,
      passives: ["c:3"],
      me: "a:1",
      primary: "a:1",
      setVersion: 3,
      electionId: 1,
      ok: 1,
    };
    const rest = {
      setName: "rs",
      hosts: ["gw:27017"],
      passives: [],
      me: "gw:27017",
      primary: "gw:27017",
      ok: 1,
    };
    const document = (value: object) => Buffer.from(BSON.serialize(value));
    const insert = document({ insert: "a", documents: [{ hosts }], $db: "x", filler: bytesOf(3000) });
    const asked = Buffer.concat([
      writeMsg({ requestId: 7, body: document({ hello: 1, $db: "admin" }) }),
      writeMsg({ requestId: 8, body: insert }),
      writeMsg({ requestId: 9, body: document({ isMaster: 1, $db: "admin" }) }),
    ]);
    expect(through(client, asked, lengthMax).equals(asked)).toBe(true);
    const [plain, answer] = [document({ ok: 1, hosts, filler: bytesOf(5000) }), document(set)];
    const answered = [
      writeMsg({ requestId: 1, responseTo: 8, body: plain }),
      writeMsg({ requestId: 2, responseTo: 7, body: answer, flags: 2 }),
      writeMsg({ requestId: 3, responseTo: 2, body: answer }),
      writeReply(4, 9, answer),
      writeReply(5, 9, answer),
    ];
    const expected = [
      answered[0]!,
      writeMsg({ requestId: 2, responseTo: 7, body: document(rest), flags: 2 }),
      writeMsg({ requestId: 3, responseTo: 2, body: document(rest) }),
      writeReply(4, 9, document(rest)),
      answered[4]!,
    ];
    expect(through(server, Buffer.concat(answered), lengthMax)).toEqual(Buffer.concat(expected));
    expect(answered[3]!.readInt32LE(12)).toBe(opCodes.reply);
  });

  test.each([false, true])(
    "ROUTE's table names the client's address (with a manifest: %s)",
    (hasManifest) => {
      const { client, server } = boltRoutes("fallback:7687");
      const message = (tag: number, ...fields: Parameters<typeof pack>[0][]) =>
        chunked(Buffer.from(pack(new Structure(tag, fields))));
      const hello = new Map([["routing", new Map([["address", "gw:7687"]])]]);
      const said = [
        clientHandshake(hasManifest ? ["manifest"] : [{ major: 5, minor: 4, range: 4 }]),
        ...(hasManifest ? [Buffer.from([0, 0, 8, 5, 0x81, 0x01])] : []),
        message(requestTags.hello, hello),
        message(requestTags.run, "RETURN 1", new Map(), new Map()),
      ];
      // A client that speaks before it was answered knows nothing of a manifest: the two take turns.
      const version = hasManifest
        ? Buffer.from([0, 0, 1, 0xff, 2, 0, 4, 4, 5, 0, 0, 8, 5, 0x80, 0x00])
        : Buffer.from([0, 0, 4, 5]);
      expect(through(client, said[0]!, lengthMax, false)).toEqual(said[0]);
      expect(through(server, version, lengthMax, false)).toEqual(version);
      const others = Buffer.concat(said.slice(1));
      expect(through(client, others, lengthMax)).toEqual(others);
      const table = (address: string) =>
        new Map([
          [
            "rt",
            new Map<string, Parameters<typeof pack>[0]>([
              ["ttl", 300n],
              [
                "servers",
                ["WRITE", "READ", "ROUTE"].map(
                  (role) =>
                    new Map<string, Parameters<typeof pack>[0]>([
                      ["addresses", [address]],
                      ["role", role],
                    ]),
                ),
              ],
            ]),
          ],
        ]);
      const record = message(responseTags.record, [new Uint8Array(bytesOf(70_000))]);
      const before = [
        message(responseTags.success, new Map()),
        record,
        Buffer.alloc(2),
        message(responseTags.success, table("inner:7687")),
        record,
      ];
      const after = [
        before[0]!,
        record,
        Buffer.alloc(2),
        message(responseTags.success, table("gw:7687")),
        record,
      ];
      expect(through(server, Buffer.concat(before), lengthMax).equals(Buffer.concat(after))).toBe(true);
      expect(unpack(Buffer.from(pack(1n)))).toBe(1n);
    },
  );

  test("a session's key is found, and nothing is changed", () => {
    const found: string[] = [];
    const writer = new BackendWriter();
    writer.parameterStatus("server_version", "18.0");
    const key = Buffer.concat([Buffer.from([0x4b, 0, 0, 0, 12, 0, 0, 0, 42]), Buffer.from("keys")]);
    const head = Buffer.from(writer.take());
    const all = Buffer.concat([head, key, Buffer.from([0x5a, 0, 0, 0, 5, 0x49]), bytesOf(500)]);
    const filter = postgresKeys((processId, bytes) => found.push(`${processId} ${bytes}`));
    expect(through(filter, all, lengthMax)).toEqual(all);
    expect(found).toEqual(["42 keys"]);
  });

  test("bytes that are no frames pass as they are", () => {
    for (let round = 0; round < 20; round++) {
      const bytes = bytesOf(Math.floor(random() * 3000));
      const mongo = mongoHello("gw:1");
      const bolt = boltRoutes("gw:1");
      for (const filter of [mongo.client, mongo.server, bolt.client, bolt.server, postgresKeys(() => {})]) {
        expect(through(filter, bytes, lengthMax).equals(bytes)).toBe(true);
      }
    }
  });
});
