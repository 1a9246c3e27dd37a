import { describe, expect, test } from "vitest";
import { toShellText } from "../page/consoles/document/shell-text.ts";
import type { Json } from "../src/api.ts";
import { parseShellText } from "../src/consoles/document/shell-text.ts";
import { ApiClient, startEngine, startPlayground } from "./start-playground.ts";

describe("a value as people write it for MongoDB", () => {
  test.each([
    [`{ a: 1, 'b': "x", "c.d": [1, 2,], // comment\n }`, { a: 1, b: "x", "c.d": [1, 2] }],
    [
      "{ $or: [{ a: { $gt: -1 } }, { b: null }], /* no */ c: true }",
      { $or: [{ a: { $gt: -1 } }, { b: null }], c: true },
    ],
    ["'it\\'s \\u00e9\\n'", "it's é\n"],
    ["{ __proto__: 1 }", JSON.parse('{"__proto__": 1}')],
  ])("%s", (text, value) => {
    expect(JSON.parse(JSON.stringify(parseShellText(text)))).toEqual(value);
  });

  test.each([
    'ObjectId("507f1f77bcf86cd799439011")',
    'NumberLong("9007199254740993")',
    'NumberDecimal("0.10000000000000000001")',
    'ISODate("2024-02-29T12:00:00.000Z")',
    'BinData(0, "AAEC")',
    "Timestamp(1, 2)",
    'RegExp("a/b", "i")',
    "MinKey()",
    "1.0",
    "-7",
  ])("%s is read and written as itself", async (text) => {
    const { BSON } = await import("mongodb");
    const shown = BSON.EJSON.serialize({ a: parseShellText(text) } as never, { relaxed: false }) as {
      a: Json;
    };
    expect(toShellText(shown.a)).toBe(text);
  });

  test.each([
    ["{ a: }", 6],
    ["{ a: 1", 7],
    ["{ a: process }", 6],
    ["{ a: eval('1') }", 6],
    ["{ a: 'x }", 10],
    ["[1] 2", 5],
    ["{ a: ISODate('x') }", undefined],
  ])("%s is none, and the place is told", (text, position) => {
    expect(() => parseShellText(text)).toThrow(
      expect.objectContaining({
        code: "invalid_request",
        fields: position === undefined ? {} : { position },
      }),
    );
  });
});

async function open(user: "ann" | "rob" = "ann") {
  const engine = await startEngine("document");
  const { service } = await startPlayground([engine.text]);
  const client = await ApiClient.loggedIn(service.port, user);
  const ask = async (operation: string, body: unknown) =>
    (await client.operate(engine.text, operation, body)).body;
  return { engine, service, client, ask };
}

const place = { db: "shop", collection: "people" };

test("documents are written, read exactly, replaced when nobody else did, and deleted", async () => {
  const { ask } = await open();
  const documents = '[{ _id: 1, n: NumberLong("9007199254740993"), x: 1.0 }, { _id: 2, "a.b": 1 }]';
  expect(await ask("insert", { ...place, documents })).toEqual({ inserted: 2 });
  expect((await ask("insert", { ...place, documents: "{ _id: 1 }" })).error).toMatchObject({
    code: "engine_refused",
    engineCode: "11000",
  });
  const { documents: found } = await ask("find", { ...place, filter: "{ _id: 1 }" });
  expect(found).toEqual([
    {
      isWhole: true,
      value: {
        _id: { $numberInt: "1" },
        n: { $numberLong: "9007199254740993" },
        x: { $numberDouble: "1.0" },
      },
    },
  ]);
  const before = JSON.stringify(found[0].value);
  expect(await ask("replace", { ...place, before, after: "{ _id: 1, x: 2.0, y: 1 }" })).toEqual({});
  expect((await ask("replace", { ...place, before, after: "{ _id: 1 }" })).error.code).toBe("busy");
  const dotted = { ...place, before: '{ _id: 2, "a.b": 1 }', after: '{ _id: 2, "a.b": 2 }' };
  expect(await ask("replace", dotted)).toEqual({});
  expect(await ask("delete", { ...place, id: "{ _id: 1 }" })).toEqual({});
  expect((await ask("delete", { ...place, id: "{ _id: 1 }" })).error.code).toBe("not_found");
  expect(await ask("catalog", {})).toEqual([
    { name: "shop", collections: [{ name: "people", type: "collection" }] },
  ]);
});

