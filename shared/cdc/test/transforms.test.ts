import { expect, test } from "vitest";
import { Filters } from "../src/filters.ts";
import { readFieldRule, Transforms } from "../src/transforms.ts";

test("fields are dropped, masked and renamed in their namespaces, and nothing else changes", () => {
  const transforms = new Transforms([
    readFieldRule("drop", "public.users:password"),
    readFieldRule("mask", "*:address.street"),
    readFieldRule("rename", "public.*:mail=email"),
  ]);
  const row =
    '{"id":9007199254740993,"password":"x","mail":"a@b","address":{"street":"y","zip":1.10},"n":null}';
  expect(transforms.apply("public.users", row)).toBe(
    '{"id":9007199254740993,"email":"a@b","address":{"street":"****","zip":1.10},"n":null}',
  );
  expect(transforms.apply("other", row)).toBe(
    '{"id":9007199254740993,"password":"x","mail":"a@b","address":{"street":"****","zip":1.10},"n":null}',
  );
});

test("a list on the way means each of its elements, and null stays null", () => {
  const transforms = new Transforms([readFieldRule("mask", "items.card")]);
  expect(transforms.apply("orders", '{"items":[{"card":1},{"card":null},3]}')).toBe(
    '{"items":[{"card":"****"},{"card":null},3]}',
  );
});

test.each([
  ["drop", "a:b:c"],
  ["drop", "a=b"],
  ["rename", "a"],
  ["rename", "a=b.c"],
] as const)("%s %j is no rule", (kind, text) => expect(() => readFieldRule(kind, text)).toThrow(/is not/));

test("only the namespaces and kinds of changes that were asked for are sent", () => {
  const filters = new Filters(["public.*", "a+b"], ["insert"]);
  const wants = (namespace: string, op: "insert" | "delete" = "insert") =>
    filters.wants({ namespace, op, key: Buffer.alloc(0), format: "json" });
  expect(wants("public.users")).toBe(true);
  expect(wants("public.users", "delete")).toBe(false);
  expect(wants("publicXusers")).toBe(false);
  expect(wants("a+b")).toBe(true);
});
