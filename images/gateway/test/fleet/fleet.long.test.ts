// All eight engines behind one address, found by discovery; each is killed under its driver's writes, and comes back elsewhere.
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type EngineName, engineNames } from "@weftkit/config";
import { EngineProgram } from "@weftkit/testing/engine-program";
import { freePort } from "@weftkit/testing/free-ports";
import { patientMs } from "@weftkit/testing/patience";
import { Program } from "@weftkit/testing/program";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, onTestFinished, test, vi } from "vitest";
import { DoneTwice, type Workload, workloads } from "./workloads.ts";

const images = join(import.meta.dirname, "..", "..", "..");
/** Acknowledged writes that are waited for, of every engine at its time. */
const writes = 10;
const paceMs = 20;

const common = { WEFTKIT_BIND: "127.0.0.1", WEFTKIT_ADMIN_PORT: "0", WEFTKIT_AUTH: "none" };

async function startDiscovery(): Promise<string> {
  const port = await freePort();
  const program = new Program(join(images, "discovery", "src", "main.ts"), {
    env: { ...common, WEFTKIT_DISCOVERY_PORT: String(port), WEFTKIT_DISCOVERY_DNS: "false" },
  });
  await program.logged("ready");
  return `http://127.0.0.1:${port}`;
}

/** @returns the port that all engines share, and how many backends are known */
async function startGateway(discovery: string) {
  const program = new Program(join(images, "gateway", "src", "main.ts"), {
    env: {
      ...common,
      WEFTKIT_GATEWAY_PORT: "0",
      WEFTKIT_GATEWAY_BACKENDS: "discovery:fleet",
      WEFTKIT_GATEWAY_ACCESS_LOG: "false",
      WEFTKIT_DISCOVERY_CLIENT_URLS: discovery,
      WEFTKIT_DISCOVERY_CLIENT_REGISTER: "false",
    },
  });
  const { adminPort } = await program.logged<{ adminPort: number }>("ready");
  const status = async () => {
    const answer = await fetch(`http://127.0.0.1:${adminPort}/v1/status`);
    return ((await answer.json()) as { service: { ports: { shared: number }; backends: object[] } }).service;
  };
  return { port: (await status()).ports.shared, backends: async () => (await status()).backends.length };
}

/** A client that writes number after number, and what it was told of each. */
class Writer {
  readonly acknowledged: number[] = [];
  /** Not acknowledged: they may be there or not. */
  readonly failed: number[] = [];
  readonly doneTwice: number[] = [];
  lastError: unknown;
  #last = 0;
  #isOver = false;
  readonly #workload: Workload;
  readonly #running: Promise<void>;

  constructor(workload: Workload) {
    this.#workload = workload;
    this.#running = this.#run();
    onTestFinished(async () => {
      this.#isOver = true;
      await workload.close();
    });
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const n = ++this.#last;
      try {
        await this.#workload.write(n);
        this.acknowledged.push(n);
      } catch (error) {
        if (error instanceof DoneTwice) this.doneTwice.push(n);
        this.failed.push(n);
        this.lastError = error;
      }
      await pause(paceMs);
    }
  }

  /** Resolves when `count` more are acknowledged. */
  async writes(count: number): Promise<void> {
    const enough = this.acknowledged.length + count;
    await vi.waitFor(
      () => {
        if (this.acknowledged.length < enough)
          throw new Error("writes are not acknowledged", { cause: this.lastError });
      },
      { timeout: patientMs(30_000), interval: 20 },
    );
  }

  /** @returns all that is there, once it writes no more */
  async end(): Promise<number[]> {
    this.#isOver = true;
    await this.#running;
    return this.#workload.written(this.#last);
  }
}

test(
  "each of eight engines is killed under load and comes back elsewhere: nothing acknowledged is lost, nothing is done twice, and nobody else fails",
  { timeout: 300_000 },
  async () => {
    const discovery = await startDiscovery();
    const folders = new Map(engineNames.map((name) => [name, temporaryFolder()]));
    const start = (name: EngineName) =>
      new EngineProgram(join(images, name, "src", "main.ts"), folders.get(name)!, {
        WEFTKIT_SERVER_NAME: `${name}-0`,
        WEFTKIT_DISCOVERY_CLIENT_URLS: discovery,
        WEFTKIT_DISCOVERY_CLIENT_GROUPS: "fleet",
      }).ready();
    const engines = await Promise.all(engineNames.map(start));
    const gateway = await startGateway(discovery);
    await vi.waitFor(async () => expect(await gateway.backends()).toBe(engineNames.length), {
      timeout: patientMs(10_000),
      interval: 20,
    });
    const writers = await Promise.all(
      engineNames.map(async (name) => new Writer(await workloads[name](gateway.port))),
    );
    await Promise.all(writers.map((writer) => writer.writes(writes)));

    for (const [index, name] of engineNames.entries()) {
      const before = writers.map(({ failed }) => failed.length);
      const [writer, engine] = [writers[index]!, engines[index]!];
      await engine.kill();
      // The others go on while it is away.
      await Promise.all(writers.map((other) => other !== writer && other.writes(writes)));
      engines[index] = await start(name);
      await writer.writes(writes);
      const others = engineNames.filter((_, at) => at !== index && writers[at]!.failed.length > before[at]!);
      expect(others, `failed while ${name} was away`).toEqual([]);
    }

    for (const [index, name] of engineNames.entries()) {
      const writer = writers[index]!;
      const found = await writer.end();
      const there = new Set(found);
      expect(writer.doneTwice, name).toEqual([]);
      expect(
        found.filter((n, at) => found.indexOf(n) !== at),
        `${name}: done twice`,
      ).toEqual([]);
      expect(
        writer.acknowledged.filter((n) => !there.has(n)),
        `${name}: lost`,
      ).toEqual([]);
      const sent = new Set([...writer.acknowledged, ...writer.failed]);
      expect(
        found.filter((n) => !sent.has(n)),
        name,
      ).toEqual([]);
      expect(writer.acknowledged.length, name).toBeGreaterThan(writes * engineNames.length);
    }
  },
);
