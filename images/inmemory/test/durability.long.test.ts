import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { patientMs } from "@weftkit/testing/patience";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { describe, expect, onTestFinished, test } from "vitest";
import { EngineProcess } from "./engine-process.ts";
import { Random } from "./oracle/random.ts";
import { RunningEngine } from "./running-engine.ts";
import { encode, type WireClient } from "./wire-client.ts";
import { Writer } from "./writers.ts";

const kills = Number(process.env.WEFTKIT_TEST_KILLS ?? 20);
const seed = Number(process.env.WEFTKIT_TEST_SEED ?? 1);
const WRITERS = 6;

const fsync = (policy: string) => ({ WEFTKIT_INMEMORY_APPENDFSYNC: policy });

test(
  `nothing acknowledged is missing and nothing is invented after ${kills} kills, with appendfsync always`,
  {
    timeout: patientMs(30_000 + kills * 5000),
  },
  async () => {
    const random = new Random(seed);
    const dataDir = temporaryFolder();
    const writers = Array.from({ length: WRITERS }, (_, index) => new Writer(`writer${index}`));
    for (let round = 0; round < kills; round++) {
      const engine = await EngineProcess.start(dataDir, fsync("always"));
      const checking = await engine.client();
      for (const writer of writers) await writer.verify(checking);
      let left = 1 + random.below(3000);
      const rewriteAt = random.chance(40) ? random.below(left) : -1;
      const enough = Promise.withResolvers<void>();
      const writing = writers.map(async (writer) =>
        writer.write(await engine.client(), random, () => {
          left--;
          if (left === rewriteAt) checking.socket.write(encode("BGREWRITEAOF"));
          if (left === 0) enough.resolve();
        }),
      );
      await enough.promise;
      await engine.kill();
      await Promise.all(writing);
    }
    const engine = await EngineProcess.start(dataDir, fsync("always"));
    const checking = await engine.client();
    for (const writer of writers) await writer.verify(checking);
    expect(await engine.terminate()).toBe(0);
  },
);

describe("SIGTERM under load", () => {
  test.each([["always"], ["everysec"], ["no"]])(
    "ends with 0 and loses nothing, with appendfsync %s",
    async (policy) => {
      const random = new Random(seed);
      const dataDir = temporaryFolder();
      const writers = Array.from({ length: WRITERS }, (_, index) => new Writer(`writer${index}`));
      for (let round = 0; round < 3; round++) {
        const engine = await EngineProcess.start(dataDir, fsync(policy));
        const checking = await engine.client();
        for (const writer of writers) await writer.verify(checking);
        let left = 2000;
        const enough = Promise.withResolvers<void>();
        const writing = writers.map(async (writer) =>
          writer.write(await engine.client(), random, () => {
            left--;
            if (left === 0) enough.resolve();
          }),
        );
        await enough.promise;
        expect(await engine.terminate()).toBe(0);
        await Promise.all(writing);
      }
      const engine = await EngineProcess.start(dataDir, fsync(policy));
      const checking = await engine.client();
      for (const writer of writers) await writer.verify(checking);
    },
  );
});

describe("a log that ends in the middle of a write", () => {
  test("is cut to the writes that are whole, wherever it ends", async () => {
    const { dataDir, file } = await writtenLog(async (client) => {
      for (let i = 0; i < 40; i++) await client.call("RPUSH", "list", i);
    });
    const bytes = readFileSync(file);
    for (let length = bytes.length - 200; length < bytes.length; length++) {
      const expected = Array.from({ length: 40 }, (_, index) => String(index)).filter((index) => {
        const command = encode("RPUSH", "list", index);
        return bytes.indexOf(command) + command.length <= length;
      });
      const copy = copyOf(dataDir);
      truncateSync(join(copy, "appendonlydir", incrementOf(copy)), length);
      const engine = await RunningEngine.start({ dataDir: copy });
      const client = await engine.client();
      expect(await client.call("LRANGE", "list", 0, -1), `cut at byte ${length}`).toEqual(expected);
      if (length % 20 === 0) {
        // It goes on from there, and what it appends can be read again.
        expect(await client.call("RPUSH", "list", "more")).toBe(expected.length + 1);
        await engine.image.stop();
        const again = await RunningEngine.start({ dataDir: copy });
        expect(await (await again.client()).call("LRANGE", "list", 0, -1)).toEqual([...expected, "more"]);
        await again.image.stop();
      } else await engine.image.stop();
      rmSync(copy, { recursive: true });
    }
  });

  test("has a transaction whole or not at all", async () => {
    const { dataDir, file } = await writtenLog(async (client) => {
      await client.call("SET", "first", "1");
      await client.write(
        Buffer.concat([encode("MULTI"), encode("SET", "a", "1"), encode("SET", "b", "2"), encode("EXEC")]),
      );
      await client.replies(4);
    });
    const bytes = readFileSync(file);
    const start = bytes.indexOf(encode("MULTI"));
    const end = bytes.indexOf(encode("EXEC")) + encode("EXEC").length;
    for (let length = start; length <= end; length++) {
      const copy = copyOf(dataDir);
      truncateSync(join(copy, "appendonlydir", incrementOf(copy)), length);
      const engine = await RunningEngine.start({ dataDir: copy });
      const expected = length < end ? ["1", null, null] : ["1", "1", "2"];
      expect(await (await engine.client()).call("MGET", "first", "a", "b")).toEqual(expected);
      await engine.image.stop();
      rmSync(copy, { recursive: true });
    }
  });
});

