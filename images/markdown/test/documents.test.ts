import { describe, expect, test } from "vitest";
import { problemOf, RunningEngine } from "./running-engine.ts";

const text = `---
title: "The plan" # ours
year:   2026
due: 2026-03-14
draft: false
tags: [work, "later"]
place:
    city: Köln
---

# Something else

See [[other]].
`;

describe("a document written as Markdown", () => {
  test("comes back byte for byte", async () => {
    const engine = await RunningEngine.withWiki();
    const windows = `\uFEFF${text.replaceAll("\n", "\r\n")}`;
    for (const [id, sent] of [
      ["plain", "no front matter\n"],
      ["plan", text],
      ["windows", windows],
      ["empty", ""],
      ["rule", "---\n\nA rule above, not front matter\n\n---\n"],
      ["unclosed", "---\ntitle: x\n"],
      ["astral", "𝒳 – ümläut \u0001 \u{1F600}"],
    ] as const) {
      expect((await engine.put(id, sent)).status, id).toBe(201);
      const read = await engine.get(id, "text/markdown");
      expect(read.headers.get("content-type")).toBe("text/markdown; charset=utf-8");
      expect(
        Buffer.from(
          await (
            await fetch(`${engine.url}/collections/wiki/documents/${id}`, {
              headers: { accept: "text/markdown" },
            })
          ).arrayBuffer(),
        ).equals(Buffer.from(sent)),
        id,
      ).toBe(true);
    }
  });

  test("has its front matter as fields", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.put("plan", text);
    expect((await engine.get("plan")).json).toMatchObject({
      id: "plan",
      title: "The plan",
      year: 2026,
      due: "2026-03-14",
      draft: false,
      tags: ["work", "later"],
      place: { city: "Köln" },
      content: "\n# Something else\n\nSee [[other]].\n",
      meta: { title: "The plan", version: 1, size: Buffer.byteLength(text), createdBy: "anonymous" },
    });
  });

  test("has a title also without one in the front matter", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.put("a/heading", "# The *first* heading\n");
    await engine.put("a/name", "words\n");
    expect((await engine.get("a/heading")).json.meta.title).toBe("The first heading");
    expect((await engine.get("a/name")).json.meta.title).toBe("name");
  });

  test.each([
    [
      "an alias bomb",
      `---\na: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefghi"
        .split("")
        .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${"abcdefgh"[i]}`).join(",")}]`)
        .join("\n")}\n---\n`,
      "invalid-front-matter",
    ],
    ["a little too deep nesting", `---\na: ${"[".repeat(20)}${"]".repeat(20)}\n---\n`, "invalid-document"],
    ["very much front matter", `---\na: ${"x".repeat(70_000)}\n---\n`, "invalid-front-matter"],
    ["many values", `---\na: [${"1,".repeat(1001)}]\n---\n`, "invalid-document"],
    [
      "many tags",
      `---\ntags: [${Array.from({ length: 101 }, (_, i) => i).join(",")}]\n---\n`,
      "invalid-document",
    ],
    ["the prototype", "---\n__proto__: {a: 1}\n---\n", "invalid-document"],
    ["NUL", "a\0b", "invalid-document"],
  ])("is refused with %s", async (_, sent, problem) => {
    const engine = await RunningEngine.withWiki();
    const reply = await engine.put("a", sent);
    expect([reply.status, problemOf(reply)]).toEqual([400, problem]);
  });

  test("is refused when it is not UTF-8", async () => {
    const engine = await RunningEngine.withWiki();
    const reply = await engine.call("PUT", "/collections/wiki/documents/a", {
      body: Buffer.from([0x61, 0xff]),
      type: "text/markdown",
    });
    expect([reply.status, problemOf(reply)]).toEqual([400, "invalid-encoding"]);
  });
});

