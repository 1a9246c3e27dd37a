import { describe, expect, test } from "vitest";
import { idOfTarget, linkKey, pathOfTarget, relativePath } from "../src/links/target.ts";
import { problemOf, RunningEngine } from "./running-engine.ts";

const wiki = "/collections/wiki";

async function backlinks(engine: RunningEngine, id: string): Promise<string[]> {
  const reply = await engine.call("GET", `${wiki}/backlinks/${encodeURIComponent(id)}`);
  return reply.json.backlinks.map(
    ({ id: source, target }: { id: string; target: string }) => `${source}: ${target}`,
  );
}

async function text(engine: RunningEngine, id: string): Promise<string> {
  return (await engine.get(encodeURIComponent(id), "text/markdown")).text;
}

describe("backlinks", () => {
  test("are wiki links by id, last part or title, and Markdown links by path", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.put("guides%2Fset-up", "# How to begin\n");
    await engine.put("a", "[[guides/set-up]] [[Set up]] [[how to begin|there]] [[nothing]]");
    await engine.put(
      "guides%2Fb",
      "[x](set-up.md) [y](/guides/set-up.md#part) [z](../a.md) [out](https://a.b/set-up.md)",
    );
    await engine.put("c", "`[[set-up]]` and no link");
    expect(await backlinks(engine, "guides/set-up")).toEqual([
      "a: guides/set-up",
      "a: Set up",
      "a: how to begin",
      "guides/b: set-up.md",
      "guides/b: /guides/set-up.md",
    ]);
    expect(await backlinks(engine, "a")).toEqual(["guides/b: ../a.md"]);
    const [first] = (await engine.call("GET", `${wiki}/backlinks/guides%2Fset-up?limit=1`)).json.backlinks;
    expect(first).toEqual({
      id: "a",
      title: "a",
      kind: "wiki",
      target: "guides/set-up",
      anchor: null,
      label: "guides/set-up",
    });
  });

  test("follow what a name means now", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.put("a", "[[setup]]");
    await engine.put("x%2Fsetup", "x");
    expect(await backlinks(engine, "x/setup")).toEqual(["a: setup"]);
    await engine.put("setup", "the better claim");
    expect([await backlinks(engine, "x/setup"), await backlinks(engine, "setup")]).toEqual([
      [],
      ["a: setup"],
    ]);
    await engine.call("DELETE", `${wiki}/documents/setup`);
    expect(await backlinks(engine, "x/setup")).toEqual(["a: setup"]);
    await engine.put("a", "no link any more");
    expect(await backlinks(engine, "x/setup")).toEqual([]);
  });

  test("come in pages", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.put("t", "t");
    for (const id of ["a", "b", "c"]) await engine.put(id, "[[t]] [[t]] [[t]]");
    const found: string[] = [];
    let cursor = "";
    for (;;) {
      const { backlinks: page, next } = (await engine.call("GET", `${wiki}/backlinks/t?limit=2${cursor}`))
        .json;
      found.push(...page.map(({ id }: { id: string }) => id));
      if (next === null) break;
      cursor = `&cursor=${next}`;
    }
    expect(found).toEqual(["a", "a", "a", "b", "b", "b", "c", "c", "c"]);
  });
});

