import { randomIntegers } from "@weftkit/testing/random-numbers";
import { describe, expect, test } from "vitest";
import {
  BackendWriter,
  FrontendWriter,
  frameLength,
  isWireError,
  negotiate,
  packetLength,
  readBackendMessage,
  readFrontendMessage,
  readStartup,
} from "../src/index.ts";

/** A message as a client sends it: type, length, body. */
function message(type: string, ...parts: readonly (string | number[] | Buffer)[]): Buffer {
  const body = Buffer.concat(
    parts.map((part) => (typeof part === "string" ? Buffer.from(`${part}\0`) : Buffer.from(part))),
  );
  const header = Buffer.alloc(5);
  header.write(type);
  header.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
}

const read = (bytes: Buffer) => readFrontendMessage(bytes, 0, bytes.length);

describe("what a client sends", () => {
  test.each<[Buffer, unknown]>([
    [message("Q", "select 1"), { type: "query", query: "select 1" }],
    [
      message("P", "s", "select $1", [0, 1, 0, 0, 0, 23]),
      { type: "parse", name: "s", query: "select $1", parameterOids: [23] },
    ],
    [message("D", [0x53], "s").subarray(0), { type: "describe", target: "statement", name: "s" }],
    [message("C", [0x50], ""), { type: "close", target: "portal", name: "" }],
    [message("E", "p", [0, 0, 0, 2]), { type: "execute", portal: "p", rowsMax: 2 }],
    [message("E", "p", [255, 255, 255, 255]), { type: "execute", portal: "p", rowsMax: 0 }],
    [message("S"), { type: "sync" }],
    [message("H"), { type: "flush" }],
    [message("c"), { type: "copyDone" }],
    [message("f", "no"), { type: "copyFail", reason: "no" }],
    [message("X"), { type: "terminate" }],
  ])("%# is read", (bytes, expected) => expect(read(bytes)).toEqual(expected));

  test("Bind has formats, values and NULLs", () => {
    const bind = message(
      "B",
      "p",
      "s",
      [0, 1, 0, 1],
      [0, 2, 0, 0, 0, 1, 65, 255, 255, 255, 255],
      [0, 2, 0, 0, 0, 1],
    );
    expect(read(bind)).toEqual({
      type: "bind",
      portal: "p",
      statement: "s",
      parameterFormats: [1],
      parameters: [Buffer.from("A"), null],
      resultFormats: [0, 1],
    });
  });

  test.each<[string, Buffer, string]>([
    ["a type that is none", message("!"), "invalid frontend message type 33"],
    ["too few bytes", message("E", "p", [0, 0]), "insufficient data left in message"],
    ["too many bytes", message("S", [0]), "invalid message format"],
    ["no NUL", message("Q", [65]), "invalid string in message"],
    [
      "a format that is none",
      message("B", "", "", [0, 1, 0, 7], [0, 0], [0, 0]),
      "unsupported format code: 7",
    ],
    [
      "a negative length",
      message("B", "", "", [0, 0], [0, 1, 255, 255, 255, 254], [0, 0]),
      "insufficient data",
    ],
    ["a subtype that is none", message("D", [88], ""), "invalid DESCRIBE message subtype 88"],
  ])("%s is a violation", (_, bytes, error) => expect(() => read(bytes)).toThrow(error));

  test("lengths are known from the header alone, and bounded", () => {
    const bytes = message("Q", "select 1");
    expect(frameLength(bytes, 0, 4, 100)).toBe(0);
    expect(frameLength(bytes, 0, 5, 100)).toBe(bytes.length);
    expect(() => frameLength(bytes, 0, 5, 10)).toThrow("invalid message length");
    expect(() => frameLength(Buffer.from([81, 0, 0, 0, 3]), 0, 5, 100)).toThrow("invalid message length");
    expect(packetLength(Buffer.from([0, 0, 0]), 0, 3, 100)).toBe(0);
    expect(() => packetLength(Buffer.from([0, 1, 0, 0]), 0, 4, 100)).toThrow("startup packet");
  });
});

test("what a client writes is what a server reads", () => {
  const writer = new FrontendWriter();
  writer.query("select 1");
  writer.parse("s", "select $1", [23]);
  writer.bind("p", "s", ["7", null, Buffer.from([1])], [0, 0, 1], [1]);
  writer.describe("portal", "p");
  writer.execute("p", 5);
  writer.close("statement", "s");
  writer.flush();
  writer.copyData(Buffer.from("x"));
  writer.copyDone();
  writer.copyFail("why");
  writer.sync();
  writer.terminate();
  const bytes = writer.take();
  const messages = [];
  for (let at = 0; at < bytes.length; ) {
    const length = frameLength(bytes, at, bytes.length, 1000);
    messages.push(readFrontendMessage(bytes, at, length));
    at += length;
  }
  expect(messages).toEqual([
    { type: "query", query: "select 1" },
    { type: "parse", name: "s", query: "select $1", parameterOids: [23] },
    {
      type: "bind",
      portal: "p",
      statement: "s",
      parameterFormats: [0, 0, 1],
      parameters: [Buffer.from("7"), null, Buffer.from([1])],
      resultFormats: [1],
    },
    { type: "describe", target: "portal", name: "p" },
    { type: "execute", portal: "p", rowsMax: 5 },
    { type: "close", target: "statement", name: "s" },
    { type: "flush" },
    { type: "copyData", data: Buffer.from("x") },
    { type: "copyDone" },
    { type: "copyFail", reason: "why" },
    { type: "sync" },
    { type: "terminate" },
  ]);
});

