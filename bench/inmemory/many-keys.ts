import { setTimeout as delay } from "node:timers/promises";
import { type Contender, residentBytes } from "./contenders.ts";
import { RespClient } from "./resp-client.ts";

const BATCH = 5000;
const SETTLE_POLL_MS = 200;

/** What a server with many small keys costs and how long it makes others wait. */
export interface ManyKeys {
  readonly bytesPerKey: number;
  readonly p50Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

/** Loads keys of 16 bytes with values of 3, then times single GETs while another client writes. */
export async function manyKeys(contender: Contender, keys: number, probes: number): Promise<ManyKeys> {
  const never = new Promise(() => {});
  const loader = await RespClient.connectWhenReady(contender.port, never);
  const before = residentBytes(contender);
  for (let from = 0; from < keys; from += BATCH) {
    await loader.send(
      Array.from({ length: Math.min(BATCH, keys - from) }, (_, i) => ["SET", keyOf(from + i), "abc"]),
    );
  }
  // Both rewrite their logs while they grow; memory is compared when that is over.
  while (!(await loader.info("persistence")).includes("aof_rewrite_in_progress:0"))
    await delay(SETTLE_POLL_MS);
  const bytesPerKey = (residentBytes(contender) - before) / keys;

  const probe = await RespClient.connectWhenReady(contender.port, never);
  let isProbing = true;
  const writing = (async () => {
    while (isProbing) {
      await loader.send(
        Array.from({ length: 64 }, () => ["SET", keyOf(Math.floor(Math.random() * keys)), "xyz"]),
      );
    }
  })();
  const latencies: number[] = [];
  for (let i = 0; i < probes; i++) {
    const started = performance.now();
    await probe.send([["GET", keyOf(Math.floor(Math.random() * keys))]]);
    latencies.push(performance.now() - started);
  }
  isProbing = false;
  await writing;
  loader.close();
  probe.close();
  latencies.sort((left, right) => left - right);
  const at = (part: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * part))]!;
  return { bytesPerKey, p50Ms: at(0.5), p999Ms: at(0.999), maxMs: latencies.at(-1)! };
}

function keyOf(index: number): string {
  return `key:${String(index).padStart(12, "0")}`;
}
