import { describe, expect, test } from "vitest";
import { problemOf, RunningEngine } from "./running-engine.ts";

const wiki = "/collections/wiki";

describe("versions", () => {
  test("are all writes, with author and time, each to be read", async () => {
    const auth = {
      users: ["ada", "bob"].map((username) => ({ username, password: "pw", roles: ["superuser"] })),
    };
    const engine = await RunningEngine.start({ auth });
    const as = (user: string) => ({ authorization: `Bearer ${user}:pw` });
    await engine.call("POST", "/collections", { body: { name: "wiki" }, headers: as("ada") });
    await engine.put("a", "---\nn: 1\n---\none", as("ada"));
    await engine.put("a", "two", as("bob"));
    await engine.call("PATCH", `${wiki}/documents/a`, { body: { n: 3 }, headers: as("ada") });
    const first = (await engine.call("GET", `${wiki}/versions/a?limit=2`, { headers: as("bob") })).json;
    expect(first.versions).toMatchObject([
      { version: 3, action: "updated", author: "ada" },
      { version: 2, action: "updated", author: "bob", size: 3 },
    ]);
    const rest = (
      await engine.call("GET", `${wiki}/versions/a?limit=2&cursor=${first.next}`, { headers: as("bob") })
    ).json;
    expect(rest).toMatchObject({ versions: [{ version: 1, action: "created", author: "ada" }], next: null });
    expect(Date.parse(rest.versions[0].at)).toBeLessThanOrEqual(Date.now());
    const old = await engine.call("GET", `${wiki}/documents/a?version=1`, { headers: as("bob") });
    expect(old.json).toMatchObject({ n: 1, content: "one", meta: { version: 1, updatedBy: "ada" } });
    const missing = await engine.call("GET", `${wiki}/documents/a?version=4`, { headers: as("bob") });
    expect([missing.status, problemOf(missing)]).toEqual([404, "version-not-found"]);
  });

  test("are compared", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.put("a", "one\ntwo\nthree\n");
    await engine.put("a", "one\n2\nthree\n");
    await engine.put("a", "one\n2\nthree");
    expect((await engine.call("GET", `${wiki}/diff/a?from=1&to=2`)).json).toEqual({
      from: 1,
      to: 2,
      hunks: [
        { oldStart: 1, oldLines: 3, newStart: 1, newLines: 3, lines: [" one", "-two", "+2", " three"] },
      ],
    });
    const text = await engine.call("GET", `${wiki}/diff/a?from=1`, { headers: { accept: "text/x-diff" } });
    expect(text.text).toBe(
      "--- a.md\tversion 1\n+++ a.md\tversion 3\n@@ -1,3 +1,3 @@\n one\n-two\n-three\n+2\n+three\n\\ No newline at end of file\n",
    );
    expect((await engine.call("GET", `${wiki}/diff/a?from=9`)).status).toBe(404);
  });

  test("of very different texts are told as replaced, in bounded time", async () => {
    const engine = await RunningEngine.withWiki();
    const lines = (offset: number) =>
      Array.from({ length: 20_000 }, (_, i) => `${(i * 7919 + offset) % 20_011}`).join("\n");
    await engine.put("a", lines(0));
    await engine.put("a", lines(5));
    const { hunks } = (await engine.call("GET", `${wiki}/diff/a`)).json;
    expect(hunks).toMatchObject([{ oldLines: 20_000, newLines: 20_000 }]);
  });

  test("are restored as new versions", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.put("a", "---\nn: 1\n---\n[[b]]");
    await engine.put("b", "b");
    await engine.put("a", "two");
    expect((await engine.call("GET", `${wiki}/backlinks/b`)).json.backlinks).toEqual([]);
    const restored = await engine.call("POST", `${wiki}/restore/a`, { body: { version: 1 } });
    expect(restored.json).toMatchObject({ n: 1, meta: { version: 3 } });
    expect((await engine.get("a", "text/markdown")).text).toBe("---\nn: 1\n---\n[[b]]");
    expect((await engine.call("GET", `${wiki}/versions/a`)).json.versions[0]).toMatchObject({
      version: 3,
      action: "restored",
    });
    expect((await engine.call("GET", `${wiki}/backlinks/b`)).json.backlinks).toMatchObject([{ id: "a" }]);
    const nothing = await engine.call("POST", `${wiki}/restore/a`, { body: {} });
    expect([nothing.status, problemOf(nothing)]).toEqual([400, "invalid-request"]);
  });

  test("beyond max_versions are removed", async () => {
    const engine = await RunningEngine.withWiki({ markdown: { max_versions: 3 } });
    for (let i = 1; i <= 5; i++) await engine.put("a", `text ${i}`);
    const { versions } = (await engine.call("GET", `${wiki}/versions/a`)).json;
    expect(versions.map(({ version }: { version: number }) => version)).toEqual([5, 4, 3]);
  });
});

