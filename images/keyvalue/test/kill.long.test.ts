import { randomInt } from "node:crypto";
import {
  CreateTableCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  PutItemCommand,
  paginateScan,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import { patientMs } from "@weftkit/testing/patience";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { EngineProcess } from "./engine-process.ts";
import { clientOptions } from "./running-engine.ts";
import { type SdkItem, StreamReplica } from "./stream-replica.ts";

const rounds = Number(process.env.WEFTKIT_KILL_ROUNDS ?? 20);
const writersCount = 16;
/** Acknowledged writes after which a round is killed, at the least and at the most. */
const writesMin = 50;
const writesMax = 400;
const TableName = "killed";
const itemsOfWriter = 4;

type Known = { acknowledged: SdkItem | undefined; pending: SdkItem | undefined | "none" };

/** Writes its own items: puts, updates, deletes, and two at once in a transaction. */
class Writer {
  readonly items = new Map<string, Known>();
  readonly #name: string;
  #count = 0;

  constructor(index: number) {
    this.#name = `w${index}`;
  }

  async write(client: DynamoDBClient, isOver: () => boolean, acknowledged: () => void): Promise<void> {
    while (!isOver()) {
      this.#count++;
      const first = this.#known(this.#count % itemsOfWriter);
      const second = this.#known((this.#count + 1) % itemsOfWriter);
      const changes = [first];
      let work: Promise<unknown>;
      switch (this.#count % 4) {
        case 0:
          first.pending = undefined;
          work = client.send(new DeleteItemCommand({ TableName, Key: first.key }));
          break;
        case 1: {
          first.pending = { ...first.acknowledged, ...first.key, count: { N: String(this.#count) } };
          work = client.send(
            new UpdateItemCommand({
              TableName,
              Key: first.key,
              UpdateExpression: "SET #c = :c",
              ExpressionAttributeNames: { "#c": "count" },
              ExpressionAttributeValues: { ":c": { N: String(this.#count) } },
            }),
          );
          break;
        }
        case 2: {
          changes.push(second);
          for (const change of changes) change.pending = this.#item(change.key);
          work = client.send(
            new TransactWriteItemsCommand({
              TransactItems: changes.map(({ pending }) => ({ Put: { TableName, Item: pending as SdkItem } })),
            }),
          );
          break;
        }
        default:
          first.pending = this.#item(first.key);
          work = client.send(new PutItemCommand({ TableName, Item: first.pending }));
      }
      try {
        await work;
      } catch (error) {
        // The engine is gone; anything that it has said itself is a fault.
        if ((error as { $response?: unknown }).$response === undefined || isOver()) return;
        throw error;
      }
      for (const change of changes) {
        change.acknowledged = change.pending as SdkItem | undefined;
        change.pending = "none";
      }
      acknowledged();
    }
  }

  /** What is there is what was acknowledged, or what was on its way; the second of a transaction as the first. */
  verify(found: ReadonlyMap<string, SdkItem>): void {
    const pending = [...this.items].filter(([, known]) => known.pending !== "none");
    const outcomes = new Set<string>();
    for (const [key, known] of this.items) {
      const item = found.get(key);
      if (known.pending === "none") expect(item, key).toEqual(known.acknowledged);
      else {
        const isWritten = JSON.stringify(sorted(item)) === JSON.stringify(sorted(known.pending));
        if (!isWritten) expect(item, key).toEqual(known.acknowledged);
        outcomes.add(String(isWritten));
      }
      known.acknowledged = item;
      known.pending = "none";
    }
    if (pending.length === 2) expect(outcomes.size, "a transaction is half there").toBe(1);
  }

  #known(index: number): Known & { readonly key: SdkItem } {
    const key: SdkItem = { pk: { S: this.#name }, sk: { N: String(index) } };
    const text = JSON.stringify(key);
    const known = this.items.get(text) ?? { acknowledged: undefined, pending: "none" };
    this.items.set(text, known);
    return Object.assign(known, { key });
  }

  #item(key: SdkItem): SdkItem {
    return {
      ...key,
      count: { N: String(this.#count) },
      kind: { S: `kind ${this.#count % 5}` },
      filler: { S: "x".repeat(this.#count % 700) },
    };
  }
}

function sorted(item: SdkItem | undefined): unknown {
  return item === undefined ? undefined : Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1));
}

async function scan(client: DynamoDBClient, IndexName?: string): Promise<Map<string, SdkItem>> {
  const found = new Map<string, SdkItem>();
  for await (const { Items } of paginateScan({ client }, { TableName, IndexName })) {
    for (const item of Items!) found.set(JSON.stringify({ pk: item.pk, sk: item.sk }), item);
  }
  return found;
}

test(
  `${rounds} kills under ${writersCount} writers: no acknowledged item, index entry or stream record is missing or half there`,
  { timeout: patientMs(20_000 + rounds * 10_000) },
  async () => {
    const dataDir = temporaryFolder();
    const writers = Array.from({ length: writersCount }, (_, index) => new Writer(index));
    const replica = new StreamReplica();
    let engine = await EngineProcess.start(dataDir);
    let client = new DynamoDBClient(clientOptions(engine.url));
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
            KeySchema: [{ AttributeName: "kind", KeyType: "HASH" }],
            Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["count"] },
          },
        ],
        StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    const { Table } = await client.send(new DescribeTableCommand({ TableName }));
    for (let round = 0; round < rounds; round++) {
      let isOver = false;
      let written = 0;
      const wanted = randomInt(writesMin, writesMax);
      const enough = Promise.withResolvers<void>();
      const running = writers.map((writer) =>
        writer.write(
          client,
          () => isOver,
          () => {
            if (++written === wanted) enough.resolve();
          },
        ),
      );
      await Promise.race([enough.promise, Promise.all(running)]);
      await engine.kill();
      isOver = true;
      await Promise.all(running);
      client.destroy();
      engine = await EngineProcess.start(dataDir);
      client = new DynamoDBClient(clientOptions(engine.url));
      const items = await scan(client);
      for (const writer of writers) writer.verify(items);
      const entries = await scan(client, "kinds");
      const expected = [...items].filter(([, item]) => item.kind !== undefined);
      expect([...entries.keys()].sort()).toEqual(expected.map(([key]) => key).sort());
      for (const [key, { pk, sk, kind, count }] of expected)
        expect(entries.get(key)).toEqual({ pk, sk, kind, ...(count !== undefined && { count }) });
      const streams = new DynamoDBStreamsClient(clientOptions(engine.url));
      await replica.follow(streams, Table!.LatestStreamArn!);
      streams.destroy();
      expect(replica.items).toEqual(items);
    }
    expect(replica.records).toBeGreaterThan(rounds);
    client.destroy();
    expect(await engine.terminate()).toBe(0);
  },
);
