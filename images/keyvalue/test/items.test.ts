import {
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

const TableName = "orders";

async function withOrders(): Promise<DynamoDBClient> {
  const client = (await RunningEngine.start()).client();
  await client.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions: [
        { AttributeName: "customer", AttributeType: "S" },
        { AttributeName: "number", AttributeType: "N" },
      ],
      KeySchema: [
        { AttributeName: "customer", KeyType: "HASH" },
        { AttributeName: "number", KeyType: "RANGE" },
      ],
      BillingMode: "PAY_PER_REQUEST",
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 30 }, { TableName });
  return client;
}

const key = (customer: string, number: number) => ({
  customer: { S: customer },
  number: { N: String(number) },
});

test("a table is made, described, listed and deleted", async () => {
  const client = await withOrders();
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  expect(Table).toMatchObject({
    TableName,
    TableStatus: "ACTIVE",
    TableArn: "arn:aws:dynamodb:eu-central-1:000000000000:table/orders",
  });
  expect((await client.send(new ListTablesCommand({}))).TableNames).toEqual([TableName]);
  const deleted = await client.send(new DeleteTableCommand({ TableName }));
  expect(deleted.TableDescription?.TableStatus).toBe("DELETING");
  await expect(client.send(new DescribeTableCommand({ TableName }))).rejects.toThrow(
    "Requested resource not found: Table: orders not found",
  );
});

test("items come back as they were put, with every type", async () => {
  const client = await withOrders();
  const Item = {
    ...key("ann", 1),
    text: { S: "größer 🦊" },
    bytes: { B: new Uint8Array([0, 1, 255]) },
    yes: { BOOL: true },
    nothing: { NULL: true } as const,
    list: { L: [{ N: "1" }, { M: { deep: { S: "x" } } }] },
    texts: { SS: ["a", "b"] },
    numbers: { NS: ["-2.5", "1"] },
    __proto: { S: "p" },
    constructor: { S: "c" },
  };
  await client.send(new PutItemCommand({ TableName, Item }));
  const found = await client.send(new GetItemCommand({ TableName, Key: key("ann", 1) }));
  expect(found.Item).toEqual(Item);
  expect((await client.send(new GetItemCommand({ TableName, Key: key("ann", 2) }))).Item).toBeUndefined();
});

test("a condition decides, and an update works on what is there", async () => {
  const client = await withOrders();
  const put = new PutItemCommand({
    TableName,
    Item: { ...key("ann", 1), amount: { N: "10" } },
    ConditionExpression: "attribute_not_exists(customer)",
  });
  await client.send(put);
  await expect(client.send(put)).rejects.toMatchObject({
    name: "ConditionalCheckFailedException",
    message: "The conditional request failed",
  });
  const updated = await client.send(
    new UpdateItemCommand({
      TableName,
      Key: key("ann", 1),
      UpdateExpression: "SET amount = amount + :more, #s = if_not_exists(#s, :open) ADD seen :one",
      ExpressionAttributeNames: { "#s": "state" },
      ExpressionAttributeValues: { ":more": { N: "0.25" }, ":open": { S: "open" }, ":one": { N: "1" } },
      ReturnValues: "ALL_NEW",
    }),
  );
  expect(updated.Attributes).toEqual({
    ...key("ann", 1),
    amount: { N: "10.25" },
    state: { S: "open" },
    seen: { N: "1" },
  });
  const deleted = await client.send(
    new DeleteItemCommand({ TableName, Key: key("ann", 1), ReturnValues: "ALL_OLD" }),
  );
  expect(deleted.Attributes).toEqual(updated.Attributes);
});

test("queries go through a partition in the order of its numbers, in pages", async () => {
  const client = await withOrders();
  const numbers = [-1000.5, -7, -1, 0, 0.001, 2, 10, 11, 99, 100, 1e20];
  for (const number of numbers) {
    await client.send(
      new PutItemCommand({
        TableName,
        Item: { ...key("ann", number), number: { N: String(number) }, even: { BOOL: number % 2 === 0 } },
      }),
    );
  }
  await client.send(new PutItemCommand({ TableName, Item: key("bob", 1) }));
  const ask = (more: object) =>
    new QueryCommand({
      TableName,
      KeyConditionExpression: "customer = :c",
      ExpressionAttributeValues: { ":c": { S: "ann" } },
      ...more,
    });
  const found: number[] = [];
  let ExclusiveStartKey: QueryCommand["input"]["ExclusiveStartKey"];
  do {
    const page = await client.send(ask({ Limit: 3, ExclusiveStartKey }));
    found.push(...page.Items!.map(({ number }) => Number(number!.N)));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  expect(found).toEqual(numbers);
  const between = await client.send(
    ask({
      KeyConditionExpression: "customer = :c AND #n BETWEEN :low AND :high",
      FilterExpression: "even = :yes",
      ExpressionAttributeNames: { "#n": "number" },
      ExpressionAttributeValues: {
        ":c": { S: "ann" },
        ":low": { N: "-1" },
        ":high": { N: "11" },
        ":yes": { BOOL: true },
      },
      ScanIndexForward: false,
    }),
  );
  expect(between.Items!.map(({ number }) => Number(number!.N))).toEqual([10, 2, 0]);
  expect(between).toMatchObject({ Count: 3, ScannedCount: 6 });
  const segments = await Promise.all(
    [0, 1, 2, 3].map((Segment) => client.send(new ScanCommand({ TableName, Segment, TotalSegments: 4 }))),
  );
  expect(segments.reduce((sum, { Count }) => sum + Count!, 0)).toBe(numbers.length + 1);
});
