import { patientMs } from "@weftkit/testing/patience";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, onTestFinished, test } from "vitest";
import { explain, type Pair, play } from "./oracle/differential.ts";
import { isOracleMissing, RedisServer } from "./oracle/redis-server.ts";
import { makeSteps } from "./oracle/workload.ts";
import { RunningEngine } from "./running-engine.ts";

/** Commands in all runs together. */
const COMMANDS = Number(process.env.WEFTKIT_TEST_ORACLE_COMMANDS ?? 200_000);
const RUNS = 8;
/** Another one than 1 makes new runs. */
const FIRST_SEED = Number(process.env.WEFTKIT_TEST_ORACLE_SEED ?? 1);

async function startPair(): Promise<Pair> {
  const engine = await RunningEngine.start({ inmemory: { enable_debug_command: true, appendfsync: "no" } });
  const real = await RedisServer.start(temporaryFolder());
  onTestFinished(() => real.stop());
  return { enginePort: engine.port, realPort: real.port, version: real.version };
}

test.skipIf(isOracleMissing).for(Array.from({ length: RUNS }, (_, index) => FIRST_SEED + index))(
  "random commands have the same replies and effects as on a real Redis (seed %i)",
  { timeout: patientMs(30_000 + COMMANDS / 10) },
  async (seed) => {
    const pair = await startPair();
    const steps = makeSteps(seed, Math.ceil(COMMANDS / RUNS), pair.version);
    const difference = await play(pair, steps);
    if (difference !== undefined) expect.fail(await explain(pair, seed, steps, difference));
  },
);
