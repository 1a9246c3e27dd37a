import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { patientMs } from "@weftkit/testing/patience";
import { randomNumbers } from "@weftkit/testing/random-numbers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CountingEngine } from "./counting-engine.ts";
import { type Fate, FunctionServer } from "./function-server.ts";

/** More, and others, are run by hand: WEFTKIT_MODEL_SEEDS=1000. */
const seeds = Number(process.env.WEFTKIT_MODEL_SEEDS ?? 4);
const stepsPerSeed = 40;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const patienceMs = patientMs(1500);
/** Longer than a busy machine keeps a process waiting: a lease that runs out by that is a takeover, as it should be. */
const leaseMs = patientMs(500);

let root: string;
let server: FunctionServer;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "persist-model-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/**
 * What must be true, kept beside the real thing: a write that was acknowledged is on its volume; a push that was
 * acknowledged is remote; the chain is one line of numbers without a gap.
 */
class Model {
  /** Everything up to here was acknowledged on the volume that is in use. */
  onVolume = 0;
  /** Everything up to here was pushed, for certain; and may have been, as the answer was lost. */
  pushed = 0;
  perhapsPushed = 0;

  wrote(number: number): void {
    this.onVolume = Math.max(this.onVolume, number);
  }

  triedToPush(isConfirmed: boolean): void {
    this.perhapsPushed = Math.max(this.perhapsPushed, this.onVolume);
    if (isConfirmed) this.pushed = Math.max(this.pushed, this.onVolume);
  }

  /** The volume is gone; what came back is what counts from here on. */
  restored(numbers: readonly number[]): void {
    expect(numbers).toEqual(upTo(numbers.length));
    expect(numbers.length).toBeGreaterThanOrEqual(this.pushed);
    expect(numbers.length).toBeLessThanOrEqual(this.perhapsPushed);
    this.onVolume = numbers.length;
    this.pushed = numbers.length;
    this.perhapsPushed = numbers.length;
  }

