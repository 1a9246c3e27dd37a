import { readFileSync } from "node:fs";
import type { Contender } from "./contenders.ts";

/** What writers that each wait for their last commit see. */
export interface CommitRate {
  readonly commitsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The longest time the event loop was held by anything. */
  readonly stallMsMax: number;
}

/** Commits of one row each, by so many writers at once. */
export async function commitRate(
  contender: Contender,
  writers: number,
  seconds: number,
): Promise<CommitRate> {
  const latenciesMs: number[] = [];
  const startedMs = performance.now();
  const untilMs = startedMs + seconds * 1000;
  using stalls = new StallWatch();
  const writer = async () => {
    for (let nowMs = performance.now(); nowMs < untilMs; ) {
      await contender.write(1);
      const doneMs = performance.now();
      latenciesMs.push(doneMs - nowMs);
      nowMs = doneMs;
    }
  };
  await Promise.all(Array.from({ length: writers }, writer));
  const elapsedSeconds = (performance.now() - startedMs) / 1000;
  latenciesMs.sort((left, right) => left - right);
  const quantile = (q: number) => latenciesMs[Math.floor(q * (latenciesMs.length - 1))]!;
  return {
    commitsPerSecond: latenciesMs.length / elapsedSeconds,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    stallMsMax: stalls.longest.ms,
  };
}

/** Rows per second when they come in one transaction. */
export async function bulkRate(contender: Contender, rows: number): Promise<number> {
  const startedMs = performance.now();
  await contender.write(rows);
  return rows / ((performance.now() - startedMs) / 1000);
}

/** So often the event loop is looked at. */
const everyMs = 1;

/** How long each of the commits took that one client made, one after the other, while `work` ran. */
export async function commitLatencies(commit: () => Promise<unknown>, work: Promise<unknown>) {
  let isRunning = true;
  const ended = work.finally(() => {
    isRunning = false;
  });
  const latenciesMs: number[] = [];
  while (isRunning) {
    const startedMs = performance.now();
    await commit();
    latenciesMs.push(performance.now() - startedMs);
  }
  await ended;
  latenciesMs.sort((left, right) => left - right);
  const at = (part: number) =>
    Math.round(latenciesMs[Math.floor(part * (latenciesMs.length - 1))]! * 100) / 100;
  return { count: latenciesMs.length, at };
}

/** A time in which the event loop had no turn, in milliseconds. */
export interface Stall {
  readonly ms: number;
  /** In which its thread computed; undefined where the system does not tell. */
  readonly cpuMs: number | undefined;
  /** In which its thread was ready, and other threads had the cores. */
  readonly waitedMs: number | undefined;
}

/** Watches how long the event loop goes without a turn. */
export class StallWatch {
  #lastMs = performance.now();
  #lastTimes = threadTimes();
  #longest: Stall = { ms: 0, cpuMs: 0, waitedMs: 0 };
  readonly #timer = setInterval(() => {
    const nowMs = performance.now();
    const times = threadTimes();
    const ms = nowMs - this.#lastMs - everyMs;
    if (ms > this.#longest.ms) {
      const since = (kind: "cpuMs" | "waitedMs") =>
        times && this.#lastTimes && times[kind] - this.#lastTimes[kind];
      this.#longest = { ms, cpuMs: since("cpuMs"), waitedMs: since("waitedMs") };
    }
    this.#lastMs = nowMs;
    this.#lastTimes = times;
  }, everyMs);

  get longest(): Stall {
    return this.#longest;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}

/** What the scheduler counts for this thread (proc_pid_schedstat(5)); undefined where there is no such file. */
function threadTimes(): { cpuMs: number; waitedMs: number } | undefined {
  try {
    const [cpuNs, waitedNs] = readFileSync("/proc/thread-self/schedstat", "latin1").split(" ").map(Number);
    return { cpuMs: cpuNs! / 1e6, waitedMs: waitedNs! / 1e6 };
  } catch {
    return undefined;
  }
}
