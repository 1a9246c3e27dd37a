import { parseArgs } from "node:util";
import { randomNumbers } from "@weftkit/testing/random-numbers";
import { Comparison, type Figure, type Goal } from "../comparison.ts";
import { median } from "../median.ts";
import { copyIn, copyOut, insert } from "./bulk.ts";
import { type Contender, startPostgres, startWeftkit } from "./contenders.ts";
import { builtIns, initialise, transactionsPerSecond } from "./pgbench.ts";
import { fill, idleSessionBytes, pointReads, queryMs, scans } from "./queries.ts";

const usage = `Compares weftkit/relational with the real PostgreSQL on this machine, in one run, in alternating rounds.

  npm run relational -- [options]       in bench/, after npm run build; needs postgresql with pgbench and psql

  --parts NAME,...        pgbench, bulk, point, scans, memory               (all)
  --scale N               pgbench's: 100,000 accounts each                  (10)
  --modes NAME,...        protocols of pgbench: simple, extended, prepared  (simple,prepared)
  --clients N,...         of pgbench                                        (1,16)
  --loads NAME,...        select-only, simple-update, tpcb-like             (select-only,simple-update)
  --rows N                of the table that is scanned                      (1000000)
  --bulk-rows N           of one INSERT or COPY part                        (200000)
  --sessions N            idle ones, whose memory is measured               (80)
  --seconds N             of each round                                     (5)
  --rounds N              the median of them is shown                       (5)
  --json                  one JSON object for each line instead of a table

Both write to the disk before they answer a commit. The ratio says how many times as fast weftkit is (1.00: the same; of memory, how
many times as much it needs), and "goal" what it is to be; "-" where nothing was said. Memory is what all processes
of a server have, what they share counted once.
`;

const { values } = parseArgs({
  options: {
    parts: { type: "string", default: "pgbench,bulk,point,scans,memory" },
    scale: { type: "string", default: "10" },
    modes: { type: "string", default: "simple,prepared" },
    clients: { type: "string", default: "1,16" },
    loads: { type: "string", default: "select-only,simple-update" },
    rows: { type: "string", default: "1000000" },
    "bulk-rows": { type: "string", default: "200000" },
    sessions: { type: "string", default: "80" },
    seconds: { type: "string", default: "5" },
    rounds: { type: "string", default: "5" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const table = new Comparison("postgres", { rounds, isJson: values.json });
const parts: Readonly<Record<string, (contenders: readonly Contender[]) => Promise<void>>> = {
  pgbench: pgbenchPart,
  bulk: bulkPart,
  point: pointPart,
  scans: scansPart,
  memory: memoryPart,
};

if (values.help) console.log(usage);
else await main();

async function main(): Promise<void> {
  const chosen = values.parts.split(",");
  for (const name of chosen) if (!(name in parts)) throw new Error(`there is no part ${name}`);
  const contenders = [await startPostgres(), await startWeftkit()];
  try {
    table.heading();
    const ready: Figure = { name: "ready", unit: "ms", isRate: false, goal: { atMost: 300 } };
    table.show(
      ready,
      contenders.map(({ readyMs }) => readyMs),
    );
    showMemory("memory at start", contenders);
    if (chosen.includes("point") || chosen.includes("scans"))
      for (const contender of contenders) await fill(contender, Number(values.rows));
    for (const [name, part] of Object.entries(parts)) if (chosen.includes(name)) await part(contenders);
  } finally {
    for (const contender of contenders) await contender.stop();
  }
}

async function pgbenchPart(contenders: readonly Contender[]): Promise<void> {
  for (const contender of contenders) await initialise(contender, Number(values.scale));
  for (const load of values.loads.split(",").map(loadNamed)) {
    for (const mode of values.modes.split(",")) {
      for (const clients of values.clients.split(",").map(Number)) {
        const goal = load.name === "tpcb-like" ? undefined : { ratio: clients === 1 ? 1 : 0.8 };
        const figure: Figure = {
          name: `pgbench ${load.name}, ${mode}, ${clients} clients`,
          unit: "/s",
          isRate: true,
          ...(goal && { goal }),
        };
        await table.compare(figure, contenders, (contender) =>
          transactionsPerSecond(contender, load, { mode, clients, seconds }),
        );
      }
    }
  }
  showMemory("memory after pgbench", contenders, { atMost: 100 });
}

async function bulkPart(contenders: readonly Contender[]): Promise<void> {
  const rows = Number(values["bulk-rows"]);
  const figure = { unit: "rows/s", isRate: true };
  await table.compare({ ...figure, name: "INSERT, 1000 rows each" }, contenders, (one) => insert(one, rows));
  await table.compare({ ...figure, name: "COPY FROM", goal: { atLeast: 150_000 } }, contenders, (one) =>
    copyIn(one, rows),
  );
  await table.compare({ ...figure, name: "COPY TO" }, contenders, (one) => copyOut(one, rows));
}

async function pointPart(contenders: readonly Contender[]): Promise<void> {
  const measured = contenders.map((): { p50Us: number; p99Us: number }[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, contender] of contenders.entries()) {
      const random = randomNumbers(round + 1);
      measured[i]!.push(await pointReads(contender, Number(values.rows), seconds, random));
    }
  }
  for (const part of ["p50Us", "p99Us"] as const) {
    const figure: Figure = {
      name: `row by key, prepared, ${part.slice(0, 3)}`,
      unit: "us",
      isRate: false,
      ...(part === "p50Us" && { goal: { ratio: 1 } }),
    };
    table.show(
      figure,
      measured.map((all) => median(all.map((one) => one[part]))),
    );
  }
}

async function scansPart(contenders: readonly Contender[]): Promise<void> {
  for (const { name, text } of scans) {
    const figure: Figure = {
      name: `${name}, ${values.rows} rows`,
      unit: "ms",
      isRate: false,
      goal: { ratio: 1 / 3 },
    };
    await table.compare(figure, contenders, (contender) => queryMs(contender, text));
  }
}

async function memoryPart(contenders: readonly Contender[]): Promise<void> {
  const sessions = Number(values.sessions);
  const bytes: number[] = [];
  for (const contender of contenders) bytes.push(await idleSessionBytes(contender, sessions));
  table.show(
    { name: `memory of an idle session (${sessions})`, unit: "KB", isRate: false },
    bytes.map((n) => n / 1e3),
  );
  await underLoad(contenders);
  showMemory("memory at the end", contenders);
}

/** The most that there was of memory while the most clients of pgbench ran. */
async function underLoad(contenders: readonly Contender[]): Promise<void> {
  const clients = Math.max(...values.clients.split(",").map(Number));
  const peaks: number[] = [];
  for (const contender of contenders) {
    await initialise(contender, 1);
    let peak = 0;
    const looking = setInterval(() => {
      peak = Math.max(peak, contender.residentBytes());
    }, 100);
    await transactionsPerSecond(contender, loadNamed("simple-update"), {
      mode: "prepared",
      clients,
      seconds,
    });
    clearInterval(looking);
    peaks.push(Math.max(peak, contender.residentBytes()) / 1e6);
  }
  table.show({ name: `memory under load, ${clients} clients`, unit: "MB", isRate: false }, peaks);
}

function loadNamed(name: string) {
  const found = builtIns.find((load) => load.name === name);
  if (found === undefined) throw new Error(`there is no load ${name}`);
  return found;
}

function showMemory(name: string, contenders: readonly Contender[], goal?: Goal): void {
  table.show(
    { name, unit: "MB", isRate: false, ...(goal && { goal }) },
    contenders.map((contender) => contender.residentBytes() / 1e6),
  );
}
