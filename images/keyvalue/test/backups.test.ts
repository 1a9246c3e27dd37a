import {
  BatchWriteItemCommand,
  CreateBackupCommand,
  CreateTableCommand,
  DeleteBackupCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeBackupCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  ListBackupsCommand,
  PutItemCommand,
  paginateScan,
  QueryCommand,
  RestoreTableFromBackupCommand,
  type RestoreTableFromBackupCommandInput,
  UpdateContinuousBackupsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";
import type { SdkItem } from "./stream-replica.ts";

const TableName = "orders";
const itemCount = 1200;

function itemOf(n: number): SdkItem {
  return {
    id: { S: `order-${n}` },
    customer: { S: `c${n % 7}` },
    ttl: { N: "32503680000" },
    text: { S: "x".repeat(n % 50) },
  };
}

async function createOrders(client: DynamoDBClient): Promise<Map<string, SdkItem>> {
  await client.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions: [
        { AttributeName: "id", AttributeType: "S" },
        { AttributeName: "customer", AttributeType: "S" },
      ],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      GlobalSecondaryIndexes: [
        {
          IndexName: "customers",
          KeySchema: [{ AttributeName: "customer", KeyType: "HASH" }],
          Projection: { ProjectionType: "ALL" },
        },
      ],
      StreamSpecification: { StreamEnabled: true, StreamViewType: "KEYS_ONLY" },
      Tags: [{ Key: "team", Value: "weft" }],
      BillingMode: "PAY_PER_REQUEST",
    }),
  );
  const items = Array.from({ length: itemCount }, (_, n) => itemOf(n));
  for (let n = 0; n < itemCount; n += 25) {
    const PutRequests = items.slice(n, n + 25).map((Item) => ({ PutRequest: { Item } }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: PutRequests } }));
  }
  return new Map(items.map((item) => [item.id!.S!, item]));
}

async function backUp(client: DynamoDBClient, BackupName = "nightly"): Promise<string> {
  const { BackupDetails } = await client.send(new CreateBackupCommand({ TableName, BackupName }));
  expect(BackupDetails).toMatchObject({ BackupName, BackupStatus: "CREATING", BackupType: "USER" });
  return BackupDetails!.BackupArn!;
}

async function untilAvailable(client: DynamoDBClient, BackupArn: string): Promise<void> {
  const status = async () => {
    const { BackupDescription } = await client.send(new DescribeBackupCommand({ BackupArn }));
    return BackupDescription!.BackupDetails!.BackupStatus;
  };
  await expect.poll(status, { timeout: 30_000 }).toBe("AVAILABLE");
}

async function restore(
  client: DynamoDBClient,
  BackupArn: string,
  TargetTableName: string,
  more: Partial<RestoreTableFromBackupCommandInput> = {},
) {
  const input = { BackupArn, TargetTableName, ...more };
  const { TableDescription } = await client.send(new RestoreTableFromBackupCommand(input));
  expect(TableDescription).toMatchObject({
    TableStatus: "CREATING",
    RestoreSummary: { RestoreInProgress: true },
  });
  const status = async () =>
    (await client.send(new DescribeTableCommand({ TableName: TargetTableName }))).Table!.TableStatus;
  await expect.poll(status, { timeout: 30_000 }).toBe("ACTIVE");
  return (await client.send(new DescribeTableCommand({ TableName: TargetTableName }))).Table!;
}

async function itemsOf(client: DynamoDBClient, name: string): Promise<Map<string, SdkItem>> {
  const found = new Map<string, SdkItem>();
  for await (const { Items } of paginateScan({ client }, { TableName: name }))
    for (const item of Items!) found.set(item.id!.S!, item);
  return found;
}

/** Changes, deletes and adds items all over the table. */
async function change(client: DynamoDBClient): Promise<void> {
  for (let n = 0; n < itemCount; n += 3) {
    const Key = { id: itemOf(n).id! };
    await Promise.all([
      client.send(new DeleteItemCommand({ TableName, Key })),
      client.send(new PutItemCommand({ TableName, Item: { ...itemOf(n + 1), customer: { S: "other" } } })),
      client.send(new PutItemCommand({ TableName, Item: itemOf(itemCount + n) })),
      client.send(
        new UpdateItemCommand({
          TableName,
          Key: { id: itemOf(n + 2).id! },
          UpdateExpression: "SET touched = :t",
          ExpressionAttributeValues: { ":t": { BOOL: true } },
        }),
      ),
    ]);
  }
}

test("a backup is the table as it was when it was asked for, whatever is written while it is made", async () => {
  const client = (await RunningEngine.start()).client();
  const expected = await createOrders(client);
  const arn = await backUp(client);
  await change(client);
  await untilAvailable(client, arn);
  expect(await itemsOf(client, TableName)).not.toEqual(expected);
  const { BackupDescription } = await client.send(new DescribeBackupCommand({ BackupArn: arn }));
  expect(BackupDescription).toMatchObject({
    SourceTableDetails: { TableName, ItemCount: itemCount, BillingMode: "PAY_PER_REQUEST" },
    SourceTableFeatureDetails: {
      GlobalSecondaryIndexes: [{ IndexName: "customers" }],
      StreamDescription: { StreamEnabled: true, StreamViewType: "KEYS_ONLY" },
    },
  });
  const table = await restore(client, arn, "restored");
  expect(table).toMatchObject({
    ItemCount: itemCount,
    GlobalSecondaryIndexes: [{ IndexName: "customers", IndexStatus: "ACTIVE", ItemCount: itemCount }],
    RestoreSummary: { SourceBackupArn: arn, RestoreInProgress: false },
  });
  expect(table.StreamSpecification).toBeUndefined();
  expect(await itemsOf(client, "restored")).toEqual(expected);
  const { Count } = await client.send(
    new QueryCommand({
      TableName: "restored",
      IndexName: "customers",
      KeyConditionExpression: "customer = :c",
      ExpressionAttributeValues: { ":c": { S: "c3" } },
    }),
  );
  expect(Count).toBe([...expected.values()].filter(({ customer }) => customer!.S === "c3").length);
});

