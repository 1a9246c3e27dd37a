import { patientMs } from "@weftkit/testing/patience";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { runSuite } from "./suite.ts";

/** The folder `tck` of openCypher's repository. Not in this one: set the variable to run it. */
const folder = process.env.WEFTKIT_TCK;

test.skipIf(folder === undefined)(
  "the openCypher TCK (WEFTKIT_TCK names its folder; skipped without)",
  { timeout: patientMs(120_000) },
  async () => {
    const { total, misses } = await runSuite(folder!, temporaryFolder());
    expect(misses.map(({ feature, scenario, why }) => `${feature} ${scenario}: ${why}`)).toEqual([]);
    expect(total).toBeGreaterThan(3800);
  },
);
