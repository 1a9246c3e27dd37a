import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

const users = [{ username: "app", password: "TOKEN", roles: ["read", "write", "schema_admin"] }];

/** The calls of the API reference, as they stand there. */
test("serves the reference's calls", async () => {
  const { url } = await RunningEngine.start({ auth: { method: "password", users } });
  const headers = { authorization: "Bearer TOKEN" };
  const created = await fetch(`${url}/v1/buckets`, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ name: "avatars" }),
  });
  expect(created.status).toBe(201);
  expect(created.headers.get("location")).toBe("/v1/buckets/avatars");

  const image = randomBytes(300_000);
  const file = `${url}/v1/buckets/avatars/objects/user-42.png`;
  const put = await fetch(file, {
    method: "PUT",
    headers: { ...headers, "content-type": "image/png" },
    body: image,
  });
  expect(put.status).toBe(201);

  const downloaded = await fetch(file, { headers });
  expect(downloaded.headers.get("content-type")).toBe("image/png");
  expect(Buffer.from(await downloaded.arrayBuffer()).equals(image)).toBe(true);

  const head = await fetch(file, { method: "HEAD", headers });
  expect(head.status).toBe(200);
  expect(head.headers.get("content-length")).toBe("300000");

  const listed = await fetch(`${url}/v1/buckets/avatars/objects?prefix=user-&limit=100`, { headers });
  expect(await listed.json()).toMatchObject({ objects: [{ key: "user-42.png", size: 300_000 }] });
  const buckets = await fetch(`${url}/v1/buckets`, { headers });
  expect(await buckets.json()).toMatchObject({ buckets: [{ name: "avatars" }] });

  const begun = await fetch(`${file}/multipart`, { method: "POST", headers });
  expect(begun.status).toBe(201);

  expect((await fetch(file, { method: "DELETE", headers })).status).toBe(204);
  expect((await fetch(file, { headers })).status).toBe(404);
  expect((await fetch(file)).status).toBe(401);
});

test("describes itself", async () => {
  const { url } = await RunningEngine.start();
  const description = (await (await fetch(`${url}/v1/openapi.json`)).json()) as {
    paths: Record<string, unknown>;
  };
  expect(Object.keys(description.paths)).toContain("/buckets/{bucket}/objects/{key}");
  expect((await fetch(`${url}/v1/docs`)).status).toBe(200);
});

test("goes on with an upload that was broken off", async () => {
  const { url } = await RunningEngine.start();
  const json = { "content-type": "application/json" };
  await fetch(`${url}/v1/buckets`, { method: "POST", headers: json, body: '{"name":"videos"}' });
  const object = `${url}/v1/buckets/videos/objects/2026/talk.mp4`;
  const { upload } = (await (await fetch(`${object}/multipart`, { method: "POST" })).json()) as {
    upload: string;
  };
  const parts = [randomBytes(5 * 1024 * 1024), randomBytes(1000)];
  const send = (part: number) =>
    fetch(`${object}?upload=${upload}&part=${part}`, {
      method: "PUT",
      body: new Uint8Array(parts[part - 1]!),
    });
  expect((await send(1)).status).toBe(200);
  const there = await fetch(`${url}/v1/buckets/videos/uploads/${upload}?key=2026/talk.mp4`);
  expect(await there.json()).toMatchObject({ parts: [{ part: 1, size: parts[0]!.length }] });
  await send(2);
  const done = await fetch(`${object}/multipart?upload=${upload}`, { method: "POST" });
  expect(await done.json()).toMatchObject({
    key: "2026/talk.mp4",
    size: 5 * 1024 * 1024 + 1000,
    content_type: "video/mp4",
  });
  const whole = Buffer.from(await (await fetch(object)).arrayBuffer());
  expect(whole.equals(Buffer.concat(parts))).toBe(true);
  const across = await fetch(object, { headers: { range: "bytes=5242870-5242889" } });
  expect(across.status).toBe(206);
  expect(Buffer.from(await across.arrayBuffer()).equals(whole.subarray(5242870, 5242890))).toBe(true);
});

test("refuses in the form of problems", async () => {
  const { url } = await RunningEngine.start();
  const json = { "content-type": "application/json" };
  const create = (name: string) =>
    fetch(`${url}/v1/buckets`, { method: "POST", headers: json, body: JSON.stringify({ name }) });
  await create("papers");
  expect((await create("papers")).status).toBe(409);
  expect(await (await create("NO")).json()).toMatchObject({ status: 400, title: expect.any(String) });
  const object = `${url}/v1/buckets/papers/objects/a.txt`;
  const put = (headers: Record<string, string> = {}) =>
    fetch(object, { method: "PUT", body: "one", headers });
  const { status, headers } = await put({ "if-none-match": "*" });
  expect(status).toBe(201);
  expect((await put({ "if-none-match": "*" })).status).toBe(412);
  expect((await put({ "if-match": '"0"' })).status).toBe(412);
  expect((await put({ "if-match": headers.get("etag")! })).status).toBe(200);
  expect((await fetch(object, { headers: { "if-none-match": headers.get("etag")! } })).status).toBe(304);
  expect((await fetch(object, { headers: { range: "bytes=100-" } })).status).toBe(416);
  expect((await fetch(`${url}/v1/buckets/absent/objects/a`)).status).toBe(404);
});
