import { createHash, randomBytes } from "node:crypto";
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { sign } from "@weftkit/http-aws";
import { beforeEach, describe, expect, test } from "vitest";
import { newName, RunningEngine, users } from "./running-engine.ts";

const shared = RunningEngine.forFile({ auth: users });
const accessKey = "admin";
const secret = "password of admin";
let client: S3Client;
let Bucket: string;

beforeEach(async () => {
  client = shared.engine.client({ credentials: { accessKeyId: accessKey, secretAccessKey: secret } });
  Bucket = newName();
  await client.send(new CreateBucketCommand({ Bucket }));
});

const put = (Key: string, Body: string | Buffer = "0123456789", more = {}) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.from(Body), ...more }));

/** A request as it stands, signed, with any headers. */
async function raw(
  method: string,
  path: string,
  headers: Record<string, string>,
  body: Buffer,
): Promise<Response> {
  const url = new URL(shared.engine.url);
  const timestamp = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const bodyHash = headers["x-amz-content-sha256"] ?? createHash("sha256").update(body).digest("hex");
  const all = { host: url.host, "x-amz-date": timestamp, "x-amz-content-sha256": bodyHash, ...headers };
  const credential = { accessKey, date: timestamp.slice(0, 8), region: "us-east-1", service: "s3" };
  const authorization = sign(
    { method, path, query: "", headers: all, bodyHash },
    { credential, secret, timestamp, signedHeaders: Object.keys(all).sort(), encodesPathTwice: false },
  );
  const { host: _, ...sent } = all;
  return fetch(url.origin + path, {
    method,
    headers: { ...sent, authorization },
    body: new Uint8Array(body),
  });
}

describe("chunked bodies", () => {
  const chunked = (content: string, trailer = "") =>
    Buffer.from(`${content.length.toString(16)}\r\n${content}\r\n0\r\n${trailer}\r\n`);
  const headers = (content: string, more: Record<string, string> = {}) => ({
    "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "x-amz-decoded-content-length": String(content.length),
    ...more,
  });

  test("are known by x-amz-content-sha256, and keep their own encoding", async () => {
    const encoded = headers("hello", { "content-encoding": "aws-chunked, gzip" });
    const response = await raw("PUT", `/${Bucket}/x`, encoded, chunked("hello"));
    expect(response.status).toBe(200);
    expect(response.headers.get("x-amz-checksum-crc64nvme")).toBeTruthy();
    const got = await client.send(new GetObjectCommand({ Bucket, Key: "x" }));
    expect(await got.Body!.transformToString()).toBe("hello");
    expect(got.ContentEncoding).toBe("gzip");
  });

  test.each([
    ["another length than was said", "hello", chunked("hello!")],
    ["no end", "hello", Buffer.from("5\r\nhello\r\n")],
    ["no form", "hello", Buffer.from("hello")],
    ["a size that is none", "hello", Buffer.from("zz\r\nhello\r\n0\r\n\r\n")],
  ])("with %s are refused, and nothing is stored", async (_what, content, body) => {
    const response = await raw("PUT", `/${Bucket}/x`, headers(content), body);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("IncompleteBody");
    await expect(client.send(new HeadObjectCommand({ Bucket, Key: "x" }))).rejects.toMatchObject({
      name: "NotFound",
    });
  });

  test("with a wrong checksum behind them are refused, and nothing is stored", async () => {
    const named = headers("hello", { "x-amz-trailer": "x-amz-checksum-crc64nvme" });
    const body = chunked("hello", "x-amz-checksum-crc64nvme:AAAAAAAAAAA=\r\n");
    const response = await raw("PUT", `/${Bucket}/x`, named, body);
    expect(await response.text()).toContain(
      "The CRC64NVME you specified did not match the calculated checksum.",
    );
    await expect(client.send(new HeadObjectCommand({ Bucket, Key: "x" }))).rejects.toMatchObject({
      name: "NotFound",
    });
  });

  test("have at most one short chunk, at their end", async () => {
    const body = Buffer.from("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n");
    expect((await raw("PUT", `/${Bucket}/x`, headers("hello"), body)).status).toBe(403);
  });
});

test("a body with another hash than was signed is refused", async () => {
  const bodyHash = createHash("sha256").update("other").digest("hex");
  const response = await raw(
    "PUT",
    `/${Bucket}/x`,
    { "x-amz-content-sha256": bodyHash },
    Buffer.from("this"),
  );
  expect(response.status).toBe(400);
  expect(await response.text()).toContain("XAmzContentSHA256Mismatch");
});

