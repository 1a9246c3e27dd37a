import {
  CreateTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListStreamsCommand,
} from "@aws-sdk/client-dynamodb-streams";
import { expect, onTestFinished, test } from "vitest";
import { clientOptions, RunningEngine } from "./running-engine.ts";

const TableName = "sessions";

async function withTable(viewType: "NEW_AND_OLD_IMAGES" | "KEYS_ONLY" = "NEW_AND_OLD_IMAGES") {
  const engine = await RunningEngine.start();
  const client = engine.client();
  const streams = new DynamoDBStreamsClient(clientOptions(engine.url));
  onTestFinished(() => streams.destroy());
  const { TableDescription } = await client.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      BillingMode: "PAY_PER_REQUEST",
      StreamSpecification: { StreamEnabled: true, StreamViewType: viewType },
    }),
  );
  return { client, streams, arn: TableDescription!.LatestStreamArn! };
}

async function records(streams: DynamoDBStreamsClient, StreamArn: string) {
  const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn }));
  const ShardId = StreamDescription!.Shards![0]!.ShardId;
  const { ShardIterator } = await streams.send(
    new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: "TRIM_HORIZON" }),
  );
  return streams.send(new GetRecordsCommand({ ShardIterator }));
}

function ttl(client: DynamoDBClient, Enabled: boolean, AttributeName = "ttl") {
  return client.send(
    new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: { Enabled, AttributeName } }),
  );
}

const nowSeconds = Math.floor(Date.now() / 1000);

test("items whose time has come are deleted, by the service, and their stream says so", async () => {
  const { client, streams, arn } = await withTable();
  const expired = { id: { S: "before" }, ttl: { N: String(nowSeconds - 10) } };
  const kept = [
    { id: { S: "later" }, ttl: { N: String(nowSeconds + 3600) } },
    { id: { S: "text" }, ttl: { S: String(nowSeconds - 10) } },
    { id: { S: "milliseconds" }, ttl: { N: String(nowSeconds * 1000) } },
    { id: { S: "long ago" }, ttl: { N: "1000" } },
    { id: { S: "never" } },
  ];
  // One that was there before the time to live was enabled, and one after.
  for (const Item of [expired, ...kept]) await client.send(new PutItemCommand({ TableName, Item }));
  await ttl(client, true);
  const Item = { id: { S: "after" }, ttl: { N: String(nowSeconds - 5) } };
  await client.send(new PutItemCommand({ TableName, Item }));
  await expect
    .poll(async () => (await client.send(new ScanCommand({ TableName }))).Count, { timeout: 60_000 })
    .toBe(kept.length);
  const { Records } = await records(streams, arn);
  const removed = Records!.filter(({ eventName }) => eventName === "REMOVE");
  expect(removed.map(({ dynamodb }) => dynamodb!.Keys!.id!.S).sort()).toEqual(["after", "before"]);
  for (const { userIdentity } of removed)
    expect(userIdentity).toEqual({ PrincipalId: "dynamodb.amazonaws.com", Type: "Service" });
  expect(removed.find(({ dynamodb }) => dynamodb!.Keys!.id!.S === "before")!.dynamodb!.OldImage).toEqual(
    expired,
  );
});

test("a time that is changed or taken away counts, and so does turning it off", async () => {
  const { client } = await withTable();
  await ttl(client, true);
  await expect(ttl(client, true)).rejects.toThrow("TimeToLive is already enabled");
  await expect(ttl(client, false, "other")).rejects.toThrow(
    "different AttributeName: current AttributeName is ttl",
  );
  await expect
    .poll(async () => (await client.send(new DescribeTimeToLiveCommand({ TableName }))).TimeToLiveDescription)
    .toEqual({ TimeToLiveStatus: "ENABLED", AttributeName: "ttl" });
  await ttl(client, false);
  await expect(ttl(client, false)).rejects.toThrow("TimeToLive is already disabled");
  await client.send(
    new PutItemCommand({ TableName, Item: { id: { S: "1" }, ttl: { N: String(nowSeconds - 10) } } }),
  );
  await ttl(client, true, "other");
  expect((await client.send(new GetItemCommand({ TableName, Key: { id: { S: "1" } } }))).Item).toBeDefined();
});

