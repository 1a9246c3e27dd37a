import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { contentOf } from "./blob-contents.ts";
import { BlobEngine } from "./blob-engine.ts";
import { FunctionServer } from "./function-server.ts";
import { randomNumbers } from "./random-numbers.ts";

/** Many more are run by hand: WEFTKIT_KILL_ROUNDS=500. */
const rounds = Number(process.env.WEFTKIT_KILL_ROUNDS ?? 8);
/** Decides when who is killed; a failing run says it. */
const seed = Number(process.env.WEFTKIT_SEED ?? 1);
const limits = { leaseMs: 400, partBytesMax: 8192 };

let root: string;
let server: FunctionServer;
const children = new Set<Child>();
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "blobs-kill-"));
  server = await FunctionServer.start(join(root, "store"), limits);
});
afterEach(async () => {
  for (const child of children) await child.kill();
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});

/** The engine as a process, and what it has said. */
class Child {
  readonly #process: ChildProcess;
  readonly #exited: Promise<unknown>;
  /** Writes that were acknowledged, and the last one that was part of a confirmed push. */
  readonly written: number[] = [];
  pushed = 0;
  fenced: string | undefined;
  errors = "";
  readonly ready: Promise<void>;

  constructor(...args: string[]) {
    children.add(this);
    const ready = Promise.withResolvers<void>();
    this.ready = ready.promise;
    this.#process = spawn(
      process.execPath,
      [...process.execArgv, join(import.meta.dirname, "blob-child.ts"), ...args],
      {
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    this.#exited = once(this.#process, "exit");
    this.#process.stderr!.on("data", (text) => {
      this.errors += text;
    });
    createInterface(this.#process.stdout!).on("line", (line) => {
      const [what, value] = line.split(" ");
      if (what === "ready") ready.resolve();
      if (what === "w") this.written.push(Number(value));
      if (what === "p") this.pushed = Number(value);
      if (what === "fenced") this.fenced = line;
    });
    this.#exited.then(() => ready.reject(new Error(`the engine ended before it served: ${this.errors}`)));
    this.ready.catch(() => {});
  }

  /** kill -9, at any moment. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#exited;
    children.delete(this);
  }
}

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
      const engine = new Child(volume, server.url, String(first));
      await engine.ready;
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
