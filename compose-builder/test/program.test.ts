import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { weftkit } from "./command.ts";

test("without arguments it shows the help, with the exit codes", async () => {
  const { code, stdout } = await weftkit(temporaryFolder(), []);
  expect(code).toBe(0);
  for (const word of ["compose", "up", "config", "doctor", "Exit codes:"]) expect(stdout).toContain(word);
});

test("an unknown command names the nearest and exits with 2", async () => {
  const { code, stderr } = await weftkit(temporaryFolder(), ["compse"]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^Error: unknown command 'compse'/);
  expect(stderr).toContain("compose");
});

test("config check accepts a valid file", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "weftkit.toml"), "[inmemory]\nport = 6380\n");
  const { code, stdout } = await weftkit(folder, ["config", "check"]);
  expect(code).toBe(0);
  expect(stdout).toContain("weftkit.toml");
});

test("config check reports every mistake with its place, and exits with 78", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "bad.toml"), '[inmemory]\nprt = 6380\nappendfsync = "often"\n');
  const { code, stderr } = await weftkit(folder, ["config", "check", "--config", "bad.toml"]);
  expect(code).toBe(78);
  expect(stderr).toContain("bad.toml:2");
  expect(stderr).toContain("bad.toml:3");
});

test("config print shows what holds and who said so, but no secret", async () => {
  const env = { WEFTKIT_PORT: "7000", WEFTKIT_PASSWORD: "correct horse" };
  const { code, stdout } = await weftkit(temporaryFolder(), ["config", "print", "--engine", "inmemory"], env);
  expect(code).toBe(0);
  expect(stdout).toMatch(/port = 7_?000\s+# WEFTKIT_PORT/);
  expect(stdout).not.toContain("correct horse");
});

test("config schema is JSON Schema", async () => {
  const { stdout } = await weftkit(temporaryFolder(), ["config", "schema"]);
  expect(JSON.parse(stdout)).toHaveProperty("properties.inmemory.properties.port");
});

test("doctor --json says what it found, and a folder that cannot be written is a failure", async () => {
  const folder = temporaryFolder();
  const fine = await weftkit(folder, ["doctor", "--json"]);
  expect(fine.code).toBe(0);
  const checks = JSON.parse(fine.stdout).map(({ check }: { check: string }) => check);
  expect(checks).toEqual(
    expect.arrayContaining(["node", "docker engine", "docker compose", "port 6379", "data folder", "memory"]),
  );
  writeFileSync(join(folder, "file"), "");
  const failed = await weftkit(folder, ["doctor", "--data-dir", "file/state"]);
  expect(failed.code).toBe(1);
  expect(failed.stdout).toMatch(/fail {2}data folder/);
});