describe("the trash", () => {
  test("has deleted documents, from where they come back with their history, links and fields", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.put("a", "---\nn: 1\n---\n[[b]]");
    await engine.put("b", "b");
    expect((await engine.call("DELETE", `${wiki}/documents/a`)).status).toBe(204);
    const gone = await engine.get("a");
    expect([gone.status, problemOf(gone)]).toEqual([404, "document-not-found"]);
    expect(gone.json.detail).toContain("trash");
    expect((await engine.call("DELETE", `${wiki}/documents/a`)).status).toBe(404);
    expect((await engine.call("GET", `${wiki}/documents?filter=n=1`)).json.documents).toEqual([]);
    expect((await engine.call("GET", `${wiki}/backlinks/b`)).json.backlinks).toEqual([]);
    const { documents } = (await engine.call("GET", `${wiki}/trash`)).json;
    expect(documents).toMatchObject([{ id: "a", n: 1, meta: { deletedBy: "anonymous" } }]);
    expect((await engine.call("GET", `${wiki}/documents/a?version=1`)).json.content).toBe("[[b]]");

    const back = await engine.call("POST", `${wiki}/restore/a`, { body: {} });
    expect(back.json).toMatchObject({ id: "a", n: 1, meta: { version: 2 } });
    expect((await engine.call("GET", `${wiki}/documents?filter=n=1`)).json.documents).toHaveLength(1);
    expect((await engine.call("GET", `${wiki}/backlinks/b`)).json.backlinks).toHaveLength(1);
    expect((await engine.call("GET", `${wiki}/trash`)).json.documents).toEqual([]);
  });

  test("gives an id back to a document that is written anew, whose history goes on", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.put("a", "one");
    await engine.call("DELETE", `${wiki}/documents/a`);
    const reply = await engine.put("a", "two", { "if-none-match": "*" });
    expect([reply.status, reply.json.meta.version]).toEqual([201, 2]);
    expect((await engine.call("GET", `${wiki}/versions/a`)).json.versions).toHaveLength(2);
  });

  test("is emptied document by document, or when the time is over", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.put("a", "one");
    expect((await engine.call("DELETE", `${wiki}/trash/a`)).status).toBe(404);
    await engine.call("DELETE", `${wiki}/documents/a`);
    expect((await engine.call("DELETE", `${wiki}/trash/a`)).status).toBe(204);
    expect((await engine.call("GET", `${wiki}/versions/a`)).status).toBe(404);

    await engine.put("b", "one");
    await engine.call("DELETE", `${wiki}/documents/b`);
    await engine.image.stop();
    const { dataDir } = engine;
    const again = await RunningEngine.start({ dataDir, markdown: { trash_retention: "1ms" } });
    let left = 1;
    while (left > 0) left = (await again.call("GET", `${wiki}/trash`)).json.documents.length;
    expect((await again.call("GET", `${wiki}/changes`)).json.changes.at(-1)).toMatchObject({
      type: "purged",
      id: "b",
      author: "retention",
    });
  });
});
