import Database from "better-sqlite3";
import { describe, expect, onTestFinished, test } from "vitest";
import { foldSynonyms, listSynonyms, replaceSynonyms } from "../src/search/synonyms.ts";
import { createCollection } from "../src/storage/collections.ts";
import { migrations } from "../src/storage/schema.ts";
import { removeContents } from "../src/storage/trash.ts";
import { problemOf, type Reply, RunningEngine, type Sent } from "./running-engine.ts";

const path = "/collections/wiki/synonyms";

function put(engine: RunningEngine, synonyms: unknown, sent: Sent = {}): Promise<Reply> {
  return engine.call("PUT", path, { ...sent, body: { synonyms } });
}

async function found(engine: RunningEngine, query: string): Promise<string[]> {
  const { json } = await engine.call("POST", "/collections/wiki/search", { body: { query } });
  return json.hits.map(({ id }: { id: string }) => id).sort();
}

describe("the synonyms of a collection", () => {
  test("are none at first, are searched once they are set, and are gone when none are", async () => {
    const engine = await RunningEngine.withWiki();
    expect(await engine.call("GET", path)).toMatchObject({ status: 200, json: { synonyms: {} } });
    await engine.put("long", "Kubernetes in production");
    await engine.put("phrase", "What container orchestration is");
    await engine.put("short", "k8s");
    expect(await found(engine, "k8s")).toEqual(["short"]);
    const reply = await put(engine, { K8s: ["Kubernetes", "container orchestration"] });
    expect(reply).toMatchObject({
      status: 200,
      json: { synonyms: { k8s: ["container orchestration", "kubernetes"] } },
    });
    expect(await found(engine, "k8s")).toEqual(["long", "phrase", "short"]);
    expect(await found(engine, "kubernetes")).toEqual(["long"]);
    expect((await put(engine, {})).json).toEqual({ synonyms: {} });
    expect(await found(engine, "k8s")).toEqual(["short"]);
  });

  test("are stored folded, each once, in the order of the words, in place of those before", async () => {
    const engine = await RunningEngine.withWiki();
    await put(engine, { before: ["then"] });
    const { json } = await put(engine, {
      Über: ["above", "ABOVE", "über-all"],
      nothing: [],
      Db: ["Data  Base!"],
      ["__proto__"]: ["constructor"],
      constructor: ["builder"],
    });
    expect(Object.entries(json.synonyms)).toEqual([
      ["constructor", ["builder"]],
      ["db", ["data base"]],
      ["proto", ["constructor"]],
      ["uber", ["above", "uber all"]],
    ]);
    expect((await engine.call("GET", path)).json).toEqual(json);
  });

  test("are those of one collection, and are not there when it is created again", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.call("POST", "/collections", { body: { name: "other" } });
    await put(engine, { k8s: ["kubernetes"] });
    expect((await engine.call("GET", "/collections/other/synonyms")).json).toEqual({ synonyms: {} });
    await engine.call("DELETE", "/collections/wiki");
    const gone = await engine.call("GET", path);
    expect([gone.status, problemOf(gone)]).toEqual([404, "collection-not-found"]);
    const nowhere = await put(engine, { k8s: ["kubernetes"] });
    expect([nowhere.status, problemOf(nowhere)]).toEqual([404, "collection-not-found"]);
    await engine.call("POST", "/collections", { body: { name: "wiki" } });
    expect((await engine.call("GET", path)).json).toEqual({ synonyms: {} });
  });

  test("go for good with a deleted collection", () => {
    const db = new Database(":memory:");
    onTestFinished(() => void db.close());
    for (const { apply } of migrations) apply(db);
    const [deleted, kept] = ["deleted", "kept"].map((name) => {
      const { row } = createCollection(db, { name, description: "", at: 0, author: "" });
      replaceSynonyms(db, row, foldSynonyms({ k8s: ["kubernetes"] }));
      return row;
    });
    expect(removeContents(db, deleted!, 50)).toBe(true);
    expect(listSynonyms(db, deleted!).size).toBe(0);
    expect(listSynonyms(db, kept!).size).toBe(1);
  });

  test("are read by who may read, and set by who may change definitions", async () => {
    const users = ["reader", "writer", "admin"].map((username) => ({ username, password: username }));
    const roles = [["read"], ["read", "write"], ["schema_admin"]];
    const engine = await RunningEngine.start({
      auth: { users: users.map((user, index) => ({ ...user, roles: roles[index] })) },
    });
    const as = (user: string) => ({ headers: { authorization: `Bearer ${user}:${user}` } });
    await engine.call("POST", "/collections", { body: { name: "wiki" }, ...as("admin") });
    const set = { k8s: ["kubernetes"] };
    expect((await put(engine, set)).status).toBe(401);
    for (const user of ["reader", "writer"]) {
      const refused = await put(engine, set, as(user));
      expect([refused.status, problemOf(refused)], user).toEqual([403, "forbidden"]);
    }
    expect((await put(engine, set, as("admin"))).status).toBe(200);
    expect((await engine.call("GET", path, as("reader"))).json).toEqual({ synonyms: set });
    expect((await engine.call("GET", path)).status).toBe(401);
  });
});

