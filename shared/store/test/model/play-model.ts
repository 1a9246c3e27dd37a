import { openForTest } from "../open-for-test.ts";
import { emptyTally, playInterleaving, type Tally } from "./interleaving.ts";
import { itemTable } from "./toy-engine.ts";

/**
 * Plays so many scripts, a quarter of them with a journal so short that transactions keep the writer. The first seed is
 * printed, or given in WEFTKIT_TEST_SEED.
 */
export async function playModel(file: string, scripts: number): Promise<Tally> {
  const first = Number(process.env.WEFTKIT_TEST_SEED ?? Date.now() % 1_000_000_000);
  console.log(`the model begins at WEFTKIT_TEST_SEED=${first}`);
  const tally = emptyTally();
  const open = async (name: string, changesMax: number) => {
    const { store } = await openForTest({
      file: `${file}-${name}`,
      migrations: [itemTable],
      walFsync: false,
      deadlockTimeoutMs: 2,
      journalLimits: { changesMax, bytesMax: 1 << 20 },
    });
    return { store, changesMax };
  };
  const [long, short] = [await open("long", 1000), await open("short", 3)];
  for (let script = 0; script < scripts; script++) {
    const seed = first + script;
    const { store, changesMax } = seed % 4 === 0 ? short : long;
    await playInterleaving(store, changesMax, seed, tally);
  }
  console.log(JSON.stringify(tally));
  return tally;
}
