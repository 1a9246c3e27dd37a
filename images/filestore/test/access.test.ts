import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { sign } from "@weftkit/http-aws";
import { beforeEach, describe, expect, test } from "vitest";
import { clientOptions, newName, RunningEngine, users } from "./running-engine.ts";

const shared = RunningEngine.forFile({ auth: users, filestore: { accounts: ["partner"] } });
let admin: S3Client;
let app: S3Client;
let reader: S3Client;
let partner: S3Client;
let Bucket: string;
const denied = { name: "AccessDenied" };

beforeEach(async () => {
  const as = (user: string) => {
    const { credentials } = clientOptions("", user, `password of ${user}`);
    return shared.engine.client({ credentials });
  };
  [admin, app, reader, partner] = ["admin", "app", "reader", "partner"].map(as) as [
    S3Client,
    S3Client,
    S3Client,
    S3Client,
  ];
  Bucket = newName();
  await admin.send(new CreateBucketCommand({ Bucket }));
  await app.send(new PutObjectCommand({ Bucket, Key: "a", Body: "text" }));
});

const get = (client: S3Client) => client.send(new GetObjectCommand({ Bucket, Key: "a" }));
const put = (client: S3Client, Key = "a") =>
  client.send(new PutObjectCommand({ Bucket, Key, Body: "other" }));
const policy = (statement: Record<string, unknown>) =>
  admin.send(
    new PutBucketPolicyCommand({
      Bucket,
      Policy: JSON.stringify({ Version: "2012-10-17", Statement: [{ Principal: "*", ...statement }] }),
    }),
  );

describe("roles", () => {
  test("say what users of the shared account may do", async () => {
    expect(await (await get(reader)).Body!.transformToString()).toBe("text");
    await expect(put(reader)).rejects.toMatchObject(denied);
    await expect(reader.send(new DeleteObjectCommand({ Bucket, Key: "a" }))).rejects.toMatchObject(denied);
    await expect(app.send(new CreateBucketCommand({ Bucket: newName() }))).rejects.toMatchObject(denied);
    await put(app);
  });

  test("hold over REST, too", async () => {
    const url = `${shared.engine.url}/v1/buckets/${Bucket}/objects/a`;
    const as = (user: string) => ({ authorization: `Bearer ${user}:password of ${user}` });
    expect((await fetch(url, { headers: as("reader") })).status).toBe(200);
    expect((await fetch(url, { method: "PUT", body: "x", headers: as("reader") })).status).toBe(403);
    expect((await fetch(url, { headers: as("partner") })).status).toBe(403);
  });
});

describe("accounts", () => {
  test("see nothing of each other without an ACL", async () => {
    await expect(get(partner)).rejects.toMatchObject(denied);
    await expect(partner.send(new ListObjectsV2Command({ Bucket }))).rejects.toMatchObject(denied);
    await app.send(new PutObjectAclCommand({ Bucket, Key: "a", ACL: "authenticated-read" }));
    await get(partner);
    expect((await fetch(`${shared.engine.url}/${Bucket}/a`)).status).toBe(403);
    await app.send(new PutObjectAclCommand({ Bucket, Key: "a", ACL: "public-read" }));
    expect((await fetch(`${shared.engine.url}/${Bucket}/a`)).status).toBe(200);
    await admin.send(
      new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: { IgnorePublicAcls: true } }),
    );
    expect((await fetch(`${shared.engine.url}/${Bucket}/a`)).status).toBe(403);
  });
});

describe("bucket policies", () => {
  test("let in, shut out, and cannot give more than a role allows", async () => {
    await policy({
      Effect: "Allow",
      Action: ["s3:GetObject", "s3:PutObject"],
      Resource: `arn:aws:s3:::${Bucket}/*`,
    });
    await get(partner);
    await put(partner, "b");
    await expect(put(reader, "c")).rejects.toMatchObject(denied);
    await policy({ Effect: "Deny", Action: "s3:GetObject", Resource: `arn:aws:s3:::${Bucket}/*` });
    await expect(get(app)).rejects.toMatchObject(denied);
  });

  test("ask for conditions", async () => {
    await policy({
      Effect: "Allow",
      Action: "s3:PutObject",
      Resource: `arn:aws:s3:::${Bucket}/*`,
      Condition: { StringEquals: { "s3:x-amz-server-side-encryption": "AES256" } },
    });
    await expect(put(partner, "plain")).rejects.toMatchObject(denied);
    await partner.send(
      new PutObjectCommand({ Bucket, Key: "safe", Body: "x", ServerSideEncryption: "AES256" }),
    );
  });

  test("that cannot be read are refused", async () => {
    await expect(
      policy({ Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::other/*" }),
    ).rejects.toMatchObject({
      name: "MalformedPolicy",
    });
  });
});

test("a wrong password and an unknown user are told apart as S3 does", async () => {
  const wrong = shared.engine.client({ credentials: { accessKeyId: "app", secretAccessKey: "wrong" } });
  await expect(get(wrong)).rejects.toMatchObject({ name: "SignatureDoesNotMatch" });
  const unknown = shared.engine.client({ credentials: { accessKeyId: "nobody", secretAccessKey: "x" } });
  await expect(get(unknown)).rejects.toMatchObject({ name: "InvalidAccessKeyId" });
});

test("a header that is sent several times is signed as one, its values with a comma between them", async () => {
  const { url } = shared.engine;
  const host = new URL(url).host;
  const path = `/${Bucket}/a`;
  const timestamp = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const headers = {
    host,
    "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
    "x-amz-date": timestamp,
    "x-amz-object-attributes": ["ETag", "ObjectSize"],
  };
  const authorization = sign(
    { method: "GET", path, query: "attributes", headers, bodyHash: "UNSIGNED-PAYLOAD" },
    {
      credential: { accessKey: "app", date: timestamp.slice(0, 8), region: "us-east-1", service: "s3" },
      secret: "password of app",
      timestamp,
      signedHeaders: Object.keys(headers),
      encodesPathTwice: false,
    },
  );
  const asked = request(`${url}${path}?attributes`, { headers: { ...headers, authorization } });
  asked.end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  expect(await text(response)).toContain("<ObjectSize>4</ObjectSize>");
});