describe("a rename", () => {
  test("rewrites the links to the document, each source as a new version, in one transaction", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.put("set-up", "# How to begin\n\n[me](set-up.md) [other](a.md)\n");
    await engine.put(
      "a",
      "---\nx: [[set-up]]\n---\n[[set-up]] [[Set up#part|label]] [[how to begin]] [m](set-up.md#p) `[[set-up]]`\n",
    );
    await engine.put("in%2Fb", "[m](../set-up.md) [abs](/set-up.md)");
    await engine.put("c", "no link");
    const reply = await engine.call("POST", `${wiki}/rename/set-up`, { body: { to: "guides/first steps" } });
    expect(reply.json, reply.text).toMatchObject({
      document: { id: "guides/first steps", meta: { version: 2, title: "How to begin" } },
      relinked: 2,
    });
    expect(reply.headers.get("location")).toBe("/v1/collections/wiki/documents/guides/first%20steps");
    expect(await text(engine, "a")).toContain(
      "[[guides/first steps]] [[guides/first steps#part|label]] [[how to begin]] ",
    );
    expect(await text(engine, "a")).toContain("`[[set-up]]`");
    expect((await engine.get("set-up")).status).toBe(404);
    expect(await backlinks(engine, "guides/first steps")).toHaveLength(7);
    expect((await engine.call("GET", `${wiki}/versions/a`)).json.versions[0].action).toBe("relinked");
    expect((await engine.call("GET", `${wiki}/versions/c`)).json.versions).toHaveLength(1);
    expect((await engine.call("GET", `${wiki}/versions/guides%2Ffirst%20steps`)).json.versions).toMatchObject(
      [{ action: "renamed" }, { action: "created" }],
    );
    const html = (await engine.get("in%2Fb", "text/html")).text;
    expect(html.match(/href="\/v1\/collections\/wiki\/documents\/guides\/first%20steps"/g)).toHaveLength(2);
  });

  test("keeps the links of the document itself, when it moves to another folder", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.put("a%2Fsource", "[one](one.md) [up](../two.md) [abs](/two.md) [me](source.md#x)");
    await engine.put("a%2Fone", "1");
    await engine.put("two", "2");
    await engine.call("POST", `${wiki}/rename/a%2Fsource`, { body: { to: "b/c/moved" } });
    expect(await text(engine, "b/c/moved")).toBe(
      "[one](../../a/one.md) [up](../../two.md) [abs](/two.md) [me](moved.md#x)",
    );
    expect(await backlinks(engine, "a/one")).toHaveLength(1);
  });

  test("is refused onto another document, also one in the trash", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.put("a", "a");
    await engine.put("b", "b");
    const rename = (to: string) => engine.call("POST", `${wiki}/rename/a`, { body: { to } });
    expect([(await rename("b")).status, problemOf(await rename("b"))]).toEqual([409, "document-exists"]);
    await engine.call("DELETE", `${wiki}/documents/b`);
    expect((await rename("b")).json.detail).toContain("trash");
    expect((await rename("../b")).status).toBe(400);
    expect((await rename("a")).json.document.meta.version).toBe(1);
    expect((await engine.call("POST", `${wiki}/rename/missing`, { body: { to: "x" } })).status).toBe(404);
  });

  test("changes nothing when one of the rewritten documents would become too large", async () => {
    const engine = await RunningEngine.withWiki({ markdown: { max_document_bytes: 1024 } });
    await engine.put("a", "a");
    await engine.put("b", `[[a]]${"x".repeat(1015)}`);
    const reply = await engine.call("POST", `${wiki}/rename/a`, { body: { to: "a-much-longer-name" } });
    expect([reply.status, problemOf(reply)]).toEqual([413, "document-too-large"]);
    expect((await engine.get("a")).json.meta.version).toBe(1);
    expect((await engine.get("b")).json.meta.version).toBe(1);
  });
});

describe("targets", () => {
  test("are compared without case, spaces, hyphens, underscores", () => {
    expect(new Set(["Getting Started", "getting-started", " getting_  started "].map(linkKey)).size).toBe(1);
  });

  test.each([
    ["x.md", "a/b", "a/x"],
    ["../x.md", "a/b", "x"],
    ["../../x.md", "a/b", undefined],
    ["/x/y.md", "a/b", "x/y"],
    ["./c/./d.md", "b", "c/d"],
    ["./", "b", ""],
    ["../", "a/b", ""],
    ["../c/", "a/b", "c"],
  ])("of Markdown links are paths: %s in %s", (target, from, id) => {
    expect(idOfTarget(target, from)).toBe(id);
    if (id !== undefined) expect(pathOfTarget(relativePath(id, from), from)).toBe(id);
  });
});

