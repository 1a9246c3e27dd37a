import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { median } from "../median.ts";
import type { Contender } from "./contenders.ts";

const run = promisify(execFile);

/** One cell of the matrix. */
export interface Load {
  readonly command: string;
  readonly clients: number;
  readonly pipeline: number;
  readonly valueBytes: number;
}

/** What redis-benchmark sends per command; `DATA` is the value, the random number is below 100,000. */
const COMMANDS: Record<string, readonly string[]> = {
  SET: ["SET", "key:__rand_int__", "DATA"],
  GET: ["GET", "key:__rand_int__"],
  INCR: ["INCR", "counter:__rand_int__"],
  LPUSH: ["LPUSH", "list", "DATA"],
  HSET: ["HSET", "hash", "field:__rand_int__", "DATA"],
  ZADD: ["ZADD", "zset", "__rand_int__", "member:__rand_int__"],
  XADD: ["XADD", "stream", "MAXLEN", "~", "100000", "*", "field", "DATA"],
  MSET: ["MSET", ...Array.from({ length: 10 }, (_, i) => [`key:${i}:__rand_int__`, "DATA"]).flat()],
};

/** Commands whose cost does not depend on the size of a value. */
const WITHOUT_VALUE = new Set(["INCR", "ZADD"]);

/** The loads of a run: everything, or the ones the goals speak of. */
export function loads(isQuick: boolean): Load[] {
  const all: Load[] = [];
  for (const command of Object.keys(COMMANDS)) {
    for (const clients of isQuick ? [50] : [1, 50, 500]) {
      for (const pipeline of isQuick ? [1, 16] : [1, 16, 64]) {
        for (const valueBytes of isQuick ? [3] : [3, 100, 4096]) {
          if (valueBytes !== 3 && WITHOUT_VALUE.has(command)) continue;
          all.push({ command, clients, pipeline, valueBytes });
        }
      }
    }
  }
  return all;
}

/** Requests per second of one run of about `seconds`. */
async function measure(contender: Contender, load: Load, requests: number): Promise<number> {
  const words = COMMANDS[load.command]!.map((word) => (word === "DATA" ? "x".repeat(load.valueBytes) : word));
  const options = [
    "-p",
    contender.port,
    "-c",
    load.clients,
    "-P",
    load.pipeline,
    "-n",
    requests,
    "-r",
    100_000,
    "--csv",
  ];
  const { stdout } = await run("redis-benchmark", [...options.map(String), ...words], { maxBuffer: 1 << 26 });
  const line = stdout.trim().split("\n").at(-1)!;
  return Number(line.split('","')[1]);
}

/** Median requests per second of each contender, the rounds alternating between them. */
export async function compare(
  contenders: readonly Contender[],
  load: Load,
  rounds: number,
  seconds: number,
): Promise<number[]> {
  const guess = load.pipeline === 1 ? (load.clients === 1 ? 8_000 : 30_000) : 150_000;
  const perSecond = load.valueBytes > 1000 || load.command === "MSET" ? guess / 4 : guess;
  const requests = Math.max(1000, Math.round(perSecond * seconds));
  const results = contenders.map((): number[] => []);
  // Servers are compared as they run for days: the first round, with cold caches and code, does not count.
  for (const contender of contenders) await measure(contender, load, requests);
  for (let round = 0; round < rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      results[index]!.push(await measure(contender, load, requests));
    }
  }
  return results.map(median);
}
