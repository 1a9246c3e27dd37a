import { describe, expect, test } from "vitest";
import type { AttributeValue, Item } from "../src/items/attribute-value.ts";
import { RawTable } from "./raw-table.ts";
import { RunningEngine } from "./running-engine.ts";

/** What AWS bounds ("Constraints in Amazon DynamoDB"), at the bound and beyond it. */

const running = RunningEngine.forFile();
const pk = { pk: { S: "k" } };
const nesting =
  "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit";
const enveloped = `1 validation error detected: ${nesting}`;

/** A text in so many maps, or lists. */
function wrapped(wraps: number, kind: "M" | "L" = "M"): AttributeValue {
  let value: AttributeValue = { S: "leaf" };
  for (let i = 0; i < wraps; i++) value = kind === "M" ? { M: { n: value } } : { L: [value] };
  return value;
}

describe("nesting", () => {
  test.each(["M", "L"] as const)("a value may be in 31 of %s, at level 32", async (kind) => {
    const table = await RawTable.create(running);
    await table.put({ ...pk, v: wrapped(31, kind) });
    expect((await table.get(pk))!.v).toEqual(wrapped(31, kind));
    const put = (wraps: number) => table.message("PutItem", { Item: { ...pk, v: wrapped(wraps, kind) } });
    expect(await put(32)).toBe(enveloped);
    expect(await put(61)).toBe(enveloped);
    expect(await put(63)).toBe(nesting);
  });

  test("keys, values of expressions and legacy members are told of in the words of their operation", async () => {
    const table = await RawTable.create(running);
    await table.put(pk);
    const deep = wrapped(32);
    const message = (operation: string, members: object) => table.message(operation, members);
    const condition = {
      ConditionExpression: "v = :v",
      ExpressionAttributeValues: { ":v": deep },
    };
    expect(await message("GetItem", { Key: { pk: deep } })).toBe(nesting);
    expect(await message("DeleteItem", { Key: { pk: deep } })).toBe(enveloped);
    expect(await message("UpdateItem", { Key: { pk: deep } })).toBe(enveloped);
    expect(await message("UpdateItem", { Key: pk, ...condition })).toBe(enveloped);
    expect(await message("PutItem", { Item: pk, Expected: { v: { Value: deep } } })).toBe(enveloped);
    expect(await message("UpdateItem", { Key: pk, AttributeUpdates: { v: { Value: deep } } })).toBe(
      enveloped,
    );
    expect(await message("Scan", { ExclusiveStartKey: { pk: deep } })).toBe(
      `The provided starting key is invalid: ${nesting}`,
    );
    const all = { KeyConditionExpression: "pk = :k", ExpressionAttributeValues: { ":k": pk.pk } };
    expect(await message("Query", { ...all, ExclusiveStartKey: { pk: deep } })).toBe(nesting);
    const deeper = { ...condition, ExpressionAttributeValues: { ":v": wrapped(63) } };
    expect(await message("UpdateItem", { Key: pk, ...deeper })).toBe(
      `ExpressionAttributeValues contains invalid value: ${nesting} for key :v`,
    );
  });

  test("batches and transactions have no envelope, and what an update makes of an item is bounded, too", async () => {
    const table = await RawTable.create(running);
    const Item = { ...pk, v: wrapped(32) };
    const batch = { RequestItems: { [table.name]: [{ PutRequest: { Item } }] } };
    expect(await table.message("BatchWriteItem", batch)).toBe(nesting);
    const Put = { TableName: table.name, Item };
    expect(await table.message("TransactWriteItems", { TransactItems: [{ Put }] })).toBe(nesting);
    await table.put({ ...pk, v: wrapped(20) });
    const path = `v${".n".repeat(20)}`;
    const set = (wraps: number) => table.update(pk, `SET ${path} = :v`, { ":v": wrapped(wraps) });
    expect((await set(12)).json.message).toBe("Nesting Levels have exceeded supported limits");
    expect((await set(11)).status).toBe(200);
    expect((await table.get(pk))!.v).toEqual(wrapped(31));
  });

  test("a parameter of PartiQL may have one level more", async () => {
    const table = await RawTable.create(running);
    const select = (wraps: number) =>
      table.engine.call("ExecuteStatement", {
        Statement: `SELECT * FROM "${table.name}" WHERE pk = 'k' AND v = ?`,
        Parameters: [wrapped(wraps)],
      });
    expect((await select(32)).status).toBe(200);
    expect((await select(33)).json.message).toBe(nesting);
  });
});

test("an attribute's name may have 65,535 bytes", async () => {
  const table = await RawTable.create(running);
  const put = (bytes: number, wrap: (item: Item) => Item = (item) => item) =>
    table.call("PutItem", { Item: { ...pk, ...wrap({ ["ä".repeat(bytes / 2)]: { S: "" } }) } });
  expect((await put(65_534)).status).toBe(200);
  expect((await put(65_536)).json.message).toContain("Attribute name is too large");
  expect((await put(65_536, (item) => ({ m: { M: item } }))).json.message).toContain("name is too large");
});

