import {
  CreateTableCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  ListTagsOfResourceCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  type GetRecordsCommandOutput,
  GetShardIteratorCommand,
  type _Record as StreamRecord,
} from "@aws-sdk/client-dynamodb-streams";
import { patientMs } from "@weftkit/testing/patience";
import { startPersistFunction } from "@weftkit/testing/persist-function";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { EngineProcess } from "./engine-process.ts";
import { clientOptions } from "./running-engine.ts";
import { type SdkItem, StreamReplica } from "./stream-replica.ts";

const TableName = "kept";
const itemCount = 300;
/** Of the items, those that are changed and deleted again, so that the stream is more than insertions. */
const changed = 40;
const deleted = 10;

function itemOf(index: number): SdkItem {
  return {
    pk: { S: `p${index % 10}` },
    sk: { N: String(index) },
    kind: { S: `k${index % 3}` },
    // Sparse: every fifth item is in the local index.
    ...(index % 5 === 0 && { rank: { N: String(-index) } }),
    // In a thousand years.
    ttl: { N: String(32_503_680_000 + index) },
    text: { S: index < changed ? `changed ${index}` : `text ${index}` },
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
        { AttributeName: "rank", AttributeType: "N" },
      ],
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
      LocalSecondaryIndexes: [
        {
          IndexName: "ranks",
          KeySchema: [
            { AttributeName: "pk", KeyType: "HASH" },
            { AttributeName: "rank", KeyType: "RANGE" },
          ],
          Projection: { ProjectionType: "KEYS_ONLY" },
        },
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
        {
          IndexName: "texts",
          KeySchema: [{ AttributeName: "kind", KeyType: "HASH" }],
          Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["text"] },
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
  for (let index = 0; index < itemCount + deleted; index++) {
    const Item = itemOf(index);
    await client.send(new PutItemCommand({ TableName, Item: { ...Item, text: { S: `text ${index}` } } }));
    if (index < changed) await client.send(new PutItemCommand({ TableName, Item }));
    if (index >= itemCount)
      await client.send(new DeleteItemCommand({ TableName, Key: { pk: Item.pk!, sk: Item.sk! } }));
  }
}

const records = itemCount + changed + 2 * deleted;
const byNumber = (a: SdkItem, b: SdkItem) => Number(a.sk!.N) - Number(b.sk!.N);

async function query(client: DynamoDBClient, IndexName: string, name: string, value: string) {
  const { Items } = await client.send(
    new QueryCommand({
      TableName,
      IndexName,
      KeyConditionExpression: `${name} = :v`,
      ExpressionAttributeValues: { ":v": { S: value } },
    }),
  );
  return Items!;
}

/** Every item, every entry of every index, time to live and tags; returns the stream's ARN. */
async function verify(client: DynamoDBClient): Promise<string> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  expect(Table).toMatchObject({ ItemCount: itemCount, TableStatus: "ACTIVE" });
  const { Items } = await client.send(new ScanCommand({ TableName }));
  const expected = Array.from({ length: itemCount }, (_, index) => itemOf(index));
  expect(Items!.sort(byNumber)).toEqual(expected);
  for (const value of ["k0", "k1", "k2"]) {
    const ofKind = expected.filter(({ kind }) => kind!.S === value);
    expect(await query(client, "kinds", "kind", value)).toEqual(ofKind);
    const texts = ofKind.map(({ pk, sk, kind, text }) => ({ pk, sk, kind, text }));
    expect((await query(client, "texts", "kind", value)).sort(byNumber)).toEqual(texts);
  }
  for (let partition = 0; partition < 10; partition++) {
    const ranked = expected.filter(({ pk, rank }) => pk!.S === `p${partition}` && rank !== undefined);
    const entries = ranked.map(({ pk, sk, rank }) => ({ pk, sk, rank })).reverse();
    expect(await query(client, "ranks", "pk", `p${partition}`)).toEqual(entries);
  }
  const ttl = await client.send(new DescribeTimeToLiveCommand({ TableName }));
  expect(ttl.TimeToLiveDescription).toEqual({ TimeToLiveStatus: "ENABLED", AttributeName: "ttl" });
  const tags = await client.send(new ListTagsOfResourceCommand({ ResourceArn: Table!.TableArn }));
  expect(tags.Tags).toEqual([{ Key: "team", Value: "weft" }]);
  return Table!.LatestStreamArn!;
}

