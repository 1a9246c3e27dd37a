import { readFileSync } from "node:fs";
import { join } from "node:path";
import { patientMs } from "@weftkit/testing/patience";
import { expect, test } from "vitest";
import { kernelModule } from "../kernel/build.mjs";

test("the kernel in the tree is the one that its source makes", { timeout: patientMs(60_000) }, async () => {
  const text = readFileSync(join(import.meta.dirname, "../src/index/kernel-binary.ts"), "utf8");
  expect(await kernelModule()).toBe(text);
});
