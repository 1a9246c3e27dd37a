import { parseArgs } from "node:util";
import { randomNumbers } from "@weftkit/testing/random-numbers";
import { serialize } from "bson";
import { Comparison, type Figure, type Goal } from "../comparison.ts";
import type { Contender } from "../contender.ts";
import { Connection } from "./connection.ts";
import { startFerretdb, startFloor, startWeftkit } from "./contenders.ts";
import { type FactsQuery, factsQueries, fillFacts } from "./facts.ts";
import { collection, insert, Records, read, record, recordKey, workloads } from "./ycsb.ts";

const usage = `Measures weftkit/document beside FerretDB on SQLite, in one run, in alternating rounds.

  npm run document -- [options]         in bench/, after npm run build

  --parts NAME,...        insert, find, ycsb, facts                         (all)
  --ferretdb PROGRAM      what bench/document/ferretdb is built to          (left out)
  --records N             of YCSB, each with ten fields of 100 bytes        (10000)
  --rows N                of the collection that is scanned and grouped     (1000000)
  --connections N,...     of insert, find and ycsb, one command under way each  (1,16)
  --seconds N             of each round                                     (2)
  --rounds N              the median of them is shown                       (3)
  --json                  one JSON object for each line instead of a table

weftkit answers a write when it is on the disk; FerretDB does not wait for it. The ratio says how many times as fast weftkit is (of
memory, how many times as much it needs). "floor" is a server in Node that answers every command with the same bytes.
`;

const { values } = parseArgs({
  options: {
    parts: { type: "string", default: "insert,find,ycsb,facts" },
    ferretdb: { type: "string" },
    records: { type: "string", default: "10000" },
    rows: { type: "string", default: "1000000" },
    connections: { type: "string", default: "1,16" },
    seconds: { type: "string", default: "2" },
    rounds: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const seconds = Number(values.seconds);
const options = { rounds: Number(values.rounds), isJson: values.json };
const table = new Comparison("ferretdb", options);
const counts = values.connections.split(",").map(Number);
const parts: Readonly<Record<string, (contenders: readonly Contender[]) => Promise<void>>> = {
  insert: insertPart,
  find: findPart,
  ycsb: ycsbPart,
  facts: factsPart,
};

if (values.help) console.log(usage);
else await main();

async function main(): Promise<void> {
  const chosen = values.parts.split(",");
  for (const name of chosen) if (!(name in parts)) throw new Error(`there is no part ${name}`);
  const contenders: Contender[] = [];
  try {
    if (values.ferretdb !== undefined) contenders.push(await startFerretdb(values.ferretdb));
    contenders.push(await startWeftkit());
    table.heading();
    table.show(
      { name: "ready", unit: "ms", isRate: false, goal: { atMost: 400 } },
      contenders.map(({ readyMs }) => readyMs),
    );
    showMemory("memory at start", contenders, { atMost: 80 });
    for (const { port } of contenders) await fillRecords(port);
    for (const [name, part] of Object.entries(parts)) if (chosen.includes(name)) await part(contenders);
    showMemory("memory at the end", contenders);
  } finally {
    for (const contender of contenders) await contender.stop();
  }
}

async function fillRecords(port: number): Promise<void> {
  const connection = new Connection(port);
  const batch = 1000;
  const records = Number(values.records);
  for (let from = 0; from < records; from += batch) {
    const documents = Array.from({ length: Math.min(batch, records - from) }, (_, i) =>
      Buffer.from(serialize(record(recordKey(from + i)))),
    );
    await connection.run({ insert: collection }, [{ identifier: "documents", documents }]);
  }
  connection.close();
}

async function insertPart(contenders: readonly Contender[]): Promise<void> {
  let inserted = 0;
  for (const connections of counts)
    await table.compare(rate("insertOne", connections, { ratio: 10 }), contenders, ({ port }) =>
      perSecond(port, connections, (connection) => insert(connection, recordKey(inserted++), "inserted")),
    );
}

/** Beside FerretDB and, in a table of its own, beside the floor. */
async function findPart(contenders: readonly Contender[]): Promise<void> {
  const random = randomNumbers(1);
  const find = (connections: number) => (contender: Contender) =>
    perSecond(contender.port, connections, (connection) =>
      read(connection, recordKey(Math.floor(random() * Number(values.records)))),
    );
  for (const connections of counts)
    await table.compare(rate("find by _id", connections, { ratio: 100 }), contenders, find(connections));
  const floor = await startFloor();
  const beside = new Comparison("floor", options);
  beside.heading();
  for (const connections of counts)
    await beside.compare(
      rate("find by _id", connections, { ratio: 1 / 1.5 }),
      [floor, contenders.at(-1)!],
      find(connections),
    );
  await floor.stop();
  table.heading();
}

async function ycsbPart(contenders: readonly Contender[]): Promise<void> {
  const ofContender = new Map(
    contenders.map((contender) => [contender, new Records(Number(values.records), randomNumbers(2))]),
  );
  for (const workload of workloads)
    for (const connections of counts)
      await table.compare(rate(`YCSB ${workload.name}`, connections), contenders, (contender) =>
        perSecond(contender.port, connections, (connection) =>
          ofContender.get(contender)!.step(connection, workload),
        ),
      );
}

async function factsPart(contenders: readonly Contender[]): Promise<void> {
  const rows = Number(values.rows);
  const filled: number[] = [];
  for (const { port } of contenders) filled.push(await fillFacts(port, rows));
  table.show(
    { name: "insertMany, 1000 documents each", unit: "/s", isRate: true, goal: { atLeast: 100_000 } },
    filled,
  );
  for (const query of factsQueries) {
    const able: Contender[] = [];
    for (const contender of contenders) if (await knows(contender, query)) able.push(contender);
    const random = randomNumbers(3);
    const { name, goal } = query;
    const figure: Figure = {
      name: `${name}, ${rows} documents`,
      unit: "ms",
      isRate: false,
      ...(goal !== undefined && { goal: { ratio: goal } }),
    };
    await table.compare(
      figure,
      able,
      async ({ port }) =>
        1000 / (await perSecond(port, 1, (connection) => connection.run(query.command(random)))),
    );
  }
}

/** Whether a contender has what a query needs. */
async function knows({ port }: Contender, { command }: FactsQuery): Promise<boolean> {
  const connection = new Connection(port);
  try {
    await connection.run(command(randomNumbers(4)));
    return true;
  } catch (error) {
    if (String(error).includes("NotImplemented")) return false;
    throw error;
  } finally {
    connection.close();
  }
}

/** How often a second something is done on some connections, each of which does it again and again for the time of a round. */
async function perSecond(
  port: number,
  connections: number,
  step: (connection: Connection) => Promise<unknown>,
): Promise<number> {
  let count = 0;
  const startedMs = performance.now();
  const endsMs = startedMs + seconds * 1000;
  const client = async () => {
    const connection = new Connection(port);
    do {
      await step(connection);
      count++;
    } while (performance.now() < endsMs);
    connection.close();
  };
  await Promise.all(Array.from({ length: connections }, client));
  return count / ((performance.now() - startedMs) / 1000);
}

function rate(name: string, connections: number, goal?: Goal): Figure {
  return { name: `${name}, ${connections} connections`, unit: "/s", isRate: true, ...(goal && { goal }) };
}

function showMemory(name: string, contenders: readonly Contender[], goal?: Goal): void {
  table.show(
    { name, unit: "MB", isRate: false, ...(goal && { goal }) },
    contenders.map((contender) => contender.residentBytes() / 1e6),
  );
}
