import { describe, expect, test } from "vitest";
import {
  isOwner,
  isSubtree,
  type Manifest,
  manifestBounds,
  parseManifest,
  partsOf,
  readBeginRequest,
  readErrorReply,
  readHead,
  sha256,
  subtreeOf,
} from "../src/contract/index.ts";

const part = { sha256: sha256("part"), bytes: 10 };
const base = {
  kind: "base",
  seqFrom: 1,
  seqTo: 1,
  time: 5,
  bytes: 10,
  sha256: sha256("piece"),
  parts: [part],
} as const;
const delta = { ...base, kind: "delta", seqFrom: 2, seqTo: 3 } as const;
const manifest: Manifest = {
  version: 1,
  subtree: "default/inmemory/0",
  engine: "inmemory",
  epoch: 2,
  seq: 3,
  time: 1_770_000_000_000,
  previous: sha256("before"),
  streams: { log: { kind: "log", pieces: [base, delta] } },
  history: [
    { seq: 2, time: 4, manifest: sha256("before"), verified: true },
    { seq: 1, time: 3, manifest: sha256("first") },
  ],
  dropped: [{ manifest: sha256("old"), time: 4 }],
  restoredAt: "1",
};

describe("a manifest", () => {
  test("is read as it was written", () => {
    expect(parseManifest(JSON.stringify(manifest))).toEqual(manifest);
    expect([...partsOf(manifest)]).toEqual([[part.sha256, 10]]);
  });

  test("of encrypted parts has longer parts", () => {
    const encryption = { scheme: "aes-256-gcm", keyName: "0123456789abcdef" } as const;
    const sealed = { ...base, parts: [{ ...part, bytes: 38 }] };
    const streams = { log: { kind: "log", pieces: [sealed] } } as const;
    expect(parseManifest(JSON.stringify({ ...manifest, streams, encryption }))).toMatchObject({ encryption });
    expect(() => parseManifest(JSON.stringify({ ...manifest, streams }))).toThrow(/add up/);
  });

  const pieces = (...list: unknown[]) => ({ streams: { log: { kind: "log", pieces: list } } });
  test.each<[string, Record<string, unknown>]>([
    ["another version", { version: 2 }],
    ["an unknown field", { extra: 1 }],
    ["a field that is missing", { epoch: undefined }],
    ["a fraction", { seq: 1.5 }],
    ["a number as text", { time: "5" }],
    ["a path as subtree", { subtree: "../inmemory/0" }],
    ["another subtree's engine", { engine: "graph" }],
    ["a path as previous", { previous: "../../head" }],
    ["a path as stream", { streams: { "../x": { kind: "log", pieces: [] } } }],
    ["a prototype as stream", { streams: JSON.parse('{"__proto__":{"kind":"log","pieces":[]}}') }],
    ["pieces out of order", pieces(base, { ...delta, seqFrom: 1 })],
    ["two bases", pieces(base, { ...delta, kind: "base" })],
    ["a piece of the future", pieces(base, { ...delta, seqTo: 4 })],
    ["lengths that do not add up", pieces({ ...base, bytes: 11 })],
    ["a history that is not newest first", { history: [...manifest.history].reverse() }],
    ["itself in its history", { history: [{ seq: 3, time: 4, manifest: sha256("x") }] }],
    ["too much history", { history: Array(manifestBounds.history + 1).fill(manifest.history[0]) }],
    ["no dropped states", { dropped: {} }],
    ["unknown encryption", { encryption: { scheme: "rot13", keyName: "0123456789abcdef" } }],
  ])("with %s is refused", (_, change) => {
    expect(() => parseManifest(JSON.stringify({ ...manifest, ...change }))).toThrow(
      expect.objectContaining({ code: "malformed" }),
    );
  });

  test.each(["", "null", "[]", "{", `{"a":${"[".repeat(50)}${"]".repeat(50)}}`])("is not %s", (text) => {
    expect(() => parseManifest(text)).toThrow(expect.objectContaining({ code: "malformed" }));
  });
});

describe("names", () => {
  test.each(["a/b/c", "default/inmemory/0", "A.b-c_d/e/0.1", `${"a".repeat(63)}/b/c`])(
    "%s is a subtree",
    (name) => {
      expect(isSubtree(name)).toBe(true);
    },
  );

  test.each([
    "",
    "a",
    "a/b",
    "a/b/c/d",
    "../b/c",
    "a/./c",
    "a//c",
    "-a/b/c",
    "a/b/c\n",
    "a/b/ c",
    "a/b/ç",
    `${"a".repeat(64)}/b/c`,
    null,
  ])("%j is none", (name) => {
    expect(isSubtree(name)).toBe(false);
  });

  test("are put together, or refused", () => {
    expect(subtreeOf("default", "graph", "0")).toBe("default/graph/0");
    expect(() => subtreeOf("a/b", "graph", "0")).toThrow(/a\/b\/graph\/0/);
  });

  test("of owners have no spaces and no line ends", () => {
    expect(["host-1:42:abc", "a b", "a\n", ""].map(isOwner)).toEqual([true, false, false, false]);
  });
});

describe("messages", () => {
  test("are refused when they are no UTF-8", () => {
    expect(() => readBeginRequest(Buffer.from([0x7b, 0xff, 0x7d]))).toThrow(/UTF-8/);
  });

  test("of a head hold together", () => {
    const head = { version: 1, epoch: 1, owner: "a", leaseUntil: 0, seq: 0, manifest: null, time: 0 };
    expect(readHead(head, "head")).toEqual(head);
    expect(() => readHead({ ...head, seq: 1 }, "head")).toThrow(/manifest/);
    expect(() => readHead({ ...head, epoch: 0 }, "head")).toThrow(/epoch/);
  });

  test("of an error need a known code", () => {
    const error = { code: "fenced", message: "m", retryable: false, serverTime: 1 };
    expect(readErrorReply(Buffer.from(JSON.stringify(error)))).toEqual(error);
    expect(() => readErrorReply(Buffer.from(JSON.stringify({ ...error, code: "other" })))).toThrow(/code/);
  });
});
