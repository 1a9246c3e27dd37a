import { randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { createModelTable, ModelRun } from "./model-run.ts";
import { RunningEngine } from "./running-engine.ts";

const requests = Number(process.env.WEFTKIT_MODEL_REQUESTS ?? 400);
const seed = Number(process.env.WEFTKIT_MODEL_SEED ?? randomInt(2 ** 31));

test(
  `${requests} random requests give what a naive model gives (seed ${seed})`,
  { timeout: 60_000 + requests * 100 },
  async () => {
    const client = (await RunningEngine.start()).client();
    await createModelTable(client);
    await expect(new ModelRun(client, seed).run(requests), `seed ${seed}`).resolves.toBeUndefined();
  },
);
