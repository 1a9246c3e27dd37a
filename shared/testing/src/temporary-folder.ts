import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** An empty folder of the test's own, removed when it has finished, after the programs that it started later. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "weftkit-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
