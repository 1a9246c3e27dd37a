import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { EngineName } from "@weftkit/config";
import { expect, onTestFinished, test } from "vitest";
import { readVersions } from "../src/consoles/filestore/versions-xml.ts";
import { ApiClient, startEngine, startPlayground } from "./start-playground.ts";

async function open(name: EngineName) {
  const engine = await startEngine(name);
  const { service } = await startPlayground([engine.text]);
  const asking = async (user: "ann" | "rob") => {
    const client = await ApiClient.loggedIn(service.port, user);
    return async (operation: string, body: unknown) =>
      (await client.operate(engine.text, operation, body)).body;
  };
  return { engine, ann: await asking("ann"), rob: await asking("rob") };
}

test("keyvalue: any operation, numbers exactly, in the engine's words, as far as a user's rights go", async () => {
  const { engine, ann, rob } = await open("keyvalue");
  const dynamo = (ask: typeof ann) => (operation: string, request: unknown) =>
    ask("ask", { operation, request: JSON.stringify(request) });
  const [mine, theirs] = [dynamo(ann), dynamo(rob)];
  const table = {
    TableName: "tab",
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
  };
  expect((await theirs("CreateTable", table)).error).toMatchObject({ engineCode: "AccessDeniedException" });
  expect(await mine("CreateTable", table)).toMatchObject({
    body: { TableDescription: { TableName: "tab" } },
  });
  const Item = { id: { S: "ä😀" }, n: { N: "12345678901234567890.123456789" } };
  expect((await theirs("PutItem", { TableName: "tab", Item })).error).toMatchObject({
    engineCode: "AccessDeniedException",
  });
  expect(await mine("PutItem", { TableName: "tab", Item })).toMatchObject({ body: {} });
  expect(await theirs("GetItem", { TableName: "tab", Key: { id: Item.id } })).toMatchObject({
    body: { Item },
  });
  expect((await mine("GetItem", { TableName: "none", Key: {} })).error.engineCode).toMatch(
    /ResourceNotFoundException|ValidationException/,
  );
  expect((await ann("ask", { operation: "GetItem", request: "{" })).error.code).toBe("invalid_request");
  expect((await ann("ask", { operation: "../x", request: "{}" })).error.code).toBe("invalid_request");
  await engine.program.kill();
  expect((await mine("ListTables", {})).error.code).toBe("engine_unreachable");
});

test("markdown: any request below /v1, with the version that is replaced, as far as a user's rights go", async () => {
  const { ann, rob } = await open("markdown");
  const collection = { method: "POST", path: ["collections"], body: '{"name": "wiki"}' };
  expect((await rob("ask", collection)).error).toMatchObject({ engineCode: "forbidden" });
  expect(await ann("ask", collection)).toMatchObject({ body: { name: "wiki" } });
  const path = ["collections", "wiki", "documents", "a"];
  const put = { method: "PUT", path, body: "# A\n", type: "text/markdown" };
  expect((await rob("ask", put)).error).toMatchObject({ engineCode: "forbidden" });
  const { etag } = await ann("ask", { ...put, ifNoneMatch: "*" });
  expect(etag).toEqual(expect.any(String));
  expect(await rob("ask", { method: "GET", path, accept: "text/markdown" })).toMatchObject({ body: "# A\n" });
  expect((await ann("ask", { ...put, ifMatch: '"other"' })).error).toMatchObject({
    engineCode: "precondition-failed",
  });
  expect(await ann("ask", { ...put, body: "# B\n", ifMatch: etag })).toMatchObject({ body: { id: "a" } });
  for (const way of [["..", "v1", "collections"], [".."], ["collections/wiki"]]) {
    expect((await ann("ask", { method: "GET", path: way })).error, way.join()).toBeDefined();
  }
});

test("vector: any method, as far as a user's rights go", async () => {
  const { ann, rob } = await open("vector");
  const create = { method: "CreateCollection", request: '{"name": "c", "dimensions": 2}' };
  expect((await rob("ask", create)).error.code).toBe("engine_refused");
  expect(await ann("ask", create)).toMatchObject({ body: { name: "c" } });
  expect(await rob("ask", { method: "ListCollections", request: "{}" })).toMatchObject({
    body: { collections: [{ name: "c" }] },
  });
});

test("filestore: the versions of one file, whatever it is called", async () => {
  const { ann, rob } = await open("filestore");
  const bucket = { method: "POST", path: ["buckets"], body: '{"name": "files", "versioning": true}' };
  expect((await rob("ask", bucket)).error).toMatchObject({ engineCode: "forbidden" });
  await ann("ask", bucket);
  const key = `a&<b>"'ä 😀`;
  for (const body of ['"1"', '"2"']) {
    await ann("ask", { method: "PUT", path: ["buckets", "files", "objects", key], body });
    await ann("ask", { method: "PUT", path: ["buckets", "files", "objects", `${key}2`], body });
  }
  await ann("ask", { method: "DELETE", path: ["buckets", "files", "objects", key] });
  const { versions } = await rob("versions", { bucket: "files", key });
  expect(versions).toMatchObject([
    { key, isLatest: true, isDeletion: true },
    { key, isLatest: false, isDeletion: false, size: 3 },
    { key, isLatest: false, isDeletion: false, size: 3 },
  ]);
});

test("a list of versions is read as it is written", () => {
  const xml =
    "<R><Version><Key>a&amp;lt;&#x41;&#66;</Key><VersionId>1</VersionId><IsLatest>true</IsLatest><Size>3</Size></Version></R>";
  expect(readVersions(xml)).toMatchObject([{ key: "a&lt;AB", id: "1", isLatest: true, size: 3 }]);
});

test("an answer that never ends is cut off, and one that is no JSON is told", async () => {
  const server = createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    if (request.url === "/v1/short") response.end("<html>");
    else {
      const more = () => {
        while (response.write("x".repeat(65_536)));
      };
      response.on("drain", more);
      more();
    }
  }).listen(0, "127.0.0.1");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  const text = `markdown=127.0.0.1:${(server.address() as AddressInfo).port}?admin=off`;
  const { service } = await startPlayground([text]);
  const client = await ApiClient.loggedIn(service.port);
  const ask = async (path: string[]) =>
    (await client.operate(text, "ask", { method: "GET", path })).body.error.code;
  expect(await ask(["long"])).toBe("too_large");
  expect(await ask(["short"])).toBe("engine_unreachable");
});
