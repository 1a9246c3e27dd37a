import { execFileSync } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { Problem } from "@weftkit/http";
import { randomIntegers } from "@weftkit/testing/random-numbers";
import { describe, expect, test } from "vitest";
import { fromFdPromise } from "yauzl";
import type { ReadFile, ReadOther } from "../src/archive/read-file.ts";
import { readZip } from "../src/archive/read-zip.ts";
import type { ArchivedFile } from "../src/archive/write-archive.ts";
import { ZipWriter } from "../src/archive/write-zip.ts";
import { fileTypes, signatures } from "../src/archive/zip-format.ts";
import { problemOf, RunningEngine, temporaryFolder } from "./running-engine.ts";

const wiki = "/collections/wiki";
const limits = { fileBytesMax: 1 << 20, bytesMax: 1 << 24 };

const files: Readonly<Record<string, Buffer>> = {
  "index.md": Buffer.from("---\ntitle:   Index  # kept\n---\r\n[[Köln]] ![](images/x.png)\r\n"),
  "cities/Köln.md": Buffer.from(`\uFEFF# Köln\n${"much ".repeat(5000)}`),
  "empty.md": Buffer.alloc(0),
  "images/x.png": Buffer.from([0x89, 0x50, 0, 255]),
};

async function zipOf(contents: readonly (Partial<ArchivedFile> & { path: string })[]): Promise<Buffer> {
  const writer = new ZipWriter();
  const parts = [writer.start()];
  for (const file of contents)
    parts.push(await writer.file({ content: Buffer.from("text"), modifiedAt: 1_700_000_000_000, ...file }));
  return Buffer.concat([...parts, writer.end()]);
}

const zipOfFiles = () => zipOf(Object.entries(files).map(([path, content]) => ({ path, content })));

async function read(archive: Buffer, max = limits): Promise<(ReadFile | ReadOther)[]> {
  const found: (ReadFile | ReadOther)[] = [];
  for await (const file of readZip(inPieces(archive), temporaryFolder(), max)) found.push(file);
  return found;
}

async function* inPieces(archive: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < archive.length; at += 1000) yield archive.subarray(at, at + 1000);
}

function contentsOf(found: readonly (ReadFile | ReadOther)[]): Record<string, Buffer | undefined> {
  return Object.fromEntries(found.map((file) => [file.path, "content" in file ? file.content : undefined]));
}

function send(engine: RunningEngine, body: Buffer) {
  return engine.call("POST", `${wiki}/import`, { body, type: "application/zip" });
}

async function exported(engine: RunningEngine, format: string): Promise<Buffer> {
  const reply = await fetch(`${engine.url}${wiki}/export?format=${format}`);
  expect(reply.headers.get("content-disposition")).toBe(`attachment; filename="wiki.${format}"`);
  return Buffer.from(await reply.arrayBuffer());
}

/** The archive with a number of its only record, and of the header of its only file, changed. */
function patched(archive: Buffer, patch: (record: Buffer, header: Buffer) => void): Buffer {
  const changed = Buffer.from(archive);
  const signature = Buffer.alloc(4);
  signature.writeUInt32LE(signatures.record);
  patch(changed.subarray(changed.indexOf(signature)), changed);
  return changed;
}

describe("a folder", () => {
  test("goes in as a zip archive and comes out in every format byte for byte", async () => {
    const engine = await RunningEngine.withWiki();
    const reply = await send(engine, await zipOfFiles());
    expect(reply.json, reply.text).toMatchObject({ created: 3, attachments: 1, skippedCount: 0 });
    expect(contentsOf(await read(await exported(engine, "zip")))).toEqual(files);
    const tar = gunzipSync(await exported(engine, "tar.gz"));
    expect(tar.equals(await exported(engine, "tar"))).toBe(true);
    const names = execFileSync("tar", ["--list"], { input: tar, env: { LC_ALL: "C.UTF-8" } });
    expect(names.toString().split("\n").filter(Boolean)).toHaveLength(4);
  });

  test("that was exported goes into another engine: hidden files and media types too", async () => {
    const [from, to] = [await RunningEngine.withWiki(), await RunningEngine.withWiki()];
    await from.put(".hidden/a", "text");
    await from.call("PUT", `${wiki}/attachments/b.bin`, { body: Buffer.from("b"), type: "text/x-own" });
    const archive = await exported(from, "zip");
    expect((await send(to, archive)).json).toMatchObject({ created: 1, attachments: 1, skippedCount: 0 });
    const reply = await fetch(`${to.url}${wiki}/attachments/b.bin`);
    expect(reply.headers.get("content-type")).toBe("text/x-own");
    expect((await send(to, archive)).json).toMatchObject({ created: 0, unchanged: 2 });
  });

  test("in an unknown format is refused", async () => {
    const engine = await RunningEngine.withWiki();
    expect((await engine.call("GET", `${wiki}/export?format=rar`)).status).toBe(400);
  });
});

