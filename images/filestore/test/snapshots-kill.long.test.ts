import { setTimeout as delay } from "node:timers/promises";
import { randomIntegers } from "@weftkit/testing/random-numbers";
import { adminToken, restoreSnapshot, takeSnapshot } from "@weftkit/testing/snapshots";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { EngineProcess } from "./engine-process.ts";

const rounds = 25;
const names = ["small", "middle", "large"];

const environment = { WEFTKIT_ADMIN_TOKEN: adminToken };

function bodyOf(state: string, name: string): string {
  return `${state} ${name} `.repeat({ small: 1, middle: 8000, large: 60_000 }[name]!);
}

async function write({ url }: EngineProcess, state: string): Promise<void> {
  expect((await fetch(`${url}/kept`, { method: "PUT" })).ok).toBe(true);
  for (const name of names) {
    const response = await fetch(`${url}/kept/${name}`, { method: "PUT", body: bodyOf(state, name) });
    expect(response.ok, await response.text()).toBe(true);
  }
}

/** Which of the states the engine has: one of them, whole. */
async function stateOf({ url }: EngineProcess): Promise<string> {
  const found = await Promise.all(names.map(async (name) => (await fetch(`${url}/kept/${name}`)).text()));
  const state = found[0]!.split(" ")[0]!;
  expect(found).toEqual(names.map((name) => bodyOf(state, name)));
  return state;
}

test(
  "kill -9 at any moment of a restore leaves the one state or the other",
  { timeout: 480_000 },
  async () => {
    const seed = Date.now();
    const below = randomIntegers(seed);
    const dataDir = temporaryFolder();
    const files: Buffer[] = [];
    for (const state of ["A", "B"]) {
      await using source = await EngineProcess.start(temporaryFolder(), environment);
      await write(source, state);
      files.push(await takeSnapshot(source));
    }
    for (let round = 0; round < rounds; round++) {
      await using engine = await EngineProcess.start(dataDir, environment);
      if (round > 0) expect(["A", "B"], `seed ${seed}`).toContain(await stateOf(engine));
      await restoreSnapshot(engine, files[0]!);
      const restoring = (async () => {
        for (let turn = 1; ; turn++) await restoreSnapshot(engine, files[turn % 2]!);
      })().catch(() => {});
      await delay(below(300));
      await engine.kill();
      await restoring;
    }
  },
);
