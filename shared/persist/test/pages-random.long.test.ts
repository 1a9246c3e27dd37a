import { randomBytes } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { Snapshot } from "@weftkit/store";
import { Checkpointer } from "@weftkit/store/wal";
import { patientMs } from "@weftkit/testing/patience";
import { randomNumbers } from "@weftkit/testing/random-numbers";
import { afterEach, expect, test } from "vitest";
import { PagesChain } from "./pages-chain.ts";

/** Steps of one history; WEFTKIT_RANDOM_STEPS makes them longer, WEFTKIT_RANDOM_SEED tries others. */
const steps = Number(process.env.WEFTKIT_RANDOM_STEPS ?? 60);
const firstSeed = Number(process.env.WEFTKIT_RANDOM_SEED ?? 1);

/** A history of random writes, captures, readers, checkpoints, restarts and crashes. */
class History {
  readonly chain: PagesChain;
  readonly #random: () => number;
  #reader: Snapshot | undefined;
  /** What was done, for the message of a failure. */
  readonly done: string[] = [];

  constructor(seed: number) {
    this.#random = randomNumbers(seed);
    // Small, so that a history has several seals.
    this.chain = new PagesChain({ sealBytes: 1 << 20 });
  }

  async open(): Promise<void> {
    await this.chain.open();
    await this.chain.store.exclusively(async (writer) => {
      writer.exec("PRAGMA auto_vacuum = INCREMENTAL; VACUUM");
    });
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  async step(): Promise<void> {
    const roll = this.#random();
    if (roll < 0.55) await this.write();
    else if (roll < 0.85) await this.capture();
    else if (roll < 0.92) await this.toggleReader();
    else if (roll < 0.94) await this.checkpointFromElsewhere();
    else if (roll < 0.97) await this.restart();
    else await this.crash();
  }

  async write(): Promise<void> {
    const [kind, id, count, bytes] = [this.below(12), this.below(3000), this.below(120), this.below(9000)];
    this.done.push(`write ${kind}`);
    if (kind === 0) {
      await this.chain.store.exclusively(async (writer) => {
        writer.exec("VACUUM");
      });
      return;
    }
    await this.chain.store.write((db) => {
      if (kind <= 5) {
        const insert = db.prepare("INSERT OR REPLACE INTO item VALUES (?, ?, ?)");
        for (let row = 0; row < count; row++) insert.run(id + row, `name ${bytes + row}`, randomBytes(bytes));
      } else if (kind <= 7) {
        db.prepare("UPDATE item SET name = name || ? WHERE id BETWEEN ? AND ?").run("!", id, id + count);
      } else if (kind <= 9) {
        db.prepare("DELETE FROM item WHERE id BETWEEN ? AND ?").run(id, id + count * 5);
      } else if (kind === 10) {
        // Grows and shrinks in one transaction, and leaves pages that no frame was written for.
        db.exec("CREATE TABLE short (body)");
        const insert = db.prepare("INSERT INTO short VALUES (?)");
        for (let row = 0; row < count; row++) insert.run(randomBytes(bytes));
        db.exec("DROP TABLE short");
      }
      if (kind >= 8) db.pragma(`incremental_vacuum(${this.below(400)})`);
    });
  }

  async capture(): Promise<void> {
    const { chain } = this;
    chain.time += this.below(3_600_000);
    const capture = await chain.begin();
    const { seq } = chain;
    const copy = chain.copy();
    const [isAbandoned, count] = [this.#random() < 0.25, this.below(4)];
    this.done.push(`capture ${seq + 1} ${capture.piece?.kind} writes ${count} abandoned ${isAbandoned}`);
    const writes: Promise<void>[] = [];
    for (let write = 0; write < count; write++) writes.push(this.write());
    // They are committed by now, unless the capture holds the writers back.
    for (let turn = 0; turn < 4; turn++) await setImmediate();
    if (isAbandoned) await capture.abandon();
    else await capture.keep();
    await Promise.all(writes);
    if (!isAbandoned) expect(await chain.differenceFrom(copy), this.done.join("\n")).toBe("");
  }

  /** A reader of an old state keeps checkpoints from ending. */
  async toggleReader(): Promise<void> {
    this.done.push("reader");
    if (this.#reader === undefined) {
      this.#reader = await this.chain.store.snapshot();
      await this.#reader.read((db) => db.prepare("SELECT count(*) FROM item").get());
    } else {
      this.#reader.release();
      this.#reader = undefined;
    }
  }

  /** Somebody else wants to move the log into the database; the pins keep what is not captured. */
  async checkpointFromElsewhere(): Promise<void> {
    this.done.push("foreign checkpoint");
    const other = new Checkpointer(this.chain.file);
    other.passive();
    other.close();
  }

  /** With a last capture, or without one. */
  async restart(): Promise<void> {
    const isFinal = this.#random() < 0.6;
    this.done.push(`restart ${isFinal}`);
    this.#endReader();
    await this.chain.store.close();
    this.chain.stream.detach();
    if (isFinal) await this.chain.capture({ final: true });
    await this.chain.stream.close();
    await this.chain.open();
  }

  async crash(): Promise<void> {
    this.done.push("crash");
    this.#endReader();
    await this.chain.crash();
    await this.chain.open();
  }

  #endReader(): void {
    this.#reader?.release();
    this.#reader = undefined;
  }
}

let history: History;
afterEach(() => history.chain.remove());

test.each([0, 1, 2, 3].map((offset) => firstSeed + offset))(
  "whatever happens in history %i, the pieces lead to the state of each capture",
  { timeout: patientMs(600_000) },
  async (seed) => {
    history = new History(seed);
    await history.open();
    for (let step = 0; step < steps; step++) await history.step();
    await history.capture();
    await history.chain.close();
    // Where the log was lost or replaced, a base is due; in a history of ours the log and the notes are always there.
    expect(history.chain.remarks).toEqual([]);
  },
);
