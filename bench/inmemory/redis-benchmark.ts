import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { cpuSeconds, endedChildrenCpuSeconds } from "./cpu-time.ts";
import type { Measurement, Order } from "./load-generator.ts";
import { KEYS, wordsOf } from "./loads.ts";

const run = promisify(execFile);

/** Measures with the generator that comes with Redis, to check our own against it. */
export async function runRedisBenchmark(order: Order): Promise<Measurement> {
  const { load, serverPid, seconds } = order;
  // It is told how many requests, not how long: a short run says how many that are.
  const probe = await runRequests(order, load.clients * load.pipeline * 50);
  const requests = Math.ceil(probe.requestsPerSecond * seconds);
  const serverBefore = cpuSeconds(serverPid);
  const measured = await runRequests(order, requests);
  const serverSeconds = cpuSeconds(serverPid) - serverBefore;
  return {
    requestsPerSecond: measured.requestsPerSecond,
    serverMicroseconds: (serverSeconds / requests) * 1e6,
    serverBusy: serverSeconds / measured.seconds,
    generatorBusy: measured.generatorSeconds / measured.seconds,
  };
}

async function runRequests({ load, port }: Order, count: number) {
  const options = ["-p", port, "-c", load.clients, "-P", load.pipeline, "-n", count, "-r", KEYS, "--csv"];
  const words = [...options.map(String), ...wordsOf(load)];
  const [started, cpuBefore] = [performance.now(), endedChildrenCpuSeconds()];
  const { stdout } = await run("redis-benchmark", words, { maxBuffer: 1 << 26 });
  return {
    requestsPerSecond: Number(stdout.trim().split("\n").at(-1)!.split('","')[1]),
    seconds: (performance.now() - started) / 1000,
    generatorSeconds: endedChildrenCpuSeconds() - cpuBefore,
  };
}
