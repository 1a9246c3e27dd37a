// Who may do what, over gRPC and HTTP; TLS; health and reflection.
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";
import { VectorClient } from "./vector-client.ts";

const users = [
  { username: "reader", password: "r-pw", roles: ["read_only"] },
  { username: "writer", password: "w-pw", roles: ["read_write"] },
  { username: "admin", password: "a-pw", roles: ["superuser"] },
];

test("a token says who calls, and roles what they may", async () => {
  const engine = await RunningEngine.start({ auth: { users } });
  const as = (token?: string) => new VectorClient(engine.address, token === undefined ? {} : { token });
  const [nobody, wrong, reader, writer, admin] = [
    undefined,
    "reader:no",
    "reader:r-pw",
    "writer:w-pw",
    "admin:a-pw",
  ].map(as);
  expect((await nobody!.failure("ListCollections")).code).toBe(status.UNAUTHENTICATED);
  expect((await wrong!.failure("ListCollections")).code).toBe(status.UNAUTHENTICATED);
  expect((await reader!.failure("CreateCollection", { name: "c", dimensions: 2 })).code).toBe(
    status.PERMISSION_DENIED,
  );
  await admin!.call("CreateCollection", { name: "c", dimensions: 2 });
  const denied = await reader!.failure("UpsertVectors", {
    collection: "c",
    vectors: [{ id: "a", values: [1, 1] }],
  });
  expect(denied.code).toBe(status.PERMISSION_DENIED);
  expect(denied.details).toContain("reader may not write");
  await writer!.upsert("c", [{ id: "a", values: [1, 1] }]);
  expect(await reader!.search("c", [1, 1])).toHaveLength(1);
  expect((await reader!.failure("DeleteVectors", { collection: "c", ids: ["a"] })).code).toBe(
    status.PERMISSION_DENIED,
  );
  const http = (path: string, headers: Record<string, string>) =>
    fetch(engine.url + path, { method: "POST", body: "{}", headers }).then((response) => response.status);
  expect(await http("/v1/ListCollections", {})).toBe(401);
  expect(await http("/v1/ListCollections", { authorization: "Bearer reader:r-pw" })).toBe(200);
  expect(await http("/collections/c/points/scroll", { "api-key": "reader:r-pw" })).toBe(200);
  expect(await http("/collections/c/points/delete", { "api-key": "reader:r-pw" })).toBe(403);
  for (const client of [nobody, wrong, reader, writer, admin]) client!.close();
});

test("HTTP/JSON has the same messages, and HTTP's statuses", async () => {
  const engine = await RunningEngine.start();
  const call = async (method: string, body: unknown) => {
    const response = await fetch(`${engine.url}/v1/${method}`, {
      method: "POST",
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    return [response.status, await response.json()] as const;
  };
  expect(await call("CreateCollection", { name: "j", dimensions: 2, distance: "cosine" })).toEqual([
    200,
    { name: "j" },
  ]);
  expect((await call("CreateCollection", { name: "j", dimensions: 2 }))[0]).toBe(409);
  const vectors = [
    { id: "a", values: [1, 0], metadata: { kind: "x" }, payload: { n: 1, list: [true, null] } },
  ];
  expect(await call("UpsertVectors", { collection: "j", vectors })).toEqual([
    200,
    { upserted_count: 1, duplicate_ids: [] },
  ]);
  const search = { collection: "j", vector: [1, 0], topK: 5, filter: { kind: "x" }, include_values: true };
  expect(await call("SearchVectors", search)).toEqual([
    200,
    {
      matches: [
        { id: "a", score: 1, metadata: { kind: "x" }, payload: { n: 1, list: [true, null] }, values: [1, 0] },
      ],
    },
  ]);
  expect((await call("SearchVectors", { collection: "none", vector: [1] }))[0]).toBe(404);
  expect((await call("SearchVectors", { collection: "j", vector: [1] }))[0]).toBe(400);
  expect((await call("SearchVectors", { collection: "j", vektor: [1] }))[1]).toMatchObject({
    code: "INVALID_ARGUMENT",
  });
  expect((await call("SearchVectors", "{"))[0]).toBe(400);
  const got = await fetch(`${engine.url}/v1/SearchVectors`);
  expect([got.status, got.headers.get("allow")]).toEqual([405, "POST"]);
  expect((await fetch(`${engine.url}/nowhere`)).status).toBe(404);
  expect(await (await fetch(`${engine.url}/healthz`)).text()).toBe("healthz check passed");
});
