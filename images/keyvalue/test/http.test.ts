import { connect } from "node:net";
import { crc32, gunzipSync, gzipSync } from "node:zlib";
import { GetItemCommand, ListTablesCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { describe, expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

const table = {
  TableName: "things",
  AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
  KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
  BillingMode: "PAY_PER_REQUEST",
};

describe("over HTTP", () => {
  test("every answer has a request id, its checksum and the protocol's media type", async () => {
    const engine = await RunningEngine.start();
    for (const [operation, body] of [
      ["ListTables", {}],
      ["GetItem", { TableName: "größe 🦊", Key: {} }],
    ] as const) {
      const { headers, text } = await engine.call(operation, body);
      expect(headers.get("x-amzn-requestid")).toMatch(/^[0-9A-V]{52}$/);
      expect(headers.get("x-amz-crc32")).toBe(String(crc32(text)));
      expect(headers.get("content-type")).toBe("application/x-amz-json-1.0");
    }
  });

  test("an error has AWS's type and a message", async () => {
    const engine = await RunningEngine.start();
    const missing = await engine.call("DescribeTable", { TableName: "nothing" });
    expect([missing.status, missing.json]).toEqual([
      400,
      {
        __type: "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
        message: "Requested resource not found: Table: nothing not found",
      },
    ]);
    const invalid = await engine.call("DescribeTable", {});
    expect(invalid.json.__type).toBe("com.amazon.coral.validate#ValidationException");
    const wrongType = await engine.call("DescribeTable", { TableName: 5 });
    expect(wrongType.json).toEqual({
      __type: "com.amazon.coral.service#SerializationException",
      Message: "NUMBER_VALUE cannot be converted to String",
    });
  });

  test.each([
    ["an operation that there is not", "NoSuchOperation", "{}", {}, "UnknownOperationException"],
    ["an operation of another version", "DynamoDB_20111205.GetItem", "{}", {}, "UnknownOperationException"],
    ["a new one of AWS's", "SearchVectors", "{}", {}, "UnknownOperationException"],
    ["a body that is not JSON", "ListTables", "{", {}, "SerializationException"],
    ["a body that is no object", "ListTables", "[]", {}, "SerializationException"],
    ["no credentials", "ListTables", "{}", { authorization: "" }, "MissingAuthenticationTokenException"],
    [
      "half of them",
      "ListTables",
      "{}",
      { authorization: "AWS4-HMAC-SHA256 a=b" },
      "IncompleteSignatureException",
    ],
  ])("%s is a %s", async (_, operation, body, headers, code) => {
    const engine = await RunningEngine.start();
    const reply = await engine.call(operation, body, headers);
    expect([reply.status, reply.json.__type.split("#")[1]]).toEqual([400, code]);
  });

  test("another media type or method is not this API", async () => {
    const engine = await RunningEngine.start();
    expect((await engine.call("ListTables", "{}", { "content-type": "text/plain" })).status).toBe(404);
    expect((await fetch(engine.url, { method: "PUT", body: "{}" })).status).toBe(404);
    const health = await fetch(engine.url);
    expect([health.status, await health.text()]).toEqual([200, `healthy: 127.0.0.1:${engine.image.port} `]);
  });

  test("bodies come and go packed, and the checksum is of what is sent", async () => {
    const engine = await RunningEngine.start();
    await engine.call("CreateTable", table);
    const Item = { id: { S: "1" }, text: { S: "x".repeat(5000) } };
    const put = await fetch(engine.url, {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "content-encoding": "gzip",
        "x-amz-target": "DynamoDB_20120810.PutItem",
        authorization:
          "AWS4-HMAC-SHA256 Credential=a/20260101/r/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
        "x-amz-date": "20260101T000000Z",
      },
      body: gzipSync(JSON.stringify({ TableName: "things", Item })),
    });
    expect(put.status).toBe(200);
    const raw = await rawAnswer(engine, JSON.stringify({ TableName: "things", Key: { id: { S: "1" } } }));
    expect(raw.headers).toMatch(/content-encoding: gzip/i);
    expect(raw.headers).toContain(`x-amz-crc32: ${crc32(raw.body)}`);
    expect(JSON.parse(gunzipSync(raw.body).toString())).toEqual({ Item });
  });

  test("a body beyond the limit is refused before it is read", async () => {
    const engine = await RunningEngine.start();
    const socket = connect(engine.image.port, "127.0.0.1");
    socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999\r\n\r\n");
    const answer = await new Promise<string>((resolve) =>
      socket.once("data", (data) => resolve(data.toString())),
    );
    socket.destroy();
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
  });

  test("a page of another origin may call", async () => {
    const engine = await RunningEngine.start();
    const preflight = await fetch(engine.url, {
      method: "OPTIONS",
      headers: {
        origin: "http://page.example",
        "access-control-request-headers": "x-amz-target",
        "access-control-request-method": "POST",
      },
    });
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("access-control-allow-headers")).toBe("x-amz-target");
    const reply = await engine.call("ListTables", {}, { origin: "http://page.example" });
    expect(reply.headers.get("access-control-allow-origin")).toBe("*");
  });
});