describe("a document written as JSON", () => {
  const path = "/collections/wiki/documents/a";

  test("has its members as front matter", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.call("PUT", path, {
      body: {
        title: "A: b",
        content: "body\n",
        tags: ["x"],
        status: "done",
        score: 1.5,
        nested: { deep: [true, null] },
      },
    });
    expect((await engine.get("a", "text/markdown")).text).toBe(
      '---\ntitle: "A: b"\ntags:\n  - x\nstatus: done\nscore: 1.5\nnested:\n  deep:\n    - true\n    - null\n---\nbody\n',
    );
  });

  test("can be sent back as it was read", async () => {
    const engine = await RunningEngine.withWiki();
    const sent = { title: "A", content: "body\n", tags: ["x"], count: 3 };
    await engine.call("PUT", path, { body: sent });
    const read = (await engine.get("a")).json;
    expect(read).toMatchObject({ id: "a", ...sent });
    expect((await engine.call("PUT", path, { body: read })).status).toBe(200);
    expect((await engine.get("a")).json).toMatchObject({ ...sent, meta: { version: 2 } });
    const wrong = await engine.call("PUT", path, { body: { ...read, id: "b" } });
    expect([wrong.status, problemOf(wrong)]).toEqual([400, "invalid-document-id"]);
  });

  test("keeps front matter that stands in its content, where members do not say otherwise", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.call("PUT", path, { body: { content: "---\nb: 2   # two\na: 1\n---\nbody", a: 7 } });
    expect((await engine.get("a", "text/markdown")).text).toBe("---\nb: 2   # two\na: 7\n---\nbody");
  });

  test("is refused with members of the wrong type, each named", async () => {
    const engine = await RunningEngine.withWiki();
    const reply = await engine.call("PUT", path, { body: { title: 1, tags: "x" } });
    expect(problemOf(reply)).toBe("invalid-request");
    expect(reply.json.errors.map((error: { pointer: string }) => error.pointer).sort()).toEqual([
      "/content",
      "/tags",
      "/title",
    ]);
    const lone = await engine.call("PUT", path, { body: '{"content":"\\ud800"}', type: "application/json" });
    expect([lone.status, problemOf(lone)]).toEqual([400, "invalid-document"]);
    const deep = await engine.call("PUT", path, {
      body: { content: "", a: JSON.parse("[".repeat(20) + "]".repeat(20)) },
    });
    expect([deep.status, problemOf(deep)]).toEqual([400, "invalid-document"]);
  });
});

describe("PATCH", () => {
  test("is a JSON Merge Patch that leaves the rest of the text as it is written", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.put("plan", text);
    const reply = await engine.call("PATCH", "/collections/wiki/documents/plan", {
      body: { year: 2027, draft: null, place: { street: "Ring" }, status: "new" },
      type: "application/merge-patch+json",
    });
    expect(reply.json).toMatchObject({ year: 2027, status: "new", place: { city: "Köln", street: "Ring" } });
    expect(reply.json).not.toHaveProperty("draft");
    const after = (await engine.get("plan", "text/markdown")).text;
    expect(after).toContain('title: "The plan" # ours');
    expect(after).toMatch(/\nyear: +2027\n/);
    expect(after.endsWith(text.slice(text.indexOf("\n\n# Something")))).toBe(true);
  });

  test("can replace the content alone, and remove all fields", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.put("a", "---\nx: 1\n---\nbefore");
    const patch = (body: unknown) => engine.call("PATCH", "/collections/wiki/documents/a", { body });
    await patch({ content: "after" });
    expect((await engine.get("a", "text/markdown")).text).toBe("---\nx: 1\n---\nafter");
    await patch({ x: null });
    expect((await engine.get("a", "text/markdown")).text).toBe("after");
    expect((await patch({})).json.meta.version).toBe(3);
  });

  test("needs the document", async () => {
    const engine = await RunningEngine.withWiki();
    const reply = await engine.call("PATCH", "/collections/wiki/documents/a", { body: { x: 1 } });
    expect([reply.status, problemOf(reply)]).toEqual([404, "document-not-found"]);
  });
});

