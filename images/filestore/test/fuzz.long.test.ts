import { connect } from "node:net";
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { parseXml, XmlError } from "@weftkit/http-aws";
import { randomNumbers } from "@weftkit/testing/random-numbers";
import { expect, test } from "vitest";
import { newName, RunningEngine } from "./running-engine.ts";

const rounds = Number(process.env.WEFTKIT_FUZZ_ROUNDS ?? 1500);
const seed = Number(process.env.WEFTKIT_SEED ?? Date.now() % 1_000_000);
const random = randomNumbers(seed);
const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
const shared = RunningEngine.forFile();

const subresources = [
  "",
  "?acl",
  "?cors",
  "?delete",
  "?encryption",
  "?lifecycle",
  "?object-lock",
  "?ownershipControls",
  "?policy",
  "?publicAccessBlock",
  "?tagging",
  "?uploads",
  "?versioning",
  "?versions",
  "?list-type=2",
  "?uploadId=x&partNumber=1",
  "?retention",
  "?legal-hold",
  "?attributes",
  "?location",
  "?torrent",
  "?website",
];
const pieces = [
  "<",
  ">",
  "/",
  "&",
  "&amp;",
  "&#0;",
  "&#xD800;",
  "<!DOCTYPE a [<!ENTITY b 'c'>]>",
  "]]>",
  "<![CDATA[",
  "<Delete>",
  "</Delete>",
  "<Object>",
  "<Key>",
  "</Key>",
  "<Rule>",
  "<Status>Enabled</Status>",
  "<Days>-1</Days>",
  "<Days>99999999999999999999</Days>",
  "a",
  '"',
  "\u0000",
  "ü",
  "\u{1f600}",
  "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>",
  "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
  "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>a</ETag></Part></CompleteMultipartUpload>",
  '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::',
];
const headerNames = [
  "range",
  "if-match",
  "if-none-match",
  "if-modified-since",
  "content-md5",
  "x-amz-acl",
  "x-amz-checksum-crc32",
  "x-amz-checksum-sha256",
  "x-amz-content-sha256",
  "x-amz-decoded-content-length",
  "x-amz-copy-source",
  "x-amz-copy-source-range",
  "x-amz-tagging",
  "x-amz-grant-read",
  "x-amz-server-side-encryption",
  "x-amz-server-side-encryption-customer-key",
  "x-amz-object-lock-mode",
  "x-amz-storage-class",
  "x-amz-meta-a",
  "x-amz-date",
  "expect",
  "x-amz-object-attributes",
  "x-amz-max-parts",
  "content-type",
  "origin",
  "access-control-request-method",
  "authorization",
  "x-amz-trailer",
  "x-amz-sdk-checksum-algorithm",
];
const values = [
  "",
  "*",
  "bytes=0-",
  "bytes=-1",
  "bytes=9-1",
  "AAAA",
  "AAAAAA==",
  "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
  "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
  "UNSIGNED-PAYLOAD",
  "-1",
  "1e9",
  "99999999999999999999",
  "AWS4-HMAC-SHA256 Credential=a/b/c",
  "AWS a:b",
  "/b/k",
  "b/k?versionId=x",
  "%",
  "%zz",
  "a=b&a=c",
  'id="x"',
  "AES256",
  "aws:kms",
  "COMPLIANCE",
  "100-continue",
  "Thu, 01 Jan 1970 00:00:00 GMT",
  "multipart/form-data; boundary=x",
  "x-amz-checksum-crc32",
  "ETag,Checksum",
  "x".repeat(3000),
  "\u00ff\u00fe",
];

