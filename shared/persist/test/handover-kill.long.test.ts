import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "@weftkit/testing/free-ports";
import { randomNumbers } from "@weftkit/testing/random-numbers";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { FunctionServer } from "./function-server.ts";
import { KilledProgram } from "./killed-program.ts";
import { StoreEngine } from "./store-engine.ts";

/** Many more are run by hand: WEFTKIT_KILL_ROUNDS=300. */
const rounds = Number(process.env.WEFTKIT_KILL_ROUNDS ?? 10);
const seed = Number(process.env.WEFTKIT_SEED ?? 1);

test(
  `after ${rounds} kills in the middle of handovers and restores the state is one that was acknowledged (seed ${seed})`,
  async () => {
    const random = randomNumbers(seed);
    const root = temporaryFolder();
    const port = await freePort();
    const store = join(root, "store");
    const url = `http://127.0.0.1:${port}`;
    const server = await KilledProgram.start("function-child.ts", store, String(port));
    let pushed = 0;
    let handedOver = 0;
    for (let round = 0; round < rounds; round++) {
      const volumes = [`old-${round}`, `new-${round}`].map((name) => join(root, name));
      const old = await KilledProgram.start("store-child.ts", volumes[0]!, url, "ask");
      await delay(random() * 400);
      // The other restores, or waits for its place; one of the two is killed at some moment of it, or neither.
      const starting = KilledProgram.start("store-child.ts", volumes[1]!, url, "ask");
      const killOld = random() < 0.4;
      await delay(random() * 2500);
      if (killOld) await old.kill();
      const next = await starting;
      await delay(random() * 300);
      await next.kill();
      if (!killOld && (await Promise.race([old.exited, delay(0, "running")])) === 0) {
        handedOver++;
        // All that it had acknowledged was pushed before it ended.
        pushed = Math.max(pushed, old.written.at(-1) ?? 0);
      }
      await old.kill();
      pushed = Math.max(pushed, old.pushed, next.pushed);
      const remote = await restoreElsewhere(root, store, round);
      expect(remote.check).toBe("ok");
      expect(remote.numbers).toEqual(Array.from({ length: remote.numbers.length }, (_, index) => index + 1));
      expect(remote.numbers.length).toBeGreaterThanOrEqual(pushed);
      for (const volume of volumes) rmSync(volume, { recursive: true, force: true });
    }
    await server.kill();
    expect(pushed).toBeGreaterThan(0);
    process.stdout.write(`${handedOver} of ${rounds} rounds ended in a handover\n`);
  },
  30_000 + rounds * 15_000,
);

async function restoreElsewhere(root: string, store: string, round: number) {
  const copy = join(root, `copy-${round}`);
  // The function may still be at work; what it has not finished yet is not part of the store.
  cpSync(store, copy, { recursive: true, filter: (path) => !path.includes(".weftkit-store.") });
  const server = await FunctionServer.start(copy, { leaseMs: 400 });
  const volume = join(root, `restored-${round}`);
  try {
    const engine = await StoreEngine.start({ dataDir: volume, url: server.url });
    try {
      return { numbers: await engine.numbers(), check: await engine.check() };
    } finally {
      await engine.abandon();
    }
  } finally {
    await server.stop();
    rmSync(copy, { recursive: true });
    rmSync(volume, { recursive: true });
  }
}