describe("uploads in parts", () => {
  const begin = async (Key: string) =>
    (await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))).UploadId;
  const part = async (Key: string, UploadId: string | undefined, PartNumber: number, Body: Buffer) => {
    const { ETag } = await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
    return { PartNumber, ETag };
  };
  const complete = (
    Key: string,
    UploadId: string | undefined,
    Parts: { PartNumber: number; ETag: string | undefined }[],
    more = {},
  ) =>
    client.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more }),
    );

  test("are refused with the error that says why", async () => {
    const id = await begin("m");
    const one = await part("m", id, 1, Buffer.alloc(100));
    const three = await part("m", id, 3, Buffer.alloc(100));
    await expect(complete("m", id, [three, one])).rejects.toMatchObject({ name: "InvalidPartOrder" });
    await expect(complete("m", id, [one, { PartNumber: 2, ETag: one.ETag }])).rejects.toMatchObject({
      name: "InvalidPart",
    });
    await expect(complete("m", id, [one, three])).rejects.toMatchObject({ name: "EntityTooSmall" });
    await expect(complete("m", "nothing", [one])).rejects.toMatchObject({ name: "NoSuchUpload" });
    const done = await complete("m", id, [three]);
    expect((await complete("m", id, [three])).ETag).toBe(done.ETag);
  });

  test("may have gaps, take parts from other objects, and are read across", async () => {
    const source = randomBytes(6 * 1024 * 1024);
    await put("source", source);
    const id = await begin("m");
    const copied = await client.send(
      new UploadPartCopyCommand({
        Bucket,
        Key: "m",
        UploadId: id,
        PartNumber: 2,
        CopySource: `${Bucket}/source`,
      }),
    );
    const last = await part("m", id, 9, Buffer.from("the end"));
    await complete("m", id, [{ PartNumber: 2, ETag: copied.CopyPartResult!.ETag }, last]);
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: "m", Range: "bytes=-10" }));
    expect(Buffer.from(await Body!.transformToByteArray())).toEqual(
      Buffer.concat([source.subarray(-3), Buffer.from("the end")]),
    );
  });

  test("are completed by one of many who ask for a new object", async () => {
    const ids = await Promise.all(Array.from({ length: 6 }, () => begin("one")));
    const parts = await Promise.all(
      ids.map((id, index) => part("one", id, 1, Buffer.from(`content ${index}`))),
    );
    const results = await Promise.allSettled(
      ids.map((id, index) => complete("one", id, [parts[index]!], { IfNoneMatch: "*" })),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });
});

test("one of many conditional puts wins", async () => {
  const results = await Promise.allSettled(
    Array.from({ length: 12 }, (_, i) => put("one", `content ${i}`, { IfNoneMatch: "*" })),
  );
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  for (const result of results) {
    if (result.status === "rejected") expect(result.reason).toMatchObject({ name: "PreconditionFailed" });
  }
  const { ETag } = await client.send(new HeadObjectCommand({ Bucket, Key: "one" }));
  await put("one", "next", { IfMatch: ETag!.replaceAll('"', "") });
  await expect(put("one", "late", { IfMatch: ETag })).rejects.toMatchObject({ name: "PreconditionFailed" });
});

describe("reads", () => {
  const get = (more = {}) => client.send(new GetObjectCommand({ Bucket, Key: "x", ...more }));

  test("by conditions follow their precedence", async () => {
    const { ETag } = await put("x");
    const past = new Date(Date.now() - 3_600_000);
    await get({ IfMatch: ETag, IfUnmodifiedSince: past });
    await expect(get({ IfMatch: '"other"' })).rejects.toMatchObject({ name: "PreconditionFailed" });
    await expect(get({ IfNoneMatch: ETag, IfModifiedSince: past })).rejects.toMatchObject({
      $metadata: { httpStatusCode: 304 },
    });
  });

  test("by ranges", async () => {
    await put("x");
    const text = async (Range: string) => (await get({ Range })).Body!.transformToString();
    expect(await text("bytes=2-4")).toBe("234");
    expect(await text("bytes=-3")).toBe("789");
    expect(await text("bytes=8-100")).toBe("89");
    expect(await text("lines=1-2")).toBe("0123456789");
    await expect(text("bytes=-0")).rejects.toMatchObject({ name: "InvalidRange" });
    await expect(text("bytes=10-")).rejects.toMatchObject({ name: "InvalidRange" });
    expect(await get({ PartNumber: 1 })).toMatchObject({ ContentRange: "bytes 0-9/10" });
  });
});