test(`${rounds} random requests are answered, and none is a fault of ours (seed ${seed})`, async () => {
  const client = shared.engine.client();
  const Bucket = newName();
  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(new PutObjectCommand({ Bucket, Key: "k", Body: "text" }));
  for (let round = 0; round < rounds; round++) {
    const method = pick(["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS"]);
    const bare = `/${pick([Bucket, Bucket, "absent-bucket", "A", "..", "%"])}${pick(["", "", "/k", "/k", "/%E4%B8", "/a%00b", `/${"x".repeat(1100)}`])}`;
    const path = bare + pick(subresources);
    const headers: Record<string, string> = {};
    for (let i = Math.floor(random() * 4); i > 0; i--) headers[pick(headerNames)] = pick(values);
    const body = Array.from({ length: Math.floor(random() * 6) }, () => pick(pieces)).join("");
    const sent = `${method} ${path} ${JSON.stringify(headers)} ${JSON.stringify(body)}`;
    // The bucket itself stays.
    if (method === "DELETE" && bare === `/${Bucket}`) continue;
    const answer = await ask(shared.engine.image.port, path, method, headers, body);
    const status = Number(
      /^HTTP\/1\.1 (\d+)/.exec(answer.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, ""))?.[1],
    );
    expect(status, `seed ${seed}: ${sent}\n${answer}`).toSatisfy(
      (code: number) => code < 500 || code === 501,
    );
    const xml = answer.indexOf("<?xml");
    if (xml !== -1 && status >= 400) expect(() => parseXml(answer.slice(xml))).not.toThrow();
  }
  const got = await client.send(new ListObjectsV2Command({ Bucket }));
  expect(got.$metadata.httpStatusCode).toBe(200);
});

/** A request by hand, so that anything can be sent; resolves to all of the answer. */
function ask(
  port: number,
  path: string,
  method: string,
  headers: Record<string, string>,
  body: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    const chunks: Buffer[] = [];
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("close", () => resolve(Buffer.concat(chunks).toString()));
    socket.on("error", reject);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = `${method} ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(body)}\r\n${lines.join("")}\r\n`;
    socket.write(Buffer.from(head, "latin1"));
    socket.write(body);
  });
}

test(`XML that is cut and mixed is read or refused (seed ${seed})`, () => {
  for (let round = 0; round < rounds * 10; round++) {
    const text = Array.from({ length: 1 + Math.floor(random() * 12) }, () => pick(pieces)).join("");
    try {
      parseXml(text);
    } catch (error) {
      expect(error, `seed ${seed}: ${text}`).toBeInstanceOf(XmlError);
    }
  }
});

test(`random keys are listed in the order of their bytes, with every prefix once (seed ${seed})`, async () => {
  const client = shared.engine.client();
  const Bucket = newName();
  await client.send(new CreateBucketCommand({ Bucket }));
  const letters = ["a", "b", "/", "//", "-", "ü", "\u{10ffff}", "\ud7ff", "\ue000", "0", "."];
  const keys = new Set<string>();
  while (keys.size < 120)
    keys.add(Array.from({ length: 1 + Math.floor(random() * 6) }, () => pick(letters)).join(""));
  for (const Key of keys) await client.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
  const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  for (let round = 0; round < 60; round++) {
    const Delimiter = pick(["", "/", "/", "-", "ü"]);
    const Prefix = pick(["", "", "a", "b/", "ü", "/"]);
    const MaxKeys = 1 + Math.floor(random() * 20);
    const expected: string[] = [];
    for (const key of sorted) {
      if (!key.startsWith(Prefix)) continue;
      const end = Delimiter === "" ? -1 : key.indexOf(Delimiter, Prefix.length);
      const entry = end === -1 ? key : `prefix ${key.slice(0, end + Delimiter.length)}`;
      if (expected.at(-1) !== entry) expected.push(entry);
    }
    const found: string[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await client.send(
        new ListObjectsV2Command({ Bucket, Prefix, Delimiter, MaxKeys, ContinuationToken }),
      );
      found.push(...(page.Contents ?? []).map(({ Key }) => Key!));
      found.push(...(page.CommonPrefixes ?? []).map((common) => `prefix ${common.Prefix}`));
      expect(page.KeyCount).toBeLessThanOrEqual(MaxKeys);
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    const what = `seed ${seed}: prefix ${Prefix}, delimiter ${Delimiter}, ${MaxKeys} a page`;
    expect([...found].sort(), what).toEqual([...expected].sort());
  }
  const [first] = sorted;
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: first! }));
  expect(await Body!.transformToString()).toBe(first);
});
