import { join } from "node:path";
import { Program } from "@weftkit/testing/program";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { openForTest } from "./open-for-test.ts";

const rounds = Number(process.env.WEFTKIT_KILL_ROUNDS ?? 10);
const acknowledgedMax = 300;
const consumers = ["a", "b", "c"];

test(
  `three consumers see every commit, in order and none that was not, over ${rounds} kills`,
  { timeout: 30_000 + rounds * 10_000 },
  async () => {
    const file = join(temporaryFolder(), "test.db");
    const acknowledged = new Set<number>();
    /** The batches of each consumer, as they came, and where each run of the process begins. */
    const batches = new Map(consumers.map((name) => [name, [] as string[]]));
    for (let round = 0; round < rounds; round++) {
      const child = new Program(join(import.meta.dirname, "changing-child.ts"), {
        args: [file, String(1 + round * 1_000_000)],
      });
      const until = 1 + Math.floor(Math.random() * acknowledgedMax);
      let count = 0;
      child.onLine((line) => {
        const [what, name, ...numbers] = line.split(" ");
        if (what === "c") batches.get(name!)!.push(numbers.join(" "));
        if (what !== "w") return;
        acknowledged.add(Number(name));
        if (++count >= until) child.child.kill("SIGKILL");
      });
      await child.exited;
      expect(count, child.errors).toBeGreaterThanOrEqual(until);
    }
    const { store, changes } = await openForTest({ file });
    const committed = new Set(
      await store.read((db) => db.prepare("SELECT id FROM note").pluck().all() as number[]),
    );
    expect([...acknowledged].filter((number) => !committed.has(number))).toEqual([]);
    for (const { name, position } of await changes.consumers()) {
      const came = batches.get(name)!;
      // What was committed and not seen before the last kill is still kept.
      for (let at = position; ; ) {
        const more = await changes.read(at);
        if (more.length === 0) break;
        at = more.at(-1)!.position;
        for (const batch of more) {
          came.push(batch.changes.map(({ key }) => Buffer.from(key).toString()).join(" "));
        }
      }
      const firsts = [...new Set(came)];
      const numbers = firsts.flatMap((batch) => batch.split(" ").map(Number));
      expect(numbers.filter((number) => !committed.has(number))).toEqual([]);
      expect([...committed].filter((number) => !numbers.includes(number))).toEqual([]);
      // A batch may come again, and then those after it do, too: in order, seen from any of them.
      const places = new Map(firsts.map((batch, place) => [batch, place]));
      let before = -1;
      for (const batch of came) {
        const place = places.get(batch)!;
        expect(place).toBeLessThanOrEqual(before + 1);
        before = place;
      }
    }
    // All three saw the same order.
    const [a, ...others] = consumers.map((name) => [...new Set(batches.get(name))].join(","));
    for (const other of others) expect(other === a).toBe(true);
  },
);
