import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { join } from "node:path";
import { CreateTableCommand, DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { Client, credentials, Metadata, status } from "@grpc/grpc-js";
import { type EngineName, engineNames, engines } from "@weftkit/config";
import type { Program } from "@weftkit/testing/program";
import { Redis } from "ioredis";
import { MongoClient } from "mongodb";
import neo4j from "neo4j-driver";
import pg from "pg";
import { expect, test } from "vitest";
import { login, type Page, pageFor } from "./page.ts";

/** What is shipped: the bundle, with those of the engines in it. */
const main = join(import.meta.dirname, "..", "dist", "main.mjs");

/** What each engine's own driver does to see that it works, and that a wrong password does not. */
const drivers: Readonly<Record<EngineName, (page: Page, ca: Buffer) => Promise<void>>> = {
  async relational({ port }, ca) {
    const at = { host: "localhost", port, database: "weftkit", ssl: { ca } };
    const client = new pg.Client({ ...at, ...login });
    await client.connect();
    expect((await client.query("SELECT 1 + 1 AS two")).rows).toEqual([{ two: 2 }]);
    await client.end();
    const wrong = new pg.Client({ ...at, user: login.user, password: "wrong" });
    await expect(wrong.connect()).rejects.toMatchObject({ code: "28P01" });
  },

  async document({ port, certificate }) {
    const connect = async (password: string) => {
      const client = new MongoClient(
        `mongodb://localhost:${port}/?directConnection=true&tls=true&serverSelectionTimeoutMS=20000`,
        {
          auth: { username: login.user, password },
          authMechanism: "SCRAM-SHA-256",
          tlsCAFile: certificate.cert,
        },
      );
      try {
        await client.db("shop").collection("orders").insertOne({ a: 1 });
        return await client.db("shop").collection("orders").countDocuments();
      } finally {
        await client.close();
      }
    };
    expect(await connect(login.password)).toBe(1);
    await expect(connect("wrong")).rejects.toMatchObject({ code: 18 });
  },

  async keyvalue({ port }, ca) {
    const list = async (secretAccessKey: string) => {
      const httpsAgent = new Agent({ ca, keepAlive: true });
      const client = new DynamoDBClient({
        endpoint: `https://localhost:${port}`,
        region: "eu-central-1",
        credentials: { accessKeyId: login.user, secretAccessKey },
        maxAttempts: 1,
        requestHandler: { httpsAgent },
      });
      try {
        await client.send(
          new CreateTableCommand({
            TableName: "orders",
            AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
            KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
            BillingMode: "PAY_PER_REQUEST",
          }),
        );
        return (await client.send(new ListTablesCommand({}))).TableNames;
      } finally {
        client.destroy();
        httpsAgent.destroy();
      }
    };
    expect(await list(login.password)).toEqual(["orders"]);
    await expect(list("wrong")).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } });
  },

  async graph({ port, certificate }) {
    const one = async (password: string) => {
      const driver = neo4j.driver(`bolt://localhost:${port}`, neo4j.auth.basic(login.user, password), {
        encrypted: "ENCRYPTION_ON",
        trust: "TRUST_CUSTOM_CA_SIGNED_CERTIFICATES",
        trustedCertificates: [certificate.cert],
        disableLosslessIntegers: true,
      });
      try {
        return (await driver.executeQuery("CREATE (n:Person {age: 1}) RETURN n.age AS age")).records[0]?.get(
          "age",
        );
      } finally {
        await driver.close();
      }
    };
    expect(await one(login.password)).toBe(1);
    await expect(one("wrong")).rejects.toMatchObject({ code: "Neo.ClientError.Security.Unauthorized" });
  },

  async inmemory({ port }, ca) {
    const at = { host: "localhost", port, tls: { ca }, username: login.user, retryStrategy: () => null };
    const redis = new Redis({ ...at, password: login.password });
    expect(await redis.set("a", "1")).toBe("OK");
    expect(await redis.get("a")).toBe("1");
    redis.disconnect();
    const wrong = new Redis({ ...at, password: "wrong", lazyConnect: true });
    const [told] = await Promise.all([once(wrong, "error"), wrong.connect().catch(() => {})]);
    expect(String(told)).toContain("WRONGPASS");
    wrong.disconnect();
  },

  async vector({ port }, ca) {
    const client = new Client(`localhost:${port}`, credentials.createSsl(ca));
    const identity = (bytes: Buffer) => bytes;
    const list = (password: string) => {
      const { promise, resolve } = Promise.withResolvers<number>();
      const metadata = new Metadata();
      metadata.set("authorization", `Bearer ${login.user}:${password}`);
      client.makeUnaryRequest(
        "/weftkit.vector.v1.VectorService/ListCollections",
        identity,
        identity,
        Buffer.alloc(0),
        metadata,
        (error) => resolve(error?.code ?? status.OK),
      );
      return promise;
    };
    expect(await list(login.password)).toBe(status.OK);
    expect(await list("wrong")).toBe(status.UNAUTHENTICATED);
    client.close();
  },

  async markdown({ port }, ca) {
    const create = (password: string) =>
      statusOf(port, ca, "POST", "/v1/collections", `Bearer ${login.user}:${password}`, '{"name": "wiki"}');
    expect(await create("wrong")).toBe(401);
    expect(await create(login.password)).toBe(201);
  },

  async filestore({ port }, ca) {
    const httpsAgent = new Agent({ ca, keepAlive: true });
    const clientFor = (secretAccessKey: string) =>
      new S3Client({
        endpoint: `https://localhost:${port}`,
        region: "eu-central-1",
        credentials: { accessKeyId: login.user, secretAccessKey },
        maxAttempts: 1,
        requestHandler: { httpsAgent },
        forcePathStyle: true,
      });
    const s3 = clientFor(login.password);
    await s3.send(new CreateBucketCommand({ Bucket: "photos" }));
    const body = Buffer.alloc(1_000_000, "ab");
    await s3.send(new PutObjectCommand({ Bucket: "photos", Key: "a b/ü", Body: body }));
    const object = await s3.send(new GetObjectCommand({ Bucket: "photos", Key: "a b/ü" }));
    expect(Buffer.from(await object.Body!.transformToByteArray()).equals(body)).toBe(true);
    const wrong = clientFor("wrong");
    await expect(wrong.send(new CreateBucketCommand({ Bucket: "videos" }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 403 },
    });
    for (const client of [s3, wrong]) client.destroy();
    httpsAgent.destroy();
  },
};

