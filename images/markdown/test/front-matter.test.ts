import { describe, expect, test } from "vitest";
import { type SplitText, splitText, withFields } from "../src/text/front-matter.ts";
import { problemOf, RunningEngine } from "./running-engine.ts";

const wiki = "/collections/wiki";
const yaml = (inside: string, body = "body\n") => `---\n${inside}\n---\n${body}`;
const read = (text: string): Pick<SplitText, "fields" | "error"> => {
  const { fields, error, head, body } = splitText(text);
  expect(head + body).toBe(text);
  return { fields, error };
};

describe("front matter with mistakes", () => {
  test.each([
    ["title: Foo: Bar\ntags: [a]", { title: "Foo: Bar", tags: ["a"] }, 2],
    ["title: [WIP] x\nn: 1", { title: "[WIP] x", n: 1 }, 2],
    ["n: 1\ntitle: @x", { n: 1, title: "@x" }, 3],
    ["tags:\n  - %\n  - a\n  - 'b'\nn: 1", { tags: ["%", "a", "b"], n: 1 }, 3],
    ["a: 1\na: 2", { a: 2 }, 3],
    ["a: [1\nb: 2", { a: "[1", b: 2 }, 3],
    ['a: "x" y\nb:\n  c: 1\n  d: [\ne: 5', { a: '"x" y', e: 5 }, 2],
  ])("gives what can be read, and where the mistake is: %j", (inside, fields, line) => {
    const found = read(yaml(inside));
    expect(found.fields).toEqual(fields);
    expect(found.error).toEqual({ message: expect.any(String), line, column: expect.any(Number) });
  });

  test("is stored as it is, told, and found by a filter", async () => {
    const engine = await RunningEngine.withWiki();
    const text = yaml("title: Foo: Bar\nn: 1");
    expect((await engine.put("a", text)).status).toBe(201);
    await engine.put("b", yaml("title: good"));
    const { json } = await engine.get("a");
    expect(json).toMatchObject({ title: "Foo: Bar", n: 1, content: "body\n" });
    expect(json.meta.frontMatterError).toMatchObject({ line: 2, column: expect.any(Number) });
    expect((await engine.get("a", "text/markdown")).text).toBe(text);
    const filter = encodeURIComponent("meta.frontMatterError exists");
    const listed = (await engine.call("GET", `${wiki}/documents?filter=${filter}`)).json.documents;
    expect(listed.map(({ id }: { id: string }) => id)).toEqual(["a"]);
    const patched = await engine.call("PATCH", `${wiki}/documents/a`, { body: { n: 2 } });
    expect([patched.status, problemOf(patched)]).toEqual([400, "invalid-front-matter"]);
    expect((await engine.call("PATCH", `${wiki}/documents/a`, { body: { content: "x" } })).status).toBe(200);
    expect((await engine.get("a", "text/markdown")).text).toBe(yaml("title: Foo: Bar\nn: 1", "x"));
  });
});

test.each([
  ["---\n# Slide 1\n- a: [\n---\n# Slide 2\n"],
  ["---\n\nNote: [this\n---\nthat\n"],
  ["---\n* a\n* b: [\n---\nx"],
  ["---\nno end: 1\n"],
  ["+++\nno end = 1\n"],
])("a rule above a slide is text: %j", (text) => {
  expect(splitText(text)).toMatchObject({ head: "", fields: {}, error: undefined });
});

test("what is nested too deep is told as a mistake", () => {
  const { fields, error } = read(yaml(`a: ${"[".repeat(5000)}${"]".repeat(5000)}\nb: 1`));
  expect([fields.b, error?.line]).toEqual([1, expect.any(Number)]);
});

test("values that JSON does not have are the texts that stand there", () => {
  const inside = "i: .inf\nn: [.nan]\nb: 12345678901234567890\ns: 9007199254740991\nh: 0x10\nd: 2024-02-30";
  expect(read(yaml(inside)).fields).toEqual({
    i: ".inf",
    n: [".nan"],
    b: "12345678901234567890",
    s: 9007199254740991,
    h: 16,
    d: "2024-02-30",
  });
});