/** One GetItem that takes packed answers, without a client that unpacks them. */
async function rawAnswer(engine: RunningEngine, body: string): Promise<{ headers: string; body: Buffer }> {
  const socket = connect(engine.image.port, "127.0.0.1");
  socket.write(
    `POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\naccept-encoding: gzip\r\ncontent-type: application/x-amz-json-1.0\r\nx-amz-target: DynamoDB_20120810.GetItem\r\nx-amz-date: 20260101T000000Z\r\nauthorization: AWS4-HMAC-SHA256 Credential=a/20260101/r/dynamodb/aws4_request, SignedHeaders=host, Signature=0\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const all = Buffer.concat(chunks);
  const end = all.indexOf("\r\n\r\n");
  return { headers: all.toString("latin1", 0, end), body: all.subarray(end + 4) };
}

describe("with users", () => {
  const auth = {
    users: [
      { username: "admin", password: "admin's secret", roles: ["superuser"] },
      { username: "writer", password: "writer's secret", roles: ["write"] },
      { username: "reader", password: "reader's secret", roles: ["read"] },
    ],
  };
  const as = (accessKeyId: string, secretAccessKey = `${accessKeyId}'s secret`) => ({
    credentials: { accessKeyId, secretAccessKey },
  });
  const Item = { id: { S: "1" } };

  test("the access key is the user and the secret key the password, and roles decide", async () => {
    const engine = await RunningEngine.start({ auth });
    const admin = engine.client(as("admin"));
    const reader = engine.client(as("reader"));
    const writer = engine.client(as("writer"));
    const { CreateTableCommand } = await import("@aws-sdk/client-dynamodb");
    await admin.send(new CreateTableCommand(table as never));
    await writer.send(new PutItemCommand({ TableName: "things", Item }));
    expect((await reader.send(new GetItemCommand({ TableName: "things", Key: Item }))).Item).toEqual(Item);
    await expect(reader.send(new PutItemCommand({ TableName: "things", Item }))).rejects.toMatchObject({
      name: "AccessDeniedException",
      message:
        "User: arn:aws:iam::000000000000:user/reader is not authorized to perform: dynamodb:PutItem on resource: arn:aws:dynamodb:eu-central-1:000000000000:table/*",
    });
    await expect(writer.send(new CreateTableCommand(table as never))).rejects.toMatchObject({
      name: "AccessDeniedException",
    });
  });

  test.each([
    ["a wrong password", as("reader", "wrong"), "InvalidSignatureException"],
    ["an unknown user", as("nobody"), "UnrecognizedClientException"],
  ])("%s is a %s", async (_, options, name) => {
    const engine = await RunningEngine.start({ auth });
    await expect(engine.client(options).send(new ListTablesCommand({}))).rejects.toMatchObject({ name });
  });
});

test("beyond the configured rate clients are throttled, and wait as they do at AWS", async () => {
  const engine = await RunningEngine.start({ keyvalue: { rate_limit: 5 } });
  const replies = await Promise.all(Array.from({ length: 30 }, () => engine.call("ListTables", {})));
  const throttled = replies.filter(({ status }) => status === 400);
  expect(throttled.length).toBeGreaterThan(10);
  expect(throttled[0]!.json.__type.split("#")[1]).toBe("ThrottlingException");
});

test.each([
  ["ListGlobalTables", {}, { GlobalTables: [] }],
  ["ListExports", {}, { ExportSummaries: [] }],
  ["ListImports", {}, { ImportSummaryList: [] }],
  ["ListContributorInsights", {}, { ContributorInsightsSummaries: [] }],
])("%s says that there are none", async (operation, body, answer) => {
  const engine = await RunningEngine.start();
  expect((await engine.call(operation, body)).json).toEqual(answer);
});

test.each([
  ["CreateGlobalTable", "there is one copy of a table, in one place"],
  ["ImportTable", "tables are copied with the engine's own state: see `weftkit persist`"],
  ["EnableKinesisStreamingDestination", "changes are read from the table's stream"],
  ["PutResourcePolicy", "rights come from the engine's users and roles"],
])("%s is refused with the reason", async (operation, reason) => {
  const engine = await RunningEngine.start();
  const { json } = await engine.call(operation, {});
  expect(json.__type).toBe("com.amazon.coral.service#UnknownOperationException");
  expect(json.message).toBe(`${operation} is not supported by this endpoint: ${reason}`);
});

test.each(["ExportTableToPointInTime", "RestoreTableToPointInTime"])(
  "%s needs what cannot be enabled",
  async (operation) => {
    const engine = await RunningEngine.start();
    const { json } = await engine.call(operation, {});
    expect(json.__type).toContain("#PointInTimeRecoveryUnavailableException");
    expect(json.message).toContain("Point in time recovery is not enabled");
  },
);

test("clients that discover endpoints are told of this one", async () => {
  const engine = await RunningEngine.start();
  const { json } = await engine.call("DescribeEndpoints", {});
  expect(json.Endpoints).toEqual([{ Address: `127.0.0.1:${engine.image.port}`, CachePeriodInMinutes: 1440 }]);
});
