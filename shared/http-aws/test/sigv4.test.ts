import { createHash } from "node:crypto";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Authenticator } from "@weftkit/auth";
import { describe, expect, test } from "vitest";
import { AwsError } from "../src/aws-error.ts";
import { type AwsIdentity, RequestVerifier } from "../src/request-verifier.ts";
import { canonicalRequest } from "../src/sigv4/canonical.ts";
import { presign, sign } from "../src/sigv4/sign.ts";

const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const at = new Date("2026-03-04T05:06:07Z");
const timestamp = "20260304T050607Z";
const user = { user: "ann", roles: ["superuser"], can: () => true, scope: () => "all" as const };

function verifierAt(nowMs: number, method: Authenticator["method"] = "password"): RequestVerifier {
  const auth = {
    method,
    anonymous: method === "none" ? user : undefined,
    withSecret: (name: string, use: (secret: string, context: typeof user) => unknown) =>
      name === "ann" ? use(secret, user) : undefined,
    verifyToken: async (token: string) => (token === "good" ? user : undefined),
  } as unknown as Authenticator;
  return new RequestVerifier({
    auth,
    service: "dynamodb",
    clock: { wallMs: () => nowMs, monotonicMs: () => nowMs },
  });
}

function signer(accessKeyId = "ann"): SignatureV4 {
  return new SignatureV4({
    credentials: { accessKeyId, secretAccessKey: secret },
    region: "eu-central-1",
    service: "dynamodb",
    sha256: Sha256,
  });
}

const body = Buffer.from('{"TableName":"größe"}');

async function signed(accessKeyId?: string) {
  const request = await signer(accessKeyId).sign(
    {
      method: "POST",
      protocol: "http:",
      hostname: "localhost",
      path: "/",
      headers: { host: "localhost:8000", "x-amz-target": "DynamoDB_20120810.GetItem", spaced: "  a   b " },
      body,
    },
    { signingDate: at },
  );
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return { method: "POST", url: "/", headers, body, peer: undefined };
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof AwsError) return error.code;
    throw error;
  }
  return "none";
}

describe("a signature of AWS's own client", () => {
  test("is good, and says who and where", async () => {
    expect(verifierAt(at.getTime()).verify(await signed())).toMatchObject({
      user: { user: "ann" },
      region: "eu-central-1",
    } satisfies Partial<Record<keyof AwsIdentity, unknown>>);
  });

  test.each([
    ["another body", { body: Buffer.from("{}") }, "InvalidSignatureException"],
    ["another method", { method: "PUT" }, "InvalidSignatureException"],
    ["another address", { url: "/?a=b" }, "InvalidSignatureException"],
  ])("is not for %s", async (_, change, code) => {
    const request = { ...(await signed()), ...change };
    expect(codeOf(() => verifierAt(at.getTime()).verify(request))).toBe(code);
  });

  test("is not for other headers that were signed, but is for those that were not", async () => {
    const request = await signed();
    const other = {
      ...request,
      headers: { ...request.headers, "x-amz-target": "DynamoDB_20120810.PutItem" },
    };
    expect(codeOf(() => verifierAt(at.getTime()).verify(other))).toBe("InvalidSignatureException");
    const more = { ...request, headers: { ...request.headers, "x-more": "1" } };
    expect(codeOf(() => verifierAt(at.getTime()).verify(more))).toBe("none");
  });

  test("is good for a quarter of an hour, before and after", async () => {
    const request = await signed();
    const minutes = (count: number) =>
      codeOf(() => verifierAt(at.getTime() + count * 60_000).verify(request));
    expect([minutes(-16), minutes(-14), minutes(14), minutes(16)]).toEqual([
      "InvalidSignatureException",
      "none",
      "none",
      "InvalidSignatureException",
    ]);
  });

  test("of somebody unknown is refused", async () => {
    const request = await signed("bob");
    expect(codeOf(() => verifierAt(at.getTime()).verify(request))).toBe("UnrecognizedClientException");
  });

  test("is not looked at where nobody has to log in, but has to be there", async () => {
    const request = { ...(await signed("whoever")), body: Buffer.from("other") };
    expect(codeOf(() => verifierAt(0, "none").verify(request))).toBe("none");
    const bare = { ...request, headers: {} };
    expect(codeOf(() => verifierAt(0, "none").verify(bare))).toBe("MissingAuthenticationTokenException");
  });

  test("comes with a token where tokens say who it is", async () => {
    const request = await signed();
    const withToken = (token: string) => ({
      ...request,
      headers: { ...request.headers, "x-amz-security-token": token },
    });
    const verifier = verifierAt(0, "jwt");
    expect(await verifier.verify(withToken("good"))).toMatchObject({ user: { user: "ann" } });
    await expect(verifier.verify(withToken("bad"))).rejects.toMatchObject({
      code: "UnrecognizedClientException",
    });
  });
});