describe("attachments", () => {
  async function attach(engine: RunningEngine, ...paths: string[]): Promise<void> {
    for (const path of paths) {
      await engine.call("PUT", `${wiki}/attachments/${path}`, { body: path, type: "image/png" });
    }
  }

  async function addresses(engine: RunningEngine, id: string): Promise<string[]> {
    const page = await engine.get(encodeURIComponent(id), "text/html");
    return [...page.text.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, address]) => address!);
  }

  test("are what paths and names in a page lead to", async () => {
    const engine = await RunningEngine.withWiki();
    await attach(engine, "guide/img.png", "guide/files/x.pdf", "img.png", "media/deep/unique.png", "LICENSE");
    await engine.put(
      "guide%2Fa",
      "![i](img.png) [p](files/x.pdf) ![r](/guide/img.png) ![u](../img.png) ![[img.png]] ![[unique.png]] [l](../LICENSE) ![n](none.png) <img src=img.png>",
    );
    const at = (path: string) => `/v1${wiki}/attachments/${path}`;
    expect(await addresses(engine, "guide/a")).toEqual([
      at("guide/img.png"),
      at("guide/files/x.pdf"),
      at("guide/img.png"),
      at("img.png"),
      at("img.png"),
      at("media/deep/unique.png"),
      at("LICENSE"),
      "none.png",
      at("guide/img.png"),
    ]);
    for (const address of (await addresses(engine, "guide/a")).filter((one) => one.startsWith("/"))) {
      expect((await fetch(new URL(address, engine.url))).status).toBe(200);
    }
  });

  test("are still found by a document that moves, as are folders", async () => {
    const engine = await RunningEngine.withWiki();
    await attach(engine, "guide/img.png", "img.png");
    await engine.put("guide%2Fsub%2Findex", "x");
    await engine.put(
      "guide%2Fa",
      "![i](img.png) ![r](/guide/img.png) ![u](../img.png) [f](sub/) [up](../) [s](a.md) ![gone](gone.png)",
    );
    await engine.call("POST", `${wiki}/rename/guide%2Fa`, { body: { to: "other/deep/b" } });
    expect(await text(engine, "other/deep/b")).toBe(
      "![i](../../guide/img.png) ![r](/guide/img.png) ![u](../../img.png) [f](../../guide/sub/) [up](../../) [s](b.md) ![gone](../../guide/gone.png)",
    );
  });
});

describe("a site that has its content in a folder", () => {
  test("has links that begin there", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.call("PUT", `${wiki}/attachments/site/en/i.png`, { body: "x", type: "image/png" });
    await engine.put("site%2Fen%2Fguide%2Fsetup", "# Setup");
    await engine.put(
      "site%2Fen%2Fa",
      "[s](/guide/setup) ![i](/i.png) [full](/site/en/guide/setup.md) [n](/none)",
    );
    await engine.put("other%2Fb", "[s](/guide/setup)");
    expect(await backlinks(engine, "site/en/guide/setup")).toEqual([
      "site/en/a: /guide/setup",
      "site/en/a: /site/en/guide/setup.md",
    ]);
    expect((await engine.call("GET", `${wiki}/links/site%2Fen%2Fa`)).json.links).toMatchObject([
      { document: "site/en/guide/setup" },
      { attachment: "site/en/i.png" },
      { document: "site/en/guide/setup" },
      { document: null, attachment: null },
    ]);
    await engine.call("POST", `${wiki}/rename/site%2Fen%2Fguide%2Fsetup`, { body: { to: "site/en/start" } });
    expect(await text(engine, "site/en/a")).toBe(
      "[s](/start) ![i](/i.png) [full](/site/en/start.md) [n](/none)",
    );
    await engine.call("POST", `${wiki}/rename/site%2Fen%2Fstart`, { body: { to: "moved" } });
    expect(await text(engine, "site/en/a")).toBe("[s](/moved) ![i](/i.png) [full](/moved.md) [n](/none)");
    await engine.put("guide%2Fsetup", "a better claim");
    expect(await backlinks(engine, "guide/setup")).toEqual(["other/b: /guide/setup"]);
  });
});

