import { CreateTableCommand, DynamoDBClient, PutItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { Redis } from "ioredis";
import { MongoClient } from "mongodb";
import neo4j from "neo4j-driver";
import pg from "pg";
import type { StartedEngine } from "../src/index.ts";

/** Names, kept in an engine through its usual driver. */
export interface Data {
  write(name: string): Promise<void>;
  /** All of them, sorted. */
  read(): Promise<string[]>;
  close(): Promise<unknown>;
}

type Open = (engine: StartedEngine) => Promise<Data>;

/** By engine: with a client of a suite, which is there before and after restores. */
export const data = {
  async relational({ connectionUri: connectionString }) {
    const pool = new pg.Pool({ connectionString });
    // As pg asks of every pool: connections that are not used are ended by a restore.
    pool.on("error", () => {});
    await closingOnFailure(pool.query("CREATE TABLE names (name text)"), () => pool.end());
    return {
      write: async (name) => void (await pool.query("INSERT INTO names VALUES ($1)", [name])),
      read: async () => {
        const { rows } = await pool.query("SELECT name FROM names ORDER BY name");
        return rows.map(({ name }) => name);
      },
      close: () => pool.end(),
    };
  },

  async document({ connectionUri }) {
    const client = new MongoClient(connectionUri);
    await closingOnFailure(client.connect(), () => client.close());
    const names = client.db("suite").collection<{ _id: string }>("names");
    return {
      write: async (name) => void (await names.insertOne({ _id: name })),
      read: async () => (await names.find().sort({ _id: 1 }).toArray()).map(({ _id }) => _id),
      close: () => client.close(),
    };
  },

  async graph({ connectionUri, username, password }) {
    const url = new URL(connectionUri);
    const auth = neo4j.auth.basic(username, password);
    const driver = neo4j.driver(`${url.protocol}//${url.host}`, auth);
    await closingOnFailure(driver.verifyAuthentication().then(requireTrue), () => driver.close());
    return {
      write: async (name) => void (await driver.executeQuery("CREATE (:Name {name: $name})", { name })),
      read: async () => {
        const { records } = await driver.executeQuery("MATCH (n:Name) RETURN n.name AS name ORDER BY name");
        return records.map((record) => record.get("name") as string);
      },
      close: () => driver.close(),
    };
  },

  async inmemory({ connectionUri }) {
    const redis = new Redis(connectionUri, { maxRetriesPerRequest: 5 });
    redis.on("error", () => {});
    await closingOnFailure(redis.ping(), async () => redis.disconnect());
    return {
      write: async (name) => void (await redis.set(name, "x")),
      read: async () => (await redis.keys("*")).sort(),
      close: async () => redis.disconnect(),
    };
  },

  async keyvalue({ connectionUri, username, password }) {
    const client = new DynamoDBClient(awsOptions(connectionUri, username, password));
    const TableName = "names";
    const created = client.send(
      new CreateTableCommand({
        TableName,
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [{ AttributeName: "name", AttributeType: "S" }],
        KeySchema: [{ AttributeName: "name", KeyType: "HASH" }],
      }),
    );
    await closingOnFailure(created, async () => client.destroy());
    return {
      write: async (name) =>
        void (await client.send(new PutItemCommand({ TableName, Item: { name: { S: name } } }))),
      read: async () => {
        const { Items = [] } = await client.send(new ScanCommand({ TableName }));
        return Items.map(({ name }) => name!.S!).sort();
      },
      close: async () => client.destroy(),
    };
  },

  async vector({ connectionUri, username, password }) {
    const call = caller(connectionUri, { authorization: `Bearer ${username}:${password}` });
    await call("PUT", "/collections/names", { vectors: { size: 2, distance: "Dot" } });
    let count = 0;
    return {
      write: async (name) => {
        const points = [{ id: ++count, vector: [1, count], payload: { name } }];
        await call("PUT", "/collections/names/points?wait=true", { points });
      },
      read: async () => {
        const query = { vector: [1, 1], limit: 100, with_payload: true };
        const { result } = await call("POST", "/collections/names/points/search", query);
        return (result as { payload: { name: string } }[]).map(({ payload }) => payload.name).sort();
      },
      close: async () => {},
    };
  },

  async markdown({ connectionUri, username, password }) {
    const { origin, pathname } = new URL(connectionUri);
    const headers = username === "" ? {} : { authorization: `Bearer ${username}:${password}` };
    const call = caller(`${origin}${pathname}`, headers);
    const names = await call("GET", "/collections");
    if (!JSON.stringify(names).includes('"names"')) await call("POST", "/collections", { name: "names" });
    return {
      write: async (name) =>
        void (await call("PUT", `/collections/names/documents/${name}`, { title: name, content: "x" })),
      read: async () => {
        const { documents } = await call("GET", "/collections/names/documents");
        return (documents as { id: string }[]).map(({ id }) => id).sort();
      },
      close: async () => {},
    };
  },

  async filestore({ connectionUri, username, password }) {
    const client = new S3Client({ ...awsOptions(connectionUri, username, password), forcePathStyle: true });
    const Bucket = "names";
    await closingOnFailure(client.send(new CreateBucketCommand({ Bucket })), async () => client.destroy());
    return {
      // Large enough for a file of its own.
      write: async (Key) =>
        void (await client.send(new PutObjectCommand({ Bucket, Key, Body: Key.repeat(20_000) }))),
      read: async () => {
        const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
        return Contents.map(({ Key }) => Key!).sort();
      },
      close: async () => client.destroy(),
    };
  },
} satisfies Record<string, Open>;

function awsOptions(endpoint: string, accessKeyId: string, secretAccessKey: string) {
  return { endpoint, region: "us-east-1", credentials: { accessKeyId, secretAccessKey } };
}

function caller(url: string, headers: Record<string, string>) {
  return async (method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => {
    const response = await fetch(url + path, {
      method,
      headers: { ...headers, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  };
}

async function closingOnFailure(work: Promise<unknown>, close: () => Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    await close();
    throw error;
  }
}

function requireTrue(isTrue: boolean): void {
  if (!isTrue) throw new Error("the login was refused");
}
