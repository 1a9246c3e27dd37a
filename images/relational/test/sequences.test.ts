import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

test.each(["increment 2", "increment -3"])(
  "a sequence with %s goes on after a restart where it was",
  async (step) => {
    const dataDir = temporaryFolder();
    const first = await RunningEngine.start({ dataDir });
    const before = await first.client();
    await before.query(`create sequence s ${step}`);
    const given: bigint[] = [];
    for (let i = 0; i < 5; i++)
      given.push(BigInt((await before.query("select nextval('s') as n")).rows[0].n));
    await before.end();
    await first.image.stop();
    const after = await (await RunningEngine.start({ dataDir })).client();
    const next = BigInt((await after.query("select nextval('s') as n")).rows[0].n);
    expect(next - given[4]!).toBe(given[4]! - given[3]!);
  },
);
