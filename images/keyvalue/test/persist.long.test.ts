import {
  CreateTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  ListTagsOfResourceCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import { startPersistFunction } from "@weftkit/testing/persist-function";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { EngineProcess } from "./engine-process.ts";
import { clientOptions } from "./running-engine.ts";
import { type SdkItem, StreamReplica } from "./stream-replica.ts";

const TableName = "kept";
const itemCount = 300;

function itemOf(index: number): SdkItem {
  return {
    pk: { S: `p${index % 10}` },
    sk: { N: String(index) },
    kind: { S: `k${index % 3}` },
    // In a thousand years.
    ttl: { N: String(32_503_680_000 + index) },
    text: { S: `text ${index}` },
  };
}

async function fill(client: DynamoDBClient): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions: [
        { AttributeName: "pk", AttributeType: "S" },
        { AttributeName: "sk", AttributeType: "N" },
        { AttributeName: "kind", AttributeType: "S" },
      ],
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: "kinds",
          KeySchema: [
            { AttributeName: "kind", KeyType: "HASH" },
            { AttributeName: "sk", KeyType: "RANGE" },
          ],
          Projection: { ProjectionType: "ALL" },
        },
      ],
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
      Tags: [{ Key: "team", Value: "weft" }],
      BillingMode: "PAY_PER_REQUEST",
    }),
  );
  await client.send(
    new UpdateTimeToLiveCommand({
      TableName,
      TimeToLiveSpecification: { Enabled: true, AttributeName: "ttl" },
    }),
  );
  for (let index = 0; index < itemCount; index++)
    await client.send(new PutItemCommand({ TableName, Item: itemOf(index) }));
}

async function verify(client: DynamoDBClient): Promise<string> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  expect(Table).toMatchObject({ ItemCount: itemCount, TableStatus: "ACTIVE" });
  const { Items } = await client.send(new ScanCommand({ TableName }));
  const expected = Array.from({ length: itemCount }, (_, index) => itemOf(index));
  const byNumber = (a: SdkItem, b: SdkItem) => Number(a.sk!.N) - Number(b.sk!.N);
  expect(Items!.sort(byNumber)).toEqual(expected);
  const kinds = await client.send(
    new QueryCommand({
      TableName,
      IndexName: "kinds",
      KeyConditionExpression: "kind = :k",
      ExpressionAttributeValues: { ":k": { S: "k1" } },
    }),
  );
  expect(kinds.Items).toEqual(expected.filter(({ kind }) => kind!.S === "k1"));
  const ttl = await client.send(new DescribeTimeToLiveCommand({ TableName }));
  expect(ttl.TimeToLiveDescription).toEqual({ TimeToLiveStatus: "ENABLED", AttributeName: "ttl" });
  const tags = await client.send(new ListTagsOfResourceCommand({ ResourceArn: Table!.TableArn }));
  expect(tags.Tags).toEqual([{ Key: "team", Value: "weft" }]);
  return Table!.LatestStreamArn!;
}

test("a restart, and a volume that is lost, leave every item, index, time to live, tag and stream position", async () => {
  const persist = await startPersistFunction();
  const dataDir = temporaryFolder();
  let engine = await EngineProcess.start(dataDir, persist);
  let client = new DynamoDBClient(clientOptions(engine.url));
  await fill(client);
  const replica = new StreamReplica();
  const follow = async (arn: string) => {
    const streams = new DynamoDBStreamsClient(clientOptions(engine.url));
    await replica.follow(streams, arn);
    streams.destroy();
  };
  await follow(await verify(client));
  expect(replica.items.size).toBe(itemCount);
  const position = replica.last!;
  client.destroy();
  expect(await engine.terminate()).toBe(0);

  engine = await EngineProcess.start(dataDir, persist);
  client = new DynamoDBClient(clientOptions(engine.url));
  await follow(await verify(client));
  client.destroy();
  expect(await engine.terminate()).toBe(0);

  engine = await EngineProcess.start(temporaryFolder(), persist);
  client = new DynamoDBClient(clientOptions(engine.url));
  const arn = await verify(client);
  await follow(arn);
  expect(replica.last).toBe(position);
  // From here on it goes on as if nothing had been.
  await client.send(
    new PutItemCommand({ TableName, Item: { ...itemOf(itemCount), text: { S: "after the restore" } } }),
  );
  await follow(arn);
  expect(replica.records).toBe(itemCount + 1);
  client.destroy();
  expect(await engine.terminate()).toBe(0);
});