describe("a log with a flipped bit", () => {
  test("stops the start, and says in which file, where, and what to do", async () => {
    const { dataDir, file } = await writtenLog(async (client) => {
      for (let i = 0; i < 100; i++) await client.call("SET", `key${i}`, `value${i}`);
    });
    const bytes = readFileSync(file);
    const at = bytes.indexOf("value50") + 3;
    bytes[at]! ^= 4;
    writeFileSync(file, bytes);
    const engine = EngineProcess.launch(dataDir);
    expect(await engine.exited).toBe(69);
    const said = engine.output;
    expect(said).toContain(file);
    const offset = Number(/damaged at byte (\d+)/.exec(said)![1]);
    expect(offset).toBeLessThanOrEqual(at);
    expect(offset).toBeGreaterThan(at - 100);
    expect(said).toContain(`weftkit aof repair ${file}`);
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });

  test("never starts with less than was acknowledged before the last write, or with anything else", async () => {
    const { dataDir, file } = await writtenLog(async (client) => {
      // Values of a length whose digits can grow, so that a damaged length may swallow what follows.
      for (let i = 0; i < 30; i++) await client.call("SET", `key${i}`, String(i % 10).repeat(1100));
    });
    const bytes = readFileSync(file);
    const values = Array.from({ length: 30 }, (_, i) => String(i % 10).repeat(1100));
    const keys = values.map((_, index) => `key${index}`);
    const random = new Random(seed);
    const outcomes = { refused: 0, whole: 0, withoutLast: 0 };
    const flips: [at: number, bit: number][] = Array.from({ length: 150 }, () => [
      random.below(bytes.length),
      random.below(8),
    ]);
    // Each bit of the lengths of the last values: grown, they reach beyond the end of the file.
    for (const key of keys.slice(-5)) {
      const header = bytes.indexOf(`${key}\r\n$1100`) + key.length + 3;
      for (let digit = 0; digit < 4; digit++)
        for (let bit = 0; bit < 8; bit++) flips.push([header + digit, bit]);
    }
    for (const [at, bit] of flips) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 1 << bit;
      const copy = copyOf(dataDir);
      writeFileSync(join(copy, "appendonlydir", incrementOf(copy)), damaged);
      const engine = await RunningEngine.start({ dataDir: copy }).catch((error: unknown) => error as Error);
      if (engine instanceof Error) {
        expect(engine.message).toMatch(/damaged at byte \d+|the logged command/);
        outcomes.refused++;
      } else {
        const found = await (await engine.client()).call("MGET", ...keys);
        const hasLast = (found as unknown[]).at(-1) !== null;
        expect(found, `bit flipped in byte ${at}`).toEqual(hasLast ? values : [...values.slice(0, -1), null]);
        outcomes[hasLast ? "whole" : "withoutLast"]++;
        await engine.image.stop();
      }
      rmSync(copy, { recursive: true });
    }
    expect(outcomes.refused).toBeGreaterThan(flips.length / 2);
  });
});

/** Ways to run out of space: how to begin with too little, and how to get more. */
interface Disk {
  readonly dataDir: string;
  /** Lets the engine write so many bytes more at most. */
  limit(engine: EngineProcess): void;
  relieve(engine: EngineProcess): void;
}

const mayMount = canMount();

