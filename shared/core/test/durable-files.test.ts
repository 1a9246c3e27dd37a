import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { describe, expect, test } from "vitest";
import {
  replaceFile,
  replaceFileSync,
  syncFile,
  syncFolder,
  syncFolderSync,
  writeSynced,
} from "../src/index.ts";

describe.each([
  ["replaceFile", replaceFile],
  ["replaceFileSync", async (path: string, content: string | Uint8Array) => replaceFileSync(path, content)],
])("%s", (_, replace) => {
  test("makes a file for its owner alone, replaces it, and leaves nothing beside it", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "file");
    await replace(path, "a long text");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await replace(path, Buffer.from("short"));
    expect(readFileSync(path, "utf8")).toBe("short");
    // What a crash has left is written over, not kept in part.
    writeFileSync(`${path}.tmp`, "longer than what comes");
    await replace(path, "new");
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  test("leaves the old file when the new one cannot be written or put in its place", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "file");
    await replace(path, "old");
    mkdirSync(`${path}.tmp`);
    await expect(replace(path, "new")).rejects.toMatchObject({ code: "EISDIR" });
    expect(readFileSync(path, "utf8")).toBe("old");
    mkdirSync(join(folder, "folder"));
    await expect(replace(join(folder, "folder"), "new")).rejects.toMatchObject({ code: "EISDIR" });
    await expect(replace(join(folder, "nowhere", "file"), "new")).rejects.toMatchObject({ code: "ENOENT" });
  });
});

test("a file is written for its owner alone, and written over", async () => {
  const path = join(temporaryFolder(), "file");
  await writeSynced(path, "a long text");
  await writeSynced(path, Buffer.from("short"));
  expect(readFileSync(path, "utf8")).toBe("short");
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("files and folders are synced where they are, and else the system's error is told", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "one"), "x");
  await syncFile(join(folder, "one"));
  renameSync(join(folder, "one"), join(folder, "two"));
  await syncFolder(folder);
  syncFolderSync(folder);
  await expect(syncFile(join(folder, "one"))).rejects.toMatchObject({ code: "ENOENT" });
  await expect(syncFolder(join(folder, "one"))).rejects.toMatchObject({ code: "ENOENT" });
  expect(() => syncFolderSync(join(folder, "one"))).toThrow(/ENOENT/);
});