describe("versions", () => {
  beforeEach(async () => {
    await client.send(
      new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }),
    );
  });

  test("keep a bucket, and a marker's version is not allowed to be read", async () => {
    const { VersionId } = await put("x");
    const marker = await client.send(new DeleteObjectCommand({ Bucket, Key: "x" }));
    expect(marker.DeleteMarker).toBe(true);
    await expect(client.send(new DeleteBucketCommand({ Bucket }))).rejects.toMatchObject({
      name: "BucketNotEmpty",
    });
    const read = client.send(new GetObjectCommand({ Bucket, Key: "x", VersionId: marker.VersionId }));
    await expect(read).rejects.toMatchObject({ name: "MethodNotAllowed" });
    const other = client.send(
      new GetObjectCommand({ Bucket, Key: "x", VersionId: VersionId!.replace(/.$/, "_") }),
    );
    await expect(other).rejects.toMatchObject({ name: "NoSuchVersion" });
    const wrong = client.send(new GetObjectTaggingCommand({ Bucket, Key: "x", VersionId: "wrong" }));
    await expect(wrong).rejects.toMatchObject({ name: "InvalidArgument" });
    await client.send(new DeleteObjectCommand({ Bucket, Key: "x", VersionId: marker.VersionId }));
    await client.send(new GetObjectCommand({ Bucket, Key: "x" }));
  });

  test("have one null marker where they are suspended", async () => {
    await put("x");
    await client.send(
      new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Suspended" } }),
    );
    for (let i = 0; i < 2; i++) await client.send(new DeleteObjectCommand({ Bucket, Key: "x" }));
    const { DeleteMarkers, Versions } = await client.send(new ListObjectVersionsCommand({ Bucket }));
    expect(DeleteMarkers!.map(({ VersionId }) => VersionId)).toEqual(["null"]);
    expect(Versions).toHaveLength(1);
  });

  test("that are only markers make no common prefix of objects, and one of versions", async () => {
    await put("a/b");
    await client.send(new DeleteObjectCommand({ Bucket, Key: "a/b" }));
    expect(
      (await client.send(new ListObjectsV2Command({ Bucket, Delimiter: "/" }))).CommonPrefixes,
    ).toBeUndefined();
    const versions = await client.send(new ListObjectVersionsCommand({ Bucket, Delimiter: "/" }));
    expect(versions.CommonPrefixes).toEqual([{ Prefix: "a/" }]);
  });

  test("are listed page by page, each once", async () => {
    for (const key of ["a", "b/1", "b/2", "c"]) for (let i = 0; i < 3; i++) await put(key, `${i}`);
    const found: string[] = [];
    let KeyMarker: string | undefined;
    let VersionIdMarker: string | undefined;
    do {
      const page = await client.send(
        new ListObjectVersionsCommand({ Bucket, MaxKeys: 2, KeyMarker, VersionIdMarker }),
      );
      found.push(...page.Versions!.map(({ Key, VersionId }) => `${Key} ${VersionId}`));
      KeyMarker = page.NextKeyMarker;
      VersionIdMarker = page.NextVersionIdMarker;
    } while (KeyMarker !== undefined);
    expect(found).toHaveLength(12);
    expect(new Set(found).size).toBe(12);
  });
});

test("a listing that is asked for in URL encoding encodes what is not safe", async () => {
  await put("asdf+b");
  await put("dir/");
  const listed = await client.send(new ListObjectsCommand({ Bucket, EncodingType: "url" }));
  expect(listed.Contents!.map(({ Key }) => Key)).toEqual(["asdf%2Bb", "dir/"]);
});

