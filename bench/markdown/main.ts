import { parseArgs } from "node:util";
import { randomNumbers } from "@weftkit/testing/random-numbers";
import { findDocuments } from "../../images/markdown/src/search/find-documents.ts";
import { resultOf } from "../../images/markdown/src/search/found-documents.ts";
import { indexDocument } from "../../images/markdown/src/search/index-document.ts";
import { indexedTextOf } from "../../images/markdown/src/search/indexed-text.ts";
import { Corpus } from "./corpus.ts";
import { queryKinds } from "./queries.ts";
import { type BenchStore, openBenchStore } from "./store.ts";

const usage = `Measures the search of weftkit/markdown: the index code on the real store, with made-up documents.

  npm run markdown -- [options]         in bench/

  --documents N,...     sizes to measure                                  (100000,1000000)
  --queries N           of each kind                                      (300)
  --seed N              of the documents                                  (1)
  --json                one JSON object for each size instead of a table

Documents have 60 to 240 words of a vocabulary of 200,000 that is distributed by Zipf's law, a title, two headings and up
to three tags. They are written 200 in a transaction, as an import does. A search is the whole of it: parsing the query,
finding, ranking, and the titles and snippets of the first ten hits. The goals are a p99 below 10 ms with 100,000
documents and below 50 ms with 1,000,000. CPU is the processor time of the thread: where it is much less than the time on
the clock, others had the processor.
`;

const DOCUMENTS_PER_WRITE = 200;
/** All of them are in one collection, the worst case. */
const COLLECTION = 1;
/** Texts that phrases are taken from. */
const SAMPLES = 500;

const { values } = parseArgs({
  options: {
    documents: { type: "string", default: "100000,1000000" },
    queries: { type: "string", default: "300" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) console.log(usage);
else for (const size of values.documents.split(",")) await measure(Number(size));

async function measure(documents: number): Promise<void> {
  const bench = await openBenchStore();
  try {
    const corpus = new Corpus(Number(values.seed));
    const { seconds, samples } = await fill(bench, corpus, documents);
    await bench.checkpoint(true);
    const megabytes = bench.fileBytes() / 1e6;
    const rate = documents / seconds;
    if (!values.json) {
      console.log(`${documents} documents: ${rate.toFixed(0)} inserts/s, ${megabytes.toFixed(0)} MB\n`);
      console.log("query                      hits (mean)   p50 ms   p99 ms   max ms   CPU p50  CPU p99");
    }
    const random = randomNumbers(5);
    const kinds = queryKinds(corpus, () => samples[Math.floor(random() * samples.length)]!);
    const results = [];
    for (const { name, next } of kinds) {
      const result = { name, ...(await timeQueries(bench, next)) };
      results.push(result);
      if (!values.json) console.log(row(result));
    }
    if (values.json) console.log(JSON.stringify({ documents, insertsPerSecond: rate, megabytes, results }));
    else console.log();
  } finally {
    await bench.close();
  }
}

/** Writes the documents; returns how long that took, and some of their texts. */
async function fill(
  bench: BenchStore,
  corpus: Corpus,
  documents: number,
): Promise<{ seconds: number; samples: string[] }> {
  const samples: string[] = [];
  const every = Math.max(1, Math.floor(documents / SAMPLES));
  let writingMs = 0;
  for (let from = 0; from < documents; from += DOCUMENTS_PER_WRITE) {
    const count = Math.min(DOCUMENTS_PER_WRITE, documents - from);
    const batch = Array.from({ length: count }, () => corpus.next());
    for (const [index, { text }] of batch.entries()) if ((from + index) % every === 0) samples.push(text);
    const startedMs = performance.now();
    const indexed = batch.map(indexedTextOf);
    await bench.store.writeInSlices(function* (db) {
      for (const [index, document] of indexed.entries()) {
        const place = { documentRow: from + index + 1, collectionRow: COLLECTION };
        yield* indexDocument(db, place, document);
      }
    });
    await bench.checkpoint();
    writingMs += performance.now() - startedMs;
  }
  return { seconds: writingMs / 1000, samples };
}

interface Times {
  readonly hitsMean: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly cpuP50Ms: number;
  readonly cpuP99Ms: number;
}

async function timeQueries({ store }: BenchStore, next: () => string): Promise<Times> {
  const times: number[] = [];
  const cpuTimes: number[] = [];
  let hits = 0;
  const count = Number(values.queries);
  for (let index = 0; index < count; index++) {
    const query = { query: next(), limit: 10, offset: 0 };
    await store.read((db) => {
      const cpu = process.threadCpuUsage();
      const startedMs = performance.now();
      const found = resultOf(db, [findDocuments(db, COLLECTION, query)], query);
      for (const hit of found.hits) hit.shown();
      hits += found.total;
      times.push(performance.now() - startedMs);
      const { user, system } = process.threadCpuUsage(cpu);
      cpuTimes.push((user + system) / 1000);
    });
  }
  return {
    hitsMean: hits / count,
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    maxMs: quantile(times, 1),
    cpuP50Ms: quantile(cpuTimes, 0.5),
    cpuP99Ms: quantile(cpuTimes, 0.99),
  };
}

function quantile(times: readonly number[], part: number): number {
  const sorted = times.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
}

function row({ name, hitsMean, ...times }: Times & { readonly name: string }): string {
  const numbers = [times.p50Ms, times.p99Ms, times.maxMs, times.cpuP50Ms, times.cpuP99Ms]
    .map((ms) => ms.toFixed(2).padStart(9))
    .join("");
  return `${name.padEnd(26)} ${hitsMean.toFixed(0).padStart(10)} ${numbers}`;
}