describe("the start", () => {
  const startup = (minor: number, parameters: [string, string][] = [["user", "ann"]]) => {
    const writer = new FrontendWriter();
    writer.startup(parameters, minor);
    const packet = readStartup(writer.take());
    if (packet.kind !== "startup") throw new TypeError("not a startup packet");
    return packet;
  };

  test("is a version and parameters", () => {
    expect(startup(0)).toEqual({
      kind: "startup",
      major: 3,
      minor: 0,
      parameters: new Map([["user", "ann"]]),
    });
  });

  test.each<[number, [string, string][], object]>([
    [0, [], { minor: 0, reply: undefined }],
    [2, [], { minor: 2, reply: undefined }],
    [1, [], { minor: 0, reply: { minor: 0, options: [] } }],
    [9999, [["_pq_.x", ""]], { minor: 2, reply: { minor: 2, options: ["_pq_.x"] } }],
  ])("settles the version for 3.%i", (minor, options, expected) =>
    expect(negotiate(startup(minor, options))).toEqual(expected),
  );

  test("refuses another major version with 0A000", () => {
    const packet = Buffer.from([0, 0, 0, 9, 0, 4, 0, 0, 0]);
    const read = readStartup(packet);
    expect(() => negotiate(read as ReturnType<typeof startup>)).toThrow(
      "unsupported frontend protocol 4.0: server supports 3.0 to 3.2",
    );
  });

  test("is also a request for TLS or to cancel", () => {
    const writer = new FrontendWriter();
    writer.sslRequest();
    expect(readStartup(writer.take())).toEqual({ kind: "ssl" });
    writer.cancelRequest(7, Buffer.from([1, 2, 3, 4]));
    expect(readStartup(writer.take())).toEqual({
      kind: "cancel",
      processId: 7,
      key: Buffer.from([1, 2, 3, 4]),
    });
  });
});

describe("what a server sends", () => {
  /** Everything that the writer was made to write, read again. */
  function written(write: (writer: BackendWriter) => void) {
    const writer = new BackendWriter();
    write(writer);
    const bytes = writer.take();
    const messages = [];
    for (let at = 0; at < bytes.length; ) {
      const length = frameLength(bytes, at, bytes.length, 1e6);
      messages.push(readBackendMessage(bytes, at, length));
      at += length;
    }
    return messages;
  }

  const field = {
    name: "a",
    tableOid: 16_384,
    attributeNumber: 1,
    typeOid: 23,
    typeLength: 4,
    typeModifier: -1,
  };

  test("can be read again", () => {
    const messages = written((writer) => {
      writer.authenticationOk();
      writer.parameterStatus("TimeZone", "UTC");
      writer.backendKeyData(1, Buffer.from([9, 9, 9, 9]));
      writer.rowDescription([field], [1]);
      writer.dataRow(3, (index) => ["é", null, Buffer.from([1])][index]!);
      writer.commandComplete("SELECT 1");
      writer.notification(1, "channel", "payload");
      writer.parameterDescription([25]);
      writer.negotiateProtocolVersion(2, ["_pq_.x"]);
      writer.copyData(Buffer.from("1\n"));
      writer.readyForQuery("T");
    });
    expect(messages).toEqual([
      { type: "authentication", code: 0, body: Buffer.alloc(0) },
      { type: "parameterStatus", name: "TimeZone", value: "UTC" },
      { type: "backendKeyData", processId: 1, key: Buffer.from([9, 9, 9, 9]) },
      { type: "rowDescription", fields: [field] },
      { type: "dataRow", values: [Buffer.from("é"), null, Buffer.from([1])] },
      { type: "commandComplete", tag: "SELECT 1" },
      { type: "notification", processId: 1, channel: "channel", payload: "payload" },
      { type: "parameterDescription", oids: [25] },
      { type: "negotiateProtocolVersion", minor: 2, options: ["_pq_.x"] },
      { type: "copyData", data: Buffer.from("1\n") },
      { type: "readyForQuery", status: "T" },
    ]);
  });

  test("errors keep their fields, without what would end a text early", () => {
    const fields = {
      severity: "ERROR",
      code: "23505",
      message: "dup\0licate",
      detail: "Key",
      constraint: "t_pkey",
      position: 3,
    } as const;
    expect(written((writer) => writer.error(fields))).toEqual([
      { type: "error", fields: { ...fields, message: "duplicate" } },
    ]);
  });

  test("a row whose encoding fails leaves nothing behind", () => {
    const messages = written((writer) => {
      writer.commandComplete("A");
      const failing = () => {
        throw new RangeError("no such value");
      };
      expect(() => writer.dataRow(1, failing)).toThrow("no such value");
      writer.commandComplete("B");
    });
    expect(messages).toEqual([
      { type: "commandComplete", tag: "A" },
      { type: "commandComplete", tag: "B" },
    ]);
  });
});

test("random bytes are read or refused, and nothing else", () => {
  const below = randomIntegers(20_261_128);
  for (let round = 0; round < 20_000; round++) {
    const bytes = Buffer.from(Array.from({ length: 5 + below(40) }, () => below(256)));
    bytes[0] = "QPBDECSHdcfpFX".charCodeAt(below(14));
    for (const attempt of [
      () => readFrontendMessage(bytes, 0, bytes.length),
      () => readBackendMessage(bytes, 0, bytes.length),
      () => readStartup(bytes),
    ]) {
      try {
        attempt();
      } catch (error) {
        if (!isWireError(error)) throw new Error(`${bytes.toString("hex")}: ${error}`);
      }
    }
  }
});