/** The last of several is ready, and opens the port. */
async function gatewayReady(program: Program): Promise<void> {
  await program.said("the gateway is ready", (line) => {
    const { msg, image } = JSON.parse(line) as { msg: string; image: string };
    return (msg === "ready" && image === "gateway") || undefined;
  });
}

async function statusOf(
  port: number,
  ca: Buffer,
  method: string,
  path: string,
  authorization: string,
  body: string,
): Promise<number | undefined> {
  const headers = { authorization, "content-type": "application/json" };
  const asked = request({ host: "localhost", port, ca, method, path, headers, agent: false }).end(body);
  const [response] = await once(asked, "response");
  response.resume();
  return response.statusCode;
}

test.each(engineNames)("%s answers its driver in TLS, after a login", { timeout: 60_000 }, async (module) => {
  const page = await pageFor(module, engines[module].protocols[0]);
  const program = page.start(main);
  expect(await program.logged("ready")).toMatchObject({ image: module, port: page.port, tls: true });
  await drivers[module](page, readFileSync(page.certificate.cert));
  expect(await program.terminate()).toBe(0);
});

test("all eight are told apart on one port, in TLS, after logins", { timeout: 120_000 }, async () => {
  const page = await pageFor(engineNames);
  const program = page.start(main);
  await gatewayReady(program);
  const ca = readFileSync(page.certificate.cert);
  for (const module of engineNames) await drivers[module](page, ca);
  const plain = new pg.Client({ host: "localhost", port: page.port, database: "weftkit", ...login });
  await expect(plain.connect()).rejects.toThrow("this needs TLS");
  expect(await program.terminate()).toBe(0);
});
