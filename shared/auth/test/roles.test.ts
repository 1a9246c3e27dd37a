import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { matchesGlob } from "../src/glob.ts";
import { builtInRoles, contextOf, type Role } from "../src/roles.ts";
import { readRolesFile } from "../src/roles-file.ts";
import { actions } from "../src/security-context.ts";

function granted(...roles: string[]) {
  const context = contextOf(
    "u",
    roles.map((name) => builtInRoles.get(name)!),
  );
  return actions.filter((action) => context.can(action)).join(" ");
}

const custom = (allow: string[], deny: string[] = []) => contextOf("u", [{ name: "custom", allow, deny }]);

describe("roles", () => {
  test.each([
    [["superuser"], "connect read write schema admin"],
    [["read_write"], "connect read write"],
    [["write"], "connect read write"],
    [["read_only"], "connect read"],
    [["read"], "connect read"],
    [["schema_admin"], "connect read schema"],
    [["read", "schema_admin", "write"], "connect read write schema"],
    [["no_access"], ""],
    [["superuser", "no_access"], ""],
    [[], ""],
  ])("%j may %s", (roles, expected) => expect(granted(...roles)).toBe(expected));

  test("synonyms are shown by the name they stand for", () => {
    expect(contextOf("u", [builtInRoles.get("read")!, builtInRoles.get("read_only")!]).roles).toEqual([
      "read_only",
    ]);
  });

  test("a pattern limits a grant to the objects it matches", () => {
    const context = custom(["read:orders*", "write:orders?2024"]);
    expect(context.can("read", "orders_old")).toBe(true);
    expect(context.can("read", "customers")).toBe(false);
    expect(context.can("write", "orders-2024")).toBe(true);
    expect(context.can("write", "orders")).toBe(false);
    expect(context.can("admin", "orders")).toBe(false);
  });

  test("a denial wins, whichever role grants", () => {
    const deny: Role = { name: "no_salaries", allow: [], deny: ["read:salaries*", "write"] };
    const context = contextOf("u", [builtInRoles.get("superuser")!, deny]);
    expect(context.can("read", "orders")).toBe(true);
    expect(context.can("read", "salaries_2024")).toBe(false);
    expect(context.can("write", "orders")).toBe(false);
    expect(context.can("admin")).toBe(true);
  });

  test("the scope of an action tells whether asking object by object can ever help", () => {
    const context = custom(["read", "write:orders*", "connect"], ["read:salaries", "connect"]);
    expect(actions.map((action) => context.scope(action))).toEqual(["none", "some", "some", "none", "none"]);
    expect(contextOf("u", [builtInRoles.get("read_write")!]).scope("write")).toBe("all");
  });

  test("without an object the question is about all of them", () => {
    expect(custom(["read"], ["read:salaries"]).can("read")).toBe(false);
    expect(custom(["read:orders"]).can("read")).toBe(false);
    expect(custom(["read", "read:orders"]).can("read")).toBe(true);
  });
});

test.each([
  ["*", "", true],
  ["*", "anything", true],
  ["a*c", "abbc", true],
  ["a*c", "abbd", false],
  ["a*b*c", "a-b-b-c", true],
  ["?", "", false],
  ["a?c", "abc", true],
  ["a.c", "abc", false],
  ["", "", true],
  ["a", "ab", false],
])("the pattern %j and %j: %s", (pattern, text, expected) =>
  expect(matchesGlob(pattern, text)).toBe(expected),
);

describe("the roles file", () => {
  const write = (content: string) => {
    const folder = mkdtempSync(join(tmpdir(), "weftkit-roles-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "roles.yaml");
    writeFileSync(path, content);
    return path;
  };

  test("adds roles to the built-in ones", async () => {
    const roles = await readRolesFile(
      write('- name: reporting\n  allow: [connect, read]\n  deny: ["read:salaries*"]\n'),
    );
    expect(roles.get("reporting")).toEqual({
      name: "reporting",
      allow: ["connect", "read"],
      deny: ["read:salaries*"],
    });
    expect(roles.has("superuser")).toBe(true);
  });

  test("reports every mistake with its line", async () => {
    const path = write(
      [
        "- name: superuser",
        "- allow: [raed, 'write:']",
        "  denny: []",
        "- name: x",
        "- name: x",
        "  deny: read",
      ].join("\n"),
    );
    const error = await readRolesFile(path).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    const { mistakes } = error as { mistakes: { where: string; message: string }[] };
    expect(mistakes.map(({ where, message }) => `${where.replace(path, "yaml")}: ${message}`)).toEqual([
      "yaml:1: the role superuser is built in; give yours another name",
      "yaml:2: unknown key denny; a role has name, allow and deny",
      "yaml:2: the role has no name",
      expect.stringMatching(/^yaml:2: allow: "raed" .*did you mean read\?$/),
      expect.stringMatching(/^yaml:2: allow: "write:" must be/),
      "yaml:5: the role x is listed twice",
      "yaml:5: deny must be a list",
    ]);
  });

  test("that is no list, no YAML or not there is a mistake", async () => {
    await expect(readRolesFile(write("name: x"))).rejects.toThrow(/must be a list of roles/);
    await expect(readRolesFile(write("- [\n"))).rejects.toThrow(/roles.yaml:\d+: /);
    await expect(readRolesFile("/nowhere.yaml")).rejects.toThrow(/ENOENT/);
  });
});
