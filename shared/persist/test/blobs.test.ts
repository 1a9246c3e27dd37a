import { createHash, randomBytes } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Manifest } from "../src/contract/manifest.ts";
import { BlobEngine } from "./blob-engine.ts";
import { FunctionServer } from "./function-server.ts";

/** The server's limit, so that a few kilobytes make many parts. */
const partBytesMax = 4096;
const sha256 = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");

let root: string;
let server: FunctionServer;
const engines = new Set<BlobEngine>();

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "blobs-"));
  server = await FunctionServer.start(join(root, "store"), { leaseMs: 600, partBytesMax });
});

afterEach(async () => {
  server.fate = () => "served";
  for (const engine of engines) await engine.abandon();
  engines.clear();
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});

async function start(volume: string, config = {}, url = server.url): Promise<BlobEngine> {
  const engine = await BlobEngine.start({ dataDir: join(root, volume), url, config });
  engines.add(engine);
  return engine;
}

async function stop(engine: BlobEngine): Promise<void> {
  engines.delete(engine);
  await engine.stop();
}

/** The process is gone: nothing of it runs on, its lease stays until it runs out. */
async function crash(engine: BlobEngine): Promise<void> {
  const { fate } = server;
  server.fate = () => "request lost";
  engines.delete(engine);
  await engine.abandon();
  server.fate = fate;
}

const blobFile = (volume: string, name: string) => join(root, volume, "blobs", name.slice(0, 2), name);
const storedParts = () => readdirSync(join(server.folder, "default/files/0/parts"));

function newestManifest(): Manifest {
  const subtree = join(server.folder, "default/files/0");
  const head = JSON.parse(readFileSync(join(subtree, "head"), "utf8"));
  return JSON.parse(readFileSync(join(subtree, "manifests", head.manifest), "utf8"));
}

/** So old that the function does not count on them, and would delete them. */
function makeOld(parts: readonly string[]): void {
  const time = new Date(Date.now() - 20 * 24 * 3_600_000);
  for (const part of parts) utimesSync(join(server.folder, "default/files/0/parts", part), time, time);
}

const contents = {
  empty: Buffer.alloc(0),
  "one byte": Buffer.from("1"),
  "a part": randomBytes(partBytesMax),
  "a part and a byte": randomBytes(partBytesMax + 1),
  "many parts": randomBytes(partBytesMax * 9 + 77),
  "the same part again and again": Buffer.alloc(partBytesMax * 3, "x"),
  "the same content": Buffer.from("1"),
};

describe.each([
  ["plain", {}],
  ["encrypted", { encryption_key: "correct horse battery staple" }],
])("blobs, %s", (_, config) => {
  test("come back from the function alone, as of the last push, whatever their length", async () => {
    const first = await start("one", config);
    for (const [name, content] of Object.entries(contents)) await first.write(name, content);
    await first.persistence.flush();
    await first.write("not pushed", randomBytes(100));
    await crash(first);
    const second = await start("two", config);
    expect(Object.fromEntries(await second.contents())).toEqual(contents);
    // And goes on from there.
    await second.write("more", Buffer.from("more"));
    await second.remove("a part");
    await stop(second);
    const third = await start("three", config);
    const left = Object.entries(contents).filter(([name]) => name !== "a part");
    expect(await third.contents()).toEqual(
      new Map(
        [...left, ["more", Buffer.from("more")] as const].sort(([one], [other]) => (one < other ? -1 : 1)),
      ),
    );
    expect(third.errors).toEqual([]);
  });
});

