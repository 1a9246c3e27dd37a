import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Agent, get } from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { Client, credentials } from "@grpc/grpc-js";
import { engineNames } from "@weftkit/config";
import { EngineProgram } from "@weftkit/testing/engine-program";
import { Program } from "@weftkit/testing/program";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { Redis } from "ioredis";
import { MongoClient } from "mongodb";
import neo4j from "neo4j-driver";
import pg from "pg";
import { expect, test } from "vitest";
import { certificate, routesFile, startGateway } from "./start-gateway.ts";

const names = ["relational", "inmemory", "document", "graph", "markdown"] as const;

test("each engine's own driver works through its port", { timeout: 120_000 }, async () => {
  const images = join(import.meta.dirname, "..", "..");
  const engines = await Promise.all(
    names.map((name) => new EngineProgram(join(images, name, "src", "main.ts"), temporaryFolder()).ready()),
  );
  const backends = names.map((name, index) => `${name}=127.0.0.1:${engines[index]!.port}`);
  const { service } = await startGateway({ backends });

  const sql = new pg.Client({ host: "127.0.0.1", port: service.portOf("relational"), user: "postgres" });
  await sql.connect();
  expect((await sql.query("SELECT 1 + 1 AS two")).rows).toEqual([{ two: 2 }]);
  await sql.end();

  const redis = new Redis({ host: "127.0.0.1", port: service.portOf("inmemory") });
  expect(await redis.set("a", "1")).toBe("OK");
  expect(await redis.get("a")).toBe("1");
  redis.disconnect();

  const mongo = new MongoClient(`mongodb://127.0.0.1:${service.portOf("document")}/?directConnection=true`);
  await mongo.db("shop").collection("orders").insertOne({ a: 1 });
  expect(await mongo.db("shop").collection("orders").countDocuments()).toBe(1);
  await mongo.close();

  const bolt = neo4j.driver(`bolt://127.0.0.1:${service.portOf("graph")}`, undefined, {
    disableLosslessIntegers: true,
  });
  expect((await bolt.executeQuery("RETURN 1 AS one")).records[0]?.get("one")).toBe(1);
  await bolt.close();

  // As a browser's driver speaks Bolt: HTTP that becomes a WebSocket, on the port that HTTP has as well.
  const page = new WebSocket(`ws://127.0.0.1:${service.portOf("shared")}`);
  page.binaryType = "arraybuffer";
  await once(page, "open");
  page.send(Buffer.from("6060b01700000005000000040000000000000000", "hex"));
  const [version] = (await once(page, "message")) as [MessageEvent];
  expect(Buffer.from(version.data as ArrayBuffer).toString("hex")).toBe("00000005");
  page.close();

  const answer = await fetch(`http://127.0.0.1:${service.portOf("markdown")}/v1/nothing`);
  expect(answer.status).toBe(404);
});

test("drivers that ask for a cluster's members stay with the gateway", { timeout: 120_000 }, async () => {
  const images = join(import.meta.dirname, "..", "..");
  const start = (name: string, environment: Readonly<Record<string, string>>) =>
    new EngineProgram(join(images, name, "src", "main.ts"), temporaryFolder(), environment).ready();
  const [document, graph] = await Promise.all([
    // Addresses that nobody has: who goes there fails.
    start("document", { WEFTKIT_DOCUMENT_ADVERTISED_ADDRESS: "document.invalid:27017" }),
    start("graph", { WEFTKIT_GRAPH_ADVERTISED_ADDRESS: "graph.invalid:7687" }),
  ]);
  const backends = [`document=127.0.0.1:${document.port}`, `graph=127.0.0.1:${graph.port}`];
  const { service } = await startGateway({ backends });
  const port = service.portOf("shared");

  const mongo = new MongoClient(`mongodb://127.0.0.1:${port}/?replicaSet=rs0&serverSelectionTimeoutMS=20000`);
  await mongo
    .db("shop")
    .collection("orders")
    .insertOne({ a: 1 }, { writeConcern: { w: "majority" } });
  expect(await mongo.db("shop").collection("orders").countDocuments()).toBe(1);
  const hello = await mongo.db("admin").command({ hello: 1 });
  expect(hello).toMatchObject({ hosts: [`127.0.0.1:${port}`], me: `127.0.0.1:${port}` });
  expect(hello).not.toHaveProperty("setVersion");
  await mongo.close();

  const bolt = neo4j.driver(`neo4j://127.0.0.1:${port}`, undefined, { disableLosslessIntegers: true });
  expect((await bolt.executeQuery("RETURN 1 AS one")).records[0]?.get("one")).toBe(1);
  await bolt.close();
});

