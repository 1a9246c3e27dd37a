import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { median } from "../median.ts";
import { type Contender, openPlain, openWeftkit } from "./contenders.ts";
import { bulkRate, type CommitRate, commitRate } from "./measures.ts";

const usage = `Compares the durable store with better-sqlite3 that syncs at every commit, on this machine, in one run.

  npm run --workspace bench store -- [options]

  --rounds N     alternating rounds per line; the median counts  (3)
  --seconds N    about so long per round                         (2)
  --rows N       rows of the one bulk transaction                (200000)
  --folder PATH  where the files go, on the disk to measure      (the system's temporary folder)
  --json         one JSON object instead of a table
`;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "2" },
    rows: { type: "string", default: "200000" },
    folder: { type: "string", default: tmpdir() },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

/** Small rows, one for each commit. */
const writerCounts = [1, 8, 32];

if (values.help) console.log(usage);
else await main();

async function main(): Promise<void> {
  const say = (line: string) => {
    if (!values.json) console.log(line);
  };
  say("commits       writers      per s   p50 ms   p99 ms   stall ms");
  const commits: Record<string, unknown>[] = [];
  for (const writers of writerCounts) {
    const rates = await rounds((contender) => commitRate(contender, writers, Number(values.seconds)));
    const middles = [...rates].map(([name, of]) => [name, middle(of)] as const);
    for (const [name, rate] of middles) {
      commits.push({ name, writers, ...rate });
      say(`${name.padEnd(13)} ${String(writers).padStart(7)} ${columns(rate)}`);
    }
    const [store, plain] = middles.map(([, rate]) => rate.commitsPerSecond);
    say(`ratio         ${String(writers).padStart(7)} ${(store! / plain!).toFixed(1).padStart(10)}`);
  }
  const bulk = await rounds((contender) => bulkRate(contender, Number(values.rows)));
  say("\nbulk                     rows per s");
  const bulkRates = Object.fromEntries([...bulk].map(([name, rates]) => [name, median(rates)]));
  for (const [name, rate] of Object.entries(bulkRates)) {
    say(`${name.padEnd(13)} ${String(Math.round(rate)).padStart(21)}`);
  }
  if (values.json) console.log(JSON.stringify({ commits, bulk: bulkRates }));
}

/** Measures both contenders in turn, each time on a new file, so that a change of the machine's mood meets both. */
async function rounds<T>(measure: (contender: Contender) => Promise<T>): Promise<Map<string, T[]>> {
  const results = new Map<string, T[]>();
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const open of [openWeftkit, openPlain]) {
      const contender = await open(values.folder);
      const result = await measure(contender);
      results.set(contender.name, [...(results.get(contender.name) ?? []), result]);
      await contender.close();
    }
  }
  return results;
}

function middle(rates: readonly CommitRate[]): CommitRate {
  const of = (key: keyof CommitRate) => median(rates.map((rate) => rate[key]));
  return {
    commitsPerSecond: of("commitsPerSecond"),
    p50Ms: of("p50Ms"),
    p99Ms: of("p99Ms"),
    stallMsMax: of("stallMsMax"),
  };
}

function columns(rate: CommitRate): string {
  const numbers = [rate.p50Ms, rate.p99Ms, rate.stallMsMax].map((ms) => ms.toFixed(2).padStart(8));
  return `${String(Math.round(rate.commitsPerSecond)).padStart(10)} ${numbers.join(" ")}`;
}
