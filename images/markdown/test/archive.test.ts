import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
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
      "yaml.md": "---\na: [\n---\n",
    });
    symlinkSync("/etc/passwd", join(folder, "link.md"));
    const reply = await send(engine, tarOf(folder));
    expect(reply.json).toMatchObject({ created: 1, attachments: 0, skippedCount: 5 });
    expect(reply.json.skipped.map(({ path }: { path: string }) => path).toSorted()).toEqual([
      "large.bin",
      "large.md",
      "latin.md",
      "link.md",
      "yaml.md",
    ]);
  });
});

describe("an archive", () => {
  const entry = (path: string) => tarEntry({ path, content: Buffer.from("x"), modifiedAt: 0 });

  test.each([
    ["leads out of the folder", Buffer.concat([entry("../../etc/x.md"), tarEnd()])],
    ["has an absolute path", Buffer.concat([entry("/etc/x.md"), tarEnd()])],
    ["has a control character in a path", Buffer.concat([entry("a\rb.md"), tarEnd()])],
    ["is none", Buffer.from("x".repeat(2000))],
    ["is damaged", Buffer.concat([entry("a.md").fill(1, 0, 10), tarEnd()])],
    ["is cut off in a header", entry("a.md").subarray(0, 300)],
    ["is cut off in a file", entry("a.md").subarray(0, 512)],
    ["has no end", entry("a.md")],
  ])("that %s is refused", async (_, archive) => {
    const engine = await RunningEngine.withWiki();
    const reply = await send(engine, archive);
    expect([reply.status, problemOf(reply)]).toEqual([400, "invalid-archive"]);
    expect(existsSync("/etc/x.md")).toBe(false);
  });

  test("that is too large is refused", async () => {
    const engine = await RunningEngine.withWiki({ markdown: { max_import_bytes: 4096 } });
    const archive = Buffer.concat([...Array.from({ length: 10 }, (_, i) => entry(`${i}.md`)), tarEnd()]);
    expect((await send(engine, archive)).status).toBe(413);
    expect(
      (await engine.call("POST", `${wiki}/import`, { body: archive, type: "application/zip" })).status,
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
