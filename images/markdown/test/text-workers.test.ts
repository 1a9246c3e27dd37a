import { createLogger } from "@weftkit/observe";
import { describe, expect, onTestFinished, test } from "vitest";
import { TextWorkers, type TextWorkersOptions } from "../src/text/text-workers.ts";
import { problemOf, RunningEngine } from "./running-engine.ts";

/** Long enough for a worker. */
const filler = "Some words about nothing, and [[home|a link]] to it.\n\n".repeat(400);

describe("long texts", () => {
  test("are stored, found, rendered and compared as short ones are", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.put("home", "# Home\n");
    const text = `---\ntitle: Long\ntags: [big]\n---\n# A *heading*\n\n[home](home.md#x) [[nowhere]]\n\n${filler}needle\n`;
    expect((await engine.put("long", text)).status).toBe(201);
    expect((await engine.get("long", "text/markdown")).text).toBe(text);
    const { json } = await engine.call("GET", "/collections/wiki/documents/long?include=html");
    expect(json).toMatchObject({ title: "Long", tags: ["big"], meta: { title: "Long", version: 1 } });
    expect(json.content.startsWith("# A *heading*")).toBe(true);
    expect(json.toc).toEqual([{ level: 1, text: "A heading", anchor: "user-content-a-heading" }]);
    expect(json.html).toContain('<a href="/v1/collections/wiki/documents/home#user-content-x">home</a>');
    expect(json.html).toContain('class="wiki-link wiki-link-missing"');
    expect(json.html).toContain('<a class="wiki-link" href="/v1/collections/wiki/documents/home">a link</a>');
    const found = await engine.call("POST", "/collections/wiki/search", { body: { query: "needle" } });
    expect(found.json.hits.map(({ id }: { id: string }) => id)).toEqual(["long"]);
    const backlinks = await engine.call("GET", "/collections/wiki/backlinks/home?limit=1");
    expect(backlinks.json.backlinks).toMatchObject([{ id: "long", kind: "markdown", target: "home.md" }]);
    await engine.put("long", text.replace("needle", "pin"));
    const { json: diff } = await engine.call("GET", "/collections/wiki/diff/long");
    expect(diff.hunks[0].lines.slice(-2)).toEqual(["-needle", "+pin"]);
  });

  test("are refused with the same problems", async () => {
    const engine = await RunningEngine.withWiki({ markdown: { max_document_bytes: "100KB" } });
    const reply = await engine.put("a", `---\na: ${"x".repeat(70_000)}\n---\n${filler}`);
    expect([reply.status, problemOf(reply)]).toEqual([400, "invalid-front-matter"]);
    const large = await engine.call("PUT", "/collections/wiki/documents/a", {
      body: { content: filler.repeat(5) },
    });
    expect([large.status, problemOf(large)]).toEqual([413, "document-too-large"]);
    const many = Array.from({ length: 101 }, (_, index) => `t${index}`);
    const body = { content: `---\ntags: [${many.join(", ")}]\n---\n${filler}` };
    const tags = await engine.call("PUT", "/collections/wiki/documents/a", { body });
    expect(tags.json.errors).toMatchObject([{ in: "body", pointer: "/tags" }]);
  });

  test("keep every change of many at once", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.put("a", filler);
    const names = Array.from({ length: 12 }, (_, index) => `field${index}`);
    const replies = await Promise.all(
      names.map((name) => engine.call("PATCH", "/collections/wiki/documents/a", { body: { [name]: name } })),
    );
    expect(replies.map(({ status }) => status)).toEqual(names.map(() => 200));
    const { json } = await engine.get("a");
    expect(names.map((name) => json[name])).toEqual(names);
    expect(json.meta.version).toBe(1 + names.length);
    await engine.call("POST", "/collections/wiki/restore/a", { body: { version: 1 } });
    expect((await engine.get("a", "text/markdown")).text).toBe(filler);
  });

  test("that are written while a document is renamed keep their change and get the new link", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.put("home", "# Start\n");
    const ids = Array.from({ length: 20 }, (_, index) => `page${index}`);
    await Promise.all(ids.map((id) => engine.put(id, filler)));
    const writes = ids.map((id) =>
      engine.call("PATCH", `/collections/wiki/documents/${id}`, { body: { changed: id } }),
    );
    const renamed = engine.call("POST", "/collections/wiki/rename/home", { body: { to: "den" } });
    expect((await Promise.all(writes)).map(({ status }) => status)).toEqual(ids.map(() => 200));
    expect((await renamed).json.relinked).toBe(ids.length);
    for (const id of ids) {
      const { json } = await engine.get(id);
      expect(json.changed).toBe(id);
      expect(json.content).toBe(filler.replaceAll("[[home|", "[[den|"));
    }
  });
});

describe("workers", () => {
  const url = new URL("./broken-text-worker.ts", import.meta.url);

  function workers(options: Partial<TextWorkersOptions> = {}): TextWorkers {
    const log = createLogger({ level: "silent", image: "markdown" });
    const texts = new TextWorkers({ log, url, workersMax: 1, ...options });
    onTestFinished(() => texts.close());
    return texts;
  }

  const prepare = (texts: TextWorkers, text: string, signal?: AbortSignal) =>
    texts.runAside("prepare", { id: "a", text, bytesMax: 1 }, text.length, signal);

  test("that crash fail the text that they had, and no other", async () => {
    const texts = workers();
    const replies = await Promise.allSettled(["a", "end", "b", "c"].map((text) => prepare(texts, text)));
    expect(replies.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
    expect(replies[1]).toMatchObject({ reason: { code: "worker_ended" } });
  });

  test("that do not come back are ended", async () => {
    // Time enough for a worker to start on a busy machine.
    const texts = workers({ timeMaxMs: 5000 });
    const [loop, next] = await Promise.allSettled([prepare(texts, "loop"), prepare(texts, "b")]);
    expect(loop).toMatchObject({ status: "rejected", reason: { code: "unavailable" } });
    expect(next).toEqual({ status: "fulfilled", value: "b" });
  });

  test("have a bounded queue, which those leave who have gone", async () => {
    const texts = workers({ waitingLengthMax: 10, timeMaxMs: 60_000 });
    const loop = expect(prepare(texts, "loop")).rejects.toMatchObject({ code: "unavailable" });
    const gone = new AbortController();
    const waiting = prepare(texts, "12345678", gone.signal);
    await expect(prepare(texts, "345")).rejects.toMatchObject({
      code: "unavailable",
      headers: { "retry-after": "1" },
    });
    gone.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    expect(texts.waiting).toBe(0);
    const last = expect(prepare(texts, "345")).rejects.toMatchObject({ code: "unavailable" });
    await texts.close();
    await Promise.all([loop, last]);
  });
});