describe("what cannot be searched with is refused, and what was set stays", () => {
  const words = (count: number) => Array.from({ length: count }, (_, index) => `w${index}`);

  test.each<[string, Record<string, string[]>, RegExp]>([
    ["a word of two", { ok: ["x"], "two words": ["x"] }, /"two words" is 2 words/],
    ["a word of signs", { "!!": ["x"] }, /"!!" has no letter or digit/],
    ["a synonym of signs", { word: ["x", "--"] }, /synonym "--" of "word" has no letter/],
    ["two spellings of a word", { Über: ["x"], ok: [], uber: ["y"] }, /"Über" and "uber" are the same word/],
    [
      "words that are the same after 40 letters",
      { [`${"a".repeat(40)}b`]: ["x"], [`${"a".repeat(40)}c`]: [] },
      /are the same word to the search, a{40}:/,
    ],
    ["21 synonyms", { word: words(21) }, /"word" has 21 synonyms: leave at most 20/],
    ["a synonym of 17 words", { word: [words(17).join(" ")] }, /of "word" is 17 words: leave at most 16/],
    ["1001 words", Object.fromEntries(words(1001).map((word) => [word, []])), /1001 words .* at most 1000/],
    ["a long word of many", { ["a ".repeat(10_000)]: [] }, /^"(a ){30}…" is 10000 words/],
  ])("%s", async (_, synonyms, detail) => {
    const engine = await RunningEngine.withWiki();
    const before = (await put(engine, { k8s: ["kubernetes"] })).json;
    const reply = await put(engine, synonyms);
    expect([reply.status, problemOf(reply)]).toEqual([400, "invalid-synonyms"]);
    expect(reply.json.detail).toMatch(detail);
    expect((await engine.call("GET", path)).json).toEqual(before);
  });

  test.each<[string, string]>([
    ["no synonyms", "{}"],
    ["a list", '{"synonyms": []}'],
    ["a text for a list", '{"synonyms": {"k8s": "kubernetes"}}'],
    ["a number for a text", '{"synonyms": {"k8s": [1]}}'],
    ["null behind a word with a line end", '{"synonyms": {"k8s\\n": null}}'],
    ["a number behind the name of the prototype", '{"synonyms": {"__proto__": 1}}'],
    ["another member", '{"synonyms": {}, "mode": "both"}'],
  ])("%s, by the form", async (_, body) => {
    const engine = await RunningEngine.withWiki();
    const reply = await engine.call("PUT", path, { body, type: "application/json" });
    expect([reply.status, problemOf(reply)]).toEqual([400, "invalid-request"]);
  });

  test("a body over 1 MB", async () => {
    const engine = await RunningEngine.withWiki();
    const reply = await put(engine, { word: ["x".repeat(1_048_576)] });
    expect([reply.status, problemOf(reply)]).toEqual([413, "body-too-large"]);
  });

  test("as many as there may be are taken", async () => {
    const engine = await RunningEngine.withWiki();
    const most = Object.fromEntries(words(1000).map((word) => [word, words(20).sort()]));
    const reply = await put(engine, most);
    expect([reply.status, reply.json.synonyms]).toEqual([200, most]);
  });
});

test("the description of the API has both operations", async () => {
  const engine = await RunningEngine.start();
  const { paths } = (await engine.call("GET", "/openapi.json")).json;
  expect(paths["/collections/{name}/synonyms"]).toMatchObject({
    get: { operationId: "getSynonyms", tags: ["Search"] },
    put: {
      operationId: "replaceSynonyms",
      requestBody: { content: { "application/json": { schema: { required: ["synonyms"] } } } },
      responses: { 400: { description: expect.stringContaining("`invalid-synonyms`") } },
    },
  });
});