test(
  "a statement is cancelled at the server that runs it, and nowhere else",
  { timeout: 120_000 },
  async () => {
    const main = join(import.meta.dirname, "..", "..", "relational", "src", "main.ts");
    const [one, two] = await Promise.all([
      new EngineProgram(main, temporaryFolder()).ready(),
      new EngineProgram(main, temporaryFolder()).ready(),
    ]);
    const file = routesFile(`
backends = ["relational/one=127.0.0.1:${one.port}", "relational/two=127.0.0.1:${two.port}"]
[[routes]]
target = "relational/one"
user = ["one"]
[[routes]]
target = "relational/two"
`);
    const { service } = await startGateway({ routes_file: file });
    const port = service.portOf("relational");
    const clients = ["one", "two"].map(
      (user) => new pg.Client({ host: "127.0.0.1", port, user, database: "weftkit" }),
    );
    await Promise.all(clients.map((client) => client.connect()));
    const [first, second] = clients.map((client, index) =>
      client.query(`SELECT pg_sleep(${index === 0 ? 60 : 2})`).then(
        () => "slept",
        (error: { code: string }) => error.code,
      ),
    );
    const { processID, secretKey } = clients[0] as unknown as { processID: number; secretKey: number };
    const request = Buffer.alloc(16);
    request.writeInt32BE(16, 0);
    request.writeInt32BE(80_877_102, 4);
    request.writeInt32BE(processID, 8);
    request.writeInt32BE(secretKey, 12);
    const socket = connect(port, "127.0.0.1");
    socket.write(request);
    await once(socket, "close");
    expect(await first).toBe("57014");
    expect(await second).toBe("slept");
    await Promise.all(clients.map((client) => client.end()));
  },
);

test(
  "all eight engines answer their drivers on one port, in TLS that ends there",
  { timeout: 180_000 },
  async () => {
    const images = join(import.meta.dirname, "..", "..");
    const engines = await Promise.all(
      engineNames.map((name) =>
        new EngineProgram(join(images, name, "src", "main.ts"), temporaryFolder()).ready(),
      ),
    );
    const backends = engineNames.map((name, index) => `${name}=127.0.0.1:${engines[index]!.port}`);
    const files = certificate("localhost");
    const ca = readFileSync(files.cert_file);
    const { service } = await startGateway({ backends }, { tls: { enabled: true, ...files } });
    const port = service.portOf("shared");

    const sql = new pg.Client({ host: "localhost", port, user: "postgres", ssl: { ca } });
    await sql.connect();
    expect((await sql.query("SELECT 1 + 1 AS two")).rows).toEqual([{ two: 2 }]);
    await sql.end();

    const redis = new Redis({ host: "localhost", port, tls: { ca } });
    expect(await redis.set("a", "1")).toBe("OK");
    redis.disconnect();

    const mongo = new MongoClient(`mongodb://localhost:${port}/?replicaSet=rs0&tls=true`, {
      tlsCAFile: files.cert_file,
      serverSelectionTimeoutMS: 20_000,
    });
    await mongo.db("shop").collection("orders").insertOne({ a: 1 });
    expect((await mongo.db("admin").command({ hello: 1 })).me).toBe(`localhost:${port}`);
    await mongo.close();

    const bolt = neo4j.driver(`neo4j://localhost:${port}`, undefined, {
      encrypted: "ENCRYPTION_ON",
      trust: "TRUST_CUSTOM_CA_SIGNED_CERTIFICATES",
      trustedCertificates: [files.cert_file],
      disableLosslessIntegers: true,
    });
    expect((await bolt.executeQuery("RETURN 1 AS one")).records[0]?.get("one")).toBe(1);
    await bolt.close();

    const httpsAgent = new Agent({ ca, keepAlive: true });
    const aws = {
      endpoint: `https://localhost:${port}`,
      region: "eu-central-1",
      credentials: { accessKeyId: "any", secretAccessKey: "any" },
      maxAttempts: 1,
      requestHandler: { httpsAgent },
    };
    const dynamodb = new DynamoDBClient(aws);
    expect((await dynamodb.send(new ListTablesCommand({}))).TableNames).toEqual([]);
    dynamodb.destroy();

    const s3 = new S3Client({ ...aws, forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: "photos" }));
    const body = Buffer.alloc(3_000_000, "ab");
    await s3.send(new PutObjectCommand({ Bucket: "photos", Key: "../a b/ü", Body: body }));
    const object = await s3.send(new GetObjectCommand({ Bucket: "photos", Key: "../a b/ü" }));
    expect(Buffer.from(await object.Body!.transformToByteArray()).equals(body)).toBe(true);
    s3.destroy();
    httpsAgent.destroy();

    const grpc = new Client(`localhost:${port}`, credentials.createSsl(ca));
    const status = Promise.withResolvers<number | undefined>();
    const identity = (bytes: Buffer) => bytes;
    // Health's Check of nothing by name: one field, 1 = serving.
    grpc.makeUnaryRequest(
      "/grpc.health.v1.Health/Check",
      identity,
      identity,
      Buffer.alloc(0),
      (error, answer) => status.resolve(error?.code ?? answer?.at(-1)),
    );
    expect(await status.promise).toBe(1);
    grpc.close();

    const answered = Promise.withResolvers<number | undefined>();
    get({ host: "localhost", port, ca, path: "/v1/nothing" }, (response) => {
      response.resume();
      answered.resolve(response.statusCode);
    });
    expect(await answered.promise).toBe(404);
  },
);

