import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { patientMs } from "@weftkit/testing/patience";
import { describe, expect, test } from "vitest";
import { newName, RunningEngine } from "./running-engine.ts";

const shared = RunningEngine.forFile();

async function bucketOf(client: S3Client): Promise<string> {
  const Bucket = newName();
  await client.send(new CreateBucketCommand({ Bucket }));
  return Bucket;
}

describe("objects", () => {
  test.each([0, 1, 4096, 32 * 1024, 32 * 1024 + 1, 128 * 1024, 1_500_000])(
    "of %d bytes are given back as they came",
    async (size) => {
      const client = shared.engine.client();
      const Bucket = await bucketOf(client);
      const Body = randomBytes(size);
      await client.send(
        new PutObjectCommand({ Bucket, Key: "a/b", Body, ContentType: "x/y", Metadata: { k: "v" } }),
      );
      const got = await client.send(new GetObjectCommand({ Bucket, Key: "a/b" }));
      expect(Buffer.from(await got.Body!.transformToByteArray()).equals(Body)).toBe(true);
      expect(got).toMatchObject({ ContentLength: size, ContentType: "x/y", Metadata: { k: "v" } });
      const head = await client.send(new HeadObjectCommand({ Bucket, Key: "a/b" }));
      expect(head.ETag).toBe(got.ETag);
      await client.send(new DeleteObjectCommand({ Bucket, Key: "a/b" }));
      await expect(client.send(new GetObjectCommand({ Bucket, Key: "a/b" }))).rejects.toMatchObject({
        name: "NoSuchKey",
      });
    },
  );

  test("are streamed in chunks with a checksum behind them", async () => {
    const client = shared.engine.client();
    const Bucket = await bucketOf(client);
    const content = randomBytes(3_000_000);
    const Body = Readable.from([content.subarray(0, 1_000_000), content.subarray(1_000_000)]);
    await client.send(new PutObjectCommand({ Bucket, Key: "stream", Body, ContentLength: content.length }));
    const got = await client.send(
      new GetObjectCommand({ Bucket, Key: "stream", Range: "bytes=999990-1000009" }),
    );
    expect(got.ContentRange).toBe("bytes 999990-1000009/3000000");
    expect(
      Buffer.from(await got.Body!.transformToByteArray()).equals(content.subarray(999_990, 1_000_010)),
    ).toBe(true);
  });

  test("of the same content are stored once, and the last one takes it away", async () => {
    const engine = await RunningEngine.start();
    const client = engine.client();
    const Bucket = await bucketOf(client);
    const Body = randomBytes(200_000);
    for (const Key of ["a", "b"]) await client.send(new PutObjectCommand({ Bucket, Key, Body }));
    await client.send(new DeleteObjectCommand({ Bucket, Key: "a" }));
    const got = await client.send(new GetObjectCommand({ Bucket, Key: "b" }));
    expect(Buffer.from(await got.Body!.transformToByteArray()).equals(Body)).toBe(true);
  });

  test("are read to their end, though they are deleted meanwhile, and are gone then", async () => {
    const engine = await RunningEngine.start();
    const client = engine.client();
    const Bucket = await bucketOf(client);
    const content = Buffer.alloc(40 * 1024 * 1024, randomBytes(1024 * 1024));
    await client.send(new PutObjectCommand({ Bucket, Key: "x", Body: content }));
    const response = await fetch(`${engine.url}/${Bucket}/x`);
    const chunks: Uint8Array[] = [];
    for await (const chunk of response.body!) {
      if (chunks.length === 0) await client.send(new DeleteObjectCommand({ Bucket, Key: "x" }));
      chunks.push(chunk);
    }
    expect(Buffer.concat(chunks).equals(content)).toBe(true);
    const files = () =>
      readdirSync(join(engine.dataDir, "files"), { recursive: true, encoding: "utf8" }).filter((name) =>
        /[0-9a-f]{64}$/.test(name),
      );
    await expect.poll(files, { timeout: patientMs(5000), interval: 20 }).toEqual([]);
  });

  test("have keys of any characters", async () => {
    const client = shared.engine.client();
    const Bucket = await bucketOf(client);
    const keys = [
      "a b+c@d!'()*",
      "ü/\u{1f600}",
      "..",
      "a//b",
      "%25",
      "~-_.",
      "dir/",
      "a?b&c=d#e",
      "\u0001\u0019",
    ];
    for (const Key of keys) await client.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
    for (const Key of keys) {
      const got = await client.send(new GetObjectCommand({ Bucket, Key }));
      expect(await got.Body!.transformToString()).toBe(Key);
    }
    const listed = await client.send(new ListObjectsV2Command({ Bucket, EncodingType: "url" }));
    const found = listed.Contents!.map(({ Key }) => decodeURIComponent(Key!));
    expect(found).toEqual([...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  });
});

describe("buckets", () => {
  test("are made, listed and deleted when empty", async () => {
    const client = shared.engine.client();
    const Bucket = await bucketOf(client);
    const { Buckets } = await client.send(new ListBucketsCommand());
    expect(Buckets!.map(({ Name }) => Name)).toContain(Bucket);
    await client.send(new PutObjectCommand({ Bucket, Key: "x", Body: "x" }));
    await expect(client.send(new DeleteBucketCommand({ Bucket }))).rejects.toMatchObject({
      name: "BucketNotEmpty",
    });
    const deleted = await client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: "x" }, { Key: "y" }] } }),
    );
    expect(deleted.Deleted).toHaveLength(2);
    await client.send(new DeleteBucketCommand({ Bucket }));
    await expect(client.send(new DeleteBucketCommand({ Bucket }))).rejects.toMatchObject({
      name: "NoSuchBucket",
    });
  });
});

describe("listings", () => {
  test("go from page to page without saying a prefix twice", async () => {
    const client = shared.engine.client();
    const Bucket = await bucketOf(client);
    const keys = [
      "a",
      "b/1",
      "b/2",
      "b/3",
      "c/1/x",
      "c/2",
      "d",
      "data/a",
      "data/ab/1",
      "data/ab/2",
      "1/x",
      "1000/y",
    ];
    for (const Key of keys) await client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.alloc(0) }));
    const pages = async (parameters: Record<string, unknown>) => {
      const found: string[] = [];
      let ContinuationToken: string | undefined;
      do {
        const page = await client.send(
          new ListObjectsV2Command({ Bucket, MaxKeys: 1, ContinuationToken, ...parameters }),
        );
        found.push(...(page.Contents ?? []).map(({ Key }) => Key!));
        found.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix!));
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined);
      return found;
    };
    expect(await pages({ Delimiter: "/" })).toEqual(["1/", "1000/", "a", "b/", "c/", "d", "data/"]);
    expect(await pages({ Prefix: "1/" })).toEqual(["1/x"]);
    expect(await pages({ Prefix: "data/a", Delimiter: "/" })).toEqual(["data/a", "data/ab/"]);
    expect(await pages({ Prefix: "c/", Delimiter: "/" })).toEqual(["c/1/", "c/2"]);
    expect(await pages({})).toEqual([...keys].sort());
  });
});
