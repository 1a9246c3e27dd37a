import { join } from "node:path";
import { CreateBucketCommand, PutObjectCommand, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import { killedWhileSending } from "@weftkit/testing/killed-while-sending";
import { patientMs } from "@weftkit/testing/patience";
import { onTestFinished, test } from "vitest";
import { clientOptions } from "./running-engine.ts";

const rounds = Number(process.env.WEFTKIT_KILL_ROUNDS ?? 8);
const Bucket = "numbers";

function connect(port: number): S3Client {
  const client = new S3Client(clientOptions(`http://127.0.0.1:${port}`));
  onTestFinished(() => client.destroy());
  return client;
}

test(
  "kill -9 while changes are sent to a file: each object is there, in order, and no other one",
  { timeout: patientMs(20_000 + rounds * 5_000) },
  () =>
    killedWhileSending(
      {
        main: join(import.meta.dirname, "../src/main.ts"),
        rowsOfTransaction: 1,
        prepare: async (port) => void (await connect(port).send(new CreateBucketCommand({ Bucket }))),
        connect: async (port) => {
          const client = connect(port);
          return {
            write: async (n) => {
              const isUndone = n % 5 === 0;
              const Key = String(n);
              try {
                await client.send(
                  new PutObjectCommand({ Bucket, Key, Body: Key, ...(isUndone && { IfMatch: '"none"' }) }),
                );
                return "committed";
              } catch (error) {
                if (isUndone && (error as { $metadata?: object }).$metadata !== undefined)
                  return "rolled back";
                throw error;
              }
            },
          };
        },
        stored: async (port) => {
          const numbers: number[] = [];
          for await (const { Contents = [] } of paginateListObjectsV2({ client: connect(port) }, { Bucket }))
            for (const { Key } of Contents) numbers.push(Number(Key));
          return numbers;
        },
        numberOf: (row) => {
          const key = (row as { key?: string } | null)?.key;
          return key === undefined ? undefined : Number(key);
        },
      },
      rounds,
    ),
);
