import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { weftkit } from "./command.ts";

/** A log file of two writes, each with its checksum line. */
function log(): Buffer {
  return Buffer.concat(
    ["*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n", "*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n2\r\n"].map((text) => {
      const bytes = Buffer.from(text);
      const checksum = crc32(bytes).toString(16).padStart(8, "0");
      return Buffer.from(`${text}#CRC:${checksum} ${bytes.length}\r\n`);
    }),
  );
}

test("aof check finds a whole file whole, and a flipped bit with its place", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "good.aof"), log());
  const good = await weftkit(folder, ["aof", "check", "good.aof"]);
  expect(good.code).toBe(0);
  expect(good.stdout).toContain("2 commands in");

  const damaged = log();
  damaged[20]! ^= 1;
  writeFileSync(join(folder, "bad.aof"), damaged);
  const bad = await weftkit(folder, ["aof", "check", "bad.aof"]);
  expect(bad.code).toBe(1);
  expect(bad.stdout).toContain("damaged after 0 of");
});

test("aof repair cuts at the damage and keeps the original", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "torn.aof");
  const whole = log();
  writeFileSync(file, whole.subarray(0, whole.length - 30));
  const repaired = await weftkit(folder, ["aof", "repair", "torn.aof"]);
  expect(repaired.code).toBe(0);
  expect(readFileSync(`${file}.damaged`)).toEqual(whole.subarray(0, whole.length - 30));
  expect((await weftkit(folder, ["aof", "check", "torn.aof"])).code).toBe(0);
  expect(existsSync(file)).toBe(true);
});