describe("representations", () => {
  test("are chosen by Accept", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.put("a", "# Title\n\nSee [[b]] and <script>alert(1)</script>\n");
    await engine.put("b", "b\n");
    const html = await engine.get("a", "text/html,application/xhtml+xml,*/*;q=0.8");
    expect(html.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(html.text).toContain('href="/v1/collections/wiki/documents/b"');
    expect(html.text).not.toContain("<script");
    expect(html.headers.get("content-security-policy")).toContain("default-src 'none'");
    const withHtml = await engine.call("GET", "/collections/wiki/documents/a?include=html");
    expect(withHtml.json).toMatchObject({ toc: [{ level: 1, text: "Title" }] });
    expect(withHtml.json.html).toContain("<h1");
    const none = await engine.get("a", "image/png");
    expect([none.status, problemOf(none)]).toEqual([406, "not-acceptable"]);
  });

  test("have entity tags: 304 for what the client has", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.put("a", "one");
    for (const accept of ["application/json", "text/markdown", "text/html"]) {
      const first = await engine.get("a", accept);
      const etag = first.headers.get("etag")!;
      const again = await engine.get("a", accept, { "if-none-match": `"x", W/${etag}` });
      expect([again.status, again.text, again.headers.get("etag")]).toEqual([304, "", etag]);
    }
    const tag = (await engine.get("a", "text/markdown")).headers.get("etag")!;
    await engine.put("a", "two");
    expect((await engine.get("a", "text/markdown", { "if-none-match": tag })).status).toBe(200);
  });
});

describe("conditional writes", () => {
  test("If-Match replaces only the version that was read, in any representation", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.put("a", "one");
    const json = (await engine.get("a")).headers.get("etag")!;
    const markdown = (await engine.get("a", "text/markdown")).headers.get("etag")!;
    expect((await engine.put("a", "two", { "if-match": markdown })).status).toBe(200);
    for (const tag of [json, markdown, '"other"']) {
      const reply = await engine.put("a", "three", { "if-match": tag });
      expect([reply.status, problemOf(reply)]).toEqual([412, "precondition-failed"]);
    }
    expect((await engine.put("a", "three", { "if-match": "*" })).status).toBe(200);
    expect((await engine.put("new", "x", { "if-match": "*" })).status).toBe(412);
    expect((await engine.put("a", "x", { "if-match": "unquoted" })).status).toBe(400);
  });

  test("If-None-Match: * only creates", async () => {
    const engine = await RunningEngine.withWiki();
    expect((await engine.put("a", "one", { "if-none-match": "*" })).status).toBe(201);
    expect((await engine.put("a", "two", { "if-none-match": "*" })).status).toBe(412);
  });

  test("hold for PATCH and DELETE too, and a document written again is another one", async () => {
    const engine = await RunningEngine.withWiki();
    const tag = (await engine.put("a", "one")).headers.get("etag")!;
    const path = "/collections/wiki/documents/a";
    await engine.put("a", "two");
    expect((await engine.call("PATCH", path, { body: {}, headers: { "if-match": tag } })).status).toBe(412);
    expect((await engine.call("DELETE", path, { headers: { "if-match": tag } })).status).toBe(412);
    await engine.call("DELETE", path);
    await engine.call("DELETE", "/collections/wiki/trash/a");
    await engine.put("a", "one");
    expect((await engine.put("a", "three", { "if-match": tag })).status).toBe(412);
  });
});

describe("ids", () => {
  test("may have slashes, spaces and any letters", async () => {
    const engine = await RunningEngine.withWiki();
    const reply = await engine.put("guides%2Fgetting%20started/K%C3%B6ln", "x");
    expect(reply.json.id).toBe("guides/getting started/Köln");
    expect(reply.headers.get("location")).toBe(
      "/v1/collections/wiki/documents/guides/getting%20started/K%C3%B6ln",
    );
    const decomposed = encodeURIComponent("guides/getting started/Ko\u0308ln");
    expect((await engine.get(decomposed)).json.id).toBe("guides/getting started/Köln");
  });

  test.each([
    ["%2E%2E%2Fsecret"],
    ["a%2F..%2Fb"],
    ["a%2F%2Fb"],
    ["%2Fa"],
    ["a%2F"],
    ["a%00b"],
    ["a%0D%0AX-Injected:%201"],
    ["a%5Cb"],
    ["%20a"],
    ["x".repeat(241)],
  ])("are refused when no file could have them: %s", async (id) => {
    const engine = await RunningEngine.withWiki();
    const reply = await engine.put(id, "x");
    expect([reply.status, problemOf(reply)]).toEqual([400, "invalid-document-id"]);
    expect(reply.headers.get("x-injected")).toBeNull();
  });
});
