import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { tarEnd, tarEntry } from "../src/archive/write-tar.ts";
import { problemOf, RunningEngine, temporaryFolder } from "./running-engine.ts";

const wiki = "/collections/wiki";
const long = `${"long/".repeat(30)}name`;

/** A folder such as people keep in git. */
const files: Readonly<Record<string, string | Buffer>> = {
  "index.md": "---\ntitle:   Index  # kept\n---\r\n[[Köln]] ![](images/x.png)\r\n",
  "cities/Köln.md": "\uFEFF# Köln\n",
  [`${long}.md`]: "deep",
  "empty.md": "",
  "images/x.png": Buffer.from([0x89, 0x50, 0, 255]),
  "data/empty.bin": Buffer.alloc(0),
};

function folderOf(contents: typeof files): string {
  const folder = temporaryFolder();
  for (const [path, content] of Object.entries(contents)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

function tarOf(folder: string, ...options: string[]): Buffer {
  return execFileSync("tar", ["--create", ...options, "--directory", folder, "."]);
}

function send(engine: RunningEngine, archive: Buffer) {
  return engine.call("POST", `${wiki}/import`, { body: archive, type: "application/x-tar" });
}

async function exported(engine: RunningEngine): Promise<Buffer> {
  return Buffer.from(await (await fetch(`${engine.url}${wiki}/export`)).arrayBuffer());
}

function unpacked(archive: Buffer): Record<string, Buffer> {
  const folder = temporaryFolder();
  execFileSync("tar", ["--extract", "--directory", folder], { input: archive });
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    paths.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(folder.length + 1), readFileSync(path)];
    }),
  );
}

describe("a folder", () => {
  test.each(["--format=ustar", "--format=gnu", "--format=pax"])(
    "goes in (%s) and comes out byte for byte",
    async (format) => {
      const engine = await RunningEngine.withWiki();
      const reply = await send(engine, tarOf(folderOf(files), format));
      expect(reply.json, reply.text).toMatchObject({ created: 4, attachments: 2, skippedCount: 0 });
      expect(unpacked(await exported(engine))).toEqual(
        Object.fromEntries(Object.entries(files).map(([path, content]) => [path, Buffer.from(content)])),
      );
      expect((await engine.get("index")).json).toMatchObject({ title: "Index" });
      expect((await engine.call("GET", `${wiki}/backlinks/cities%2FK%C3%B6ln`)).json.backlinks).toHaveLength(
        1,
      );
    },
  );

  test("goes in compressed with gzip, and a damaged one or one that becomes too large is told", async () => {
    const engine = await RunningEngine.withWiki({ markdown: { max_import_bytes: 512 * 1024 } });
    const sendGzip = (body: Buffer, type = "application/gzip") =>
      engine.call("POST", `${wiki}/import`, { body, type });
    const archive = gzipSync(tarOf(folderOf(files)));
    const cut = await sendGzip(archive.subarray(0, -20));
    expect([cut.status, problemOf(cut)]).toEqual([400, "invalid-archive"]);
    const plain = await sendGzip(tarOf(folderOf(files)));
    expect([plain.status, problemOf(plain)]).toEqual([400, "invalid-archive"]);
    const bomb = await sendGzip(gzipSync(tarOf(folderOf({ "a.bin": Buffer.alloc(800 * 1024) }))));
    expect([bomb.status, problemOf(bomb)]).toEqual([413, "body-too-large"]);
    const reply = await sendGzip(archive, "application/x-gzip");
    expect(reply.json, reply.text).toMatchObject({ attachments: 2, skippedCount: 0 });
    expect(unpacked(await exported(engine))).toEqual(
      Object.fromEntries(Object.entries(files).map(([path, content]) => [path, Buffer.from(content)])),
    );
  });

  test("that was exported goes into another engine and comes out the same", async () => {
    const [from, to] = [await RunningEngine.withWiki(), await RunningEngine.withWiki()];
    for (let i = 0; i < 250; i++) await from.put(`d${i}`, `---\nn: ${i}\n---\n${"text ".repeat(i)}`);
    const archive = await exported(from);
    expect((await send(to, archive)).json).toMatchObject({ created: 250 });
    expect(unpacked(await exported(to))).toEqual(unpacked(archive));
    expect((await send(to, archive)).json).toMatchObject({ created: 0, updated: 0, unchanged: 250 });
  });

  test("that changed changes what changed", async () => {
    const engine = await RunningEngine.withWiki();
    await send(engine, tarOf(folderOf(files)));
    const changed = { ...files, "index.md": "new", "images/x.png": Buffer.from("other") };
    expect((await send(engine, tarOf(folderOf(changed)))).json).toMatchObject({
      updated: 1,
      unchanged: 4,
      attachments: 1,
    });
    expect((await engine.call("GET", `${wiki}/versions/index`)).json.versions[0].action).toBe("imported");
  });

  test("leaves out hidden files, and says what cannot be taken", async () => {
    const engine = await RunningEngine.withWiki({
      markdown: { max_document_bytes: 2048, max_attachment_bytes: 4096 },
    });
    const folder = folderOf({
      ".git/config": "hidden",
      "ok.md": "ok",
      "latin.md": Buffer.from([0xe4]),
      "large.md": "x".repeat(3000),
      "large.bin": Buffer.alloc(5000),
    });
    symlinkSync("/etc/passwd", join(folder, "link.md"));
    const reply = await send(engine, tarOf(folder));
    expect(reply.json).toMatchObject({ created: 1, attachments: 0, skippedCount: 5 });
    expect(reply.json.skipped.map(({ path }: { path: string }) => path).toSorted()).toEqual([
      ".git/config",
      "large.bin",
      "large.md",
      "latin.md",
      "link.md",
    ]);
  });
});

