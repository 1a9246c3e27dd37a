import { join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { playModel } from "./model/play-model.ts";

const scripts = Number(process.env.WEFTKIT_MODEL_SCRIPTS ?? 2000);

test(
  `${scripts} random interleavings of transactions end as the reference says`,
  { timeout: 60_000 + scripts * 100 },
  async () => {
    const tally = await playModel(join(temporaryFolder(), "model.db"), scripts);
    expect(tally.scripts).toBe(scripts);
    // They reach what they are for.
    for (const code of ["write_conflict", "lock_not_available", "lock_timeout", "canceled", "duplicate"]) {
      expect(tally.errors[code], code).toBeGreaterThan(0);
    }
    expect(tally.deadlocks).toBeGreaterThan(0);
  },
);
