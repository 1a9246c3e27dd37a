import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { bundle } from "../bundle.mjs";

const folder = mkdtempSync(join(tmpdir(), "weftkit-bundle-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a bundled program finds the worker threads of shared libraries beside itself", async () => {
  const entries = [
    "scripts/test/bundled-program.ts",
    "shared/persist/src/pages/pages-worker.ts",
    "shared/store/src/wal/maintenance-worker.ts",
  ];
  await bundle(join(import.meta.dirname, "..", ".."), entries, folder);
  const program = [join(folder, "bundled-program.mjs"), folder];
  const { stdout } = await promisify(execFile)(process.execPath, program, { cwd: folder });
  expect(stdout).toBe("captured a base of 1 push\n");
});