test("a placeholder of a name may have 255 characters, one of a value more", async () => {
  const table = await RawTable.create(running);
  const get = (length: number) => {
    const name = `#${"a".repeat(length - 1)}`;
    return table.call("GetItem", {
      Key: pk,
      ProjectionExpression: name,
      ExpressionAttributeNames: { [name]: "v" },
    });
  };
  expect((await get(255)).status).toBe(200);
  expect((await get(256)).json.message).toContain("ExpressionAttributeNames contains invalid key");
  const value = `:${"a".repeat(299)}`;
  const { status } = await table.update(pk, `SET v = ${value}`, { [value]: { N: "1" } });
  expect(status).toBe(200);
});

test("an expression may have 300 operators and functions, and 100 operands of IN", async () => {
  const table = await RawTable.create(running);
  const put = (condition: string) =>
    table.call("PutItem", {
      Item: pk,
      ConditionExpression: condition,
      ExpressionAttributeValues: { ":a": { N: "1" } },
    });
  const terms = (count: number) => Array.from({ length: count }, () => "a<:a").join(" OR ");
  expect((await put(terms(150))).json.__type).toContain("ConditionalCheckFailed");
  expect((await put(terms(151))).json.message).toBe(
    "1 validation error detected: Invalid ConditionExpression: The expression contains too many operators; operator count: 301",
  );
  const operands = (count: number) => `a IN (${Array.from({ length: count }, () => ":a").join(",")})`;
  expect((await put(operands(100))).json.__type).toContain("ConditionalCheckFailed");
  expect((await put(operands(101))).json.message).toContain("too many operands; number of operands: 101");
});

test("keys have 2,048 and 1,024 bytes at the most, in indexes as well", async () => {
  const attribute = (AttributeName: string) => ({ AttributeName, AttributeType: "S" });
  const table = await RawTable.create(running, true, {
    AttributeDefinitions: [attribute("pk"), attribute("sk"), attribute("gk")],
    GlobalSecondaryIndexes: [
      {
        IndexName: "global",
        KeySchema: [{ AttributeName: "gk", KeyType: "HASH" }],
        Projection: { ProjectionType: "ALL" },
      },
    ],
  });
  const put = (partition: number, sort: number) =>
    table.call("PutItem", { Item: { pk: { S: "p".repeat(partition) }, sk: { S: "s".repeat(sort) } } });
  expect((await put(2048, 1024)).status).toBe(200);
  expect((await put(2049, 1)).json.message).toMatch(/size limit of ?2048 bytes/);
  expect((await put(1, 1025)).json.message).toMatch(/size limit of ?1024 bytes/);
  expect((await put(0, 1)).json.message).toContain("empty string value");
  const entry = (bytes: number) =>
    table.call("PutItem", { Item: { pk: { S: "k" }, sk: { S: "k" }, gk: { S: "g".repeat(bytes) } } });
  expect((await entry(2048)).status).toBe(200);
  expect((await entry(2049)).json.message).toMatch(/size limit of ?2048 bytes/);
});

test("a batch of 25 items of 400 KB is taken, a request of more than 16 MB is not", async () => {
  const table = await RawTable.create(running);
  const batch = (text: string) => ({
    RequestItems: {
      [table.name]: Array.from({ length: 25 }, (_, n) => ({
        PutRequest: { Item: { pk: { S: `k${n}` }, t: { S: text } } },
      })),
    },
  });
  expect((await table.engine.call("BatchWriteItem", batch("x".repeat(409_590)))).status).toBe(200);
  const large = await table.engine.call("BatchWriteItem", batch("x".repeat(680_000)));
  expect(large.status).toBe(413);
  expect(await table.get({ pk: { S: "k24" } })).toMatchObject({ t: { S: "x".repeat(409_590) } });
});

test("a transaction has 100 actions and 4 MB, a batch of reads 100 keys", async () => {
  const table = await RawTable.create(running);
  const puts = (count: number, bytes: number) =>
    table.engine.call("TransactWriteItems", {
      TransactItems: Array.from({ length: count }, (_, n) => ({
        Put: { TableName: table.name, Item: { pk: { S: `k${n}` }, t: { S: "x".repeat(bytes) } } },
      })),
    });
  expect((await puts(100, 10)).status).toBe(200);
  expect((await puts(101, 10)).json.message).toContain("less than or equal to 100");
  expect((await puts(10, 409_000)).status).toBe(200);
  expect((await puts(11, 409_000)).json.message).toContain("4MB limit");
  const read = (count: number) =>
    table.engine.call("BatchGetItem", {
      RequestItems: {
        [table.name]: { Keys: Array.from({ length: count }, (_, n) => ({ pk: { S: `k${n}` } })) },
      },
    });
  expect((await read(100)).status).toBe(200);
  expect((await read(101)).json.message).toContain("100");
});
