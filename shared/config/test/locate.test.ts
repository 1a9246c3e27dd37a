import { expect, test } from "vitest";
import { lineOf, locate } from "../src/locate.ts";

test("finds every key, past everything that a value may span", () => {
  const lines = locate(
    [
      "# a comment with = and [brackets]",
      'top.dotted = """',
      "[not.a.table]",
      'x = 1"""',
      "[server] # comment",
      "list = [ # ]",
      "  \"]\", '[',",
      "]",
      'inline = { a = 1, b = "}" }',
      'escaped = "a\\"b # c"',
      "\"quoted key\" = '''x'''",
      "[[auth.users]]",
      "name = 1",
      "[[auth.users]]",
      "[auth.users.more]",
      "k = 2",
    ].join("\r\n"),
  );
  expect(Object.fromEntries(lines)).toEqual({
    "top.dotted": 2,
    server: 5,
    "server.list": 6,
    "server.inline": 9,
    "server.escaped": 10,
    "server.quoted key": 11,
    "auth.users": 12,
    "auth.users.0": 12,
    "auth.users.0.name": 13,
    "auth.users.1": 14,
    "auth.users.more": 15,
    "auth.users.more.k": 16,
  });
  expect(lineOf(lines, "server.inline.a")).toBe(9);
  expect(lineOf(lines, "nowhere.at.all")).toBeUndefined();
});