test("a presigned address of AWS's own client is good until it expires", async () => {
  const request = await signer().presign(
    {
      method: "GET",
      protocol: "http:",
      hostname: "localhost",
      path: "/a path/ä",
      query: { list: "2", empty: "" },
      headers: { host: "localhost:8000" },
    },
    { signingDate: at, expiresIn: 60 },
  );
  const query = Object.entries(request.query ?? {})
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`)
    .join("&");
  const sent = {
    method: "GET",
    url: `/a path/ä?${query}`,
    headers: { host: "localhost:8000" },
    body: Buffer.alloc(0),
    peer: undefined,
  };
  expect(codeOf(() => verifierAt(at.getTime() + 59_000).verify(sent))).toBe("none");
  expect(codeOf(() => verifierAt(at.getTime() + 61_000).verify(sent))).toBe("InvalidSignatureException");
});

test("what is signed here is the same as what AWS's own client signs", async () => {
  const theirs = await signed();
  const ours = sign(
    {
      method: "POST",
      path: "/",
      query: "",
      headers: theirs.headers,
      bodyHash: createHash("sha256").update(body).digest("hex"),
    },
    {
      credential: { accessKey: "ann", date: "20260304", region: "eu-central-1", service: "dynamodb" },
      secret,
      timestamp,
      signedHeaders: /SignedHeaders=([^,]+)/.exec(theirs.headers.authorization!)![1]!.split(";"),
    },
  );
  expect(ours).toBe(theirs.headers.authorization);
});

test("S3 encodes a path once, the others twice", () => {
  const request = { method: "GET", path: "/a%20b", query: "", headers: {}, bodyHash: "UNSIGNED-PAYLOAD" };
  expect(canonicalRequest(request, []).split("\n")[1]).toBe("/a%2520b");
  expect(canonicalRequest(request, [], { encodesPathTwice: false }).split("\n")[1]).toBe("/a%20b");
});

test("a presigned address made here has all that it needs", () => {
  const credential = { accessKey: "ann", date: "20260304", region: "us-east-1", service: "dynamodb" };
  const headers = { host: "localhost:8000" };
  const empty = createHash("sha256").digest("hex");
  const query = presign(
    { method: "GET", path: "/", query: "x=1", headers, bodyHash: empty },
    { credential, secret, timestamp, signedHeaders: ["host"] },
    30,
  );
  const sent = { method: "GET", url: `/?${query}`, headers, body: Buffer.alloc(0), peer: undefined };
  expect(codeOf(() => verifierAt(at.getTime()).verify(sent))).toBe("none");
});

test.each([
  ["", "MissingAuthenticationTokenException"],
  ["Basic abc", "MissingAuthenticationTokenException"],
  ["AWS4-HMAC-SHA256 Credential=a", "IncompleteSignatureException"],
  ["AWS4-HMAC-SHA1 Credential=a, SignedHeaders=host, Signature=b", "IncompleteSignatureException"],
  ["AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=b", "IncompleteSignatureException"],
  [
    "AWS4-HMAC-SHA256 Credential=ann/20260304/x/s3/aws4_request, SignedHeaders=host, Signature=b",
    "InvalidSignatureException",
  ],
  [
    "AWS4-HMAC-SHA256 Credential=ann/20260304/x/dynamodb/aws4_request, SignedHeaders=date, Signature=b",
    "InvalidSignatureException",
  ],
])("the header %j is a %s", (authorization, code) => {
  const headers = {
    host: "localhost",
    "x-amz-date": timestamp,
    ...(authorization !== "" && { authorization }),
  };
  const request = { method: "POST", url: "/", headers, body, peer: undefined };
  expect(codeOf(() => verifierAt(at.getTime()).verify(request))).toBe(code);
});