test("a page is also what a site calls it", async () => {
  const engine = await RunningEngine.withWiki();
  await engine.put("src%2Fapi%2Fx", "x");
  await engine.put("src%2Fa", "[x](api/x.html#y) [z](/api/x.html) [n](n.html)");
  expect(await backlinks(engine, "src/api/x")).toEqual(["src/a: api/x.html", "src/a: /api/x.html"]);
  await engine.call("POST", `${wiki}/rename/src%2Fapi%2Fx`, { body: { to: "src/x" } });
  expect(await text(engine, "src/a")).toBe("[x](x.html#y) [z](/x.html) [n](n.html)");
});

describe("folders", () => {
  test("are addressed by their index or README, and follow it", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.put("README", "# Root");
    await engine.put("guide%2Findex", "# Guide");
    await engine.put("guide%2Fother%2FReadMe", "# Other");
    await engine.put("a", "[g](guide/) [o](guide/other) [r](./) [abs](/guide/)");
    expect(await backlinks(engine, "guide/index")).toEqual(["a: guide/", "a: /guide/"]);
    expect(await backlinks(engine, "guide/other/ReadMe")).toEqual(["a: guide/other"]);
    expect(await backlinks(engine, "README")).toEqual(["a: ./"]);
    await engine.call("POST", `${wiki}/rename/guide%2Findex`, { body: { to: "manual/index" } });
    expect(await text(engine, "a")).toBe("[g](manual/) [o](guide/other) [r](./) [abs](/manual/)");
    await engine.call("POST", `${wiki}/rename/manual%2Findex`, { body: { to: "manual/start" } });
    expect(await text(engine, "a")).toBe(
      "[g](manual/start.md) [o](guide/other) [r](./) [abs](/manual/start.md)",
    );
  });
});

describe("paths", () => {
  test("find their document whatever their case, unless another has just that", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.put("Guide%2FSet_Up", "x");
    await engine.put("a", "[x](guide/set-up.md) [[Set_Up.md]]");
    expect(await backlinks(engine, "Guide/Set_Up")).toEqual(["a: guide/set-up.md", "a: Set_Up.md"]);
    await engine.put("guide%2Fset-up", "exactly");
    expect(await backlinks(engine, "Guide/Set_Up")).toEqual(["a: Set_Up.md"]);
    expect(await backlinks(engine, "guide/set-up")).toEqual(["a: guide/set-up.md"]);
    await engine.call("POST", `${wiki}/rename/Guide%2FSet_Up`, { body: { to: "z" } });
    expect(await text(engine, "a")).toBe("[x](guide/set-up.md) [[z]]");
    expect((await engine.get("a")).json.meta.version).toBe(2);
  });
});

describe("links of a document", () => {
  test("are listed with what they mean, and those that lead nowhere for all of a collection", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.call("PUT", `${wiki}/attachments/guide/i.png`, { body: "x", type: "image/png" });
    await engine.put(
      "guide%2Fa",
      "[[b]] ![i](i.png) [m](missing.md#x) [[Nothing|no]] [w](https://a.b/c.md) [e](../../out.md)",
    );
    await engine.put("b", "[a](guide/a.md) ![gone](gone.png)");
    const all = (await engine.call("GET", `${wiki}/links/guide%2Fa`)).json;
    const link = { anchor: null, document: null, attachment: null };
    expect(all).toEqual({
      links: [
        { ...link, kind: "wiki", target: "b", label: "b", document: "b" },
        { ...link, kind: "file", target: "i.png", label: "i", attachment: "guide/i.png" },
        { ...link, kind: "markdown", target: "missing.md", anchor: "x", label: "m" },
        { ...link, kind: "wiki", target: "Nothing", label: "no" },
      ],
      next: null,
    });
    const found: string[] = [];
    for (let cursor = ""; cursor !== "end"; ) {
      const { links, next } = (await engine.call("GET", `${wiki}/broken-links?limit=1${cursor}`)).json;
      for (const { id, target } of links) found.push(`${id}: ${target}`);
      cursor = next === null ? "end" : `&cursor=${next}`;
    }
    expect(found).toEqual(["b: gone.png", "guide/a: missing.md", "guide/a: Nothing"]);
    await engine.put("nothing", "now there");
    expect((await engine.call("GET", `${wiki}/broken-links`)).json.links).toHaveLength(2);
  });
});
