import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FunctionServer } from "./function-server.ts";
import { randomNumbers } from "./random-numbers.ts";
import { StoreEngine } from "./store-engine.ts";

/** Many more are run by hand: WEFTKIT_KILL_ROUNDS=500. */
const rounds = Number(process.env.WEFTKIT_KILL_ROUNDS ?? 30);
/** Decides when who is killed; a failing run says it. */
const seed = Number(process.env.WEFTKIT_SEED ?? 1);

let root: string;
const children = new Set<Child>();
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "persist-kill-"));
});
afterEach(async () => {
  for (const child of children) await child.kill();
  rmSync(root, { recursive: true, force: true });
});

/** A child process, and what it has said. */
class Child {
  readonly #process: ChildProcess;
  readonly #exited: Promise<unknown>;
  written = 0;
  pushed = 0;
  fenced: string | undefined;
  readonly ready: Promise<void>;
  errors = "";

  constructor(script: string, ...args: string[]) {
    children.add(this);
    const ready = Promise.withResolvers<void>();
    this.ready = ready.promise;
    this.#process = spawn(
      process.execPath,
      [...process.execArgv, join(import.meta.dirname, script), ...args],
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
      if (what === "w") this.written = Number(value);
      if (what === "p") this.pushed = Number(value);
      if (what === "fenced") this.fenced = line;
    });
    this.#exited.then(() => ready.reject(new Error(`${script} ended before it served: ${this.errors}`)));
    this.ready.catch(() => {});
  }

  /** kill -9, at any moment. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#exited;
    children.delete(this);
  }
}

test(
  `after ${rounds} kills at random moments nothing pushed is missing remotely and nothing acknowledged on the volume (seed ${seed})`,
  async () => {
    const random = randomNumbers(seed);
    const port = await freePort();
    const store = join(root, "store");
    const volume = join(root, "volume");
    let server = new Child("function-child.ts", store, String(port));
    await server.ready;
    let [acknowledged, pushed] = [0, 0];
    for (let round = 0; round < rounds; round++) {
      const engine = new Child("store-child.ts", volume, `http://127.0.0.1:${port}`);
      await engine.ready;
      await delay(random() * 700);
      if (random() < 0.3) {
        await server.kill();
        await delay(random() * 200);
        if (random() < 0.5) {
          server = new Child("function-child.ts", store, String(port));
          await server.ready;
          await delay(random() * 300);
        }
      }
      await engine.kill();
      expect(engine.fenced).toBeUndefined();
      acknowledged = Math.max(acknowledged, engine.written);
      pushed = Math.max(pushed, engine.pushed);

      // From the remote alone: whole, and not older than the last push that was confirmed.
      const remote = await restoreElsewhere(store, `restored-${round}`);
      expect(remote.check).toBe("ok");
      expect(remote.numbers).toEqual(Array.from({ length: remote.numbers.length }, (_, index) => index + 1));
      expect(remote.numbers.length).toBeGreaterThanOrEqual(pushed);

      if (!children.has(server)) {
        server = new Child("function-child.ts", store, String(port));
        await server.ready;
      }
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
