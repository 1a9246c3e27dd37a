import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { randomNumbers } from "@weftkit/testing/random-numbers";
import type { Contender } from "../contender.ts";
import { median } from "../median.ts";
import { percentile } from "../percentile.ts";
import { Connection } from "./connection.ts";
import { startDynalite, startDynoxide, startWeftkit } from "./contenders.ts";
import { fill } from "./fill.ts";
import { type Load, loads, requestBytes, setup, tableName } from "./requests.ts";

const usage = `Measures weftkit/keyvalue beside dynoxide (on disk) and dynalite (in memory), in alternating rounds.

  npm run keyvalue -- [options]         in bench/, after npm run build

  --loads NAME,...        put, get, update, query, batch, transact          (all)
  --connections N,...     with one request under way each                   (1,16,64)
  --bytes N,...           the size of an item                               (330,4000)
  --seconds N             of each round                                     (2)
  --rounds N              the median of them is shown                       (3)
  --dynoxide PROGRAM      its binary (cargo install dynoxide-rs)            (left out)
  --dynalite CLI.JS       its program (npm install dynalite)                (left out)
  --fill N                puts N items under new keys at the end, one server after the other, and tells of each
                          twentieth how fast it was; 10000000 takes many minutes and about 10 GB a server      (left out)
  --json                  one JSON object for each line instead of a table

Requests go over HTTP with keep-alive. weftkit answers a write when it is on the disk; dynoxide writes to a file without
waiting for it; dynalite keeps everything in memory. Keys are random, of 100,000; a query gives a page of 1,000 items.
`;

const { values } = parseArgs({
  options: {
    loads: { type: "string", default: loads.map(({ name }) => name).join(",") },
    connections: { type: "string", default: "1,16,64" },
    bytes: { type: "string", default: "330,4000" },
    seconds: { type: "string", default: "2" },
    rounds: { type: "string", default: "3" },
    dynoxide: { type: "string" },
    dynalite: { type: "string" },
    fill: { type: "string" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

interface Round {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

if (values.help) console.log(usage);
else await main();

async function main(): Promise<void> {
  const contenders = [await startWeftkit()];
  try {
    if (values.dynoxide !== undefined) contenders.push(await startDynoxide(values.dynoxide));
    if (values.dynalite !== undefined) contenders.push(await startDynalite(values.dynalite));
    for (const { port } of contenders) await prepare(port);
    print({ machine: `${cpus().length} processors`, load: loadavg()[0]!.toFixed(1) });
    for (const { name, readyMs } of contenders) print({ contender: name, readyMs: Math.round(readyMs) });
    for (const bytes of values.bytes.split(",").map(Number)) {
      for (const load of values.loads.split(",").map(loadNamed)) {
        for (const connections of values.connections.split(",").map(Number))
          await cell(contenders, load, connections, bytes);
      }
    }
    if (values.fill !== undefined) {
      const [bytes] = values.bytes.split(",").map(Number);
      const connections = Math.max(...values.connections.split(",").map(Number));
      for (const contender of contenders)
        await fill(contender, { items: Number(values.fill), connections, bytes: bytes! }, print);
    }
    for (const contender of contenders)
      print({ contender: contender.name, residentMb: Math.round(contender.residentBytes() / 1e6) });
  } finally {
    for (const contender of contenders) await contender.stop();
  }
}

function loadNamed(name: string): Load {
  const found = loads.find((load) => load.name === name);
  if (found === undefined) throw new Error(`there is no load ${name}`);
  return found;
}

/** Makes the table, the partition that is queried, and a part of the items that are read. */
async function prepare(port: number): Promise<void> {
  const connection = new Connection(port);
  const [create, ...puts] = setup();
  await connection.ask(requestBytes(port, ...create!));
  const describe = requestBytes(port, "DescribeTable", { TableName: tableName });
  while (!(await connection.ask(describe)).includes('"TableStatus":"ACTIVE"'));
  for (const [operation, body] of puts) await connection.ask(requestBytes(port, operation, body));
  const batch = loadNamed("batch");
  const random = randomNumbers(1);
  for (let i = 0; i < 400; i++)
    await connection.ask(requestBytes(port, batch.operation, batch.body(random, 330)));
  connection.close();
}

/** One line: the same load on all of them, in turn, several times. */
async function cell(
  contenders: readonly Contender[],
  load: Load,
  connections: number,
  bytes: number,
): Promise<void> {
  const able: Contender[] = [];
  for (const contender of contenders) if (await knows(contender, load)) able.push(contender);
  const rounds = new Map<string, Round[]>(able.map(({ name }) => [name, []]));
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const { name, port } of able)
      rounds.get(name)!.push(await measure(port, load, connections, bytes, round));
  }
  const line: Record<string, string | number> = { load: load.name, bytes, connections };
  for (const [name, measured] of rounds) {
    line[`${name}/s`] = Math.round(median(measured.map(({ perSecond }) => perSecond)));
    line[`${name} p50`] = median(measured.map(({ p50Ms }) => p50Ms)).toFixed(2);
    line[`${name} p99`] = median(measured.map(({ p99Ms }) => p99Ms)).toFixed(2);
  }
  print(line);
}

/** Whether a contender has the operation at all. */
async function knows({ port }: Contender, { operation, body }: Load): Promise<boolean> {
  const connection = new Connection(port);
  try {
    await connection.ask(requestBytes(port, operation, body(randomNumbers(2), 330)));
    return true;
  } catch (error) {
    if (String(error).includes("UnknownOperationException")) return false;
    throw error;
  } finally {
    connection.close();
  }
}

async function measure(
  port: number,
  load: Load,
  connections: number,
  bytes: number,
  seed: number,
): Promise<Round> {
  const random = randomNumbers(seed * 1000 + connections);
  const durations: number[] = [];
  const endMs = performance.now() + Number(values.seconds) * 1000;
  const startedMs = performance.now();
  const client = async () => {
    const connection = new Connection(port);
    while (performance.now() < endMs) {
      const request = requestBytes(port, load.operation, load.body(random, bytes));
      const askedMs = performance.now();
      await connection.ask(request);
      durations.push(performance.now() - askedMs);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: connections }, client));
  const seconds = (performance.now() - startedMs) / 1000;
  durations.sort((a, b) => a - b);
  return {
    perSecond: durations.length / seconds,
    p50Ms: percentile(durations, 0.5),
    p99Ms: percentile(durations, 0.99),
  };
}

function print(line: Readonly<Record<string, string | number>>): void {
  if (values.json) console.log(JSON.stringify(line));
  else
    console.log(
      Object.entries(line)
        .map(([name, value]) => `${name} ${value}`)
        .join("  "),
    );
}
