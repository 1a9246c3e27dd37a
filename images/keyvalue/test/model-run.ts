import {
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  CreateTableCommand,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { randomIntegers } from "@weftkit/testing/random-numbers";
import { expect } from "vitest";
import type { AttributeValue, Item } from "../src/items/attribute-value.ts";
import { ModelTable, randomUpdate } from "./model.ts";
import { order, plainItem } from "./naive-values.ts";
import type { Client } from "./peer-client.ts";
import { Placeholders, randomCondition } from "./random-conditions.ts";
import { pick, type RandomInteger, randomItem } from "./random-values.ts";
import { unwire, wire } from "./wire-values.ts";

export const modelTableName = "model";
const TableName = modelTableName;
const partitions = ["a", "ab", "b", "ä"];
const sorts = ["-1", "0", "1", "2.5", "10", "100"];

/** Makes the model's table: a local index by `n`, a global one by `text` and `n`, and one that has the keys only. */
export async function createModelTable(client: Client): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions: [
        { AttributeName: "pk", AttributeType: "S" },
        { AttributeName: "sk", AttributeType: "N" },
        { AttributeName: "ik", AttributeType: "N" },
        { AttributeName: "gk", AttributeType: "S" },
      ],
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
      LocalSecondaryIndexes: [
        {
          IndexName: "local",
          KeySchema: [
            { AttributeName: "pk", KeyType: "HASH" },
            { AttributeName: "ik", KeyType: "RANGE" },
          ],
          Projection: { ProjectionType: "KEYS_ONLY" },
        },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: "global",
          KeySchema: [
            { AttributeName: "gk", KeyType: "HASH" },
            { AttributeName: "ik", KeyType: "RANGE" },
          ],
          Projection: { ProjectionType: "ALL" },
        },
      ],
      BillingMode: "PAY_PER_REQUEST",
    }),
  );
}

/** Does as many random requests and compares every answer with the model. */
export class ModelRun {
  readonly #client: Client;
  readonly #random: RandomInteger;
  readonly #table = new ModelTable();

  constructor(client: Client, seed: number) {
    this.#client = client;
    this.#random = randomIntegers(seed);
  }

  async run(requests: number): Promise<void> {
    for (let i = 0; i < requests; i++) await this.#step();
    await this.#compareAll();
  }

  #key(): Item {
    return { pk: { S: pick(this.#random, partitions) }, sk: { N: pick(this.#random, sorts) } };
  }

  #item(): Item {
    const item = { ...randomItem(this.#random), ...this.#key() };
    if (this.#random(3) >= 1) item.ik = { N: pick(this.#random, sorts) };
    if (this.#random(3) >= 1) item.gk = { S: pick(this.#random, partitions) };
    return item;
  }

  async #step(): Promise<void> {
    switch (Math.floor(this.#random(10))) {
      case 0:
      case 1:
        return this.#put();
      case 2:
        return this.#delete();
      case 3:
      case 4:
        return this.#update();
      case 5:
        return this.#get();
      case 6:
        return this.#query();
      case 7:
        return this.#scan();
      case 8:
        return this.#batch();
      default:
        return this.#transact();
    }
  }

  /** A request's condition, now and then. */
  #condition(placeholders: Placeholders) {
    const condition = this.#random(2) < 1 ? undefined : randomCondition(this.#random, placeholders);
    return {
      condition,
      members: { ...(condition !== undefined && { ConditionExpression: condition.text }) },
    };
  }

  async #put(): Promise<void> {
    const item = this.#item();
    const placeholders = new Placeholders();
    const { condition, members } = this.#condition(placeholders);
    const before = this.#table.get(item);
    const isAllowed = condition?.holds(before ?? {}) ?? true;
    const answer = await this.#attempt(
      new PutItemCommand({
        TableName,
        Item: wire(item),
        ReturnValues: "ALL_OLD",
        ...members,
        ...used(placeholders),
      }),
    );
    expect(answer === "refused", `put ${JSON.stringify(item)} when ${condition?.text}`).toBe(!isAllowed);
    if (answer === "refused") return;
    expectItem(answer.Attributes, before);
    this.#table.put(item);
  }

  async #delete(): Promise<void> {
    const key = this.#key();
    const placeholders = new Placeholders();
    const { condition, members } = this.#condition(placeholders);
    const before = this.#table.get(key);
    const isAllowed = condition?.holds(before ?? {}) ?? true;
    const answer = await this.#attempt(
      new DeleteItemCommand({
        TableName,
        Key: wire(key),
        ReturnValues: "ALL_OLD",
        ...members,
        ...used(placeholders),
      }),
    );
    expect(answer === "refused", condition?.text).toBe(!isAllowed);
    if (answer === "refused") return;
    expectItem(answer.Attributes, before);
    this.#table.delete(key);
  }

