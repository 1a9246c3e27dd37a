import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  type ChecksumAlgorithm,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { checksumAlgorithms, type ChecksumAlgorithm as Known, runningChecksum } from "@weftkit/http-aws";
import { beforeEach, describe, expect, test } from "vitest";
import { clientOptions, newName, RunningEngine, users } from "./running-engine.ts";

const shared = RunningEngine.forFile({ auth: users });
const content = Buffer.from("what is sent, in some chunks ".repeat(5000));
let client: S3Client;
let Bucket: string;

beforeEach(async () => {
  const { credentials } = clientOptions("", "admin", "password of admin");
  client = shared.engine.client({ credentials });
  Bucket = newName();
  await client.send(new CreateBucketCommand({ Bucket }));
});

function sumOf(algorithm: Known, bytes: Buffer): string {
  const sum = runningChecksum(algorithm);
  sum.update(bytes);
  return sum.digest().toString("base64");
}

async function read(Key: string): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from(await Body!.transformToByteArray());
}

describe.each(checksumAlgorithms)("%s", (algorithm) => {
  const ChecksumAlgorithm = algorithm as ChecksumAlgorithm;
  const member = `Checksum${algorithm}` as "ChecksumCRC32";

  test.each(["whole", "streamed"])("is verified, kept and told of a body that is sent %s", async (form) => {
    const Body =
      form === "whole" ? content : Readable.from([content.subarray(0, 70_000), content.subarray(70_000)]);
    const put = await client.send(
      new PutObjectCommand({ Bucket, Key: "x", Body, ContentLength: content.length, ChecksumAlgorithm }),
    );
    expect(put[member]).toBe(sumOf(algorithm, content));
    expect((await read("x")).equals(content)).toBe(true);
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: "x", ChecksumMode: "ENABLED" }));
    expect(head).toMatchObject({ [member]: sumOf(algorithm, content), ChecksumType: "FULL_OBJECT" });
    const without = await client.send(new HeadObjectCommand({ Bucket, Key: "x" }));
    expect(without[member]).toBeUndefined();
  });

  test("that is wrong leaves nothing stored", async () => {
    const put = client.send(
      new PutObjectCommand({
        Bucket,
        Key: "wrong",
        Body: content,
        [member]: sumOf(algorithm, Buffer.from("other")),
      }),
    );
    await expect(put).rejects.toMatchObject({ name: "BadDigest" });
    await expect(read("wrong")).rejects.toMatchObject({ name: "NoSuchKey" });
  });

  test("of parts becomes that of the object", async () => {
    const isWhole = algorithm === "CRC64NVME";
    const { UploadId, ChecksumType } = await client.send(
      new CreateMultipartUploadCommand({ Bucket, Key: "parts", ChecksumAlgorithm }),
    );
    expect(ChecksumType).toBe(isWhole ? "FULL_OBJECT" : "COMPOSITE");
    const parts = [Buffer.alloc(5 * 1024 * 1024, 1), Buffer.from("the end")];
    const Parts = [];
    for (const [index, Body] of parts.entries()) {
      const PartNumber = index + 1;
      const part = { Bucket, Key: "parts", UploadId, PartNumber, Body, ChecksumAlgorithm };
      const { ETag, [member]: sum } = await client.send(new UploadPartCommand(part));
      expect(sum).toBe(sumOf(algorithm, Body));
      Parts.push({ PartNumber, ETag, [member]: sum });
    }
    const done = await client.send(
      new CompleteMultipartUploadCommand({ Bucket, Key: "parts", UploadId, MultipartUpload: { Parts } }),
    );
    const sums = Buffer.concat(parts.map((part) => Buffer.from(sumOf(algorithm, part), "base64")));
    const whole = isWhole ? sumOf(algorithm, Buffer.concat(parts)) : sumOf(algorithm, sums);
    expect(done[member]).toBe(isWhole ? whole : `${whole}-2`);
    const digests = parts.map((part) => createHash("md5").update(part).digest());
    expect(done.ETag).toBe(`"${createHash("md5").update(Buffer.concat(digests)).digest("hex")}-2"`);
    const attributes = await client.send(
      new GetObjectAttributesCommand({ Bucket, Key: "parts", ObjectAttributes: ["Checksum", "ObjectParts"] }),
    );
    expect(attributes.Checksum).toMatchObject({ [member]: whole });
    expect((await read("parts")).equals(Buffer.concat(parts))).toBe(true);
  });
});

test("a full checksum of parts can be asked for with CRC32", async () => {
  const { UploadId } = await client.send(
    new CreateMultipartUploadCommand({
      Bucket,
      Key: "full",
      ChecksumAlgorithm: "CRC32",
      ChecksumType: "FULL_OBJECT",
    }),
  );
  const { ETag } = await client.send(
    new UploadPartCommand({ Bucket, Key: "full", UploadId, PartNumber: 1, Body: content }),
  );
  const done = await client.send(
    new CompleteMultipartUploadCommand({
      Bucket,
      Key: "full",
      UploadId,
      ChecksumType: "FULL_OBJECT",
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
    }),
  );
  expect(done.ChecksumCRC32).toBe(sumOf("CRC32", content));
});

describe("presigned", () => {
  test("an upload may carry the checksum of nothing, which SDKs put into its address", async () => {
    const url = await getSignedUrl(client, new PutObjectCommand({ Bucket, Key: "p" }), { expiresIn: 60 });
    expect(url).toContain("x-amz-checksum-crc32=");
    const response = await fetch(url, { method: "PUT", body: content });
    expect(response.status).toBe(200);
    expect((await read("p")).equals(content)).toBe(true);
  });

  test("a download can be had without credentials, until it expires, and only as it was signed", async () => {
    await client.send(new PutObjectCommand({ Bucket, Key: "p", Body: content }));
    const url = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: "p" }), { expiresIn: 60 });
    expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(content)).toBe(true);
    expect((await fetch(url.replace("/p?", "/q?"))).status).toBe(403);
    expect((await fetch(url, { method: "DELETE" })).status).toBe(403);
    const signingDate = new Date(Date.now() - 120_000);
    const old = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: "p" }), {
      expiresIn: 60,
      signingDate,
    });
    expect((await fetch(old)).status).toBe(403);
  });
});
