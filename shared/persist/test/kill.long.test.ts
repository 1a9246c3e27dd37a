import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "@weftkit/testing/free-ports";
import { randomNumbers } from "@weftkit/testing/random-numbers";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { beforeEach, expect, test } from "vitest";
import { FunctionServer } from "./function-server.ts";
import { KilledProgram } from "./killed-program.ts";
import { StoreEngine } from "./store-engine.ts";

/** Many more are run by hand: WEFTKIT_KILL_ROUNDS=500. */
const rounds = Number(process.env.WEFTKIT_KILL_ROUNDS ?? 30);
/** Decides when who is killed; a failing run says it. */
const seed = Number(process.env.WEFTKIT_SEED ?? 1);

let root: string;
beforeEach(() => {
  root = temporaryFolder();
});

test(
  `after ${rounds} kills at random moments nothing pushed is missing remotely and nothing acknowledged on the volume (seed ${seed})`,
  async () => {
    const random = randomNumbers(seed);
    const port = await freePort();
    const store = join(root, "store");
    const volume = join(root, "volume");
    const startFunction = () => KilledProgram.start("function-child.ts", store, String(port));
    /** Undefined after it was killed. */
    let server: KilledProgram | undefined = await startFunction();
    let [acknowledged, pushed] = [0, 0];
    for (let round = 0; round < rounds; round++) {
      const engine = await KilledProgram.start("store-child.ts", volume, `http://127.0.0.1:${port}`);
      await delay(random() * 700);
      if (random() < 0.3) {
        await server.kill();
        server = undefined;
        await delay(random() * 200);
        if (random() < 0.5) {
          server = await startFunction();
          await delay(random() * 300);
        }
      }
      await engine.kill();
      expect(engine.fenced).toBeUndefined();
      acknowledged = Math.max(acknowledged, engine.written.at(-1) ?? 0);
      pushed = Math.max(pushed, engine.pushed);

      // From the remote alone: whole, and not older than the last push that was confirmed.
      const remote = await restoreElsewhere(store, `restored-${round}`);
      expect(remote.check).toBe("ok");
      expect(remote.numbers).toEqual(Array.from({ length: remote.numbers.length }, (_, index) => index + 1));
      expect(remote.numbers.length).toBeGreaterThanOrEqual(pushed);

      server ??= await startFunction();
      // Now and then the volume goes as well: then what was not pushed is gone, and only that.
      if (random() < 0.2) {
        rmSync(volume, { recursive: true });
        acknowledged = remote.numbers.length;
        continue;
      }
      const kept = await numbersOf(volume, `http://127.0.0.1:${port}`);
      expect(kept.check).toBe("ok");
      expect(kept.numbers.length).toBeGreaterThanOrEqual(acknowledged);
      acknowledged = kept.numbers.length;
      pushed = Math.max(pushed, kept.numbers.length);
    }
    expect(acknowledged).toBeGreaterThan(rounds);
  },
  30_000 + rounds * 10_000,
);

/** Restores a copy of what the function has, in a folder of its own. */
async function restoreElsewhere(store: string, name: string) {
  const copy = join(root, `${name}-store`);
  // The function may still be at work; what it has not finished yet is not part of the store.
  cpSync(store, copy, { recursive: true, filter: (path) => !path.includes(".weftkit-store.") });
  const server = await FunctionServer.start(copy, { leaseMs: 400 });
  const volume = join(root, name);
  try {
    return await numbersOf(volume, server.url);
  } finally {
    await server.stop();
    rmSync(copy, { recursive: true });
    rmSync(volume, { recursive: true });
  }
}

/** What an engine holds after it has started on a volume; it pushes everything and gives the lease back. */
async function numbersOf(dataDir: string, url: string) {
  const engine = await StoreEngine.start({ dataDir, url });
  try {
    return { numbers: await engine.numbers(), check: await engine.check() };
  } finally {
    await engine.stop();
  }
}