describe("a zip archive", () => {
  test("with what cannot be taken costs the file, not the archive", async () => {
    const engine = await RunningEngine.withWiki();
    const paths = ["../up.md", "/root.md", "ok.md", ".git/config", "folder/"];
    const reply = await send(engine, patchedComment(await zipOf(paths.map((path) => ({ path })))));
    expect(reply.json, reply.text).toMatchObject({ created: 1, skippedCount: 3 });
    expect((await engine.get("ok")).status).toBe(200);
  });

  test("with a file twice has the last one", async () => {
    const engine = await RunningEngine.withWiki();
    const twice = ["first", "last"].map((text) => ({ path: "a.md", content: Buffer.from(text) }));
    expect((await send(engine, await zipOf(twice))).status).toBe(200);
    expect((await engine.get("a")).json).toMatchObject({ content: "last" });
  });

  test("has links, encrypted files and foreign compression told", async () => {
    const one = await zipOf([{ path: "a.md", content: Buffer.alloc(100) }]);
    const reasonOf = async (archive: Buffer) =>
      (await read(archive)).map((file) => "reason" in file && file.reason);
    const link = patched(one, (record) => record.writeUInt32LE((fileTypes.link | 0o777) * 0x10000, 38));
    expect(await reasonOf(link)).toEqual(["it is a link or a device, not a file"]);
    const encrypted = patched(one, (record, header) => {
      record[8]! |= 1;
      header[6]! |= 1;
    });
    expect(await reasonOf(encrypted)).toEqual(["it is encrypted"]);
    const foreign = patched(one, (record, header) => {
      record.writeUInt16LE(14, 10);
      header.writeUInt16LE(14, 8);
    });
    expect(await reasonOf(foreign)).toEqual(["it is compressed in another way than by deflate"]);
  });

  test("of names without UTF-8 has them as DOS wrote them", async () => {
    const archive = patched(await zipOf([{ path: "xx.md" }]), (record, header) => {
      record.writeUInt16LE(0, 8);
      header.writeUInt16LE(0, 6);
      record[46] = 0x94;
      header[30] = 0x94;
    });
    expect((await read(archive))[0]!.path).toBe("öx.md");
  });

  test("that becomes too large, or lies about its sizes, is refused", async () => {
    const bomb = await zipOf(
      Array.from({ length: 20 }, (_, i) => ({ path: `${i}.bin`, content: Buffer.alloc(1 << 20) })),
    );
    expect(bomb.length).toBeLessThan(40_000);
    await expect(read(bomb)).rejects.toMatchObject({ type: { status: 413 } });
    expect(
      (await read(bomb, { fileBytesMax: 1000, bytesMax: 1 << 24 })).map(
        (file) => "content" in file && file.content,
      ),
    ).toEqual(Array.from({ length: 20 }, () => undefined));
    const lying = patched(
      await zipOf([{ path: "a.bin", content: Buffer.alloc(1 << 20) }]),
      (record, header) => {
        record.writeUInt32LE(100, 24);
        header.writeUInt32LE(100, 22);
      },
    );
    await expect(read(lying)).rejects.toMatchObject({ type: { status: 400 } });
  });

  test("that is damaged is refused, with a problem", async () => {
    const engine = await RunningEngine.withWiki();
    const archive = await zipOfFiles();
    for (const damaged of [archive.subarray(0, -30), Buffer.from("no archive"), Buffer.alloc(0)]) {
      const reply = await send(engine, damaged);
      expect([reply.status, problemOf(reply)]).toEqual([400, "invalid-archive"]);
    }
    const random = randomIntegers(20_261_201);
    for (let i = 0; i < 500; i++) {
      const damaged = Buffer.from(archive);
      for (let flips = Math.floor(random(4)); flips >= 0; flips--) {
        // Where its numbers are, more often than within the content.
        const within = random(2) < 1 ? damaged.length : 400;
        damaged[damaged.length - 1 - Math.floor(random(within))] = Math.floor(random(256));
      }
      await read(damaged).catch((error: unknown) => expect(error, `round ${i}`).toBeInstanceOf(Problem));
    }
  });

  test("beyond 4 GiB says where its files are", async () => {
    const start = 2 ** 32 + 5;
    const path = join(temporaryFolder(), "large.zip");
    const writer = new ZipWriter(start);
    const entry = await writer.file({ path: "a.md", content: Buffer.from("far"), modifiedAt: 0 });
    const file = openSync(path, "w");
    writeSync(file, Buffer.concat([entry, writer.end()]), 0, null, start);
    closeSync(file);
    const handle = await open(path);
    const zip = await fromFdPromise(handle.fd, { autoClose: false });
    const found: string[] = [];
    for await (const one of zip.eachEntry()) {
      const chunks: Buffer[] = [];
      for await (const chunk of await zip.openReadStreamPromise(one)) chunks.push(chunk as Buffer);
      found.push(`${one.fileName}: ${Buffer.concat(chunks)}`);
    }
    await handle.close();
    expect(found).toEqual(["a.md: far"]);
  });
});

/** The same archive as one that is no export. */
function patchedComment(archive: Buffer): Buffer {
  const changed = Buffer.from(archive);
  changed[changed.length - 1]! ^= 1;
  return changed;
}