test("a restart goes on with backups and restores where they were", async () => {
  const dataDir = temporaryFolder();
  const first = await RunningEngine.start({ dataDir });
  const expected = await createOrders(first.client());
  const arn = await backUp(first.client());
  await first.image.stop();
  const second = await RunningEngine.start({ dataDir });
  await change(second.client());
  await untilAvailable(second.client(), arn);
  await second.client().send(new RestoreTableFromBackupCommand({ BackupArn: arn, TargetTableName: "again" }));
  await second.image.stop();
  const client = (await RunningEngine.start({ dataDir })).client();
  const status = async () =>
    (await client.send(new DescribeTableCommand({ TableName: "again" }))).Table!.TableStatus;
  await expect.poll(status, { timeout: 30_000 }).toBe("ACTIVE");
  expect(await itemsOf(client, "again")).toEqual(expected);
});

test("a backup outlives its table, and indexes may be left out", async () => {
  const client = (await RunningEngine.start()).client();
  const expected = await createOrders(client);
  const arn = await backUp(client);
  await untilAvailable(client, arn);
  await client.send(new DeleteTableCommand({ TableName }));
  const table = await restore(client, arn, TableName, {
    GlobalSecondaryIndexOverride: [],
    BillingModeOverride: "PROVISIONED",
    ProvisionedThroughputOverride: { ReadCapacityUnits: 5, WriteCapacityUnits: 6 },
  });
  expect(table.GlobalSecondaryIndexes).toBeUndefined();
  expect(table.AttributeDefinitions).toEqual([{ AttributeName: "id", AttributeType: "S" }]);
  expect(table.ProvisionedThroughput).toMatchObject({ ReadCapacityUnits: 5, WriteCapacityUnits: 6 });
  expect(await itemsOf(client, TableName)).toEqual(expected);
});

test("backups are listed in pages, by table and time, and deleted", async () => {
  const client = (await RunningEngine.start()).client();
  await createOrders(client);
  const arns: string[] = [];
  for (const name of ["first", "second", "third"]) {
    arns.push(await backUp(client, name));
    await untilAvailable(client, arns.at(-1)!);
  }
  const one = await client.send(new ListBackupsCommand({ TableName, Limit: 2 }));
  expect(one.BackupSummaries!.map(({ BackupName }) => BackupName)).toEqual(["first", "second"]);
  expect(one.LastEvaluatedBackupArn).toBe(arns[1]);
  const two = await client.send(
    new ListBackupsCommand({ ExclusiveStartBackupArn: one.LastEvaluatedBackupArn }),
  );
  expect(two.BackupSummaries).toMatchObject([{ BackupName: "third", TableName, BackupStatus: "AVAILABLE" }]);
  const none = await client.send(new ListBackupsCommand({ TimeRangeUpperBound: new Date(0) }));
  expect(none.BackupSummaries).toEqual([]);
  const { BackupDescription } = await client.send(new DeleteBackupCommand({ BackupArn: arns[0] }));
  expect(BackupDescription!.BackupDetails!.BackupStatus).toBe("DELETED");
  const missing = { name: "BackupNotFoundException" };
  await expect(client.send(new DescribeBackupCommand({ BackupArn: arns[0] }))).rejects.toMatchObject(missing);
  await expect(client.send(new DeleteBackupCommand({ BackupArn: arns[0] }))).rejects.toMatchObject(missing);
});

test("what is in the way is told in the API's own errors", async () => {
  const client = (await RunningEngine.start()).client();
  await createOrders(client);
  const arn = await backUp(client);
  await untilAvailable(client, arn);
  await expect(
    client.send(new RestoreTableFromBackupCommand({ BackupArn: arn, TargetTableName: TableName })),
  ).rejects.toMatchObject({ name: "TableAlreadyExistsException" });
  await expect(
    client.send(new CreateBackupCommand({ TableName: "nothing", BackupName: "nightly" })),
  ).rejects.toMatchObject({ name: "TableNotFoundException" });
  const vectors = { VectorIndexOverride: [{}] } as object;
  await expect(
    client.send(new RestoreTableFromBackupCommand({ BackupArn: arn, TargetTableName: "copy", ...vectors })),
  ).rejects.toThrow("VectorIndexOverride is not supported by this endpoint");
  const { ContinuousBackupsDescription: continuous } = await client.send(
    new DescribeContinuousBackupsCommand({ TableName }),
  );
  expect(continuous!.PointInTimeRecoveryDescription!.PointInTimeRecoveryStatus).toBe("DISABLED");
  const enable = (PointInTimeRecoveryEnabled: boolean) =>
    client.send(
      new UpdateContinuousBackupsCommand({
        TableName,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled },
      }),
    );
  await expect(enable(true)).rejects.toMatchObject({
    name: "ContinuousBackupsUnavailableException",
    message: expect.stringContaining("weftkit persist restore --at"),
  });
  expect((await enable(false)).ContinuousBackupsDescription).toEqual(continuous);
});
