import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { problemOf, RunningEngine, temporaryFolder } from "./running-engine.ts";

test("a search finds what was written, by the body that the reference shows", async () => {
  const engine = await RunningEngine.withWiki();
  await engine.put("getting-started", "# Getting Started\n\nWelcome to the wiki.");
  await engine.put("other", "Nothing of the kind.");
  const reply = await engine.call("POST", "/collections/wiki/search", {
    body: { query: "getting started", limit: 10 },
  });
  expect(reply.json).toMatchObject({ total: 1, totalIsExact: true, hits: [{ id: "getting-started" }] });
});

test("without words all documents are found, the newest first, with facets of those that the filter lets through", async () => {
  const engine = await RunningEngine.withWiki();
  for (const [index, status] of ["draft", "done", "done", "draft", "done"].entries()) {
    await engine.put(`d${index}`, `---\nstatus: ${status}\nn: ${index}\n---\nText ${index}.`);
  }
  await engine.put("d0", "---\nstatus: done\nn: 0\n---\nChanged & last.");
  const search = async (body: unknown) =>
    (await engine.call("POST", "/collections/wiki/search", { body })).json;
  const ids = ({ hits }: { hits: { id: string }[] }) => hits.map(({ id }) => id);
  const all = await search({ query: "*", facets: ["status"] });
  expect(all).toMatchObject({
    total: 5,
    totalIsExact: true,
    facets: {
      status: [
        { value: "done", count: 4 },
        { value: "draft", count: 1 },
      ],
    },
  });
  expect(ids(all)).toEqual(["d0", "d4", "d3", "d2", "d1"]);
  expect(all.hits[0].snippet).toBe("Changed &amp; last.");
  const some = await search({ filter: "status = done", limit: 2, offset: 1, facets: ["n"] });
  expect([some.total, ids(some), some.facets.n.length]).toEqual([4, ["d4", "d2"], 4]);
  expect((await search({ query: "  ", filter: "status = none" })).hits).toEqual([]);
});

test("hits come in the order of a field when that is asked for", async () => {
  const engine = await RunningEngine.withWiki();
  for (const [id, year] of Object.entries({ a: 2020, b: 2024, c: 2022 })) {
    await engine.put(id, `---\nyear: ${year}\n---\nA word of ${id}.`);
  }
  await engine.put("d", "A word without a year.");
  const idsBy = async (sort: string, query: string) => {
    const body = { query, sort };
    const reply = await engine.call("POST", "/collections/wiki/search", { body });
    return reply.json.hits?.map(({ id }: { id: string }) => id) ?? problemOf(reply);
  };
  expect(await idsBy("-year", "word")).toEqual(["b", "c", "a", "d"]);
  expect(await idsBy("year", "*")).toEqual(["a", "c", "b", "d"]);
  expect(await idsBy("meta.title", "word")).toEqual(["a", "b", "c", "d"]);
  expect(await idsBy("yaer", "word")).toBe("invalid-sort");
});

test("the last word may be the beginning of one while somebody types", async () => {
  const engine = await RunningEngine.withWiki();
  for (const [id, title] of Object.entries({
    a: "Configuration of networks",
    b: "Conf",
    c: "Network of confluence",
    d: "Others",
  })) {
    await engine.put(id, `# ${title}\n\nText.`);
  }
  const found = async (query: string, prefixLast = true) => {
    const body = { query, prefixLast };
    const reply = await engine.call("POST", "/collections/wiki/search", { body });
    return reply.json.hits.map(({ id }: { id: string }) => id);
  };
  expect(await found("conf", false)).toEqual(["b"]);
  const all = await found("conf");
  expect([all[0], all.toSorted()]).toEqual(["b", ["a", "b", "c"]]);
  expect((await found("network conf")).toSorted()).toEqual(["a", "c"]);
  // Finished by a space, a sign, or quotation marks.
  for (const query of ["confi ", "confi.", '"confi"']) expect(await found(query)).not.toContain("a");
  expect(await found("configuratoin")).toEqual(["a"]);
});