describe("a push", () => {
  test("stores nothing that can be read, where a key is configured", async () => {
    const engine = await start("one", { encryption_key: "correct horse battery staple" });
    await engine.write("secret", Buffer.from("the secret ".repeat(100)));
    await stop(engine);
    for (const part of storedParts()) {
      expect(readFileSync(join(server.folder, "default/files/0/parts", part)).includes("the secret")).toBe(
        false,
      );
    }
  });

  test("does not send what is stored", async () => {
    const engine = await start("one");
    const content = randomBytes(100_000);
    await engine.write("one", content);
    await engine.persistence.flush();
    await engine.write("two", content);
    await engine.write("three", randomBytes(10));
    const [push] = await engine.persistence.flush();
    expect(push!.bytes).toBeLessThan(20_000);
  });

  test("finds the blobs sent already, which go in the background", async () => {
    const engine = await start("one");
    const content = randomBytes(50_000);
    await engine.write("one", content);
    await expect
      .poll(() => (existsSync(join(server.folder, "default/files/0/parts")) ? storedParts().length : 0))
      .toBe(13);
    const [push] = await engine.persistence.flush();
    expect(push!.bytes).toBeLessThan(20_000);
  });

  test("is refused while a part is missing, and sends it again", async () => {
    const engine = await start("one");
    await engine.write("one", randomBytes(9000));
    let deleted = 0;
    server.fate = (label) => {
      if (label !== "POST /persist commit" || deleted > 0) return "served";
      for (const part of storedParts()) {
        rmSync(join(server.folder, "default/files/0/parts", part));
        deleted++;
      }
      return "served";
    };
    await engine.persistence.flush();
    expect(deleted).toBeGreaterThanOrEqual(3);
    await crash(engine);
    expect((await (await start("two")).contents()).get("one")).toHaveLength(9000);
  });

  test("sends parts again that are too old to be counted on", async () => {
    const engine = await start("one");
    await engine.write("one", randomBytes(9000));
    await engine.persistence.flush();
    const old = await engine.blobs.put(chunk(randomBytes(5000)));
    await expect
      .poll(storedParts)
      .toContain(sha256(readFileSync(blobFile("one", old.sha256)).subarray(0, partBytesMax)));
    makeOld(storedParts());
    const [push] = await engine.persistence.flush();
    expect(push!.bytes).toBeGreaterThan(5000);
  });

  test("holds a removed blob until nothing that waits needs it", async () => {
    const engine = await start("one");
    server.fate = () => "unavailable";
    const name = await engine.write("one", randomBytes(9000));
    await expect(engine.persistence.flush()).rejects.toThrow();
    await engine.remove("one");
    expect(engine.blobs.has(name)).toBe(false);
    expect(existsSync(blobFile("one", name))).toBe(true);
    server.fate = () => "served";
    await engine.persistence.flush();
    await engine.persistence.flush();
    await engine.persistence.flush();
    expect(existsSync(blobFile("one", name))).toBe(false);
    await stop(engine);
    const second = await start("two");
    expect(await second.names()).toEqual([]);
    expect(existsSync(blobFile("two", name))).toBe(false);
  });

  test("keeps a blob that was removed and added again", async () => {
    const engine = await start("one");
    const content = randomBytes(9000);
    await engine.write("one", content);
    await engine.persistence.flush();
    for (let round = 0; round < 4; round++) {
      await engine.remove("one");
      if (round % 2 === 0) await engine.persistence.flush();
      if (round === 2) await engine.persistence.flush();
      await engine.write("one", content);
      await engine.persistence.flush();
      expect((await engine.contents()).get("one")).toEqual(content);
    }
    await crash(engine);
    expect((await (await start("two")).contents()).get("one")).toEqual(content);
  });

  test("leaves out a blob whose file is damaged, and says so", async () => {
    const engine = await start("one");
    server.fate = () => "unavailable";
    await engine.write("whole", Buffer.from("whole"));
    const name = await engine.write("damaged", randomBytes(9000));
    writeFileSync(blobFile("one", name), randomBytes(9000));
    const gone = await engine.write("gone", randomBytes(300));
    rmSync(blobFile("one", gone));
    await engine.persistence.flush().catch(() => {});
    server.fate = () => "served";
    await engine.persistence.flush();
    expect(engine.errors.filter((line) => line.includes(name))).toHaveLength(1);
    expect(engine.errors.filter((line) => line.includes(gone))).toHaveLength(1);
    // Putting it again makes it whole.
    await engine.write("gone", Buffer.from("again"));
    await stop(engine);
    const second = await start("two");
    expect(second.blobs.has(sha256(Buffer.from("whole")))).toBe(true);
    expect(second.blobs.has(name)).toBe(false);
  });

  test("starts anew with a function that knows nothing", async () => {
    const first = await start("one");
    await first.write("one", contents["many parts"]);
    await stop(first);
    const other = await FunctionServer.start(join(root, "another store"), { partBytesMax: 1024 });
    const second = await start("one", {}, other.url);
    await second.write("two", Buffer.from("two"));
    await stop(second);
    const third = await start("two", {}, other.url);
    expect((await third.contents()).get("one")).toEqual(contents["many parts"]);
    await stop(third);
    await other.stop();
  });
});

