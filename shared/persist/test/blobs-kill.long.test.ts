import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { randomNumbers } from "@weftkit/testing/random-numbers";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { contentOf } from "./blob-contents.ts";
import { BlobEngine } from "./blob-engine.ts";
import { FunctionServer } from "./function-server.ts";
import { KilledProgram } from "./killed-program.ts";

/** Many more are run by hand: WEFTKIT_KILL_ROUNDS=500. */
const rounds = Number(process.env.WEFTKIT_KILL_ROUNDS ?? 8);
/** Decides when who is killed; a failing run says it. */
const seed = Number(process.env.WEFTKIT_SEED ?? 1);
const limits = { leaseMs: 400, partBytesMax: 8192 };

let root: string;
let server: FunctionServer;
beforeEach(async () => {
  root = temporaryFolder();
  server = await FunctionServer.start(join(root, "store"), limits);
  // After the programs were killed, and before the folder is removed.
  onTestFinished(() => server.stop());
});

type Files = ReadonlyMap<string, Buffer>;

/** What a write leaves under its name: nothing, where it removes. */
const outcomeOf = (write: number) => (write % 11 === 5 ? undefined : contentOf(write));

/** Every name must have what one of these writes has left, or what it had before where none of them is certain. */
function expectFiles(
  found: Files,
  before: Files,
  certain: readonly number[],
  possible: readonly number[],
): void {
  for (let file = 0; file < 20; file++) {
    const name = `file ${file}`;
    const last = Math.max(0, ...certain.filter((write) => write % 20 === file));
    const later = possible.filter((write) => write % 20 === file && write > last);
    const outcomes = [last === 0 ? before.get(name) : outcomeOf(last), ...later.map(outcomeOf)];
    expect(outcomes, name).toContainEqual(found.get(name));
  }
}

test(
  `after ${rounds} kills at random moments every file has the content it was acknowledged or pushed with (seed ${seed})`,
  async () => {
    const random = randomNumbers(seed);
    const volume = join(root, "volume");
    let first = 1;
    let before: Files = new Map();
    for (let round = 0; round < rounds; round++) {
      const engine = await KilledProgram.start("blob-child.ts", volume, server.url, String(first));
      await delay(100 + random() * 900);
      const isAway = random() < 0.3;
      if (isAway) {
        server.fate = () => "unavailable";
        await delay(random() * 300);
      }
      await engine.kill();
      server.fate = () => "served";
      expect(engine.fenced).toBeUndefined();
      const { written, pushed } = engine;
      const begun = Math.max(first, ...written) + 6;
      const possible = Array.from({ length: begun - first }, (_, index) => first + index);

      // From the function alone: whole, and not older than the last push that was confirmed.
      const copy = join(root, `copy-${round}`);
      cpSync(server.folder, copy, { recursive: true, filter: (path) => !path.includes(".weftkit-store.") });
      const remote = await FunctionServer.start(copy, limits);
      const certain = written.filter((write) => write <= pushed);
      expectFiles(await filesOf(join(root, `restored-${round}`), remote.url), before, certain, possible);
      await remote.stop();
      rmSync(copy, { recursive: true });
      rmSync(join(root, `restored-${round}`), { recursive: true });

      // Now and then the volume goes as well: then what was not pushed is gone, and only that.
      const isLost = random() < 0.25;
      if (isLost) rmSync(volume, { recursive: true });
      const kept = await filesOf(volume, server.url);
      expectFiles(kept, before, isLost ? certain : written, possible);
      before = kept;
      first = Math.ceil(begun / 60) * 60 + 1;
    }
    expect(first).toBeGreaterThan(rounds * 10);
  },
  30_000 + rounds * 15_000,
);

/** What an engine holds after it has started on a volume; it pushes everything and gives the lease back. */
async function filesOf(dataDir: string, url: string): Promise<Files> {
  const engine = await BlobEngine.start({ dataDir, url });
  try {
    return await engine.contents();
  } finally {
    await engine.stop();
  }
}
