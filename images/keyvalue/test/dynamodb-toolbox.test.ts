import { CreateTableCommand } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import {
  $add,
  $append,
  $delete,
  $get,
  $remove,
  BatchGetCommand,
  BatchGetRequest,
  BatchPutRequest,
  BatchWriteCommand,
  ConditionCheck,
  DeleteItemCommand,
  DeleteTransaction,
  Entity,
  executeBatchGet,
  executeBatchWrite,
  executeTransactWrite,
  GetItemCommand,
  item,
  list,
  map,
  number,
  PutItemCommand,
  PutTransaction,
  QueryCommand,
  ScanCommand,
  set,
  string,
  Table,
  UpdateItemCommand,
} from "dynamodb-toolbox";
import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

/** A task list on dynamodb-toolbox: one table, two entities, an index by who does the work. */
test("a task list on dynamodb-toolbox", async () => {
  const client = (await RunningEngine.start()).client();
  const names = ["pk", "sk", "assignee"];
  await client.send(
    new CreateTableCommand({
      TableName: "tasks",
      AttributeDefinitions: names.map((AttributeName) => ({ AttributeName, AttributeType: "S" as const })),
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: "byAssignee",
          KeySchema: [
            { AttributeName: "assignee", KeyType: "HASH" },
            { AttributeName: "sk", KeyType: "RANGE" },
          ],
          Projection: { ProjectionType: "ALL" },
        },
      ],
      BillingMode: "PAY_PER_REQUEST",
    }),
  );
  const table = new Table({
    name: "tasks",
    partitionKey: { name: "pk", type: "string" },
    sortKey: { name: "sk", type: "string" },
    indexes: {
      byAssignee: {
        type: "global",
        partitionKey: { name: "assignee", type: "string" },
        sortKey: { name: "sk", type: "string" },
      },
    },
    documentClient: DynamoDBDocumentClient.from(client),
  });
  const tasks = new Entity({
    name: "task",
    table,
    schema: item({
      project: string().key().savedAs("pk"),
      task: string().key().savedAs("sk"),
      title: string(),
      assignee: string().optional(),
      hours: number().default(0),
      labels: set(string()).optional(),
      steps: list(map({ text: string(), done: string().optional() })).default([]),
    }),
  });
  const task = (number_: number) => ({ project: "weft", task: `t${String(number_).padStart(2, "0")}` });

  await tasks
    .build(PutItemCommand)
    .item({ ...task(0), title: "zero", assignee: "ann", labels: new Set(["a", "b"]) })
    .send();
  await expect(
    tasks
      .build(PutItemCommand)
      .item({ ...task(0), title: "again" })
      .options({ condition: { attr: "task", exists: false } })
      .send(),
  ).rejects.toThrow("The conditional request failed");
  const batch = Array.from({ length: 20 }, (_, i) =>
    tasks
      .build(BatchPutRequest)
      .item({ ...task(i + 1), title: `title ${i + 1}`, assignee: i % 2 === 0 ? "ann" : "bob" }),
  );
  await executeBatchWrite(table.build(BatchWriteCommand).requests(...batch));

  const { Attributes } = await tasks
    .build(UpdateItemCommand)
    .item({
      ...task(0),
      hours: $add(1.5),
      labels: $delete(new Set(["a"])),
      steps: $append([{ text: "first" }, { text: "second" }]),
      title: $get("title"),
    })
    .options({ returnValues: "ALL_NEW" })
    .send();
  expect(Attributes).toMatchObject({
    hours: 1.5,
    labels: new Set(["b"]),
    steps: [{ text: "first" }, { text: "second" }],
    title: "zero",
  });
  await tasks
    .build(UpdateItemCommand)
    .item({ ...task(0), assignee: $remove(), steps: { 1: { done: "yes" } } })
    .send();
  const { Item } = await tasks.build(GetItemCommand).key(task(0)).options({ consistent: true }).send();
  expect(Item).toMatchObject({ steps: [{ text: "first" }, { text: "second", done: "yes" }] });
  expect(Item?.assignee).toBeUndefined();

  const titles: string[] = [];
  let exclusiveStartKey: Record<string, unknown> | undefined;
  do {
    const page = await table
      .build(QueryCommand)
      .entities(tasks)
      .query({ partition: "weft", range: { between: ["t05", "t12"] } })
      .options({
        limit: 3,
        reverse: true,
        filters: { task: { attr: "assignee", eq: "ann" } },
        ...(exclusiveStartKey !== undefined && { exclusiveStartKey }),
      })
      .send();
    titles.push(...page.Items!.map(({ title }) => title));
    exclusiveStartKey = page.LastEvaluatedKey;
  } while (exclusiveStartKey !== undefined);
  expect(titles).toEqual(["title 11", "title 9", "title 7", "title 5"]);
  const mine = await table
    .build(QueryCommand)
    .entities(tasks)
    .query({ index: "byAssignee", partition: "bob" })
    .send();
  expect(mine.Count).toBe(10);

  const found = await executeBatchGet(
    table.build(BatchGetCommand).requests(...[1, 2].map((i) => tasks.build(BatchGetRequest).key(task(i)))),
  );
  expect(found.Responses![0]!.map((each) => (each as { title: string }).title)).toEqual([
    "title 1",
    "title 2",
  ]);

  await executeTransactWrite(
    tasks.build(ConditionCheck).key(task(1)).condition({ attr: "hours", eq: 0 }),
    tasks.build(PutTransaction).item({ ...task(50), title: "fifty" }),
    tasks.build(DeleteTransaction).key(task(2)),
  );
  await expect(
    executeTransactWrite(
      tasks.build(ConditionCheck).key(task(1)).condition({ attr: "hours", gt: 10 }),
      tasks.build(DeleteTransaction).key(task(3)),
    ),
  ).rejects.toThrow("[ConditionalCheckFailed, None]");
  await tasks.build(DeleteItemCommand).key(task(4)).send();
  const all = await table.build(ScanCommand).entities(tasks).send();
  const left = all.Items!.map(({ task: each }) => each).sort();
  expect(left).toEqual(
    [...Array.from({ length: 21 }, (_, i) => i).filter((i) => i !== 2 && i !== 4), 50].map(
      (i) => task(i).task,
    ),
  );
});
