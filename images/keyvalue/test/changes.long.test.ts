import { join } from "node:path";
import {
  CreateTableCommand,
  DynamoDBClient,
  paginateScan,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import { killedWhileSending } from "@weftkit/testing/killed-while-sending";
import { patientMs } from "@weftkit/testing/patience";
import { onTestFinished, test } from "vitest";
import { clientOptions } from "./running-engine.ts";

const rounds = Number(process.env.WEFTKIT_KILL_ROUNDS ?? 8);
const TableName = "numbers";

function connect(port: number): DynamoDBClient {
  const client = new DynamoDBClient(clientOptions(`http://127.0.0.1:${port}`));
  onTestFinished(() => client.destroy());
  return client;
}

test(
  "kill -9 while changes are sent to a file: each transaction is there whole, in order, and no other one",
  { timeout: patientMs(20_000 + rounds * 5_000) },
  () =>
    killedWhileSending(
      {
        main: join(import.meta.dirname, "../src/main.ts"),
        prepare: async (port) => {
          await connect(port).send(
            new CreateTableCommand({
              TableName,
              AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
              KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
              BillingMode: "PAY_PER_REQUEST",
            }),
          );
        },
        connect: async (port) => {
          const client = connect(port);
          return {
            write: async (n) => {
              const put = (id: string) => ({
                Put: { TableName, Item: { id: { S: id }, n: { N: String(n) } } },
              });
              const isUndone = n % 5 === 0;
              const refused = {
                ConditionCheck: {
                  TableName,
                  Key: { id: { S: "none" } },
                  ConditionExpression: "attribute_exists(id)",
                },
              };
              const actions = [put(`a${n}`), put(`b${n}`), ...(isUndone ? [refused] : [])];
              try {
                await client.send(new TransactWriteItemsCommand({ TransactItems: actions }));
                return "committed";
              } catch (error) {
                if ((error as Error).name === "TransactionCanceledException") return "rolled back";
                throw error;
              }
            },
          };
        },
        stored: async (port) => {
          const numbers: number[] = [];
          for await (const { Items = [] } of paginateScan({ client: connect(port) }, { TableName }))
            for (const { n } of Items) numbers.push(Number(n!.N));
          return numbers;
        },
        numberOf: (row) => {
          const n = (row as { n?: { N: string } } | null)?.n;
          return n && Number(n.N);
        },
      },
      rounds,
    ),
);
