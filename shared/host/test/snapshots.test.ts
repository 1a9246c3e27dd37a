import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, onTestFinished, test } from "vitest";
import { type RunningImage, startImage } from "../src/index.ts";
import { Client, page, settings, startEcho } from "./fixtures.ts";
import { NoteEngine } from "./note-engine.ts";

const admin_token = "an admin token of a test";

function settingsOf(dataDir: string) {
  const wanted = settings(dataDir);
  return { ...wanted, server: { ...wanted.server, admin_token } };
}

async function start(dataDir = temporaryFolder(), version = "1.2.3"): Promise<RunningImage> {
  const definition = { name: "inmemory", version, create: () => new NoteEngine() } as const;
  const image = await startImage(definition, { config: settingsOf(dataDir) });
  onTestFinished(() => image.stop().catch(() => {}));
  return image;
}

function post(image: RunningImage, path: string, body?: Uint8Array): Promise<Response> {
  const headers = { authorization: `Bearer ${admin_token}` };
  return fetch(`http://127.0.0.1:${image.adminPort}${path}`, {
    method: "POST",
    headers,
    ...(body && { body: Buffer.from(body) }),
  });
}

async function snapshotOf(image: RunningImage): Promise<Buffer> {
  const response = await post(image, "/v1/snapshot");
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

async function say(image: RunningImage, text: string): Promise<string | undefined> {
  const client = await Client.tcp(image.port);
  const answer = await client.say(text);
  client.socket.destroy();
  return answer;
}

test("a snapshot brings the state back, in the same process", async () => {
  const image = await start();
  await say(image, "first");
  const file = await snapshotOf(image);
  await say(image, "second");
  const client = await Client.tcp(image.port);
  expect(await client.say("get")).toBe("second+second");
  const response = await post(image, "/v1/restore", file);
  expect(await response.json()).toMatchObject({ restored: { engine: "inmemory", version: "1.2.3" } });
  await client.closed;
  expect(await say(image, "get")).toBe("first+first");
  expect((await page(image.adminPort, "/readyz")).status).toBe(200);
});

test("a snapshot is restored by another image of the engine, and as often as one wants", async () => {
  const one = await start();
  await say(one, "first");
  const file = await snapshotOf(one);
  const other = await start();
  for (let round = 0; round < 20; round++) {
    expect((await post(other, "/v1/restore", file)).status).toBe(200);
    expect(await say(other, "get")).toBe("first+first");
    await say(other, `round ${round}`);
  }
});

test("what was not there when the snapshot was taken is gone", async () => {
  const empty = await start();
  const dataDir = temporaryFolder();
  const image = await start(dataDir);
  await say(image, "first");
  const response = await post(empty, "/v1/snapshot");
  // Its files do not exist yet: the answer breaks off, and what came of it is no snapshot.
  expect(await response.arrayBuffer().catch(() => undefined)).toBeUndefined();
  await say(empty, "");
  expect((await post(image, "/v1/restore", await snapshotOf(empty))).status).toBe(200);
  expect(await say(image, "get")).toBe("+");
  expect(readdirSync(dataDir).filter((name) => name.includes("snapshot"))).toEqual([]);
});

test("clients that come while a snapshot is restored are served with it", async () => {
  const image = await start();
  await say(image, "first");
  const file = await snapshotOf(image);
  await say(image, "second");
  const restoring = post(image, "/v1/restore", file);
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const client = await Client.tcp(image.port);
      return await client.say("get").catch(() => undefined);
    }),
  );
  expect((await restoring).status).toBe(200);
  // A connection of before ends; none waits for ever, none sees anything else.
  for (const answer of answers) expect(["first+first", "second+second", undefined]).toContain(answer);
  expect(await say(image, "get")).toBe("first+first");
});

test("what cannot be restored changes nothing, and the problem says why", async () => {
  const image = await start();
  const newer = await start(temporaryFolder(), "1.10.0");
  await say(newer, "newer");
  const newerFile = await snapshotOf(newer);
  await say(image, "first");
  const file = await snapshotOf(image);
  await say(image, "second");
  const client = await Client.tcp(image.port);
  const flipped = (at: number) => {
    const copy = Buffer.from(file);
    copy[at]! ^= 1;
    return copy;
  };
  const cases: [name: string, body: Buffer, status: number, code: string][] = [
    ["nothing", Buffer.alloc(0), 400, "snapshot_damaged"],
    ["something else", Buffer.from("GIF89a and so on"), 400, "snapshot_damaged"],
    ["cut off", file.subarray(0, -1), 400, "snapshot_damaged"],
    ["cut in the header", file.subarray(0, 8), 400, "snapshot_damaged"],
    ["more behind it", Buffer.concat([file, file]), 400, "snapshot_damaged"],
    ["another checksum", flipped(file.length - 1), 400, "snapshot_damaged"],
    ["another content", flipped(file.length - 40), 400, "snapshot_damaged"],
    ["another engine", resigned(file, "inmemory", "document"), 409, "snapshot_of_another_engine"],
    ["a later version", newerFile, 409, "snapshot_newer"],
    ["a later format", laterFormat(file), 409, "snapshot_newer"],
  ];
  for (const [name, body, status, code] of cases) {
    const response = await post(image, "/v1/restore", body);
    expect(response.headers.get("content-type"), name).toBe("application/problem+json");
    expect(await response.json(), name).toMatchObject({ status, code, detail: expect.any(String) });
    expect(response.status, name).toBe(status);
    expect(await client.say("get"), name).toBe("second+second");
  }
});

test("a state that the engine cannot start with is taken back", async () => {
  const image = await start();
  await say(image, "refused by the next");
  const file = await snapshotOf(image);
  await say(image, "second");
  const response = await post(image, "/v1/restore", file);
  expect(response.status).toBe(422);
  expect(await response.json()).toMatchObject({
    code: "restore_failed",
    detail: expect.stringMatching(/earlier state again: this text is refused/),
  });
  expect(await say(image, "get")).toBe("second+second");
});

test("snapshots need the admin token, and an engine that has them", async () => {
  const image = await start();
  for (const path of ["/v1/snapshot", "/v1/restore"]) {
    expect((await page(image.adminPort, path, { method: "POST", body: "x" })).status).toBe(401);
  }
  const { image: echo } = await startEcho({ config: settingsOf(temporaryFolder()) });
  for (const path of ["/v1/snapshot", "/v1/restore"]) {
    const response = await post(echo, path, Buffer.from("x"));
    expect(response.status).toBe(501);
    expect(await response.json()).toMatchObject({ code: "not_supported" });
  }
});

/** The snapshot with another word of the same or another length in its header, and the checksum that belongs to it. */
function resigned(file: Buffer, from: string, to: string): Buffer {
  const length = file.readUInt32LE(6);
  const header = Buffer.from(file.toString("utf8", 10, 10 + length).replace(from, to));
  const start = Buffer.from(file.subarray(0, 10));
  start.writeUInt32LE(header.length, 6);
  return signed(Buffer.concat([start, header, file.subarray(10 + length, -32)]));
}

function laterFormat(file: Buffer): Buffer {
  const copy = Buffer.from(file.subarray(0, -32));
  copy.writeUInt16LE(2, 4);
  return signed(copy);
}

function signed(content: Buffer): Buffer {
  return Buffer.concat([content, createHash("sha256").update(content).digest()]);
}