test("a long document is shown in part, and a long result comes in pages of one cursor", async () => {
  const { ask } = await open();
  const many = Array.from({ length: 130 }, (_, _id) => ({
    _id,
    text: _id === 0 ? "x".repeat(100_000) : "y",
  }));
  await ask("insert", { ...place, documents: JSON.stringify(many) });
  const first = await ask("find", { ...place, filter: "", sort: "{ _id: 1 }" });
  expect(first.documents).toHaveLength(50);
  expect(first.documents[0]).toMatchObject({ isWhole: false });
  expect(JSON.stringify(first.documents[0]).length).toBeLessThan(2000);
  const second = await ask("fetch", { cursor: first.cursor });
  expect(second.documents[0].value._id).toEqual({ $numberInt: "50" });
  expect(await ask("document", { ...place, id: "{ _id: 0 }" })).toMatchObject({ isWhole: true });
  expect((await ask("fetch", { cursor: first.cursor })).error.code).toBe("not_found");
});

test("stages are previewed, without what writes", async () => {
  const { ask } = await open();
  await ask("insert", { ...place, documents: "[{ a: 1 }, { a: 2 }]" });
  const pipeline = '[{ $match: { a: 2 } }, { $set: { b: 1 } }, { $out: "copy" }]';
  expect(await ask("stages", { ...place, pipeline })).toMatchObject([
    { name: "$match", documents: [{}] },
    { name: "$set", documents: [{ value: { b: { $numberInt: "1" } } }] },
    { name: "$out", documents: [], note: expect.stringContaining("writes") },
  ]);
  expect((await ask("catalog", {}))[0].collections).toHaveLength(1);
});

test.each(["ann", "rob"] as const)("a command of %s is ended when the browser goes", async (user) => {
  const { engine, client, ask } = await open(user);
  const [hello] = (await ask("command", { db: "admin", command: "{ hello: 1 }" })).documents;
  const { topologyVersion } = hello.value;
  const waiting = { hello: 1, topologyVersion, maxAwaitTimeMS: 600_000, comment: "waits" };
  const gone = new AbortController();
  const asked = client
    .ask(`/api/engines/${encodeURIComponent(engine.text.split("?")[0]!.replace("=", "@"))}/command`, {
      method: "POST",
      headers: {
        cookie: client.cookie,
        "x-csrf-token": client.csrfToken,
        "content-type": "application/json",
      },
      body: JSON.stringify({ db: "admin", command: JSON.stringify(waiting) }),
      signal: gone.signal,
    })
    .catch(() => {});
  const running = async () => {
    const { documents } = await ask("command", { db: "admin", command: "{ currentOp: 1, $ownOps: true }" });
    return JSON.stringify(documents).split('"waits"').length - 1;
  };
  await expect.poll(running).toBe(1);
  gone.abort();
  await asked;
  await expect.poll(running).toBe(0);
});

test("who may only read does not write through it", async () => {
  const { ask } = await open("rob");
  for (const [operation, body] of [
    ["insert", { ...place, documents: "{ a: 1 }" }],
    ["delete", { ...place, id: "{ _id: 1 }" }],
    ["replace", { ...place, before: "{ _id: 1 }", after: "{ _id: 1, a: 1 }" }],
    ["command", { db: "shop", command: '{ drop: "people" }' }],
    ["aggregate", { ...place, pipeline: '[{ $out: "copy" }]' }],
  ] as const) {
    expect((await ask(operation, body)).error, operation).toMatchObject({ engineCode: "Unauthorized" });
  }
  expect(await ask("find", { ...place, filter: "{}" })).toMatchObject({ documents: [] });
});

test("an engine that is gone is told", async () => {
  const { engine, ask } = await open();
  await ask("find", { ...place, filter: "{}" });
  await engine.program.kill();
  expect((await ask("find", { ...place, filter: "{}" })).error.code).toBe("engine_unreachable");
});
