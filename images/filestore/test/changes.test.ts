import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from "@aws-sdk/client-s3";
import { ChangeReader } from "@weftkit/testing/change-reader";
import { expect, test } from "vitest";
import { newName, RunningEngine } from "./running-engine.ts";

const adminToken = "only for this test";

async function start() {
  const engine = await RunningEngine.start({ server: { admin_token: adminToken } });
  const client = engine.client();
  const reader = await ChangeReader.open(engine.image.adminPort, adminToken);
  const Bucket = newName();
  await client.send(new CreateBucketCommand({ Bucket }));
  const put = (Key: string, Body: string) =>
    client.send(new PutObjectCommand({ Bucket, Key, Body, Metadata: { n: "1" }, ContentType: "text/plain" }));
  return { client, reader, Bucket, put };
}

interface Row {
  readonly key: string;
  readonly versionId: string;
  readonly deleteMarker: boolean;
  readonly size?: number;
}

function rowOf(text: string | undefined): Row | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as Row);
}

test("objects that are put, replaced, tagged and deleted are told with what describes them, and no content", async () => {
  const { client, reader, Bucket, put } = await start();
  await put("a", "first");
  await put("a", "second, longer");
  const TagSet = [{ Key: "colour", Value: "red" }];
  await client.send(new PutObjectTaggingCommand({ Bucket, Key: "a", Tagging: { TagSet } }));
  const refused = client.send(new PutObjectCommand({ Bucket, Key: "a", Body: "x", IfMatch: '"none"' }));
  await expect(refused).rejects.toThrow();
  await client.send(new DeleteObjectCommand({ Bucket, Key: "a" }));
  const changes = await reader.changes();
  expect(changes.map(({ namespace, op, key }) => [namespace, op, key])).toEqual([
    [Bucket, "schema", ""],
    ...["insert", "update", "update", "delete"].map((op) => [Bucket, op, '{"key":"a","versionId":"null"}']),
  ]);
  expect(JSON.parse(changes[1]!.after!)).toEqual({
    key: "a",
    versionId: "null",
    deleteMarker: false,
    lastModified: expect.stringMatching(/^2\d{3}-.*Z$/) as string,
    account: expect.any(String) as string,
    size: 5,
    etag: "8b04d5e3775d298e78455efc5ca404d5",
    parts: 0,
    headers: { "content-type": "text/plain" },
    metadata: { n: "1" },
    checksum: expect.anything() as object,
    sha256: "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e",
  });
  expect([rowOf(changes[2]!.before)?.size, rowOf(changes[2]!.after)?.size]).toEqual([5, 14]);
  expect(rowOf(changes[3]!.after)).toMatchObject({ tags: { colour: "red" }, size: 14 });
  expect(changes[4]!.before).toBe(changes[3]!.after);
});

test("each version and each delete marker is a row of its own, and what is deleted together comes together", async () => {
  const { client, reader, Bucket, put } = await start();
  const VersioningConfiguration = { Status: "Enabled" } as const;
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  await reader.read();
  const first = await put("a", "1");
  const second = await put("a", "2");
  const marker = await client.send(new DeleteObjectCommand({ Bucket, Key: "a" }));
  const Objects = [first, second, marker].map(({ VersionId }) => ({ Key: "a", VersionId: VersionId! }));
  await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  await client.send(new DeleteBucketCommand({ Bucket }));
  const ids = [first, second, marker].map(({ VersionId }) => VersionId);
  const rows = (await reader.changes()).map(({ op, before, after }) => {
    const row = rowOf(after ?? before);
    return [op, row?.versionId, row?.deleteMarker];
  });
  expect(rows).toEqual([
    ["insert", ids[0], false],
    ["insert", ids[1], false],
    ["insert", ids[2], true],
    ["delete", ids[0], false],
    ["delete", ids[1], false],
    ["delete", ids[2], true],
    ["schema", undefined, undefined],
  ]);
});
