import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createLogger } from "@weftkit/observe";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, onTestFinished, test } from "vitest";
import { Backends, fileSource, readBackendList, readBackendsFile } from "../src/index.ts";

function file(content: string): string {
  const path = join(temporaryFolder(), "backends.toml");
  writeFileSync(path, content);
  return path;
}

test("a file of strings, and one of tables", () => {
  expect(readBackendsFile(file('backends = ["relational=db1:5432", "inmemory=cache"]'))).toMatchObject([
    { host: "db1" },
    { host: "cache", port: 6379 },
  ]);
  const tables = `
[[backends]]
target = "relational/orders"
groups = ["reports"]
address = "db1:5432"
role = "replica"
name = "orders-2"
tls = true
`;
  expect(readBackendsFile(file(tables))).toMatchObject([
    { id: "orders-2", groups: ["orders", "reports"], role: "replica", tls: true },
  ]);
});

test("every mistake is told at once, with its line", () => {
  const path = file(`
[[backends]]
target = "relational"

[[backends]]
target = "relational"
address = "db1:5432"
wieght = 2

[[backends]]
target = "relational"
address = "db1:5432"
`);
  expect(() => readBackendsFile(path)).toThrow(
    new RegExp(
      [
        "3 mistakes",
        `${path}:8: backends\\.1\\.wieght: unknown key; did you mean weight\\?`,
        `${path}:2: a backend needs target and address`,
        `${path}:10: the backend relational@db1:5432 is listed twice`,
      ].join("[^]*"),
    ),
  );
  expect(() => readBackendsFile("/nowhere.toml")).toThrow(/cannot read the file: ENOENT/);
  expect(() => readBackendsFile(file("backends = ["))).toThrow(/1 mistake/);
  expect(() => readBackendsFile(file('backens = ["x"]'))).toThrow(/unknown key backens/);
  expect(() => readBackendList(["a", "b=c"], "gateway.backends")).toThrow(/2 mistakes/);
});

test("one server in two groups is one backend", () => {
  expect(readBackendList(["relational/a=db:1", "relational/b=db:1"], "x")).toMatchObject([
    { groups: ["a", "b"] },
  ]);
});

test("a file is followed; one that cannot be used leaves what was there", async () => {
  const path = file('backends = ["relational=db1:5432"]');
  const failed = Promise.withResolvers<void>();
  const stream = { write: (line: string) => line.includes("cannot be used") && failed.resolve() };
  const log = createLogger({ level: "info", image: "test", stream: stream as { write(line: string): void } });
  const backends = new Backends({ sources: [fileSource(path, log, 5)], log });
  await backends.open();
  onTestFinished(() => backends.close());
  const changed = Promise.withResolvers<void>();
  backends.onChange(() => changed.resolve());
  writeFileSync(path, 'backends = ["relational=db2:5432"]');
  await changed.promise;
  expect(backends.table.backends).toMatchObject([{ host: "db2" }]);
  writeFileSync(path, 'backends = ["nothing"]');
  await failed.promise;
  expect(backends.table.backends).toMatchObject([{ host: "db2" }]);
});
