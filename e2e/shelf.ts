import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DynamoDBClient,
  paginateScan,
  QueryCommand,
} from "@aws-sdk/client-dynamodb";
import type { ComposeProject } from "./compose-project.ts";

const TableName = "shelf";
const perBatch = 25;

function itemOf(number: number) {
  return {
    pk: { S: `p${number % 10}` },
    sk: { N: String(number) },
    kind: { S: `k${number % 7}` },
    text: { S: `item ${number}` },
  };
}

/** A table with an index, in the keyvalue engine of a project. */
export class Shelf {
  readonly #client: DynamoDBClient;

  constructor(project: ComposeProject, port: number) {
    const password = readFileSync(join(project.folder, "secrets/keyvalue_password"), "utf8").trim();
    this.#client = new DynamoDBClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: "us-east-1",
      credentials: { accessKeyId: "weftkit", secretAccessKey: password },
    });
  }

  /** Writes items 0 to `count` - 1. */
  async write(count: number): Promise<void> {
    const attribute = (AttributeName: string, AttributeType: "S" | "N") => ({ AttributeName, AttributeType });
    const key = (hash: string, range: string) => [
      { AttributeName: hash, KeyType: "HASH" as const },
      { AttributeName: range, KeyType: "RANGE" as const },
    ];
    await this.#client.send(
      new CreateTableCommand({
        TableName,
        AttributeDefinitions: [attribute("pk", "S"), attribute("sk", "N"), attribute("kind", "S")],
        KeySchema: key("pk", "sk"),
        GlobalSecondaryIndexes: [
          { IndexName: "kinds", KeySchema: key("kind", "sk"), Projection: { ProjectionType: "ALL" } },
        ],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    for (let first = 0; first < count; first += perBatch) {
      const numbers = Array.from({ length: Math.min(perBatch, count - first) }, (_, index) => first + index);
      const puts = numbers.map((number) => ({ PutRequest: { Item: itemOf(number) } }));
      await this.#client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: puts } }));
    }
  }

  /** What is not as it was written. */
  async differences(count: number): Promise<string[]> {
    const texts = new Map<number, string | undefined>();
    for await (const { Items = [] } of paginateScan({ client: this.#client }, { TableName })) {
      for (const item of Items) texts.set(Number(item.sk?.N), item.text?.S);
    }
    const found = Array.from({ length: count }, (_, number) => number)
      .filter((number) => texts.get(number) !== `item ${number}`)
      .map((number) => `item ${number}`);
    if (texts.size !== count) found.push(`${texts.size} items`);
    const { Count } = await this.#client.send(
      new QueryCommand({
        TableName,
        IndexName: "kinds",
        KeyConditionExpression: "kind = :kind",
        ExpressionAttributeValues: { ":kind": { S: "k3" } },
      }),
    );
    if (
      Count !==
      Array.from({ length: count }, (_, number) => number).filter((number) => number % 7 === 3).length
    ) {
      found.push(`${Count} items of one kind`);
    }
    return found;
  }

  close(): void {
    this.#client.destroy();
  }
}
