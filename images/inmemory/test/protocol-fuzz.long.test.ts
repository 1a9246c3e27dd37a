import { patientMs } from "@weftkit/testing/patience";
import { expect, test } from "vitest";
import { fuzz } from "../fuzz/parser.ts";

test("200,000 mutated requests break no rule of the parser", { timeout: patientMs(60_000) }, () => {
  const { requests, refused } = fuzz({ cases: 200_000, seed: 1 });
  // Enough of both kinds came through for the rules to mean something.
  expect(requests).toBeGreaterThan(100_000);
  expect(refused).toBeGreaterThan(50_000);
});
