import { join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { playModel } from "./model/play-model.ts";

const scripts = 200;

test(`${scripts} random interleavings of transactions end as the reference says`, async () => {
  const tally = await playModel(join(temporaryFolder(), "model.db"), scripts);
  expect(tally.scripts).toBe(scripts);
  expect(tally.blocked).toBeGreaterThan(0);
});