describe("an archive", () => {
  const entry = (path: string) => tarEntry({ path, content: Buffer.from("x"), modifiedAt: 0 });

  test.each([
    ["leads out of the folder", "../../etc/x.md"],
    ["is absolute", "/etc/x.md"],
    ["has a control character", "a\rb.md"],
    ["has a backslash", "a\\b.md"],
    ["is too long", `${"x".repeat(241)}.png`],
  ])("without the file whose path %s is taken", async (_, path) => {
    const engine = await RunningEngine.withWiki();
    const reply = await send(engine, Buffer.concat([entry("a.md"), entry(path), entry("b.md"), tarEnd()]));
    expect(reply.json, reply.text).toMatchObject({ created: 2, attachments: 0, skippedCount: 1 });
    expect(reply.json.skipped[0]).toEqual({ path, reason: expect.stringMatching(/^its path /) });
    expect(existsSync("/etc/x.md")).toBe(false);
  });

  test("that was exported is taken whole: long names, hidden ones, media types", async () => {
    const [from, to] = [await RunningEngine.withWiki(), await RunningEngine.withWiki()];
    const long = `${`${"d".repeat(199)}/`.repeat(5)}${"x".repeat(24)}`;
    const ids = ["x".repeat(240), `${"y".repeat(237)}/z`, long, ".hidden/a", "b/.c"];
    for (const id of ids) await from.put(id, `# ${id}\n`);
    const put = (path: string, type: string) =>
      from.call("PUT", `${wiki}/attachments/${path}`, { body: Buffer.from(path), type });
    await put(".git/config", "text/x-config");
    await put("a.png", "image/x-mine; a=b");
    await put("b.png", "image/png");
    const archive = await exported(from);
    const reply = await send(to, archive);
    expect(reply.json, reply.text).toMatchObject({ created: ids.length, attachments: 3, skippedCount: 0 });
    expect(unpacked(await exported(to))).toEqual(unpacked(archive));
    const types = (await to.call("GET", `${wiki}/attachments`)).json.attachments.map(
      ({ mediaType }: { mediaType: string }) => mediaType,
    );
    expect(types).toEqual(["text/x-config", "image/x-mine; a=b", "image/png"]);
  });

  test.each([
    ["is none", Buffer.from("x".repeat(2000))],
    ["is damaged", Buffer.concat([entry("a.md").fill(1, 0, 10), tarEnd()])],
    ["is cut off in a header", entry("a.md").subarray(0, 300)],
    ["is cut off in a file", entry("a.md").subarray(0, 512)],
    ["has no end", entry("a.md")],
  ])("that %s is refused", async (_, archive) => {
    const engine = await RunningEngine.withWiki();
    const reply = await send(engine, archive);
    expect([reply.status, problemOf(reply)]).toEqual([400, "invalid-archive"]);
  });

  test("that is too large is refused", async () => {
    const engine = await RunningEngine.withWiki({ markdown: { max_import_bytes: 4096 } });
    const archive = Buffer.concat([...Array.from({ length: 10 }, (_, i) => entry(`${i}.md`)), tarEnd()]);
    expect((await send(engine, archive)).status).toBe(413);
    expect(
      (await engine.call("POST", `${wiki}/import`, { body: archive, type: "application/vnd.rar" })).status,
    ).toBe(415);
  });
});

