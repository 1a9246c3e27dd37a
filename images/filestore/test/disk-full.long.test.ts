import { createHash, randomBytes } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { patientMs } from "@weftkit/testing/patience";
import { canMount, memoryVolume } from "@weftkit/testing/volume";
import { expect, test } from "vitest";
import { EngineProcess } from "./engine-process.ts";
import { clientOptions } from "./running-engine.ts";

if (!canMount) console.log("not allowed to mount volumes: a full volume is left out here");

const Bucket = "full";
const volumeBytes = 32 * 1024 * 1024;
const partBytes = 5 * 1024 * 1024;
const full = { name: "ServiceUnavailable", $metadata: { httpStatusCode: 503 } };

const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** What was acknowledged, by key: the hash of its content. */
type Acknowledged = Map<string, string>;

let written = 0;

/** Puts objects of a size until the volume is full. */
async function fill(
  client: S3Client,
  acknowledged: Acknowledged,
  bytes: number,
  countMax = Infinity,
): Promise<void> {
  for (let count = 0; count < countMax; count++) {
    const Key = `${bytes}/${written++}`;
    const Body = randomBytes(bytes);
    try {
      await client.send(new PutObjectCommand({ Bucket, Key, Body }));
    } catch (error) {
      expect(error).toMatchObject(full);
      return;
    }
    acknowledged.set(Key, hash(Body));
  }
}

/** Everything that was acknowledged is there, and is what it was. */
async function verify(client: S3Client, acknowledged: Acknowledged): Promise<void> {
  for (const [Key, wanted] of acknowledged) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    expect(hash(await Body!.transformToByteArray()), Key).toBe(wanted);
  }
}

test.runIf(canMount).for([
  ["large", 256 * 1024],
  ["small", 32 * 1024],
] as const)(
  "a volume full of %s objects: writes are refused, nothing is lost, and deletes make room",
  { timeout: patientMs(180_000) },
  async ([, bytes]) => {
    const dataDir = memoryVolume(volumeBytes);
    let engine = await EngineProcess.start(dataDir);
    let client = new S3Client(clientOptions(engine.url));
    await client.send(new CreateBucketCommand({ Bucket }));
    const Key = "in parts";
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const part = (PartNumber: number, Body: Buffer) =>
      client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
    const parts = [randomBytes(partBytes), randomBytes(1000)];
    const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
    for (const [index, Body] of parts.entries()) {
      const { ETag } = await part(index + 1, Body);
      Parts.push({ PartNumber: index + 1, ETag });
    }

    const acknowledged: Acknowledged = new Map();
    await fill(client, acknowledged, bytes);
    await expect(part(3, randomBytes(partBytes))).rejects.toMatchObject(full);
    await verify(client, acknowledged);
    const listed = await client.send(new ListPartsCommand({ Bucket, Key, UploadId }));
    expect(listed.Parts?.map(({ PartNumber }) => PartNumber)).toEqual([1, 2]);

    // Every second one, from a volume that has no room left at all.
    const ballast = openSync(`${dataDir}/ballast`, "w");
    try {
      for (;;) if (writeSync(ballast, Buffer.alloc(4096)) < 4096) break;
    } catch (error) {
      expect(error).toMatchObject({ code: "ENOSPC" });
    } finally {
      closeSync(ballast);
    }
    for (const [index, name] of [...acknowledged.keys()].entries()) {
      if (index % 2 === 0) continue;
      await client.send(new DeleteObjectCommand({ Bucket, Key: name }));
      acknowledged.delete(name);
    }
    const before = acknowledged.size;
    await expect
      .poll(
        async () => {
          await fill(client, acknowledged, bytes, 1);
          return acknowledged.size;
        },
        { timeout: patientMs(20_000) },
      )
      .toBeGreaterThan(before + 5);
    await client.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
    );
    acknowledged.set(Key, hash(Buffer.concat(parts)));
    await verify(client, acknowledged);

    // Again full, and killed.
    await fill(client, acknowledged, bytes);
    await engine.kill();
    client.destroy();
    engine = await EngineProcess.start(dataDir);
    client = new S3Client(clientOptions(engine.url));
    await verify(client, acknowledged);
    client.destroy();
  },
);
