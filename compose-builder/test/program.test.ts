import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startImage } from "@weftkit/host";
import { InmemoryEngine } from "@weftkit/inmemory";
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

const pushing = {
  WEFTKIT_PERSIST_MODE: "serverless",
  WEFTKIT_PERSIST_URL: "https://state.example.com",
  WEFTKIT_PERSIST_SECRET: "0123456789abcdef",
  WEFTKIT_AUTH: "none",
};

test.each([
  [{ WEFTKIT_PERSIST_SCHEDULE: "often" }, "persist.schedule"],
  [{ WEFTKIT_PERSIST_RETENTION: "for ever" }, "persist.retention"],
  [{ WEFTKIT_PERSIST_RESTORE_AT: "yesterday" }, "persist.restore_at"],
  [{ WEFTKIT_PERSIST_REPLICA: "a/b" }, "persist.replica"],
  [{ WEFTKIT_PERSIST_NAMESPACE: "a/b" }, "persist.replica"],
  [{ WEFTKIT_PERSIST_ENCRYPTION_KEY: "short" }, "persist.encryption_key"],
  [{ WEFTKIT_PERSIST_URL: "http://state.example.com" }, "persist.url"],
  [{ WEFTKIT_AUTH: "password" }, "no user is configured"],
  [{ WEFTKIT_PORT: "9464" }, "both 9464"],
  [{ WEFTKIT_ADMIN_PORT: "6379" }, "both 6379"],
  [{ WEFTKIT_BIND: "300.1.1.1" }, "server.bind"],
  [{ WEFTKIT_ADMIN_BIND: "all of them" }, "server.admin_bind"],
  [{ WEFTKIT_INMEMORY_NOTIFY_KEYSPACE_EVENTS: "Kq" }, "letters of"],
])("config check refuses what the image refuses: %j", async (variables, message) => {
  const folder = temporaryFolder();
  const env = { ...pushing, ...variables };
  const { code, stderr } = await weftkit(folder, ["config", "check", "--image", "inmemory"], env);
  expect({ code, stderr }).toEqual({ code: 78, stderr: expect.stringContaining(message) });
  const image = { name: "inmemory", version: "0", create: () => new InmemoryEngine() } as const;
  await expect(startImage(image, { env: { ...env, WEFTKIT_DATA_DIR: folder } })).rejects.toThrow(message);
});

test("config check reads the users and roles that the file names", async () => {
  const folder = temporaryFolder();
  const user = '[[auth.users]]\nusername = "ann"\npassword = "secret of ann"\nroles = ["writer"]\n';
  writeFileSync(join(folder, "weftkit.toml"), user);
  const { code, stderr } = await weftkit(folder, ["config", "check"]);
  expect(code).toBe(78);
  expect(stderr).toContain("writer");
});

test("config print shows what holds and who said so, but no secret", async () => {
  const env = { WEFTKIT_PORT: "7000", WEFTKIT_PASSWORD: "correct horse" };
  const { code, stdout } = await weftkit(temporaryFolder(), ["config", "print", "--image", "inmemory"], env);
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
