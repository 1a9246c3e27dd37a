import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RunningEngine } from "../running-engine.ts";
import { type Outcome, runFile } from "./run-file.ts";

/**
 * The unified tests of mongodb/specifications, which are not kept here: WEFTKIT_MONGODB_SPECIFICATIONS names a folder with that
 * repository. WEFTKIT_MONGODB_REPORT names a file for the outcomes.
 */
const folder = process.env.WEFTKIT_MONGODB_SPECIFICATIONS;

const suites = [
  "change-streams/tests/unified",
  "collection-management/tests",
  "command-logging-and-monitoring/tests/monitoring",
  "crud/tests/unified",
  "index-management/tests",
  "retryable-reads/tests/unified",
  "retryable-writes/tests/unified",
  "sessions/tests",
  "transactions/tests/unified",
  "transactions-convenient-api/tests/unified",
];

test.skipIf(folder === undefined)(
  "passes the unified tests of MongoDB's specifications (skipped where WEFTKIT_MONGODB_SPECIFICATIONS is not set)",
  { timeout: 3_600_000 },
  async () => {
    const engine = await RunningEngine.start({ document: { fail_points: true } });
    const uri = `mongodb://127.0.0.1:${engine.port}/?replicaSet=rs0&heartbeatFrequencyMS=500&serverSelectionTimeoutMS=5000`;
    const outcomes: (Outcome & { suite: string; file: string })[] = [];
    for (const suite of suites) {
      for (const file of globSync(`${suite}/*.json`, { cwd: join(folder!, "source") }).sort()) {
        for (const outcome of await runFile(uri, readFileSync(join(folder!, "source", file), "utf8"))) {
          outcomes.push({ suite, file, ...outcome });
        }
      }
    }
    if (process.env.WEFTKIT_MONGODB_REPORT !== undefined) {
      writeFileSync(process.env.WEFTKIT_MONGODB_REPORT, JSON.stringify(outcomes, null, 1));
    }
    const ran = outcomes.filter(({ state }) => state === "passed" || state === "failed");
    const failed = ran.filter(({ state }) => state === "failed");
    expect(
      failed.length / ran.length,
      failed.map(({ file, name, reason }) => `${file}: ${name}: ${reason}`).join("\n"),
    ).toBeLessThan(0.02);
  },
);
