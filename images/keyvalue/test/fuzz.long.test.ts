import { randomInt } from "node:crypto";
import { randomIntegers } from "@weftkit/testing/random-numbers";
import { expect, test } from "vitest";
import { operations } from "../src/operations/registry.ts";
import type { Members, Shape } from "../src/protocol/shape.ts";
import { pick, type RandomInteger } from "./random-values.ts";
import { RawTable } from "./raw-table.ts";
import { type RawReply, RunningEngine } from "./running-engine.ts";

const seed = Number(process.env.WEFTKIT_FUZZ_SEED ?? randomInt(2 ** 31));
const rounds = Number(process.env.WEFTKIT_FUZZ_ROUNDS ?? 3000);
const running = RunningEngine.forFile();

/** A hostile request is answered in the protocol's words, and never as a defect. */
function expectKnownState(reply: RawReply, sent: string): void {
  expect(reply.status, `${sent} => ${reply.text}`).toBeLessThan(500);
  if (reply.status !== 200) expect(reply.json?.__type, sent).toMatch(/^com\.amazon[\w.]*#\w+$/);
}

const wrong: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e300,
  "",
  "x",
  "a".repeat(3000),
  "\ud800",
  [],
  [null],
  [[]],
  ["x"],
  [{}],
  {},
  { a: null },
  { S: "x" },
  { N: "NaN" },
  { L: [null] },
  { M: { "": { S: "" } } },
  { SS: [1] },
  { B: "not base64" },
  { a: { S: "x", N: "1" } },
  { __proto__: null, constructor: {} },
];

function valid(random: RandomInteger, shape: Shape, table: string): unknown {
  switch (shape.type) {
    case "string":
      if (shape.isTable === true) return table;
      return shape.enum === undefined
        ? pick(random, ["abc", "a = :v", "SET a = :v"])
        : pick(random, shape.enum);
    case "boolean":
      return random(2) < 1;
    case "blob":
      return "AAE=";
    case "list":
      return [valid(random, shape.of, table)];
    case "map":
      return { [pick(random, [table, "pk", ":v", "#n"])]: valid(random, shape.of, table) };
    case "structure":
      return validMembers(random, shape.members, table);
    case "attributeValue":
      return pick(random, [{ S: "k" }, { N: "1" }, { M: { a: { S: "x" } } }, { L: [{ BOOL: true }] }]);
    default:
      return 1 + Math.floor(random(3));
  }
}

function validMembers(random: RandomInteger, members: Members, table: string): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const name in members) {
    const shape = members[name]!;
    if (shape.required === true || name === "TableName" || random(3) < 1)
      input[name] = valid(random, shape, table);
  }
  return input;
}

/** Puts something wrong in one place, at any depth. */
function spoil(random: RandomInteger, value: unknown): unknown {
  if (typeof value !== "object" || value === null || random(4) < 1) return pick(random, wrong);
  if (Array.isArray(value)) return value.map((member) => spoil(random, member));
  const names = Object.keys(value);
  if (names.length === 0) return pick(random, wrong);
  const name = pick(random, names);
  return { ...value, [name]: spoil(random, (value as Record<string, unknown>)[name]) };
}

test(`${rounds} requests with something wrong in them, of every operation (seed ${seed})`, async () => {
  const random = randomIntegers(seed);
  const table = await RawTable.create(running, false);
  await table.put({ pk: { S: "k" }, n: { N: "1" }, m: { M: { a: { S: "x" } } } });
  const all = [...operations];
  for (let i = 0; i < rounds; i++) {
    const [target, { members, name }] = all[i % all.length]!;
    if (name === "DeleteTable") continue;
    const input = validMembers(random, members, table.name);
    const body = JSON.stringify(random(5) < 1 ? input : spoil(random, input));
    expectKnownState(await table.engine.call(target, body), `seed ${seed}: ${target} ${body}`);
  }
  expect((await table.call("DescribeTable", {})).status).toBe(200);
});

