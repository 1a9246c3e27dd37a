import { describe, expect, test } from "vitest";
import type { Item } from "../src/items/attribute-value.ts";
import { RawTable } from "./raw-table.ts";
import { RunningEngine } from "./running-engine.ts";

const running = RunningEngine.forFile();

const text = (AttributeName: string) => ({ AttributeName, AttributeType: "S" });
const number = (AttributeName: string) => ({ AttributeName, AttributeType: "N" });
const hash = (AttributeName: string) => ({ AttributeName, KeyType: "HASH" });
const range = (AttributeName: string) => ({ AttributeName, KeyType: "RANGE" });
const projection = (ProjectionType: string, NonKeyAttributes?: string[]) => ({
  ProjectionType,
  NonKeyAttributes,
});

/** A table with the key `pk`, `sk`, and indexes by `g` (everything), `g` and `n` (some) and, local, `n` (keys only). */
function withIndexes(): Promise<RawTable> {
  return RawTable.create(running, true, {
    AttributeDefinitions: [text("pk"), number("sk"), text("g"), number("n")],
    GlobalSecondaryIndexes: [
      { IndexName: "everything", KeySchema: [hash("g")], Projection: projection("ALL") },
      { IndexName: "some", KeySchema: [hash("g"), range("n")], Projection: projection("INCLUDE", ["a"]) },
    ],
    LocalSecondaryIndexes: [
      { IndexName: "local", KeySchema: [hash("pk"), range("n")], Projection: projection("KEYS_ONLY") },
    ],
  });
}

function item(sk: number, more: Item = {}): Item {
  return { pk: { S: "p" }, sk: { N: String(sk) }, ...more };
}

