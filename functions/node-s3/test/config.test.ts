import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConfigMistakes } from "@weftkit/persist/server";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readConfig } from "../src/config.ts";
import { runFunction } from "./started-function.ts";

const secret = "a secret of enough length";
const folder = { WKP_STORE: "file:///var/lib/weftkit", WKP_SECRET: secret };
const s3 = { WKP_STORE: "s3://my-bucket/a/prefix/", WKP_SECRET: secret, AWS_REGION: "eu-west-1" };
const credentials = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "key" };

let scratch: string;

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "weftkit-config-"));
});

afterEach(() => {
  rmSync(scratch, { recursive: true, force: true });
});

function mistakesOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    return (error as ConfigMistakes).mistakes;
  }
  return [];
}

test("a folder and a secret are enough", () => {
  expect(readConfig(folder)).toEqual({
    bind: "127.0.0.1",
    port: 8787,
    store: { kind: "folder", path: "/var/lib/weftkit" },
    keys: [{ id: "default", secret }],
    tls: undefined,
    logLevel: "info",
    leaseMs: 60_000,
  });
});

test("a bucket needs a region and credentials", () => {
  expect(
    readConfig({ ...s3, ...credentials, WKP_S3_ENDPOINT: "http://minio:9000", WKP_PRESIGN: "true" }).store,
  ).toEqual({
    kind: "s3",
    bucket: "my-bucket",
    prefix: "a/prefix",
    endpoint: new URL("http://minio:9000"),
    region: "eu-west-1",
    credentials: { kind: "static", accessKeyId: "id", secretAccessKey: "key", sessionToken: undefined },
    presign: true,
  });
  const other = { ...s3, WKP_S3_ENDPOINT: "http://minio:9000" };
  expect(mistakesOf({ ...s3, AWS_REGION: "" })).toEqual([expect.stringContaining("AWS_REGION")]);
  expect(mistakesOf(other)).toEqual([
    expect.stringContaining("AWS_ACCESS_KEY_ID"),
    expect.stringContaining("AWS_SECRET_ACCESS_KEY"),
  ]);
});

test.each([
  [
    "a web identity",
    { AWS_ROLE_ARN: "arn:aws:iam::1:role/r", AWS_WEB_IDENTITY_TOKEN_FILE: "/t" },
    "web identity",
  ],
  ["an ECS task", { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/credentials/1" }, "container"],
  [
    "a pod identity",
    { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials" },
    "container",
  ],
  ["an EC2 instance", {}, "instance"],
])("the role of %s gives credentials where no keys are given", (_, env, kind) => {
  const { store } = readConfig({ ...s3, ...env });
  expect(store).toMatchObject({ kind: "s3", credentials: { kind } });
  expect(readConfig({ ...s3, ...env, ...credentials }).store).toMatchObject({
    credentials: { kind: "static" },
  });
});

test("a token is not sent to just anybody", () => {
  const env = { ...s3, AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://example.com/credentials" };
  expect(mistakesOf(env)).toEqual([expect.stringContaining("AWS_CONTAINER_CREDENTIALS_FULL_URI")]);
});

test("secrets come from files, without their last line end; the previous one is valid too", () => {
  const path = join(scratch, "secret");
  writeFileSync(path, "the secret of the file\n");
  const { keys } = readConfig({
    WKP_STORE: "file:///x",
    WKP_SECRET_FILE: path,
    WKP_SECRET_PREVIOUS: secret,
    WKP_KEY_ID: "2026",
    WKP_KEY_ID_PREVIOUS: "2025",
  });
  expect(keys).toEqual([
    { id: "2026", secret: "the secret of the file" },
    { id: "2025", secret },
  ]);
});

test.each<[string, Record<string, string>]>([
  ["WKP_STORE", { WKP_STORE: "gs://bucket" }],
  ["WKP_STORE", { WKP_STORE: "file://" }],
  ["WKP_STORE", { WKP_STORE: "file:///" }],
  ["WKP_STORE", { WKP_STORE: "s3://UPPER_case", ...credentials, AWS_REGION: "r" }],
  ["WKP_STORE", { WKP_STORE: "s3://bucket/a/.b", ...credentials, AWS_REGION: "r" }],
  ["WKP_S3_ENDPOINT", { ...s3, ...credentials, WKP_S3_ENDPOINT: "minio:9000" }],
  ["WKP_PRESIGN", { ...s3, ...credentials, WKP_PRESIGN: "yes" }],
  ["WKP_PORT", { WKP_PORT: "70000" }],
  ["WKP_PORT", { WKP_PORT: "http" }],
  ["WKP_LOG_LEVEL", { WKP_LOG_LEVEL: "loud" }],
  ["WKP_LEASE_SECONDS", { WKP_LEASE_SECONDS: "1" }],
  ["WKP_KEY_ID", { WKP_KEY_ID: "a b" }],
  ["WKP_SECRET", { WKP_SECRET: "short" }],
  ["WKP_SECRET", { WKP_SECRET_FILE: "/nonexistent" }],
  ["WKP_SECRET_FILE", { WKP_SECRET: "", WKP_SECRET_FILE: "/nonexistent" }],
  ["WKP_TLS_CERT, WKP_TLS_KEY", { WKP_TLS_CERT: "/nonexistent" }],
])("%s is refused in %j", (name, env) => {
  expect(mistakesOf({ ...folder, ...env })).toContainEqual(expect.stringMatching(new RegExp(`^${name}:`)));
});

test("all mistakes are told at once, without the secret, and the process ends with 78", async () => {
  const { code, errors } = await runFunction({
    WKP_PORT: "x",
    WKP_SECRET: "too short",
    WKP_STORE: "nowhere",
  });
  expect(code).toBe(78);
  for (const name of ["WKP_PORT", "WKP_SECRET", "WKP_STORE"]) expect(errors).toContain(name);
  expect(errors).not.toContain("too short");
});

test("a folder that cannot be used ends the process with 69", async () => {
  const path = join(scratch, "file");
  writeFileSync(path, "");
  const { code, errors } = await runFunction({
    WKP_SECRET: secret,
    WKP_STORE: `file://${path}`,
    WKP_PORT: "0",
  });
  expect(code).toBe(69);
  expect(errors).toContain(path);
});
