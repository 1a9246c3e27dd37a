import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startImage } from "@weftkit/host";
import { InmemoryEngine } from "@weftkit/inmemory";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { weftkit } from "./command.ts";

/** What Redis 7.2.6 saved: a string, one that expires in 2100, a library; in database 3 a list, a hash and a stream. */
const saved = Buffer.from(
  "524544495330303131fa0972656469732d76657205372e322e36fa0a72656469732d62697473c040fa056374696d65c26e090c6bfa08757365642d6d656dc220d81100fa08616f662d62617365c000f5404623216c7561206e616d653d6d796c69620a72656469732e72656769737465725f66756e6374696f6e282266222c2066756e6374696f6e28292072657475726e203720656e6429fe00fb0201fc00d8c32cbb03000000066e756d626572c02a00086772656574696e670568656c6c6ffe03fb03001004686173680d0d0000000200816602817602ff12046c697374010210100000000300816102816202816302ff150673747265616d01100000000000000001000000000000000122220000000a00010100010101846e616d6505000102010001000183416e6e040401ff010101010100000100fffbb22b44d1d47a68",
  "hex",
);

async function startEngine(auth: Record<string, unknown> = { method: "none" }) {
  const image = await startImage(
    { name: "inmemory", version: "0.1.0", create: () => new InmemoryEngine() },
    {
      config: {
        server: { data_dir: temporaryFolder(), bind: "127.0.0.1", admin_port: 0 },
        auth,
        inmemory: { port: 0 },
      },
    },
  );
  const client = new Redis(image.port, {
    lazyConnect: true,
    ...(auth.method !== "none" && { password: "secret" }),
  });
  onTestFinished(async () => {
    client.disconnect();
    await image.stop();
  });
  return { url: `redis://127.0.0.1:${image.port}`, client };
}

test("an RDB file of Redis is imported: all databases, expiry, functions", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "dump.rdb"), saved);
  const { url, client } = await startEngine();
  const first = await weftkit(folder, ["import", "--from", "dump.rdb", "--to", url]);
  expect(first).toMatchObject({
    code: 0,
    stdout: "Imported 5 keys of 2 databases; 1 library of functions.\n",
  });
  expect(await client.get("greeting")).toBe("hello");
  expect(await client.pexpiretime("number")).toBe(4_102_444_800_000);
  expect(await client.fcall("f", 0)).toBe(7);
  await client.select(3);
  expect(await client.lrange("list", 0, -1)).toEqual(["a", "b", "c"]);
  expect(await client.hgetall("hash")).toEqual({ f: "v" });
  expect(await client.xrange("stream", "-", "+")).toEqual([["1-1", ["name", "Ann"]]]);

  const second = await weftkit(folder, ["import", "--from", "dump.rdb", "--to", url]);
  expect(second.code).toBe(1);
  expect(second.stderr).toContain("has keys already");
  await client.del("list");
  expect(
    (await weftkit(folder, ["import", "--from", "dump.rdb", "--to", url, "--replace", "--json"])).code,
  ).toBe(0);
  expect(await client.llen("list")).toBe(3);
});

test("what is exported is a file that is imported elsewhere, and so is what goes from server to server", async () => {
  const folder = temporaryFolder();
  const [east, west, north] = [await startEngine(), await startEngine(), await startEngine()];
  const pipeline = east.client.pipeline();
  for (let n = 0; n < 2000; n++) pipeline.set(`key ${n}`, `${n}`.repeat(n % 40));
  pipeline.set("expiring", "x", "PXAT", 4_102_444_800_000).zadd("scores", 1.5, "a", "inf", "b");
  await pipeline.exec();
  const exported = await weftkit(folder, ["export", "--from", east.url, "--to", "out.rdb"]);
  expect(exported).toMatchObject({ code: 0, stdout: "Exported 2002 keys of 1 database.\n" });
  expect(readFileSync(join(folder, "out.rdb")).subarray(0, 9).toString()).toBe("REDIS0011");
  expect((await weftkit(folder, ["export", "--from", east.url, "--to", "out.rdb"])).code).toBe(3);
  expect((await weftkit(folder, ["import", "--from", "out.rdb", "--to", west.url])).code).toBe(0);
  expect((await weftkit(folder, ["import", "--from", west.url, "--to", north.url])).code).toBe(0);
  expect(await north.client.dbsize()).toBe(2002);
  expect(await north.client.pexpiretime("expiring")).toBe(4_102_444_800_000);
  expect(await north.client.zrange("scores", "0", "-1", "WITHSCORES")).toEqual(["a", "1.5", "b", "inf"]);
  for (const n of [1, 777, 1999]) expect(await north.client.get(`key ${n}`)).toBe(`${n}`.repeat(n % 40));
});

test("what is wrong is said: damaged files, places that are none, a missing password", async () => {
  const folder = temporaryFolder();
  const open = await startEngine();
  const run = (...args: string[]) => weftkit(folder, ["import", "--to", open.url, "--replace", ...args]);
  writeFileSync(join(folder, "cut.rdb"), saved.subarray(0, -20));
  expect((await run("--from", "cut.rdb")).stderr).toMatch(
    /cut\.rdb: it is cut off, in what begins at byte \d+/,
  );
  const flipped = Buffer.from(saved);
  flipped[flipped.indexOf("hello")]! ^= 1;
  writeFileSync(join(folder, "flipped.rdb"), flipped);
  expect((await run("--from", "flipped.rdb")).stderr).toContain("its checksum is another one");
  writeFileSync(join(folder, "text.rdb"), "this is no dump at all");
  expect((await run("--from", "text.rdb")).stderr).toContain("it does not begin with REDIS");
  expect((await run("--from", "missing.rdb")).stderr).toContain("ENOENT");
  const toFile = await weftkit(folder, ["import", "--from", "cut.rdb", "--to", "out.rdb"]);
  expect(toFile).toMatchObject({ code: 2, stderr: expect.stringContaining("is no server") });
  const nobody = await weftkit(folder, ["import", "--from", "cut.rdb", "--to", "redis://:pw@127.0.0.1:1"]);
  expect(nobody).toMatchObject({ code: 69, stderr: expect.stringContaining("does not answer") });
  expect(nobody.stderr).not.toContain("pw");

  const locked = await startEngine({
    method: "password",
    users: [{ username: "default", password: "secret", roles: ["superuser"] }],
  });
  writeFileSync(join(folder, "dump.rdb"), saved);
  writeFileSync(join(folder, "password"), "secret\n");
  const refused = await weftkit(folder, ["import", "--from", "dump.rdb", "--to", locked.url]);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("lets nobody in") });
  const options = ["--from", "dump.rdb", "--to", locked.url, "--to-password-file", "password"];
  expect((await weftkit(folder, ["import", ...options])).code).toBe(0);
  expect(await locked.client.get("greeting")).toBe("hello");
});