async function all(table: RawTable, operation: "Query" | "Scan", members: object): Promise<Item[]> {
  const found: Item[] = [];
  let ExclusiveStartKey: Item | undefined;
  do {
    const { json, text: answer } = await table.call(operation, { ...members, ExclusiveStartKey });
    if (json.Items === undefined) throw new Error(answer);
    found.push(...json.Items);
    ExclusiveStartKey = json.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return found;
}

const byG = (g: string) => ({
  KeyConditionExpression: "g = :g",
  ExpressionAttributeValues: { ":g": { S: g } },
});

describe("indexes", () => {
  test("have the items that have their key, and follow every change", async () => {
    const table = await withIndexes();
    const g = { g: { S: "x" } };
    await table.put(item(1, g));
    await table.put(item(2));
    await table.put(item(3, { ...g, n: { N: "5" }, a: { S: "a" }, b: { S: "b" } }));
    expect((await all(table, "Query", { IndexName: "everything", ...byG("x") })).length).toBe(2);
    expect(await all(table, "Query", { IndexName: "some", ...byG("x") })).toEqual([
      { ...item(3), ...g, n: { N: "5" }, a: { S: "a" } },
    ]);
    await table.update(item(2), "SET g = :g", { ":g": { S: "x" } });
    await table.update(item(1), "REMOVE g");
    await table.update(item(3), "SET a = :a", { ":a": { S: "other" } });
    const found = await all(table, "Query", { IndexName: "everything", ...byG("x") });
    expect(found.map(({ sk }) => sk!.N).sort()).toEqual(["2", "3"]);
    expect((await all(table, "Scan", { IndexName: "some" }))[0]!.a).toEqual({ S: "other" });
    await table.call("DeleteItem", { Key: item(3) });
    expect(await all(table, "Scan", { IndexName: "some" })).toEqual([]);
  });

  test("page through equal keys completely, with keys of the table and of the index", async () => {
    const table = await withIndexes();
    for (let sk = 0; sk < 25; sk++) await table.put(item(sk, { g: { S: "same" }, n: { N: "7" } }));
    const members = { IndexName: "some", ...byG("same"), Limit: 4 };
    const { json } = await table.call("Query", members);
    expect(Object.keys(json.LastEvaluatedKey).sort()).toEqual(["g", "n", "pk", "sk"]);
    for (const ScanIndexForward of [true, false]) {
      const found = await all(table, "Query", { ...members, ScanIndexForward });
      expect(new Set(found.map(({ sk }) => sk!.N)).size).toBe(25);
      expect(found.length).toBe(25);
    }
    expect((await all(table, "Scan", { IndexName: "some", Limit: 7 })).length).toBe(25);
    const last = await table.call("Query", { ...members, Limit: 30 });
    expect(last.json.LastEvaluatedKey).toBeUndefined();
  });

  test("a local one reads from the table what it lacks, a global one never does", async () => {
    const table = await withIndexes();
    const full = item(1, { g: { S: "x" }, n: { N: "1" }, a: { S: "a" }, b: { S: "b" } });
    await table.put(full);
    const local = {
      IndexName: "local",
      KeyConditionExpression: "pk = :p",
      ExpressionAttributeValues: { ":p": { S: "p" } },
    };
    expect(await all(table, "Query", local)).toEqual([{ ...item(1), n: { N: "1" } }]);
    expect(await all(table, "Query", { ...local, Select: "ALL_ATTRIBUTES" })).toEqual([full]);
    expect(await all(table, "Query", { ...local, ProjectionExpression: "b" })).toEqual([{ b: { S: "b" } }]);
    const global = { IndexName: "some", ...byG("x") };
    expect(await table.message("Query", { ...global, Select: "ALL_ATTRIBUTES" })).toBe(
      "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index some because its projection type is not ALL",
    );
    expect(await table.message("Query", { ...global, ProjectionExpression: "a, b" })).toBe(
      "One or more parameter values were invalid: Global secondary index some does not project [b]",
    );
  });

  test("refuse items whose attributes cannot be their keys", async () => {
    const table = await withIndexes();
    expect(await table.message("PutItem", { Item: item(1, { g: { N: "1" } }) })).toBe(
      "One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N IndexName: everything",
    );
    expect(await table.message("PutItem", { Item: item(1, { g: { S: "" } }) })).toBe(
      "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: everything, IndexKey: g",
    );
  });

  test.each([
    [
      { KeyConditionExpression: "n = :n", ExpressionAttributeValues: { ":n": { N: "1" } } },
      "Query condition missed key schema element: g",
    ],
    [
      { KeyConditionExpression: "g > :g", ExpressionAttributeValues: { ":g": { S: "x" } } },
      "Query key condition not supported",
    ],
    [
      { KeyConditionExpression: "g = :g AND a = :g", ExpressionAttributeValues: { ":g": { S: "x" } } },
      "Query condition missed key schema element: n",
    ],
    [
      { KeyConditionExpression: "g = :g", ExpressionAttributeValues: { ":g": { N: "1" } } },
      "One or more parameter values were invalid: Condition parameter type does not match schema type",
    ],
    [
      { KeyConditionExpression: "g = :g OR n = :g", ExpressionAttributeValues: { ":g": { S: "x" } } },
      "Invalid operator used in KeyConditionExpression: OR",
    ],
    [
      { KeyConditionExpression: "g = :g AND g = :g", ExpressionAttributeValues: { ":g": { S: "x" } } },
      "KeyConditionExpressions must only contain one condition per key",
    ],
    [
      { ...byG("x"), FilterExpression: "n > :g" },
      "Filter Expression can only contain non-primary key attributes: Primary key attribute: n",
    ],
    [{ ...byG("x"), ConsistentRead: true }, "Consistent reads are not supported on global secondary indexes"],
    [{ ...byG("x"), ExclusiveStartKey: { g: { S: "x" } } }, "The provided starting key is invalid"],
    [{}, "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."],
  ])("a query %j is refused", async (members, message) => {
    const table = await withIndexes();
    expect(await table.message("Query", { IndexName: "some", ...members })).toBe(message);
  });

  test("an index that there is not", async () => {
    const table = await withIndexes();
    expect(await table.message("Query", { IndexName: "none", ...byG("x") })).toBe(
      "The table does not have the specified index: none",
    );
  });
});

describe("indexes of a table with items", () => {
  test("are added and filled beside writes, and dropped", async () => {
    const table = await RawTable.create(running, true);
    for (let sk = 0; sk < 60; sk++) await table.put(item(sk, { g: { S: `g${sk % 3}` } }));
    const create = {
      IndexName: "added",
      KeySchema: [hash("g"), range("sk")],
      Projection: projection("KEYS_ONLY"),
    };
    expect(await table.message("UpdateTable", { GlobalSecondaryIndexUpdates: [{ Create: create }] })).toBe(
      "One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: [g, sk], AttributeDefinitions: []",
    );
    const added = await table.call("UpdateTable", {
      AttributeDefinitions: [text("g"), number("sk")],
      GlobalSecondaryIndexUpdates: [{ Create: create }],
    });
    expect(added.json.TableDescription).toMatchObject({
      TableStatus: "UPDATING",
      GlobalSecondaryIndexes: [{ IndexName: "added", IndexStatus: "CREATING", Backfilling: true }],
    });
    await table.put(item(60, { g: { S: "g0" } }));
    const status = async () =>
      (await table.call("DescribeTable", {})).json.Table.GlobalSecondaryIndexes?.[0]?.IndexStatus;
    await expect.poll(status).toBe("ACTIVE");
    const found = await all(table, "Query", { IndexName: "added", ...byG("g0") });
    expect(found.map(({ sk }) => Number(sk!.N))).toEqual(Array.from({ length: 21 }, (_, i) => i * 3));
    await table.call("UpdateTable", { GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: "added" } }] });
    const { Table } = (await table.call("DescribeTable", {})).json;
    expect(Table.GlobalSecondaryIndexes).toBeUndefined();
    expect(Table.AttributeDefinitions).toEqual([text("pk"), number("sk")]);
  });

  test("can have several attributes in their keys", async () => {
    const table = await RawTable.create(running, true, {
      AttributeDefinitions: [text("pk"), number("sk"), text("a"), text("b"), number("c"), text("d")],
      GlobalSecondaryIndexes: [
        {
          IndexName: "wide",
          KeySchema: [hash("a"), hash("b"), range("c"), range("d")],
          Projection: projection("ALL"),
        },
      ],
    });
    for (let sk = 0; sk < 12; sk++) {
      await table.put(
        item(sk, { a: { S: "a" }, b: { S: `b${sk % 2}` }, c: { N: String(sk % 3) }, d: { S: `d${sk}` } }),
      );
    }
    await table.put(item(99, { a: { S: "a" }, b: { S: "b0" }, c: { N: "1" } }));
    const query = async (condition: string, values: Record<string, object>) => {
      const found = await all(table, "Query", {
        IndexName: "wide",
        KeyConditionExpression: condition,
        ExpressionAttributeValues: values,
      });
      return found.map(({ sk }) => Number(sk!.N));
    };
    const ab = { ":a": { S: "a" }, ":b": { S: "b0" } };
    expect(await query("a = :a AND b = :b", ab)).toEqual([0, 6, 10, 4, 2, 8]);
    expect(await query("a = :a AND b = :b AND c = :c", { ...ab, ":c": { N: "1" } })).toEqual([10, 4]);
    expect(
      await query("a = :a AND b = :b AND c = :c AND d > :d", { ...ab, ":c": { N: "1" }, ":d": { S: "d3" } }),
    ).toEqual([4]);
    expect(
      await table.message("Query", {
        IndexName: "wide",
        KeyConditionExpression: "a = :a",
        ExpressionAttributeValues: { ":a": { S: "a" } },
      }),
    ).toBe("Query condition missed key schema element: b");
  });
});

