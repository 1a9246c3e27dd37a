import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sectionNames } from "../src/draft.ts";
import { longName } from "../src/read-variables.ts";
import { schema } from "../src/schema.ts";

test("no two keys share a variable", () => {
  const names = sectionNames.flatMap((section) =>
    Object.entries(schema[section].keys).flatMap(
      ([key, { kind, variables = [] }]: [string, { kind: string; variables?: readonly string[] }]) => {
        const all = [...new Set([longName(section, key), ...variables])];
        return kind === "secret" ? [...all, ...all.map((name) => `${name}_FILE`)] : all;
      },
    ),
  );
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

test("every key is documented in whole sentences", () => {
  for (const section of sectionNames) {
    for (const [name, key] of Object.entries(schema[section].keys)) {
      expect(key.doc, `${section}.${name}`).toMatch(/[.)]$/);
    }
  }
});

test("docs/ is not stale", () => {
  const root = join(import.meta.dirname, "..", "..", "..");
  const docs = spawnSync(process.execPath, ["scripts/docs.mjs", "--check"], { cwd: root, encoding: "utf8" });
  expect(docs.stderr).toBe("");
  expect(docs.status).toBe(0);
});