describe("a removed blob's parts", () => {
  const dayMs = 24 * 3_600_000;

  test("are deleted a day after the last state that needs them was dropped, those of others never", async () => {
    const realNow = Date.now;
    // In the past, so that the function takes what is written for young on all of these days.
    const goTo = (day: number) => {
      Date.now = () => realNow() + day * dayMs;
    };
    try {
      goTo(-9);
      const engine = await start("one", { retention: "1s all" });
      const shared = randomBytes(partBytesMax);
      await engine.write("kept", Buffer.concat([shared, Buffer.from("kept")]));
      await engine.write("removed", Buffer.concat([shared, Buffer.from("removed")]));
      await engine.persistence.flush();
      await engine.remove("removed");
      const ofRemoved = sha256(Buffer.from("removed"));
      makeOld([ofRemoved, sha256(shared)]);
      let seq = 0;
      const push = async () => {
        await engine.write("other", Buffer.from(String(seq++)));
        await engine.persistence.flush();
      };
      // Two states that were read back are kept, however old: until there are newer ones, so are those parts.
      for (const day of [-8, -6.9]) {
        goTo(day);
        await push();
        expect(storedParts()).toContain(ofRemoved);
        const isVerified = () =>
          newestManifest().history.some(
            ({ time, verified }) => verified === true && time > Date.now() - dayMs,
          );
        await expect.poll(async () => push().then(isVerified)).toBe(true);
      }
      goTo(-0.1);
      await expect.poll(async () => push().then(storedParts)).not.toContain(ofRemoved);
      expect(storedParts()).toContain(sha256(shared));
      expect((await engine.contents()).get("kept")).toHaveLength(partBytesMax + 4);
      await stop(engine);
    } finally {
      Date.now = realNow;
    }
  }, 30_000);
});

describe("a restore", () => {
  test("names the blob whose part is damaged or missing, and puts nothing in place", async () => {
    const first = await start("one");
    const content = randomBytes(9000);
    const name = await first.write("one", content);
    await stop(first);
    const part = sha256(content.subarray(partBytesMax, 2 * partBytesMax));
    const path = join(server.folder, "default/files/0/parts", part);
    const bytes = readFileSync(path);
    bytes[77]! ^= 1;
    writeFileSync(path, bytes);
    await expect(start("two")).rejects.toThrow(new RegExp(`part 1 of blob ${name}`));
    rmSync(path);
    await expect(start("two")).rejects.toThrow(new RegExp(`part 1 of blob ${name}`));
    expect(existsSync(join(root, "two", "blobs"))).toBe(false);
    bytes[77]! ^= 1;
    writeFileSync(path, bytes);
    // What was fetched before is not fetched again.
    expect((await (await start("two")).contents()).get("one")).toEqual(content);
  });

  test("that was cut off goes on with what it has", async () => {
    const first = await start("one");
    for (let file = 0; file < 30; file++) await first.write(`file ${file}`, randomBytes(2000 + file));
    const before = await first.contents();
    await stop(first);
    let served = 0;
    server.fate = (label) => (label === "GET /restore" && ++served > 20 ? "request lost" : "served");
    await expect(start("two")).rejects.toThrow();
    served = -1000;
    let downloads = 0;
    server.fate = (label) => {
      if (label === "GET /restore") downloads++;
      return "served";
    };
    expect(await (await start("two")).contents()).toEqual(before);
    expect(downloads).toBeLessThan(25);
  });

  test("can go back to an earlier push", async () => {
    const first = await start("one");
    await first.write("one", Buffer.from("first"));
    await first.persistence.flush();
    await first.write("one", Buffer.from("second"));
    await first.write("two", Buffer.from("two"));
    await stop(first);
    const second = await start("one", { restore_at: "1" });
    expect(await second.contents()).toEqual(new Map([["one", Buffer.from("first")]]));
    await stop(second);
    expect((await (await start("two")).contents()).get("one")).toEqual(Buffer.from("first"));
  });
});

describe("a volume", () => {
  test("without its catalog, or with an older one, is pushed as it is", async () => {
    const first = await start("one");
    await first.write("one", randomBytes(5000));
    await first.persistence.flush();
    await first.write("two", randomBytes(5000));
    await crash(first);
    for (const suffix of ["", "-wal", "-shm"])
      rmSync(join(root, "one/blobs", `catalog.db${suffix}`), { force: true });
    const second = await start("one");
    await second.write("three", Buffer.from("three"));
    const before = await second.contents();
    await stop(second);
    expect(await (await start("two")).contents()).toEqual(before);
  });

  test("that is behind is moved aside with its blobs", async () => {
    const first = await start("one");
    await first.write("one", Buffer.from("first"));
    await stop(first);
    cpSync(join(root, "one"), join(root, "old"), { recursive: true });
    const again = await start("one");
    await again.write("one", Buffer.from("second"));
    await stop(again);
    const old = await start("old");
    expect((await old.contents()).get("one")).toEqual(Buffer.from("second"));
    const [parked] = readdirSync(join(root, "old", "parked"));
    const name = sha256(Buffer.from("first"));
    expect(statSync(join(root, "old", "parked", parked!, "blobs", name.slice(0, 2), name)).size).toBe(5);
  });
});

async function* chunk(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}