describe("a page", () => {
  test("ends at a megabyte, with what can be gone on from", async () => {
    const table = await RawTable.create(running, true);
    for (let sk = 0; sk < 12; sk++) await table.put(item(sk, { filler: { S: "x".repeat(100_000) } }));
    const members = { KeyConditionExpression: "pk = :p", ExpressionAttributeValues: { ":p": { S: "p" } } };
    const { json } = await table.call("Query", members);
    expect(json.Count).toBe(10);
    expect(json.LastEvaluatedKey).toEqual(item(9));
    expect((await all(table, "Query", members)).length).toBe(12);
    const counted = await table.call("Query", { ...members, Select: "COUNT", FilterExpression: "sz > :p" });
    expect(counted.json).toMatchObject({ Count: 0, ScannedCount: 10 });
    expect(counted.json.Items).toBeUndefined();
  });

  test("of a segment has its part of the table, and all segments have everything", async () => {
    const table = await RawTable.create(running);
    for (let i = 0; i < 50; i++) await table.put({ pk: { S: `k${i}` } });
    for (const TotalSegments of [1, 2, 7, 1000]) {
      const keys = new Set<string>();
      for (let Segment = 0; Segment < Math.min(TotalSegments, 50); Segment++) {
        for (const { pk } of await all(table, "Scan", { Segment, TotalSegments, Limit: 3 })) keys.add(pk!.S!);
      }
      if (TotalSegments <= 50) expect(keys.size).toBe(50);
    }
    expect(await table.message("Scan", { Segment: 5, TotalSegments: 5 })).toBe(
      "The Segment parameter is zero-based and must be less than parameter TotalSegments",
    );
  });
});