test("a stream has what changed, in order, and nothing of what did not", async () => {
  const { client, streams, arn } = await withTable();
  const put = (n: string) =>
    client.send(new PutItemCommand({ TableName, Item: { id: { S: "1" }, n: { N: n } } }));
  await put("1");
  await put("1");
  await put("2");
  const { Records, NextShardIterator } = await records(streams, arn);
  expect(Records!.map(({ eventName }) => eventName)).toEqual(["INSERT", "MODIFY"]);
  const [insert, modify] = Records!;
  expect(insert).toMatchObject({
    eventVersion: "1.1",
    eventSource: "aws:dynamodb",
    awsRegion: "eu-central-1",
    dynamodb: { Keys: { id: { S: "1" } }, StreamViewType: "NEW_AND_OLD_IMAGES", SizeBytes: 3 + 3 + 3 },
  });
  expect(insert!.dynamodb!.SequenceNumber!.length).toBeGreaterThanOrEqual(21);
  expect(modify!.dynamodb).toMatchObject({
    OldImage: { id: { S: "1" }, n: { N: "1" } },
    NewImage: { id: { S: "1" }, n: { N: "2" } },
  });
  await put("3");
  const next = await streams.send(new GetRecordsCommand({ ShardIterator: NextShardIterator }));
  expect(next.Records!.map(({ dynamodb }) => dynamodb!.NewImage!.n!.N)).toEqual(["3"]);
});

test("iterators begin where they are told to", async () => {
  const { client, streams, arn } = await withTable("KEYS_ONLY");
  for (const id of ["a", "b", "c"])
    await client.send(new PutItemCommand({ TableName, Item: { id: { S: id } } }));
  const { Records } = await records(streams, arn);
  const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn: arn }));
  const ShardId = StreamDescription!.Shards![0]!.ShardId;
  const from = async (ShardIteratorType: "LATEST" | "AT_SEQUENCE_NUMBER" | "AFTER_SEQUENCE_NUMBER") => {
    const { ShardIterator } = await streams.send(
      new GetShardIteratorCommand({
        StreamArn: arn,
        ShardId,
        ShardIteratorType,
        ...(ShardIteratorType !== "LATEST" && { SequenceNumber: Records![1]!.dynamodb!.SequenceNumber }),
      }),
    );
    const page = await streams.send(new GetRecordsCommand({ ShardIterator }));
    return page.Records!.map(({ dynamodb }) => dynamodb!.Keys!.id!.S);
  };
  expect(await from("AT_SEQUENCE_NUMBER")).toEqual(["b", "c"]);
  expect(await from("AFTER_SEQUENCE_NUMBER")).toEqual(["c"]);
  expect(await from("LATEST")).toEqual([]);
  await expect(
    streams.send(new GetRecordsCommand({ ShardIterator: "bm90IG91cnMgYXQgYWxs" })),
  ).rejects.toThrow("Invalid ShardIterator");
  const early = { StreamArn: arn, ShardId, ShardIteratorType: "AT_SEQUENCE_NUMBER" as const };
  await expect(
    streams.send(new GetShardIteratorCommand({ ...early, SequenceNumber: "100000000000000000000" })),
  ).rejects.toMatchObject({ name: "TrimmedDataAccessException" });
});

test("a stream that was disabled can be read by its ARN, to its end", async () => {
  const { client, streams, arn } = await withTable();
  await client.send(new PutItemCommand({ TableName, Item: { id: { S: "1" } } }));
  await client.send(new UpdateTableCommand({ TableName, StreamSpecification: { StreamEnabled: false } }));
  await client.send(new PutItemCommand({ TableName, Item: { id: { S: "2" } } }));
  const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn: arn }));
  expect(StreamDescription).toMatchObject({
    StreamStatus: "DISABLED",
    Shards: [{ SequenceNumberRange: { EndingSequenceNumber: expect.any(String) } }],
  });
  const { Records, NextShardIterator } = await records(streams, arn);
  expect(Records!.map(({ dynamodb }) => dynamodb!.Keys!.id!.S)).toEqual(["1"]);
  expect(NextShardIterator).toBeUndefined();
  await client.send(
    new UpdateTableCommand({
      TableName,
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
    }),
  );
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  expect(Table!.LatestStreamArn).not.toBe(arn);
  const { Streams } = await streams.send(new ListStreamsCommand({ TableName }));
  expect(Streams!.map(({ StreamArn }) => StreamArn)).toEqual([arn, Table!.LatestStreamArn]);
});
