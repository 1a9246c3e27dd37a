// Adds up what the steps of .ci/run left behind: <folder>/<step>.code holds each one's exit code, <step>.json what
// vitest counted. Failed tests are named again at the end, where a long output is read first. A step that failed without a failed test (a build, a type error) counts as one failure, so that
// the numbers never look better than the run was.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [folder, ...testSteps] = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };

for (const file of readdirSync(folder).filter((name) => name.endsWith(".code"))) {
  const step = file.slice(0, -".code".length);
  const counted = read(`${step}.json`);
  total.passed += counted?.numPassedTests ?? 0;
  total.failed += counted?.numFailedTests ?? 0;
  total.skipped += (counted?.numPendingTests ?? 0) + (counted?.numTodoTests ?? 0);
  for (const { assertionResults } of counted?.testResults ?? [])
    for (const { status, fullName, failureMessages } of assertionResults ?? [])
      if (status === "failed")
        console.log(`${step}: ${fullName}\n${failureMessages?.join("\n").slice(0, 2_000)}`);
  const wasGood = readFileSync(join(folder, file), "utf8").trim() === "0";
  const ranNothing = testSteps.includes(step) && !(counted?.numPassedTests > 0);
  if ((!wasGood || ranNothing) && !(counted?.numFailedTests > 0)) {
    console.log(`${step} failed${ranNothing ? ": no test passed" : ""}`);
    total.failed++;
  }
}

console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 ? 1 : 0;

function read(name) {
  const path = join(folder, name);
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
}
