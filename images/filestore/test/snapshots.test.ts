import { randomBytes } from "node:crypto";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { startPersistFunction } from "@weftkit/testing/persist-function";
import { adminToken, pushNow, restoreSnapshot, takeSnapshot } from "@weftkit/testing/snapshots";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, onTestFinished, test } from "vitest";
import { EngineProcess } from "./engine-process.ts";
import { clientOptions } from "./running-engine.ts";

const Bucket = "kept";

function start(environment: Record<string, string> = {}): Promise<EngineProcess> {
  return EngineProcess.start(temporaryFolder(), { WEFTKIT_ADMIN_TOKEN: adminToken, ...environment });
}

function clientOf({ url }: EngineProcess): S3Client {
  const client = new S3Client(clientOptions(url));
  onTestFinished(() => client.destroy());
  return client;
}

async function contentsOf(engine: EngineProcess): Promise<Record<string, string>> {
  const client = clientOf(engine);
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
  const found: Record<string, string> = {};
  for (const { Key } of Contents) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    found[Key!] = await Body!.transformToString("base64");
  }
  return found;
}

/** Objects in the database and in files of their own; resolves to what they hold. */
async function fill(engine: EngineProcess): Promise<Record<string, string>> {
  const client = clientOf(engine);
  await client.send(new CreateBucketCommand({ Bucket }));
  for (const size of [0, 10, 40_000, 3_000_000]) {
    await client.send(new PutObjectCommand({ Bucket, Key: `of ${size}`, Body: randomBytes(size) }));
  }
  return await contentsOf(engine);
}

async function change(engine: EngineProcess): Promise<void> {
  const client = clientOf(engine);
  await client.send(new DeleteObjectCommand({ Bucket, Key: "of 40000" }));
  await client.send(new PutObjectCommand({ Bucket, Key: "of 10", Body: "other" }));
  await client.send(new PutObjectCommand({ Bucket, Key: "large", Body: randomBytes(100_000) }));
}

test("objects and their files are back, also in another engine", async () => {
  const engine = await start();
  const before = await fill(engine);
  const file = await takeSnapshot(engine);
  await change(engine);
  await restoreSnapshot(engine, file);
  expect(await contentsOf(engine)).toEqual(before);
  const other = await start();
  await restoreSnapshot(other, file);
  expect(await contentsOf(other)).toEqual(before);
  expect(await other.terminate()).toBe(0);
});

test("WKP-1 goes on with the restored state, its blobs too", async () => {
  const environment = await startPersistFunction();
  const engine = await start(environment);
  const before = await fill(engine);
  await pushNow(engine);
  const file = await takeSnapshot(engine);
  await change(engine);
  await pushNow(engine);
  await restoreSnapshot(engine, file);
  await pushNow(engine);
  const client = clientOf(engine);
  await client.send(new PutObjectCommand({ Bucket, Key: "after", Body: Buffer.from("after") }));
  const expected = { ...before, after: Buffer.from("after").toString("base64") };
  expect(await engine.terminate()).toBe(0);

  const second = await start(environment);
  expect(await contentsOf(second)).toEqual(expected);
});
