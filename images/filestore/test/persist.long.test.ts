import { randomBytes } from "node:crypto";
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { startPersistFunction } from "@weftkit/testing/persist-function";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { EngineProcess } from "./engine-process.ts";
import { clientOptions } from "./running-engine.ts";

const Bucket = "kept";
const partBytes = 5 * 1024 * 1024;

/** Every object, version and upload in progress is back after the volume is lost. */
test("a lost volume is restored from WKP-1", async () => {
  const environment = await startPersistFunction();
  const engine = await EngineProcess.start(temporaryFolder(), environment);
  const client = new S3Client(clientOptions(engine.url));
  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(
    new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }),
  );
  const contents = new Map<string, Buffer>();
  for (const size of [0, 100, 40_000, 9_000_000]) {
    for (const version of [1, 2]) {
      const Body = randomBytes(size);
      const { VersionId } = await client.send(new PutObjectCommand({ Bucket, Key: `of ${size}`, Body }));
      contents.set(`of ${size} ${VersionId}`, Body);
      expect(version).toBeLessThan(3);
    }
  }
  await client.send(new DeleteObjectCommand({ Bucket, Key: "of 100" }));
  const part = randomBytes(partBytes);
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: "later" }));
  const { ETag } = await client.send(
    new UploadPartCommand({ Bucket, Key: "later", UploadId, PartNumber: 1, Body: part }),
  );
  const { Versions: before, DeleteMarkers: markers } = await client.send(
    new ListObjectVersionsCommand({ Bucket }),
  );
  client.destroy();
  expect(await engine.terminate()).toBe(0);

  const restored = await EngineProcess.start(temporaryFolder(), environment);
  const again = new S3Client(clientOptions(restored.url));
  const after = await again.send(new ListObjectVersionsCommand({ Bucket }));
  expect(after.Versions).toEqual(before);
  expect(after.DeleteMarkers).toEqual(markers);
  for (const { Key, VersionId } of after.Versions!) {
    const { Body } = await again.send(new GetObjectCommand({ Bucket, Key, VersionId }));
    const found = Buffer.from(await Body!.transformToByteArray());
    expect(found.equals(contents.get(`${Key} ${VersionId}`)!), `${Key} ${VersionId}`).toBe(true);
  }
  const { Parts } = await again.send(new ListPartsCommand({ Bucket, Key: "later", UploadId }));
  expect(Parts).toMatchObject([{ PartNumber: 1, ETag, Size: partBytes }]);
  await again.send(
    new CompleteMultipartUploadCommand({
      Bucket,
      Key: "later",
      UploadId,
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
    }),
  );
  const { Body } = await again.send(new GetObjectCommand({ Bucket, Key: "later" }));
  expect(Buffer.from(await Body!.transformToByteArray()).equals(part)).toBe(true);
  again.destroy();
  expect(await restored.terminate()).toBe(0);
});
