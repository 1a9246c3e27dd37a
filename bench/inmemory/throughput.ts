import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { median } from "../median.ts";
import type { Contender } from "./contenders.ts";
import type { Measurement, Order } from "./load-generator.ts";
import { fillingOf, KEYS, type Load, RANDOM } from "./loads.ts";
import { runRedisBenchmark } from "./redis-benchmark.ts";
import { RespClient } from "./resp-client.ts";

const run = promisify(execFile);
const FILLED_AT_ONCE = 5000;
/** Before each measurement, for connections; and once before the first one, for caches and compiled code. */
const WARM_UP_SECONDS = 0.3;
const FIRST_WARM_UP_SECONDS = 2;

/** Who makes the load: `load-generator.ts`, or redis-benchmark. */
export type GeneratorName = "own" | "redis-benchmark";

/** A generator is a process of its own: it shares nothing with the server but the machine. */
async function runOwn(order: Order): Promise<Measurement> {
  const program = join(import.meta.dirname, "load-generator.ts");
  const { stdout } = await run(process.execPath, [program, JSON.stringify(order)]);
  return JSON.parse(stdout);
}

export interface ComparisonOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly generator: GeneratorName;
  /** Whether the servers rewrite their logs meanwhile. */
  readonly hasRewrites: boolean;
}

/** Medians of each contender, the rounds alternating between them. */
export async function compare(
  contenders: readonly Contender[],
  load: Load,
  options: ComparisonOptions,
): Promise<Measurement[]> {
  const { rounds, seconds } = options;
  const generate = options.generator === "own" ? runOwn : runRedisBenchmark;
  const measure = (contender: Contender, warmUpSeconds = WARM_UP_SECONDS) =>
    generate({
      load,
      port: contender.port,
      serverPid: contender.process.pid!,
      seconds,
      warmUpSeconds,
    });
  for (const contender of contenders) {
    if (!options.hasRewrites) await send(contender, [["CONFIG", "SET", "auto-aof-rewrite-percentage", "0"]]);
    const filling = fillingOf(load);
    if (filling !== undefined) await fill(contender, filling);
    // Servers are compared as they run for days: the first round, with cold caches and code, does not count.
    await measure(contender, FIRST_WARM_UP_SECONDS);
  }
  const results = contenders.map((): Measurement[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, contender] of contenders.entries()) results[index]!.push(await measure(contender));
  }
  return results.map((measurements) => ({
    requestsPerSecond: median(measurements.map((each) => each.requestsPerSecond)),
    serverMicroseconds: median(measurements.map((each) => each.serverMicroseconds)),
    serverBusy: median(measurements.map((each) => each.serverBusy)),
    generatorBusy: median(measurements.map((each) => each.generatorBusy)),
  }));
}

async function fill(contender: Contender, words: readonly string[]): Promise<void> {
  for (let from = 0; from < KEYS; from += FILLED_AT_ONCE) {
    const numbers = Array.from({ length: FILLED_AT_ONCE }, (_, i) => String(from + i).padStart(12, "0"));
    await send(
      contender,
      numbers.map((number) => words.map((word) => word.replace(RANDOM, number))),
    );
  }
}

async function send(contender: Contender, commands: readonly (readonly string[])[]): Promise<void> {
  const client = await RespClient.connectWhenReady(contender.port, new Promise(() => {}));
  await client.send(commands);
  client.close();
}
