import { parseArgs } from "node:util";
import { InmemoryContainer, RelationalContainer, type StartedEngine } from "@weftkit/testcontainers";
import { Redis } from "ioredis";
import pg from "pg";
import { median } from "../median.ts";

const usage = `Times a test suite that begins each test with the same data: by restoring a snapshot, and by dropping and creating again.

  npm run testcontainers -- [options]         in bench/, after npm run build

  --tests N         of the suite                                  (200)
  --rows N          of the data that each test begins with        (1000)
  --local           processes of this machine, without Docker     (containers)

The suite of relational has eight tables with an index and a foreign key each, that of inmemory as many hashes as rows. A test reads a row,
writes ten and reads again, over a driver's pool that stays. What is timed is the whole suite; both ways alternate test by test, so
that whatever else the machine does is in both.
`;

const tables = 8;
const rowsAtOnce = 500;

const { values } = parseArgs({
  options: {
    tests: { type: "string", default: "200" },
    rows: { type: "string", default: "1000" },
    local: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

/** A suite of one engine. */
interface Suite {
  /** Drops what there is and makes the data again. */
  recreate(): Promise<void>;
  /** One test. */
  run(number: number): Promise<void>;
  close(): Promise<unknown>;
}

if (values.help) console.log(usage);
else {
  const start = <Started>(container: { start(): Promise<Started>; startLocal(): Promise<Started> }) =>
    values.local ? container.startLocal() : container.start();
  await measure("relational", await start<StartedEngine>(new RelationalContainer()), relationalSuite);
  await measure("inmemory", await start<StartedEngine>(new InmemoryContainer()), inmemorySuite);
}

async function measure(
  name: string,
  engine: StartedEngine,
  open: (engine: StartedEngine, rows: number) => Suite,
): Promise<void> {
  const suite = open(engine, Number(values.rows));
  try {
    await suite.recreate();
    const { length: bytes } = await engine.snapshot();
    const restoring: number[] = [];
    const recreating: number[] = [];
    for (let number = 0; number < Number(values.tests); number++) {
      restoring.push(await timed(() => engine.restore()));
      await suite.run(number);
      recreating.push(await timed(() => suite.recreate()));
      await suite.run(number);
    }
    console.log(`${name}, ${restoring.length} tests, a snapshot of ${bytes} bytes`);
    console.log(line("restore", restoring));
    console.log(line("drop and create", recreating));
  } finally {
    await suite.close();
    await engine.stop();
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

function line(what: string, times: readonly number[]): string {
  const total = times.reduce((sum, ms) => sum + ms, 0);
  const p95 = [...times].sort((one, other) => one - other)[Math.floor(times.length * 0.95)]!;
  return `  ${what.padEnd(16)} median ${median(times).toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, ${(total / 1000).toFixed(1)} s for all`;
}

function relationalSuite(engine: StartedEngine, rows: number): Suite {
  const pool = new pg.Pool({ connectionString: engine.connectionUri, max: 4 });
  pool.on("error", () => {});
  const names = Array.from({ length: tables }, (_, index) => `item${index}`);
  const create = names.map((name, index) => {
    const parent = index === 0 ? "int" : `int REFERENCES item${index - 1} (id)`;
    return `CREATE TABLE ${name} (id int PRIMARY KEY, parent ${parent}, body text); CREATE INDEX ON ${name} (body);`;
  });
  const drop = [...names].reverse().map((name) => `DROP TABLE IF EXISTS ${name};`);
  return {
    async recreate() {
      await pool.query(drop.join(""));
      await pool.query(create.join(""));
      for (const name of names) {
        for (let from = 1; from <= rows / tables; from += rowsAtOnce) {
          const to = Math.min(rows / tables, from + rowsAtOnce - 1);
          await pool.query(
            `INSERT INTO ${name} SELECT i, i, 'row ' || i FROM generate_series(${from}, ${Math.floor(to)}) AS i`,
          );
        }
      }
    },
    async run(number) {
      await pool.query("SELECT * FROM item0 WHERE id = 1");
      for (let row = 0; row < 10; row++) {
        await pool.query("INSERT INTO item0 VALUES ($1, 1, 'of a test')", [1_000_000 + number * 10 + row]);
      }
      await pool.query("SELECT count(*) FROM item0");
    },
    close: () => pool.end(),
  };
}

function inmemorySuite(engine: StartedEngine, rows: number): Suite {
  const redis = new Redis(engine.connectionUri, { retryStrategy: () => 1 });
  redis.on("error", () => {});
  return {
    async recreate() {
      const pipeline = redis.pipeline().flushall();
      for (let row = 0; row < rows; row++) pipeline.hset(`item:${row}`, { id: row, body: `row ${row}` });
      await pipeline.exec();
    },
    async run(number) {
      await redis.hgetall("item:1");
      for (let row = 0; row < 10; row++) await redis.hset(`test:${number}:${row}`, { body: "of a test" });
      await redis.dbsize();
    },
    close: async () => redis.disconnect(),
  };
}
