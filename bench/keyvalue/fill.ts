import type { Contender } from "../contender.ts";
import { percentile } from "../percentile.ts";
import { Connection } from "./connection.ts";
import { newItem, requestBytes } from "./requests.ts";

/** So many lines are printed of one fill. */
const parts = 20;

export interface Fill {
  readonly items: number;
  readonly connections: number;
  readonly bytes: number;
}

/**
 * Puts items under new keys, one a request, and tells of each part how fast it was: whether a server gets slower, or needs more memory,
 * the more it holds.
 */
export async function fill(
  contender: Contender,
  { items, connections, bytes }: Fill,
  print: (line: Readonly<Record<string, string | number>>) => void,
): Promise<void> {
  const rates: number[] = [];
  let next = 0;
  for (let part = 1; part <= parts; part++) {
    const end = Math.round((items * part) / parts);
    const from = next;
    const durations: number[] = [];
    const client = async () => {
      const connection = new Connection(contender.port);
      while (next < end) {
        const request = requestBytes(contender.port, "PutItem", newItem(next++, bytes));
        const askedMs = performance.now();
        await connection.ask(request);
        durations.push(performance.now() - askedMs);
      }
      connection.close();
    };
    const startedMs = performance.now();
    await Promise.all(Array.from({ length: connections }, client));
    const seconds = (performance.now() - startedMs) / 1000;
    durations.sort((a, b) => a - b);
    rates.push((end - from) / seconds);
    print({
      contender: contender.name,
      items: end,
      "put/s": Math.round(rates.at(-1)!),
      p50: percentile(durations, 0.5).toFixed(2),
      p99: percentile(durations, 0.99).toFixed(2),
      residentMb: Math.round(contender.residentBytes() / 1e6),
    });
  }
  const slowest = Math.min(...rates) / rates[0]!;
  print({ contender: contender.name, items, slowestOfFirst: slowest.toFixed(2) });
}