describe("copies", () => {
  const copy = (more = {}) =>
    client.send(new CopyObjectCommand({ Bucket, Key: "x", CopySource: `${Bucket}/x`, ...more }));

  test("of an object to itself must change something", async () => {
    await put("x", "text", { Tagging: "a=b", Metadata: { k: "v" } });
    await expect(copy()).rejects.toMatchObject({
      name: "InvalidRequest",
      message: expect.stringContaining("This copy request is illegal"),
    });
    await copy({ MetadataDirective: "REPLACE", ContentDisposition: "inline" });
    const { ContentDisposition, Metadata } = await client.send(new HeadObjectCommand({ Bucket, Key: "x" }));
    expect({ ContentDisposition, Metadata }).toEqual({ ContentDisposition: "inline", Metadata: {} });
    const { TagSet } = await client.send(new GetObjectTaggingCommand({ Bucket, Key: "x" }));
    expect(TagSet).toEqual([{ Key: "a", Value: "b" }]);
  });

  test("of encrypted objects are readable, and encrypted by their own keys", async () => {
    const content = randomBytes(100_000);
    await put("x", content, { ServerSideEncryption: "AES256" });
    const { ServerSideEncryption } = await copy({ Key: "y" });
    expect(ServerSideEncryption).toBeUndefined();
    const { Body } = await client.send(
      new GetObjectCommand({ Bucket, Key: "y", Range: "bytes=50001-50100" }),
    );
    expect(Buffer.from(await Body!.transformToByteArray()).equals(content.subarray(50_001, 50_101))).toBe(
      true,
    );
  });
});

test("a single part's ETag is the content's MD5, encrypted too", async () => {
  const md5 = `"${createHash("md5").update("text").digest("hex")}"`;
  expect((await put("x", "text")).ETag).toBe(md5);
  expect((await put("x", "text", { ServerSideEncryption: "AES256" })).ETag).toBe(md5);
});

test("a client's own key is asked for, and no other opens the object", async () => {
  const keyOf = (letter: string) => {
    const key = Buffer.alloc(32, letter);
    return {
      SSECustomerAlgorithm: "AES256",
      SSECustomerKey: key.toString("base64"),
      SSECustomerKeyMD5: createHash("md5").update(key).digest("base64"),
    };
  };
  await put("x", "secret text", keyOf("a"));
  const get = (more = {}) => client.send(new GetObjectCommand({ Bucket, Key: "x", ...more }));
  expect(await (await get(keyOf("a"))).Body!.transformToString()).toBe("secret text");
  await expect(get()).rejects.toMatchObject({ name: "InvalidRequest" });
  await expect(get(keyOf("b"))).rejects.toMatchObject({ name: "InvalidRequest" });
});

test("an ACL that is not known is told by name", async () => {
  await put("x");
  const set = client.send(new PutObjectAclCommand({ Bucket, Key: "x", ACL: "everyone" as "private" }));
  await expect(set).rejects.toMatchObject({
    name: "InvalidArgument",
    ArgumentName: "x-amz-acl",
    ArgumentValue: "everyone",
  });
});

test("what is locked stays until its time, and a stricter lock takes the place of one", async () => {
  const locked = newName();
  await client.send(new CreateBucketCommand({ Bucket: locked, ObjectLockEnabledForBucket: true }));
  const RetainUntilDate = new Date(Date.now() + 3_600_000);
  const { VersionId } = await client.send(
    new PutObjectCommand({
      Bucket: locked,
      Key: "x",
      Body: "kept",
      ObjectLockMode: "COMPLIANCE",
      ObjectLockRetainUntilDate: RetainUntilDate,
    }),
  );
  const remove = client.send(
    new DeleteObjectCommand({ Bucket: locked, Key: "x", VersionId, BypassGovernanceRetention: true }),
  );
  await expect(remove).rejects.toMatchObject({ name: "AccessDenied" });
  const retain = (until: number) =>
    client.send(
      new PutObjectRetentionCommand({
        Bucket: locked,
        Key: "x",
        Retention: { Mode: "COMPLIANCE", RetainUntilDate: new Date(until) },
      }),
    );
  await expect(retain(Date.now() + 60_000)).rejects.toMatchObject({ name: "AccessDenied" });
  await retain(Date.now() + 7_200_000);
});

test("what is more than may be stored is refused", async () => {
  const small = await RunningEngine.start({ filestore: { max_size: 100_000 } });
  const other = small.client();
  await other.send(new CreateBucketCommand({ Bucket }));
  await other.send(new PutObjectCommand({ Bucket, Key: "a", Body: randomBytes(60_000) }));
  const more = other.send(new PutObjectCommand({ Bucket, Key: "b", Body: randomBytes(60_000) }));
  await expect(more).rejects.toMatchObject({ name: "EntityTooLarge" });
  const rest = await fetch(`${small.url}/v1/buckets/${Bucket}/objects/b`, {
    method: "PUT",
    body: new Uint8Array(60_000),
  });
  expect(rest.status).toBe(413);
  await other.send(new DeleteObjectCommand({ Bucket, Key: "a" }));
  await other.send(new PutObjectCommand({ Bucket, Key: "b", Body: randomBytes(60_000) }));
});
