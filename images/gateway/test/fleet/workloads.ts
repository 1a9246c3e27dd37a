import { join } from "node:path";
import {
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, PutObjectCommand, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import { type Client, credentials, loadPackageDefinition, type ServiceError } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import type { EngineName } from "@weftkit/config";
import { Redis } from "ioredis";
import { MongoClient } from "mongodb";
import neo4j from "neo4j-driver";
import pg from "pg";

/** Numbers that an engine's own driver writes, each such that a second time would be seen, where the protocol has a way to. */
export interface Workload {
  /** @throws what the driver throws; `DoneTwice` when the engine has the number already */
  write(n: number): Promise<unknown>;
  /** All numbers up to `last` that are there, as often as they are. */
  written(last: number): Promise<number[]>;
  close(): unknown;
}

export class DoneTwice extends Error {}

/** Longer than the start of an engine on a busy machine takes: a driver that gives up is asked again. */
const timeoutMs = 5000;

/** What a client of each engine does at an address that all of them share. */
export const workloads: Readonly<Record<EngineName, (port: number) => Promise<Workload>>> = {
  async relational(port) {
    const sql = new pg.Pool({
      host: "127.0.0.1",
      port,
      user: "postgres",
      max: 2,
      connectionTimeoutMillis: timeoutMs,
    });
    sql.on("error", () => {});
    await sql.query("CREATE TABLE written (n int)");
    return {
      write: (n) => sql.query("INSERT INTO written VALUES ($1)", [n]),
      written: async () => (await sql.query<{ n: number }>("SELECT n FROM written")).rows.map((row) => row.n),
      close: () => sql.end(),
    };
  },

  async inmemory(port) {
    const redis = new Redis({
      host: "127.0.0.1",
      port,
      retryStrategy: () => 50,
      maxRetriesPerRequest: 0,
      // It would send again what may have been done.
      autoResendUnfulfilledCommands: false,
    });
    redis.on("error", () => {});
    await redis.ping();
    return {
      write: (n) => redis.rpush("written", n),
      written: async () => (await redis.lrange("written", 0, -1)).map(Number),
      close: () => redis.disconnect(),
    };
  },

  async document(port) {
    // The driver sends a write once more by itself, with its transaction number: the engine must know it again.
    const mongo = new MongoClient(`mongodb://127.0.0.1:${port}/?replicaSet=rs0`, {
      serverSelectionTimeoutMS: timeoutMs,
    });
    const lists = mongo.db("fleet").collection<{ _id: string; numbers: number[] }>("lists");
    await lists.insertOne({ _id: "written", numbers: [] });
    return {
      write: (n) => lists.updateOne({ _id: "written" }, { $push: { numbers: n } }),
      written: async () => (await lists.findOne({ _id: "written" }))?.numbers ?? [],
      close: () => mongo.close(),
    };
  },

  async graph(port) {
    const driver = neo4j.driver(`bolt://127.0.0.1:${port}`, undefined, {
      disableLosslessIntegers: true,
      connectionAcquisitionTimeout: timeoutMs,
    });
    const run = async (text: string, parameters = {}) => {
      const session = driver.session();
      try {
        // Not executeQuery, which would send again what may have been done.
        return await session.run(text, parameters);
      } finally {
        await session.close();
      }
    };
    await run("RETURN 1");
    return {
      write: (n) => run("CREATE (:Written {n: $n})", { n: neo4j.int(n) }),
      written: async () =>
        (await run("MATCH (w:Written) RETURN w.n AS n")).records.map((record) => record.get("n") as number),
      close: () => driver.close(),
    };
  },

  async keyvalue(port) {
    const dynamodb = new DynamoDBClient(aws(port));
    const table = { TableName: "written" };
    await dynamodb.send(
      new CreateTableCommand({
        ...table,
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    const Key = { id: { S: "all" } };
    return {
      write: (n) =>
        dynamodb.send(
          new UpdateItemCommand({
            ...table,
            Key,
            UpdateExpression: "SET numbers = list_append(if_not_exists(numbers, :none), :one)",
            ExpressionAttributeValues: { ":none": { L: [] }, ":one": { L: [{ N: String(n) }] } },
          }),
        ),
      written: async () => {
        const { Item } = await dynamodb.send(new GetItemCommand({ ...table, Key, ConsistentRead: true }));
        return (Item?.numbers?.L ?? []).map(({ N }) => Number(N));
      },
      close: () => dynamodb.destroy(),
    };
  },

  async vector(port) {
    const definition = loadPackageDefinition(
      loadSync(join(import.meta.dirname, "../../../vector/proto/weftkit_vec.proto"), { keepCase: true }),
      // biome-ignore lint/suspicious/noExplicitAny: made of a .proto file while it runs
    ) as any;
    const service = new definition.weftkit.vector.v1.VectorService(
      `127.0.0.1:${port}`,
      credentials.createInsecure(),
      { "grpc.initial_reconnect_backoff_ms": 100, "grpc.max_reconnect_backoff_ms": 500 },
    ) as Client & Record<string, (...args: unknown[]) => void>;
    const call = <Answer>(method: string, request: object) =>
      new Promise<Answer>((resolve, reject) => {
        service[method]!(
          request,
          { deadline: Date.now() + timeoutMs },
          (error: ServiceError | null, answer: Answer) => (error === null ? resolve(answer) : reject(error)),
        );
      });
    const collection = "written";
    await call("CreateCollection", { name: collection, dimensions: 2 });
    return {
      write: (n) => call("UpsertVectors", { collection, vectors: [{ id: String(n), values: [1, n] }] }),
      written: async () => {
        const numbers: number[] = [];
        for (let next = ""; ; ) {
          const page = await call<{ vectors?: { id: string }[]; next_page?: string }>("ScrollVectors", {
            collection,
            limit: 100,
            page: next,
          });
          for (const { id } of page.vectors ?? []) numbers.push(Number(id));
          next = page.next_page ?? "";
          if (next === "") return numbers;
        }
      },
      close: () => service.close(),
    };
  },

  async markdown(port) {
    const url = `http://127.0.0.1:${port}/v1/collections`;
    const send = async (
      method: string,
      path: string,
      headers: Readonly<Record<string, string>>,
      body: string,
    ) => {
      const answer = await fetch(`${url}${path}`, {
        method,
        headers,
        body,
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = await answer.text();
      if (answer.status === 412) throw new DoneTwice(text);
      if (!answer.ok) throw new Error(`${answer.status} ${text}`);
    };
    await send("POST", "", { "content-type": "application/json" }, '{"name": "fleet"}');
    return {
      write: (n) =>
        send(
          "PUT",
          `/fleet/documents/n${n}`,
          { "content-type": "text/markdown", "if-none-match": "*" },
          `# ${n}\n`,
        ),
      written: async (last) => {
        const numbers: number[] = [];
        for (let n = 1; n <= last; n++) {
          const answer = await fetch(`${url}/fleet/documents/n${n}`);
          const { meta } = (await answer.json()) as { meta?: { version: number } };
          for (let version = 0; version < (meta?.version ?? 0); version++) numbers.push(n);
        }
        return numbers;
      },
      close: () => {},
    };
  },

  async filestore(port) {
    const s3 = new S3Client({ ...aws(port), forcePathStyle: true });
    const Bucket = "written";
    await s3.send(new CreateBucketCommand({ Bucket }));
    return {
      write: async (n) => {
        try {
          await s3.send(
            new PutObjectCommand({ Bucket, Key: String(n), Body: `number ${n}`, IfNoneMatch: "*" }),
          );
        } catch (error) {
          if ((error as { name: string }).name === "PreconditionFailed") throw new DoneTwice(`${n}`);
          throw error;
        }
      },
      written: async () => {
        const numbers: number[] = [];
        for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket }))
          for (const { Key } of Contents) numbers.push(Number(Key));
        return numbers;
      },
      close: () => s3.destroy(),
    };
  },
};

function aws(port: number) {
  return {
    endpoint: `http://127.0.0.1:${port}`,
    region: "eu-central-1",
    credentials: { accessKeyId: "any", secretAccessKey: "any" },
    maxAttempts: 1,
    requestHandler: { requestTimeout: timeoutMs },
  };
}