describe("TOML", () => {
  const toml = 'title = "T" # kept\ndate = 2024-05-01\nbig = 12345678901234567890\n\n[params]\na = [1, 2]\n';
  const text = `+++\n${toml}+++\nbody\n`;

  test("is front matter between lines of three plus signs", () => {
    expect(read(text).fields).toEqual({
      title: "T",
      date: "2024-05-01",
      big: "12345678901234567890",
      params: { a: [1, 2] },
    });
    expect(splitText(text).body).toBe("body\n");
    const broken = read("+++\na = 1\nb = [\n+++\nx");
    expect(broken).toMatchObject({ fields: { a: 1 }, error: { line: expect.any(Number) } });
    // Many lines of one entry are not tried one by one.
    const long = read(`+++\na = 1\nb = [\n${"1,\n".repeat(20_000)}+++\nx`);
    expect(long).toMatchObject({ fields: { a: 1 }, error: { line: expect.any(Number) } });
  });

  test("keeps what a change does not name", () => {
    const split = splitText(text);
    const changed = withFields(split, { ...split.fields, title: "U", more: true });
    expect(changed).toBe(
      text.replace('title = "T" # kept', 'title = "U"').replace("\n[params]", "\nmore = true\n[params]"),
    );
  });
});

describe("a change of fields", () => {
  const change = (text: string, more: Record<string, unknown>, gone: readonly string[] = []) => {
    const split = splitText(text);
    const fields = Object.fromEntries(Object.entries(split.fields).filter(([name]) => !gone.includes(name)));
    return withFields(split, { ...fields, ...more });
  };
  const inside = [
    "# of the whole",
    's: "2024-01-05"   # a date in quotes',
    "n:    0x1F",
    "",
    "list: [ a,b ]",
    "text: |",
    "  two",
    "  lines",
    "map: # nested",
    "  a: 1",
    "last: 'x'",
  ].join("\n");

  test.each<[string, Record<string, unknown>, string[], string, string]>([
    ["a scalar", { n: 5 }, [], "n:    0x1F", "n:    5"],
    ["a scalar with a comment", { s: "new" }, [], '"2024-01-05"   #', "new   #"],
    ["a list", { list: ["c"] }, [], "list: [ a,b ]", "list:\n  - c"],
    ["lines", { text: "one" }, [], "text: |\n  two\n  lines", "text: one"],
    ["a map", { map: { b: 2 } }, [], "map: # nested\n  a: 1", "map:\n  b: 2"],
    ["a new one", { more: "no" }, [], "last: 'x'", "last: 'x'\nmore: \"no\""],
    ["one that goes", {}, ["text"], "text: |\n  two\n  lines\n", ""],
    ["a text that others read as something else", { last: "yes" }, [], "'x'", '"yes"'],
  ])("leaves all others as they are written: %s", (_, more, gone, before, after) => {
    expect(change(yaml(inside), more, gone)).toBe(yaml(inside.replace(before, () => after)));
  });

  test("never makes front matter of what was text", () => {
    const body = "---\nnot fm: x\n---\n";
    const text = change(`---\na: 1\n---\n${body}`, {}, ["a"]);
    expect(splitText(text)).toMatchObject({ fields: {}, body });
    expect(change("---\na: 1\n---\ntext", {}, ["a"])).toBe("text");
  });
});

test("fields whose names the engine has can be filtered by", async () => {
  const engine = await RunningEngine.withWiki();
  await engine.put("a", yaml("id: 7"));
  await engine.put("b", yaml("id: 8"));
  const filter = encodeURIComponent("fields.id = 7");
  const listed = (await engine.call("GET", `${wiki}/documents?filter=${filter}`)).json.documents;
  expect(listed.map(({ id }: { id: string }) => id)).toEqual(["a"]);
});