const pieces = [
  ..."()[].,#:=<>+-&'\" \n",
  "a",
  "#n",
  ":v",
  ":w",
  "AND",
  "or",
  "NOT",
  "BETWEEN",
  "IN",
  "SET",
  "REMOVE",
  "ADD",
  "DELETE",
  "size",
  "size(a)",
  "contains(a, :v)",
  "attribute_exists",
  "attribute_exists(a)",
  "if_not_exists(a, :v)",
  "list_append(a, :v)",
  "a.b[0]",
  "a[99999999999]",
  "999",
  "name",
  "é",
  "🦊",
];

test(`${rounds} random expressions (seed ${seed})`, async () => {
  const random = randomIntegers(seed + 1);
  const table = await RawTable.create(running, false);
  const Key = { pk: { S: "k" } };
  await table.put({ ...Key, a: { M: { b: { L: [{ N: "1" }] } } } });
  for (let i = 0; i < rounds; i++) {
    const length = 1 + Math.floor(random(12));
    const text = Array.from({ length }, () => pick(random, pieces)).join(random(2) < 1 ? " " : "");
    const kind = pick(random, [
      "ConditionExpression",
      "UpdateExpression",
      "FilterExpression",
      "ProjectionExpression",
      "KeyConditionExpression",
      "Statement",
    ]);
    const names = { ExpressionAttributeNames: { "#n": "n" } };
    const values = { ExpressionAttributeValues: { ":v": { N: "1" }, ":w": { S: "w" } } };
    const placeholders = { ...(text.includes("#n") && names), ...(/:[vw]/.test(text) && values) };
    const reply =
      kind === "Statement"
        ? await table.engine.call("ExecuteStatement", {
            Statement: `SELECT * FROM "${table.name}" WHERE ${text}`,
          })
        : kind === "ConditionExpression"
          ? await table.call("PutItem", { Item: Key, [kind]: text, ...placeholders })
          : kind === "UpdateExpression"
            ? await table.call("UpdateItem", { Key, [kind]: text, ...placeholders })
            : await table.call(kind === "KeyConditionExpression" ? "Query" : "Scan", {
                [kind]: text,
                ...placeholders,
              });
    expectKnownState(reply, `seed ${seed}: ${kind} ${text}`);
  }
});

test.each([
  ["brackets", `{"TableName":"t","Item":${"[".repeat(100_000)}`],
  ["nested values", `{"TableName":"abc","Item":{"pk":${'{"L":['.repeat(50_000)}${"]}".repeat(50_000)}}}`],
  [
    "nested maps",
    `{"TableName":"abc","Item":{"pk":${'{"M":{"a":'.repeat(20_000)}{"S":"x"}${"}}".repeat(20_000)}}}`,
  ],
  ["a long text", `{"TableName":"abc","Item":{"pk":{"S":"${"x".repeat(5_000_000)}"}}}`],
  [
    "many members",
    `{"TableName":"abc","Item":{${Array.from({ length: 100_000 }, (_, i) => `"a${i}":{"S":"x"}`).join(",")}}}`,
  ],
  [
    "bytes that are no UTF-8",
    Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]).toString("latin1"),
  ],
  [
    "parentheses",
    JSON.stringify({ TableName: "abc", Item: { pk: { S: "x" } }, ConditionExpression: "(".repeat(4000) }),
  ],
  [
    "negations",
    JSON.stringify({
      TableName: "abc",
      Item: { pk: { S: "x" } },
      ConditionExpression: `${"NOT ".repeat(1000)}a`,
    }),
  ],
])("%s are refused, and the engine goes on", async (_, body) => {
  const table = await RawTable.create(running, false);
  const reply = await table.engine.call("PutItem", body);
  expectKnownState(reply, body.slice(0, 100));
  expect(reply.status).not.toBe(200);
  expect((await table.call("DescribeTable", {})).status).toBe(200);
});
