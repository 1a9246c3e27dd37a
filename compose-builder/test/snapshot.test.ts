import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { weftkit } from "./command.ts";
import { startEngine } from "./persisting.ts";

const env = { WEFTKIT_ADMIN_TOKEN: "an admin token" };

test("snapshot save and restore", async () => {
  const folder = temporaryFolder();
  const engine = await startEngine({});
  await engine.ask("SET colour green");
  const admin = ["--admin", engine.admin];
  const saved = await weftkit(folder, ["snapshot", "save", "state.wksn", ...admin], env);
  expect(saved).toMatchObject({ code: 0, stderr: "" });
  expect(saved.stdout).toMatch(/^state\.wksn: inmemory as of \d{4}-.*, \d+ bytes/);
  await engine.ask("SET colour red", "SET other 1");
  const restored = await weftkit(folder, ["snapshot", "restore", "state.wksn", ...admin], env);
  expect(restored).toMatchObject({ code: 0, stderr: "" });
  expect(restored.stdout).toMatch(/no client was served for \d+ ms/);
  expect(await engine.ask("GET other", "EXISTS colour")).toEqual(["$-1", ":1"]);

  const damaged = readFileSync(join(folder, "state.wksn"));
  damaged[damaged.length - 40]! ^= 1;
  writeFileSync(join(folder, "damaged.wksn"), damaged);
  const refused = await weftkit(folder, ["snapshot", "restore", "damaged.wksn", ...admin], env);
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain("its checksum is wrong");
});

test("snapshot says what is missing", async () => {
  const folder = temporaryFolder();
  const save = ["snapshot", "save", "state.wksn", "--admin", "http://127.0.0.1:1"];
  expect(await weftkit(folder, save)).toMatchObject({ code: 2 });
  const away = await weftkit(folder, save, env);
  expect(away).toMatchObject({ code: 69 });
  expect(away.stderr).toContain("does not answer");
  const engine = await startEngine({});
  const admin = ["--admin", engine.admin];
  const wrong = await weftkit(folder, [...save.slice(0, 3), ...admin], { WEFTKIT_ADMIN_TOKEN: "other" });
  expect(wrong).toMatchObject({ code: 1 });
  expect(wrong.stderr).toContain("admin token is missing or wrong");
  expect(existsSync(join(folder, "state.wksn"))).toBe(false);
});
