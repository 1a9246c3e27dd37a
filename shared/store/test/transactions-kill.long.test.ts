import { join } from "node:path";
import { Program } from "@weftkit/testing/program";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { notes, openForTest } from "./open-for-test.ts";

const rounds = Number(process.env.WEFTKIT_KILL_ROUNDS ?? 20);
const acknowledgedMax = 150;
const notesPerTransaction = 4;

test(
  `${rounds} kills among eight open transactions: what was committed is whole, and nothing else is there`,
  { timeout: 30_000 + rounds * 10_000 },
  async () => {
    const file = join(temporaryFolder(), "test.db");
    const acknowledged = new Set<number>();
    for (let round = 0; round < rounds; round++) {
      const child = new Program(join(import.meta.dirname, "open-transactions-child.ts"), {
        args: [file, String(round * 1_000_000)],
      });
      const until = 1 + Math.floor(Math.random() * acknowledgedMax);
      let count = 0;
      child.onLine((line) => {
        acknowledged.add(Number(line));
        if (++count >= until) child.child.kill("SIGKILL");
      });
      await child.exited;
      expect(count, child.output).toBeGreaterThanOrEqual(until);
      const { store } = await openForTest({ file });
      const found = new Map<number, number>();
      for (const body of await notes(store)) {
        const number = Number.parseInt(body, 10);
        found.set(number, (found.get(number) ?? 0) + 1);
      }
      const faults = [
        ...[...acknowledged].filter((number) => !found.has(number)).map((number) => `${number} is lost`),
        ...[...found]
          .filter(([, parts]) => parts !== notesPerTransaction)
          .map(([number, parts]) => `${number} has ${parts} parts`),
        ...[...found.keys()]
          .filter((number) => number % 4 === 3)
          .map((number) => `${number} was rolled back`),
      ];
      expect(faults).toEqual([]);
      expect(await store.read((db) => db.pragma("integrity_check", { simple: true }))).toBe("ok");
      await store.close();
    }
  },
);