test("servers in TLS: spoken to in it, or the client's own is passed on", { timeout: 120_000 }, async () => {
  const images = join(import.meta.dirname, "..", "..");
  const files = certificate("localhost");
  const ca = readFileSync(files.cert_file);
  const secured = { WEFTKIT_TLS_CERT: files.cert_file, WEFTKIT_TLS_KEY: files.key_file };
  const [relational, inmemory, markdown] = await Promise.all(
    ["relational", "inmemory", "markdown"].map((name) =>
      new EngineProgram(join(images, name, "src", "main.ts"), temporaryFolder(), secured).ready(),
    ),
  );
  const addresses = [
    `relational=localhost:${relational!.port}`,
    `inmemory=localhost:${inmemory!.port}`,
    `markdown=localhost:${markdown!.port}`,
  ];
  const inTls = addresses.map((address) => `${address}?tls=on`);
  const { service: ends } = await startGateway({ backends: inTls, backend_tls_ca_file: files.cert_file });
  const sql = new pg.Client({ host: "localhost", port: ends.portOf("relational"), user: "postgres" });
  await sql.connect();
  expect((await sql.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  await sql.end();
  const redis = new Redis({ host: "localhost", port: ends.portOf("shared") });
  expect(await redis.ping()).toBe("PONG");
  redis.disconnect();
  expect((await fetch(`http://localhost:${ends.portOf("shared")}/v1/nothing`)).status).toBe(404);

  // Without certificates of its own the gateway opens no TLS.
  const { service: passes } = await startGateway({ backends: addresses });
  const passed = new pg.Client({
    host: "localhost",
    port: passes.portOf("relational"),
    user: "postgres",
    ssl: { ca },
  });
  await passed.connect();
  expect((await passed.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  await passed.end();
  const direct = new Redis({ host: "localhost", port: passes.portOf("inmemory"), tls: { ca } });
  expect(await direct.ping()).toBe("PONG");
  direct.disconnect();
});

test("mistakes end the program with 78, each with its place", { timeout: 60_000 }, async () => {
  const file = routesFile(
    '[[routes]]\ntarget = "inmemroy"\n[[routes]]\ntarget = "relational"\npath = ["/"]\n',
  );
  const main = join(import.meta.dirname, "..", "src", "main.ts");
  const program = new Program(main, { env: { WEFTKIT_GATEWAY_ROUTES_FILE: file, WEFTKIT_ADMIN_PORT: "0" } });
  expect(await program.exited).toBe(78);
  expect(program.output).toMatch(/routes\.toml:2[\s\S]*routes\.toml:5/);
});
