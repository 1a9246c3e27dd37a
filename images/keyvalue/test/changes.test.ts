import {
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import { ChangeReader } from "@weftkit/testing/change-reader";
import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

const adminToken = "only for this test";
const TableName = "shop";

async function start() {
  const engine = await RunningEngine.start({ server: { admin_token: adminToken } });
  const client = engine.client();
  const reader = await ChangeReader.open(engine.image.adminPort, adminToken);
  await client.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions: [
        { AttributeName: "pk", AttributeType: "S" },
        { AttributeName: "sk", AttributeType: "N" },
      ],
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
      BillingMode: "PAY_PER_REQUEST",
    }),
  );
  const key = (n: number) => ({ pk: { S: "a" }, sk: { N: String(n) } });
  return { engine, client, reader, key };
}

test("a transaction's items come together, and what is refused is never seen", async () => {
  const { client, reader, key } = await start();
  await reader.read();
  const put = (n: number, text: string) => ({
    Put: { TableName, Item: { ...key(n), text: { S: text } } },
  });
  await client.send(new TransactWriteItemsCommand({ TransactItems: [put(1, "x"), put(2, "y")] }));
  const refused = {
    ConditionCheck: { TableName, Key: key(9), ConditionExpression: "attribute_exists(pk)" },
  };
  const never = client.send(new TransactWriteItemsCommand({ TransactItems: [put(3, "z"), refused] }));
  await expect(never).rejects.toThrow(/ConditionalCheckFailed/);
  // Nothing is changed by it.
  await client.send(new PutItemCommand({ TableName, Item: { ...key(1), text: { S: "x" } } }));
  await client.send(new DeleteItemCommand({ TableName, Key: key(7) }));
  await client.send(
    new UpdateItemCommand({
      TableName,
      Key: key(1),
      UpdateExpression: "SET n = :n",
      ExpressionAttributeValues: { ":n": { N: "9007199254740993" } },
    }),
  );
  await client.send(new DeleteItemCommand({ TableName, Key: key(2) }));
  const one = '{"pk":{"S":"a"},"sk":{"N":"1"},"text":{"S":"x"}}';
  const two = '{"pk":{"S":"a"},"sk":{"N":"2"},"text":{"S":"y"}}';
  const [keyOne, keyTwo] = ['{"pk":{"S":"a"},"sk":{"N":"1"}}', '{"pk":{"S":"a"},"sk":{"N":"2"}}'];
  expect((await reader.read()).map(({ changes }) => changes)).toEqual([
    [
      { namespace: TableName, key: keyOne, op: "insert", after: one },
      { namespace: TableName, key: keyTwo, op: "insert", after: two },
    ],
    [
      {
        namespace: TableName,
        key: keyOne,
        op: "update",
        before: one,
        after: `${one.slice(0, -1)},"n":{"N":"9007199254740993"}}`,
      },
    ],
    [{ namespace: TableName, key: keyTwo, op: "delete", before: two }],
  ]);
});

test("values of all types are as DynamoDB's JSON has them", async () => {
  const { client, reader, key } = await start();
  await reader.read();
  const Item = {
    ...key(1),
    exact: { N: "-1234567890123456789012345678901234567.8" },
    bytes: { B: Uint8Array.from([0, 255, 10]) },
    none: { NULL: true },
    flag: { BOOL: false },
    texts: { SS: ["a\n", "ä"] },
    numbers: { NS: ["0.5", "1"] },
    binaries: { BS: [Uint8Array.from([1]), Uint8Array.from([2])] },
    list: { L: [{ N: "1" }, { M: { a: { S: "" } } }] },
  };
  await client.send(new PutItemCommand({ TableName, Item }));
  const [change] = await reader.changes();
  expect(JSON.parse(change!.after!)).toEqual({
    ...Item,
    bytes: { B: "AP8K" },
    binaries: { BS: ["AQ==", "Ag=="] },
  });
});

test("items that time deletes are told, and requests that change tables, in their place", async () => {
  const { client, reader, key } = await start();
  const TimeToLiveSpecification = { AttributeName: "until", Enabled: true };
  await client.send(new PutItemCommand({ TableName, Item: { ...key(1), until: { N: "1700000000" } } }));
  await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
  const told: (readonly [string, string])[] = [];
  while (!told.some(([op]) => op === "delete")) {
    for (const { op, after } of await reader.changes()) {
      told.push([op, op === "schema" ? (JSON.parse(after!) as { command: string }).command : ""]);
    }
  }
  await client.send(new DeleteTableCommand({ TableName }));
  expect([...told, ...(await reader.changes()).map(({ op, namespace }) => [op, namespace])]).toEqual([
    ["schema", "CreateTable"],
    ["insert", ""],
    ["schema", "UpdateTimeToLive"],
    ["delete", ""],
    ["schema", TableName],
  ]);
});