describe("attachments", () => {
  const path = `${wiki}/attachments/images/x.png`;

  test("are written, read with a tag, listed and deleted", async () => {
    const engine = await RunningEngine.withWiki();
    const put = await engine.call("PUT", path, { body: Buffer.from([1, 2, 3]), type: "image/png" });
    expect([put.status, put.json]).toMatchObject([
      201,
      { path: "images/x.png", mediaType: "image/png", size: 3 },
    ]);
    const read = await engine.call("GET", path);
    expect(read.headers.get("content-type")).toBe("image/png");
    expect(read.headers.get("x-content-type-options")).toBe("nosniff");
    const etag = read.headers.get("etag")!;
    expect((await engine.call("GET", path, { headers: { "if-none-match": etag } })).status).toBe(304);
    expect((await engine.call("PUT", path, { body: Buffer.from([4]), type: "image/png" })).status).toBe(200);
    const { attachments } = (await engine.call("GET", `${wiki}/attachments`)).json;
    expect(attachments).toMatchObject([{ path: "images/x.png", size: 1 }]);
    expect((await engine.call("DELETE", path)).status).toBe(204);
    const gone = await engine.call("GET", path);
    expect([gone.status, problemOf(gone)]).toEqual([404, "attachment-not-found"]);
  });

  test("that are pages with scripts are offered for saving, in a sandbox", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.call("PUT", `${wiki}/attachments/x.html`, { body: "<script>1</script>", type: "text/html" });
    const { headers } = await engine.call("GET", `${wiki}/attachments/x.html`);
    expect(headers.get("content-disposition")).toBe("attachment");
    expect(headers.get("content-security-policy")).toContain("sandbox");
  });

  test("are bounded, and are no documents", async () => {
    const engine = await RunningEngine.withWiki({ markdown: { max_attachment_bytes: 1024 } });
    expect((await engine.call("PUT", path, { body: Buffer.alloc(1025), type: "image/png" })).status).toBe(
      413,
    );
    const document = await engine.call("PUT", `${wiki}/attachments/a.md`, {
      body: "x",
      type: "text/markdown",
    });
    expect([document.status, problemOf(document)]).toEqual([400, "invalid-attachment-path"]);
    expect(
      (await engine.call("PUT", `${wiki}/attachments/%2E%2E%2Fx`, { body: "x", type: "a/b" })).status,
    ).toBe(400);
  });
});

describe("paths of files and folders", () => {
  const attach = (engine: RunningEngine, path: string, headers: Record<string, string> = {}) =>
    engine.call("PUT", `${wiki}/attachments/${path}`, { body: "x", type: "text/plain", headers });

  test("do not clash: an archive would not unpack", async () => {
    const engine = await RunningEngine.withWiki();
    await attach(engine, "clash");
    await attach(engine, "dir/a.bin");
    await engine.put("note", "text");
    for (const reply of [
      await attach(engine, "clash/x.png"),
      await attach(engine, "dir"),
      await attach(engine, "note.md/x.png"),
      await engine.put("dir/a.bin/doc", "text"),
      await engine.put("clash/deep/doc", "text"),
      await engine.put("note.md/below", "text"),
      await engine.call("POST", `${wiki}/rename/note`, { body: { to: "clash/note" } }),
    ]) {
      expect([reply.status, problemOf(reply)], reply.text).toEqual([409, "path-conflict"]);
    }
    // A document is a file with an ending, so that a folder of its name is another path.
    expect((await engine.put("note/below", "text")).status).toBe(201);
    expect(Object.keys(unpacked(await exported(engine))).toSorted()).toEqual([
      "clash",
      "dir/a.bin",
      "note.md",
      "note/below.md",
    ]);
  });

  test("in a foreign archive cost the file, not the archive", async () => {
    const engine = await RunningEngine.withWiki();
    await attach(engine, "clash");
    const file = (path: string) => tarEntry({ path, content: Buffer.from("x"), modifiedAt: 0 });
    const reply = await send(engine, Buffer.concat([file("a.md"), file("clash/x.md"), tarEnd()]));
    expect(reply.json).toMatchObject({ created: 1, skippedCount: 1 });
    expect(reply.json.skipped[0]).toMatchObject({ path: "clash/x.md" });
  });
});

describe("requests for attachments", () => {
  const path = `${wiki}/attachments/a.bin`;

  test("hold to their preconditions", async () => {
    const engine = await RunningEngine.withWiki();
    const put = (headers: Record<string, string>) =>
      engine.call("PUT", path, { body: "x", type: "a/b", headers });
    expect((await put({ "if-match": '"abc"' })).status).toBe(412);
    const created = await put({ "if-none-match": "*" });
    expect(created.status).toBe(201);
    const etag = created.headers.get("etag")!;
    expect((await put({ "if-none-match": "*" })).status).toBe(412);
    expect((await put({ "if-match": '"abc"' })).status).toBe(412);
    expect((await put({ "if-match": etag })).status).toBe(200);
    expect((await engine.call("DELETE", path, { headers: { "if-match": '"abc"' } })).status).toBe(412);
    expect((await engine.call("DELETE", path, { headers: { "if-match": etag } })).status).toBe(204);
  });

  test("may be for a part", async () => {
    const engine = await RunningEngine.withWiki();
    const { headers } = await engine.call("PUT", path, { body: "0123456789", type: "text/plain" });
    const part = (range: string, more: Record<string, string> = {}) =>
      engine.call("GET", path, { headers: { range, ...more } });
    const some = await part("bytes=2-4");
    expect([some.status, some.text, some.headers.get("content-range")]).toEqual([206, "234", "bytes 2-4/10"]);
    expect((await part("bytes=-3")).text).toBe("789");
    expect((await part("bytes=7-", { "if-range": headers.get("etag")! })).text).toBe("789");
    expect(await part("bytes=7-", { "if-range": '"other"' })).toMatchObject({
      status: 200,
      text: "0123456789",
    });
    const beyond = await part("bytes=10-");
    expect([beyond.status, problemOf(beyond)]).toEqual([416, "range-not-satisfiable"]);
    expect(beyond.headers.get("content-range")).toBe("bytes */10");
  });
});