describe.each<[string, boolean, () => Disk]>([
  ["the file system is full", mayMount, smallFileSystem],
  ["files may not grow", true, limitOnFileSize],
])("when %s", (_what, isPossible, makeDisk) => {
  test.runIf(isPossible).each([
    ["always", "SIGTERM"],
    ["always", "SIGKILL"],
    ["everysec", "SIGTERM"],
  ])(
    "writes are refused, reads go on, and it recovers by itself (appendfsync %s, then %s)",
    async (policy, signal) => {
      const disk = makeDisk();
      const engine = await EngineProcess.start(disk.dataDir, fsync(policy));
      const reader = await engine.client();
      await reader.call("SET", "before", "value");
      disk.limit(engine);
      const acknowledged: string[] = [];
      const unknown: string[] = [];
      let writer = await engine.client();
      const value = "v".repeat(50_000);
      let refusal: unknown;
      for (let i = 0; refusal === undefined; i++) {
        const reply = await writer.call("SET", `key${i}`, value);
        if (reply === "OK") acknowledged.push(`key${i}`);
        else if (reply === undefined) {
          // The write that met the full disk: nobody is told that it succeeded, and the connection ends.
          expect(policy).toBe("always");
          unknown.push(`key${i}`);
          writer = await engine.client();
        } else refusal = reply;
      }
      expect(String(refusal)).toMatch(/^Error: MISCONF Errors writing to the AOF file: (ENOSPC|EFBIG)/);
      expect(unknown.length).toBeLessThanOrEqual(1);
      expect(await reader.call("GET", "before")).toBe("value");
      expect(await reader.call("GET", acknowledged.at(-1)!)).toBe(value);
      expect(String(await writer.call("DEL", "before"))).toContain("MISCONF");
      await writer.call("MULTI");
      expect(await writer.call("SET", "before", "changed")).toEqual(expect.any(Error));
      await writer.call("DISCARD");
      if (signal === "SIGKILL") await engine.kill();
      else {
        disk.relieve(engine);
        await engine.logged("the append-only file can be written again");
        expect(await writer.call("SET", "after", "value")).toBe("OK");
        expect(await engine.terminate()).toBe(0);
      }
      const again = await EngineProcess.start(disk.dataDir, fsync(policy));
      if (signal === "SIGKILL") disk.relieve(again);
      const client = await again.client();
      for (const key of acknowledged) expect(await client.call("STRLEN", key), key).toBe(value.length);
      expect(await client.call("GET", "before")).toBe("value");
      expect(await client.call("GET", "after")).toBe(signal === "SIGKILL" ? null : "value");
      expect(await client.call("SET", "at the end", "value")).toBe("OK");
      expect(await again.terminate()).toBe(0);
    },
  );

  test.runIf(isPossible)("the end with writes that could not be saved is not exit code 0", async () => {
    const disk = makeDisk();
    const engine = await EngineProcess.start(disk.dataDir, fsync("everysec"));
    disk.limit(engine);
    const writer = await engine.client();
    let reply: unknown;
    do reply = await writer.call("RPUSH", "list", "v".repeat(50_000));
    while (typeof reply === "number");
    expect(String(reply)).toContain("MISCONF");
    expect(await engine.terminate()).toBe(75);
    expect(engine.output).toContain("free some space");
  });
});

function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "weftkit-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], { stdio: "pipe" });
    execFileSync("umount", [folder], { stdio: "pipe" });
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

function smallFileSystem(): Disk {
  const dataDir = join(temporaryFolder(), "small");
  mkdirSync(dataDir);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", dataDir], { stdio: "pipe" });
  onTestFinished(() => void execFileSync("umount", ["-l", dataDir], { stdio: "pipe" }));
  const ballast = join(dataDir, "ballast");
  writeFileSync(ballast, Buffer.alloc(2 << 20));
  return {
    dataDir,
    limit: () => {},
    relieve: () => rmSync(ballast),
  };
}

function limitOnFileSize(): Disk {
  const limit = (engine: EngineProcess, bytes: string) =>
    execFileSync("prlimit", ["--pid", String(engine.child.pid), `--fsize=${bytes}:`], { stdio: "pipe" });
  return {
    dataDir: temporaryFolder(),
    limit: (engine) => void limit(engine, String(1 << 20)),
    relieve: (engine) => void limit(engine, "unlimited"),
  };
}

/** A data folder whose log has what `write` wrote, each write by itself, and the increment's path. */
async function writtenLog(write: (client: WireClient) => Promise<void>) {
  const dataDir = temporaryFolder();
  const engine = await RunningEngine.start({ dataDir, inmemory: { appendfsync: "always" } });
  await write(await engine.client());
  await engine.image.stop();
  const file = join(dataDir, "appendonlydir", incrementOf(dataDir));
  expect(statSync(file).size).toBeGreaterThan(100);
  return { dataDir, file };
}

function incrementOf(dataDir: string): string {
  return readdirSync(join(dataDir, "appendonlydir")).find((name) => name.endsWith(".incr.aof"))!;
}

function copyOf(dataDir: string): string {
  const copy = join(temporaryFolder(), "copy");
  cpSync(dataDir, copy, { recursive: true });
  return copy;
}