  reopened(numbers: readonly number[]): void {
    expect(numbers).toEqual(upTo(this.onVolume));
  }
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

test.each(Array.from({ length: seeds }, (_, index) => index + 1))(
  "whatever fails, nothing acknowledged is lost and the chain stays whole (seed %i)",
  async (seed) => {
    const random = randomNumbers(seed);
    const choose = <T>(...options: readonly T[]): T => options[Math.floor(random() * options.length)]!;
    server = await FunctionServer.start(join(root, "store"), { leaseMs });
    const model = new Model();
    let volume = 0;
    let faults = 0;
    let copies = 0;
    server.fate = (): Fate => {
      if (random() >= faults) return "served";
      return choose<Fate>("request lost", "reply lost", "unavailable", "served twice");
    };
    const isConsistent = seed % 2 === 0;
    const config = {
      prefer: isConsistent ? ("consistency" as const) : ("availability" as const),
      ...(seed % 3 === 0 && { encryption_key: "a passphrase of some length" }),
    };
    const start = (name = `volume-${volume}`) =>
      // A volume that is empty waits for as long as the network lets it down; the test does not.
      CountingEngine.start({
        dataDir: join(root, name),
        url: server.url,
        config,
        signal: AbortSignal.timeout(patienceMs),
      });

    /** Starts, however often the network lets it down on the way. */
    const startAtLast = async (): Promise<CountingEngine> => {
      for (let attempt = 0; ; attempt++) {
        try {
          return await start();
        } catch (error) {
          if (attempt === 8) faults = 0;
          if (attempt === 12) throw error;
        }
      }
    };
    let engine = await startAtLast();
    const crash = async () => {
      const fate = server.fate;
      server.fate = () => "request lost";
      await engine.persistence.abandon();
      server.fate = fate;
    };
    /** The network and the clock are well again, and a lease that a wrong clock gave was renewed. */
    const settled = async () => {
      faults = 0;
      server.clockOffsetMs = 0;
      await new Promise((resolve) => setTimeout(resolve, leaseMs));
    };
    const steps: Record<string, () => Promise<unknown>> = {
      write: async () => {
        for (let count = Math.ceil(random() * 5); count > 0; count--) model.wrote(engine.write());
      },
      push: async () => {
        await engine.persistence.flush().then(
          () => model.triedToPush(true),
          () => model.triedToPush(false),
        );
      },
      rewrite: () => engine.log.rewrite(),
      "change the network": async () => {
        faults = choose(0, 0, 0.05, 0.3, 1);
      },
      "change the clock": async () => {
        // A function that is days ahead of its store takes what was just sent for old: pushes fail then, and nothing else.
        server.clockOffsetMs = choose(0, hourMs, -hourMs, 3 * dayMs, -3 * dayMs);
      },
      "crash and keep the volume": async () => {
        await crash();
        engine = await startAtLast();
        model.reopened(engine.log.numbers());
      },
      "crash while pushing": async () => {
        const pushing = engine.persistence.flush().catch(() => {});
        const before = join(root, `volume-${volume}`);
        const after = join(root, `volume-${volume + 1}`);
        // The volume as it is at some moment of the push; the process that pushes is never heard of again.
        await new Promise((resolve) => setTimeout(resolve, random() * 30));
        cpSync(before, after, { recursive: true, errorOnExist: false });
        model.triedToPush(false);
        server.fate = () => "request lost";
        await pushing;
        await engine.persistence.abandon();
        server.fate = (): Fate => (random() >= faults ? "served" : choose("request lost", "reply lost"));
        volume++;
        engine = await startAtLast();
        model.reopened(engine.log.numbers());
      },
      "lose the volume": async () => {
        await crash();
        volume++;
        engine = await startAtLast();
        model.restored(engine.log.numbers());
      },
      "stop and lose the volume": async () => {
        await engine.stop().then(
          () => model.triedToPush(true),
          () => model.triedToPush(false),
        );
        volume++;
        engine = await startAtLast();
        model.restored(engine.log.numbers());
      },
      "another takes over": async () => {
        // The first has the lease for certain, so that it cannot take it back.
        await settled();
        await engine.persistence.flush();
        model.triedToPush(true);
        // The second waits until the lease has run out, because the first does not get through to renew it.
        const { fate } = server;
        server.fate = (_, { headers }) =>
          Number(headers["x-weftkit-epoch"]) > 0 ? "request lost" : "served";
        volume++;
        const other = await startAtLast().finally(() => {
          server.fate = fate;
        });
        const old = engine;
        engine = other;
        // It may not know yet that it has lost its place; it knows that its lease has run out.
        expect(old.log.gate!.isOpen).toBe(!isConsistent);
        model.restored(other.log.numbers());
        old.write();
        await expect(old.persistence.flush()).rejects.toMatchObject({ code: "fenced" });
        await old.persistence.abandon();
      },
    };
    steps["copy the volume while it runs"] = async () => {
      await settled();
      await engine.persistence.flush();
      model.triedToPush(true);
      const { epoch } = engine.persistence.status();
      cpSync(join(root, `volume-${volume}`), join(root, `copy-${seed}-${copies}`), { recursive: true });
      const copy = CountingEngine.start({
        dataDir: join(root, `copy-${seed}-${copies++}`),
        url: server.url,
        config,
        signal: AbortSignal.timeout(500),
      });
      await expect(copy).rejects.toThrow();
      await engine.persistence.flush();
      expect(engine.persistence.status().epoch).toBe(epoch);
      await expect.poll(() => engine.persistence.status().leaseHeld).toBe(true);
    };
    const names = Object.keys(steps);
    const done: string[] = [];
    try {
      for (let step = 0; step < stepsPerSeed; step++) {
        // Every second step writes or pushes; faults come in between.
        const name = step % 2 === 0 ? choose("write", "push") : choose(...names);
        done.push(name);
        await steps[name]!();
      }
      faults = 0;
      server.clockOffsetMs = 0;
      await engine.stop();
      model.triedToPush(true);
      volume++;
      engine = await start();
      model.restored(engine.log.numbers());
      await engine.stop();
    } catch (error) {
      throw new Error(`after ${done.join(", ")}: ${(error as Error).message}`, { cause: error });
    } finally {
      await engine.persistence.abandon();
      await server.stop();
    }
  },
  patientMs(60_000),
);