  async #update(): Promise<void> {
    const key = this.#key();
    const placeholders = new Placeholders();
    const { condition, members } = this.#condition(placeholders);
    const update = randomUpdate(this.#random, placeholders);
    const before = this.#table.get(key);
    const isAllowed = condition?.holds(before ?? {}) ?? true;
    const after = isAllowed ? update.apply(before ?? key) : undefined;
    const command = new UpdateItemCommand({
      TableName,
      Key: wire(key),
      UpdateExpression: update.text,
      ReturnValues: "ALL_NEW",
      ...members,
      ...used(placeholders),
    });
    if (isAllowed && after === undefined) {
      await expect(this.#client.send(command), update.text).rejects.toMatchObject({
        name: "ValidationException",
      });
      return;
    }
    const answer = await this.#attempt(command);
    expect(answer === "refused", `${update.text} when ${condition?.text}`).toBe(!isAllowed);
    if (answer === "refused") return;
    expectItem(answer.Attributes, after);
    this.#table.put(after!);
  }

  async #get(): Promise<void> {
    const key = this.#key();
    const { Item: found } = await this.#client.send(new GetItemCommand({ TableName, Key: wire(key) }));
    expectItem(found, this.#table.get(key));
  }

  async #query(): Promise<void> {
    const [index, partition, sort] = pick(this.#random, [
      [undefined, "pk", "sk"],
      ["local", "pk", "ik"],
      ["global", "gk", "ik"],
    ] as const);
    const value = { S: pick(this.#random, partitions) };
    const bound = { N: pick(this.#random, sorts) };
    const [text, isWithin] = pick(this.#random, [
      ["", () => true],
      [" AND #s >= :b", (found: AttributeValue) => order(found, bound)! >= 0],
      [" AND #s < :b", (found: AttributeValue) => order(found, bound)! < 0],
      [" AND #s = :b", (found: AttributeValue) => order(found, bound) === 0],
      [" AND #s BETWEEN :b AND :b", (found: AttributeValue) => order(found, bound) === 0],
    ] as const);
    const isForward = this.#random(2) < 1;
    const expected = this.#table.query(partition, value, sort).filter((item) => isWithin(item[sort]!));
    const found: Item[] = [];
    let ExclusiveStartKey: Record<string, never> | undefined;
    do {
      const page = await this.#client.send(
        new QueryCommand({
          TableName,
          IndexName: index,
          KeyConditionExpression: `${partition} = :p${text}`,
          ExpressionAttributeValues: { ":p": value, ...(text !== "" && { ":b": bound }) },
          ...(text !== "" && { ExpressionAttributeNames: { "#s": sort } }),
          ScanIndexForward: isForward,
          Limit: 1 + Math.floor(this.#random(4)),
          // A local index gives what it does not project from the table.
          ...(index === "local" && { Select: "ALL_ATTRIBUTES" as const }),
          ExclusiveStartKey,
        }),
      );
      found.push(...(page.Items as unknown as Item[]).map(unwire));
      ExclusiveStartKey = page.LastEvaluatedKey as typeof ExclusiveStartKey;
    } while (ExclusiveStartKey !== undefined);
    const inOrder = found.map((item) => item[sort]!);
    for (let i = 1; i < inOrder.length; i++) {
      const difference = order(inOrder[i - 1]!, inOrder[i]!)!;
      expect(isForward ? difference <= 0 : difference >= 0, "the order of a query").toBe(true);
    }
    expect(sortedItems(found)).toEqual(sortedItems(expected));
  }

  async #scan(): Promise<void> {
    const placeholders = new Placeholders();
    const filter = randomCondition(this.#random, placeholders);
    const total = 1 + Math.floor(this.#random(3));
    const pages = await Promise.all(
      Array.from({ length: total }, (_, Segment) =>
        this.#client.send(
          new ScanCommand({
            TableName,
            Segment,
            TotalSegments: total,
            FilterExpression: filter.text,
            ...used(placeholders),
          }),
        ),
      ),
    );
    const found = pages.flatMap(({ Items }) => Items as unknown as Item[]).map(unwire);
    const expected = [...this.#table.items.values()].filter(filter.holds);
    expect(sortedItems(found), filter.text).toEqual(sortedItems(expected));
    expect(pages.reduce((sum, { ScannedCount }) => sum + ScannedCount!, 0)).toBe(this.#table.items.size);
  }

  async #batch(): Promise<void> {
    const items = new Map<string, Item>();
    for (let i = 0; i < 4; i++) {
      const item = this.#item();
      items.set(this.#table.keyOf(item), item);
    }
    const requests = [...items.values()].map((item) =>
      this.#random(3) < 1
        ? { DeleteRequest: { Key: wire({ pk: item.pk!, sk: item.sk! }) } }
        : { PutRequest: { Item: wire(item) } },
    );
    await this.#client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } }));
    [...items.values()].forEach((item, index) => {
      if ("PutRequest" in requests[index]!) this.#table.put(item);
      else this.#table.delete(item);
    });
  }

  async #transact(): Promise<void> {
    const put = this.#item();
    const checked = this.#key();
    const updated = this.#key();
    const keys = new Set([put, checked, updated].map((key) => this.#table.keyOf(key)));
    if (keys.size < 3) return;
    const check = new Placeholders();
    const condition = randomCondition(this.#random, check);
    const change = new Placeholders();
    const update = randomUpdate(this.#random, change);
    const holds = condition.holds(this.#table.get(checked) ?? {});
    const after = update.apply(this.#table.get(updated) ?? updated);
    const command = new TransactWriteItemsCommand({
      TransactItems: [
        { Put: { TableName, Item: wire(put) } },
        {
          ConditionCheck: {
            TableName,
            Key: wire(checked),
            ConditionExpression: condition.text,
            ...used(check),
          },
        },
        { Update: { TableName, Key: wire(updated), UpdateExpression: update.text, ...used(change) } },
      ],
    });
    try {
      await this.#client.send(command);
      expect([holds, after !== undefined], `${condition.text}; ${update.text}`).toEqual([true, true]);
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      expect(error.CancellationReasons?.map(({ Code }) => Code)).toEqual([
        "None",
        holds ? "None" : "ConditionalCheckFailed",
        after === undefined ? "ValidationError" : "None",
      ]);
      return;
    }
    this.#table.put(put);
    this.#table.put(after!);
  }

  async #attempt<T extends PutItemCommand | UpdateItemCommand | DeleteItemCommand>(command: T) {
    try {
      return await this.#client.send(command as PutItemCommand);
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return "refused" as const;
      throw error;
    }
  }

  async #compareAll(): Promise<void> {
    const { Items } = await this.#client.send(new ScanCommand({ TableName }));
    expect(sortedItems((Items as unknown as Item[]).map(unwire))).toEqual(
      sortedItems([...this.#table.items.values()]),
    );
  }
}

/** Names and values of a request; none when it has none. */
function used({ names, values }: Placeholders) {
  return {
    ...(Object.keys(names).length > 0 && { ExpressionAttributeNames: names }),
    ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: wire(values) }),
  };
}

function expectItem(found: unknown, expected: Item | undefined): void {
  if (expected === undefined) expect(found).toBeUndefined();
  else expect(plainItem(unwire(found as Item))).toEqual(plainItem(expected));
}

function sortedItems(items: readonly Item[]): readonly string[] {
  return items.map((item) => JSON.stringify(plainItem(item))).sort();
}
