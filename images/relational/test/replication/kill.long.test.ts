import { setTimeout as delay } from "node:timers/promises";
import { patientMs } from "@weftkit/testing/patience";
import { randomIntegers } from "@weftkit/testing/random-numbers";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { EngineProcess } from "../engine-process.ts";
import { WireClient } from "../wire-client.ts";

const rounds = Number(process.env.WEFTKIT_KILL_ROUNDS ?? 8);

/** What a reader of the stream has seen, over all rounds. */
class Reader {
  /** Numbers of whole transactions. */
  readonly seen = new Set<number>();
  #open: number[] = [];
  /** The end of the last transaction that was seen whole, and that it confirms. */
  end = 0n;

  async read(port: number): Promise<void> {
    const wire = await WireClient.start(port, { user: "ann", database: "weftkit", replication: "database" });
    wire.send((writer) => writer.query("START_REPLICATION SLOT s LOGICAL 0/0"));
    for (;;) {
      const messages = await wire.until((message) => message.startsWith("d(") || message.startsWith("E("));
      const last = messages.at(-1)!;
      if (last === "<closed>") return;
      expect(last).toMatch(/^d\(0x/);
      this.#take(wire, Buffer.from(last.slice(4, -1), "hex"));
    }
  }

  #take(wire: WireClient, message: Buffer): void {
    if (message[0] !== 0x77) return;
    const text = message.subarray(25).toString();
    const number = /^table public\.(one|two): INSERT: n\[integer\]:(\d+)$/.exec(text);
    if (text.startsWith("BEGIN")) this.#open = [];
    else if (number !== null) this.#open.push(Number(number[2]));
    else if (text.startsWith("COMMIT") && this.#open.length > 0) {
      const [one, two] = this.#open;
      expect(this.#open).toHaveLength(2);
      expect(two).toBe(one);
      const end = message.readBigUInt64BE(9);
      // What was confirmed before does not come again, nor what is before that.
      this.seen.add(one!);
      if (one! % 7 !== 0) return;
      this.end = end;
      const status = Buffer.alloc(34);
      status.write("r");
      for (const at of [1, 9, 17]) status.writeBigUInt64BE(end, at);
      wire.send((writer) => writer.copyData(status));
    }
  }
}

test(
  "kill -9 while a slot is streamed: what was committed is given whole, and nothing that was not",
  { timeout: patientMs(20_000 + rounds * 8_000) },
  async () => {
    const seed = Number(process.env.WEFTKIT_TEST_SEED ?? Date.now() % 1_000_000);
    const below = randomIntegers(seed);
    const dataDir = temporaryFolder();
    const reader = new Reader();
    const undone = new Set<number>();
    const committed = new Set<number>();
    let next = 1;
    let begins = "";
    for (let round = 0; round <= rounds; round++) {
      const engine = await EngineProcess.start(dataDir);
      const client = await engine.client();
      if (round === 0) {
        await client.query("create table one (n int primary key); create table two (n int primary key)");
        await client.query("select pg_create_logical_replication_slot('s', 'test_decoding')");
        const slot = await client.query("select confirmed_flush_lsn - '0/0' as at from pg_replication_slots");
        begins = slot.rows[0].at;
      }
      const reading = reader.read(engine.port);
      if (round === rounds) {
        const { rows } = await client.query("select n from one");
        const stored = rows.map(({ n }: { n: number }) => n);
        const isThere = () => stored.filter((n) => !reader.seen.has(n));
        await expect.poll(isThere, { timeout: patientMs(20_000) }).toEqual([]);
        expect(
          [...committed].filter((n) => !reader.seen.has(n)),
          `seed ${seed}`,
        ).toEqual([]);
        expect(
          [...reader.seen].filter((n) => undone.has(n) || !stored.includes(n)),
          `seed ${seed}`,
        ).toEqual([]);
        const slot = await client.query("select confirmed_flush_lsn - '0/0' as at from pg_replication_slots");
        // What was confirmed in a round before the last one is written down.
        expect(Number(slot.rows[0].at)).toBeGreaterThan(Number(begins));
        await engine.kill();
        await reading;
        break;
      }
      const write = async () => {
        for (;;) {
          const n = next++;
          try {
            await client.query("begin");
            await client.query("insert into one values ($1)", [n]);
            await client.query("insert into two values ($1)", [n]);
            const isUndone = n % 5 === 0;
            if (isUndone) undone.add(n);
            await client.query(isUndone ? "rollback" : "commit");
            if (!isUndone) committed.add(n);
          } catch {
            // The engine was killed.
            return;
          }
        }
      };
      const writing = write();
      await delay(200 + below(800));
      await engine.kill();
      await Promise.all([writing, reading]);
    }
    expect(committed.size).toBeGreaterThan(rounds);
    expect(reader.end).toBeGreaterThan(0n);
  },
);
