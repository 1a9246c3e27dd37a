import { join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { faults, startWriting } from "./acknowledged.ts";
import { openForTest } from "./open-for-test.ts";

const rounds = Number(process.env.WEFTKIT_KILL_ROUNDS ?? 10);
/** A round ends after so many acknowledged writes, at random. */
const writesMax = 600;

test(
  `nothing acknowledged is lost by ${rounds} kills in the middle of writing`,
  { timeout: rounds * 10_000 },
  async () => {
    const file = join(temporaryFolder(), "test.db");
    const acknowledged: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const writing = startWriting(file, round * 1_000_000);
      const until = 1 + Math.floor(Math.random() * writesMax);
      writing.onLine = () => {
        if (writing.acknowledged.length >= until) writing.process.kill("SIGKILL");
      };
      await writing.ended;
      expect(writing.acknowledged.length).toBeGreaterThanOrEqual(until);
      acknowledged.push(...writing.acknowledged);
      // Every second round leaves the log as the kill left it, for the next child to recover.
      if (round % 2 === 0) continue;
      const { store } = await openForTest({ file });
      expect(await faults(store, acknowledged)).toEqual([]);
      await store.close();
    }
    const { store } = await openForTest({ file });
    expect(await faults(store, acknowledged)).toEqual([]);
  },
);
