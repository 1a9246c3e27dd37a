import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { loadConfig } from "@weftkit/config";
import { Deadline, type WeftkitError } from "@weftkit/core";
import { createLogger, createMetrics, ReadinessRegistry, type Registry } from "@weftkit/observe";
import type { LeaseGate } from "../src/engine/lease-gate.ts";
import {
  type AcknowledgeGate,
  type LogSource,
  LogStream,
  openPersistence,
  type Persistence,
} from "../src/index.ts";
import { testKey } from "./function-server.ts";

/** A log of the numbers 1, 2, 3, one a line: enough of a database to see whether one is missing. */
class CountingLog implements LogSource {
  readonly #folder: string;
  appendedBytes = 0;
  #rewrites = 0;

  constructor(dataDir: string) {
    this.#folder = join(dataDir, "numbers");
  }

  numbers(): number[] {
    return this.files()
      .flatMap(({ path }) => readFileSync(path, "utf8").split("\n"))
      .filter((line) => line !== "")
      .map(Number);
  }

  append(number: number): void {
    mkdirSync(this.#folder, { recursive: true });
    const file = openSync(join(this.#folder, "segment"), "a");
    this.appendedBytes += writeSync(file, `${number}\n`);
    fsyncSync(file);
    closeSync(file);
  }

  /** Makes all that was written so far a base, as a rewrite does. */
  async rewrite(): Promise<void> {
    if (await this.isEmpty()) return;
    const text = this.numbers().join("\n");
    const file = openSync(join(this.#folder, "base.new"), "w");
    writeSync(file, text === "" ? "" : `${text}\n`);
    closeSync(file);
    await rename(join(this.#folder, "base.new"), join(this.#folder, "base"));
    await rm(join(this.#folder, "segment"), { force: true });
    this.#rewrites++;
  }

  async isEmpty(): Promise<boolean> {
    return !existsSync(this.#folder);
  }

  files() {
    return (["base", "segment"] as const)
      .map((type) => ({ id: `${type}-${this.#rewrites}`, type, path: join(this.#folder, type), bytes: 0 }))
      .filter(({ path }) => existsSync(path))
      .map((file) => ({ ...file, bytes: statSync(file.path).size }));
  }

  async sync(): Promise<void> {}

  /** Set by the persistence: whether what was written may be acknowledged. */
  gate: AcknowledgeGate | undefined;
  guard(gate: AcknowledgeGate): void {
    this.gate = gate;
  }

  async prepareRestore(): Promise<string> {
    await rm(`${this.#folder}.new`, { recursive: true, force: true });
    await mkdir(`${this.#folder}.new`, { recursive: true });
    return join(`${this.#folder}.new`, "base");
  }

  async install(): Promise<void> {
    await rename(`${this.#folder}.new`, this.#folder);
  }

  async park(folder: string): Promise<void> {
    await rename(this.#folder, join(folder, "numbers"));
  }
}

export interface CountingOptions {
  readonly dataDir: string;
  readonly url: string;
  readonly config?: Partial<PersistConfig>;
  readonly signal?: AbortSignal;
  /** Pushes and captures also by itself, as an engine that is open does. */
  readonly isScheduled?: boolean;
  /** Renews its lease in a thread, which takes a moment to start. */
  readonly isThreaded?: boolean;
}

type PersistConfig = Parameters<typeof openPersistence>[0]["config"];

/** `[persist]` with where to push, and some changes. */
export function persistConfig(url: string, changes: Partial<PersistConfig> = {}): PersistConfig {
  // A schedule that does not come while a test runs: tests push when they want to.
  // Leases are short, and a machine that is busy outlives them: only where that is tested they keep writes back.
  const place = { replica: "0", handover: "wait", prefer: "availability" };
  const given = { mode: "serverless", url, secret: testKey.secret, schedule: "0 0 1 1 *", ...place };
  const values = { persist: { ...given, ...changes } };
  return loadConfig({ env: {}, file: false, values }).config.persist;
}

/** An engine whose whole state is a log of numbers, with the persistence of a real one. */
export class CountingEngine {
  readonly log: CountingLog;
  readonly persistence: Persistence;
  readonly fenced: Promise<WeftkitError>;
  /** Resolves when another engine is to take its place. */
  readonly handedOver: Promise<void>;
  #next: number;

  readonly #stream: LogStream;
  readonly #observed: { readonly metrics: Registry; readonly readiness: ReadinessRegistry };

  private constructor(
    log: CountingLog,
    stream: LogStream,
    persistence: Persistence,
    fenced: Promise<WeftkitError>,
    handedOver: Promise<void>,
    observed: { readonly metrics: Registry; readonly readiness: ReadinessRegistry },
  ) {
    this.#observed = observed;
    this.handedOver = handedOver;
    this.log = log;
    this.#stream = stream;
    this.persistence = persistence;
    this.fenced = fenced;
    this.#next = (log.numbers().at(-1) ?? 0) + 1;
  }

  static async start({
    dataDir,
    url,
    config,
    signal,
    isScheduled,
    isThreaded = false,
  }: CountingOptions): Promise<CountingEngine> {
    mkdirSync(dataDir, { recursive: true });
    const log = new CountingLog(dataDir);
    const { promise, resolve } = Promise.withResolvers<WeftkitError>();
    const handedOver = Promise.withResolvers<void>();
    const logger = createLogger({ level: "error", image: "test", node: "test", stream: { write: () => {} } });
    const stream = new LogStream("log", log);
    const metrics = createMetrics({ image: "test", processMetrics: false });
    const readiness = new ReadinessRegistry(logger);
    const persistence = await openPersistence({
      config: persistConfig(url, config),
      engine: "counting",
      dataDir,
      streams: [stream],
      log: logger,
      metrics,
      readiness,
      fenced: resolve,
      handover: handedOver.resolve,
      renewsInThread: isThreaded,
      connection: { retry: { attemptsMax: 3, firstWaitMsMax: 5, waitMsMax: 5 }, timeoutMs: 2000 },
      ...(signal !== undefined && { signal }),
    });
    if (isScheduled) persistence.start();
    else (log.gate as LeaseGate).arm();
    return new CountingEngine(log, stream, persistence, promise, handedOver.promise, {
      metrics,
      readiness,
    });
  }

  /** What `/readyz` shows. */
  readiness(): Readonly<Record<string, { readonly ok: boolean } | undefined>> {
    return this.#observed.readiness.components();
  }

  /** A metric without labels, as it is scraped. */
  async metric(name: string): Promise<number | undefined> {
    const text = await this.#observed.metrics.getSingleMetricAsString(name);
    const line = text.split("\n").find((candidate) => candidate.startsWith(name));
    return line === undefined ? undefined : Number(line.split(" ").at(-1));
  }

  /** A capture, without a push. */
  captureNow(): Promise<void> {
    return this.#stream.captureNow();
  }

  /** Writes the next number; returns it. */
  write(): number {
    this.log.append(this.#next);
    return this.#next++;
  }

  /** As by SIGTERM. */
  async stop(): Promise<void> {
    using deadline = Deadline.after(5000);
    await this.persistence.stop(deadline);
  }
}