test("several collections are searched as if they were one", async () => {
  const engine = await RunningEngine.withWiki();
  await engine.call("POST", "/collections", { body: { name: "blog" } });
  await engine.call("POST", "/collections", { body: { name: "else" } });
  const put = (collection: string, id: string, text: string) =>
    engine.call("PUT", `/collections/${collection}/documents/${id}`, { body: text, type: "text/markdown" });
  await put("wiki", "a", "---\nn: 1\ntags: [x]\n---\n# Other\n\nSome kubernetes here.");
  await put("blog", "b", "---\nn: 3\ntags: [x, y]\n---\n# Kubernetes\n\nText.");
  await put("else", "c", "---\nn: 2\n---\n# About kubernetes and much else");
  const search = (body: object) => engine.call("POST", "/search", { body });
  const places = ({ json }: { json: { hits: { collection: string; id: string }[] } }) =>
    json.hits.map(({ collection, id }) => `${collection}/${id}`);
  const all = await search({ query: "kubernetes", facets: ["tags"] });
  expect(places(all)).toEqual(["blog/b", "else/c", "wiki/a"]);
  expect(all.json).toMatchObject({
    total: 3,
    totalIsExact: true,
    facets: {
      tags: [
        { value: "x", count: 2 },
        { value: "y", count: 1 },
      ],
    },
  });
  expect(all.json.hits[0].document.meta.collection).toBe("blog");
  const some = { query: "kubernetes", collections: ["wiki", "blog"] };
  expect(places(await search(some))).toEqual(["blog/b", "wiki/a"]);
  expect(places(await search({ ...some, limit: 1, offset: 1 }))).toEqual(["wiki/a"]);
  expect(places(await search({ ...some, sort: "n" }))).toEqual(["wiki/a", "blog/b"]);
  expect(places(await search({ query: "*" }))).toEqual(["else/c", "blog/b", "wiki/a"]);
  expect(problemOf(await search({ query: "x", collections: ["wiki", "none"] }))).toBe("collection-not-found");
});

test("more collections than are searched at once have to be named", async () => {
  const engine = await RunningEngine.withWiki();
  for (let index = 0; index < 20; index++) {
    await engine.call("POST", "/collections", { body: { name: `c${index}` } });
  }
  const reply = await engine.call("POST", "/search", { body: { query: "x" } });
  expect([reply.status, reply.json.errors[0].pointer]).toEqual([400, "/collections"]);
});

test("only what may be read is searched", async () => {
  const roles = join(temporaryFolder(), "roles.yaml");
  writeFileSync(roles, '- name: reader\n  allow: [connect, "read:wiki"]\n');
  const engine = await RunningEngine.start({
    auth: {
      roles_file: roles,
      users: [
        { username: "root", password: "secret-of-root", roles: ["superuser"] },
        { username: "ada", password: "secret-of-ada", roles: ["reader"] },
      ],
    },
  });
  const as = (user: string, method: string, path: string, body: unknown) =>
    engine.call(method, path, { body, headers: { authorization: `Bearer ${user}:secret-of-${user}` } });
  for (const name of ["wiki", "secret"]) {
    await as("root", "POST", "/collections", { name });
    await as("root", "PUT", `/collections/${name}/documents/a`, { content: `A word of ${name}.` });
  }
  expect((await as("root", "POST", "/search", { query: "word" })).json.total).toBe(2);
  const found = (await as("ada", "POST", "/search", { query: "word" })).json;
  expect(found.hits.map(({ collection }: { collection: string }) => collection)).toEqual(["wiki"]);
  const refused = await as("ada", "POST", "/search", { query: "word", collections: ["wiki", "secret"] });
  expect([refused.status, problemOf(refused)]).toEqual([403, "forbidden"]);
});

test.each([
  ["only exclusions", "-this -that"],
  ["more words than are searched for", "word ".repeat(40)],
  ["too many parentheses", `${"(".repeat(20)}word${")".repeat(20)}`],
])("a query of %s is the client's mistake", async (_, query) => {
  const engine = await RunningEngine.withWiki();
  const reply = await engine.call("POST", "/collections/wiki/search", { body: { query } });
  expect(reply.status).toBe(400);
  expect(problemOf(reply)).toBe("invalid-query");
});