/** A reader in the middle of the stream: what comes after one record, and what its iterator finds later. */
class Reader {
  readonly streams: DynamoDBStreamsClient;
  readonly arn: string;

  constructor(url: string, arn: string) {
    this.streams = new DynamoDBStreamsClient(clientOptions(url));
    this.arn = arn;
  }

  async iterator(SequenceNumber?: string): Promise<string> {
    const { StreamDescription } = await this.streams.send(new DescribeStreamCommand({ StreamArn: this.arn }));
    const { ShardIterator } = await this.streams.send(
      new GetShardIteratorCommand({
        StreamArn: this.arn,
        ShardId: StreamDescription!.Shards![0]!.ShardId!,
        ...(SequenceNumber === undefined
          ? { ShardIteratorType: "TRIM_HORIZON" as const }
          : { ShardIteratorType: "AFTER_SEQUENCE_NUMBER" as const, SequenceNumber }),
      }),
    );
    return ShardIterator!;
  }

  async all(from: string): Promise<readonly StreamRecord[]> {
    const found: StreamRecord[] = [];
    for (let ShardIterator: string | undefined = from; ; ) {
      const page: GetRecordsCommandOutput = await this.streams.send(new GetRecordsCommand({ ShardIterator }));
      found.push(...page.Records!);
      ShardIterator = page.NextShardIterator;
      if (page.Records!.length === 0 || ShardIterator === undefined) return found;
    }
  }
}

test("a restart, and a volume that is lost, leave every item, index, time to live, tag and stream position", async () => {
  const persist = await startPersistFunction();
  const dataDir = temporaryFolder();
  let engine = await EngineProcess.start(dataDir, persist);
  let client = new DynamoDBClient(clientOptions(engine.url));
  await fill(client);
  const arn = await verify(client);
  const before = new Reader(engine.url, arn);
  const history = await before.all(await before.iterator());
  expect(history).toHaveLength(records);
  const middle = history[100]!.dynamodb!.SequenceNumber!;
  const iterator = await before.iterator(middle);
  const replica = new StreamReplica();
  await replica.follow(before.streams, arn);
  expect(replica.items.size).toBe(itemCount);
  before.streams.destroy();
  client.destroy();
  expect(await engine.terminate()).toBe(0);

  for (const folder of [dataDir, temporaryFolder()]) {
    engine = await EngineProcess.start(folder, persist);
    client = new DynamoDBClient(clientOptions(engine.url));
    expect(await verify(client)).toBe(arn);
    const reader = new Reader(engine.url, arn);
    // Every record under its number, from the beginning, from a position, and by an iterator that was given before.
    expect(await reader.all(await reader.iterator())).toEqual(history);
    expect(await reader.all(await reader.iterator(middle))).toEqual(history.slice(101));
    expect(await reader.all(iterator)).toEqual(history.slice(101));
    reader.streams.destroy();
    client.destroy();
    if (folder === dataDir) expect(await engine.terminate()).toBe(0);
  }

  // From here on it goes on as if nothing had been: numbers go up, and time deletes.
  client = new DynamoDBClient(clientOptions(engine.url));
  const streams = new DynamoDBStreamsClient(clientOptions(engine.url));
  const past = { ...itemOf(itemCount), ttl: { N: String(Math.floor(Date.now() / 1000) - 60) } };
  await client.send(new PutItemCommand({ TableName, Item: past }));
  await expect
    .poll(
      async () => {
        await replica.follow(streams, arn);
        return replica.records;
      },
      { timeout: patientMs(30_000), interval: 500 },
    )
    .toBe(records + 2);
  const reader = new Reader(engine.url, arn);
  expect((await reader.all(await reader.iterator())).at(-1)).toMatchObject({
    eventName: "REMOVE",
    userIdentity: { Type: "Service", PrincipalId: "dynamodb.amazonaws.com" },
    dynamodb: { OldImage: past },
  });
  await verify(client);
  reader.streams.destroy();
  streams.destroy();
  client.destroy();
  expect(await engine.terminate()).toBe(0);
});
