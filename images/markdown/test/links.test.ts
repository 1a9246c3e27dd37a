import { describe, expect, test } from "vitest";
import { idOfPath, linkKey, pathToId } from "../src/links/target.ts";
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
  ])("of Markdown links are paths: %s in %s", (target, from, id) => {
    expect(idOfPath(target, from)).toBe(id);
    if (id !== undefined) expect(idOfPath(pathToId(id, from), from)).toBe(id);
  });
});
