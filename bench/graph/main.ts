import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { randomNumbers } from "@weftkit/testing/random-numbers";
import neo4j, { type Driver } from "neo4j-driver";
import { builtBundle } from "../built-bundle.ts";
import { median } from "../median.ts";
import { load, loads } from "./loads.ts";

const usage = `Measures weftkit/graph with queries like those of the Pokec benchmark, beside any server that speaks Bolt.

  npm run graph -- [options]            in bench/, after npm run build

  --nodes N --edges N     of the graph that is made                         (10000, 177000)
  --beside URL            another server, without a login: bolt://...       (left out)
  --seconds N             of each round, one query at a time                (1)
  --rounds N              the median of them is shown                       (3)

Both are loaded with the same graph over the same driver, and asked in alternating rounds. weftkit answers a write when it is
on the disk.
`;

const { values } = parseArgs({
  options: {
    nodes: { type: "string", default: "10000" },
    edges: { type: "string", default: "177000" },
    beside: { type: "string" },
    seconds: { type: "string", default: "1" },
    rounds: { type: "string", default: "3" },
    help: { type: "boolean", default: false },
  },
});

interface Contender {
  readonly name: string;
  readonly driver: Driver;
  stop(): Promise<void>;
}

function connect(url: string): Driver {
  return neo4j.driver(url, neo4j.auth.basic("neo4j", "none"), { disableLosslessIntegers: true });
}

async function startWeftkit(): Promise<Contender> {
  const bundle = builtBundle("graph");
  const folder = mkdtempSync(join(tmpdir(), "bench-graph-"));
  const child = spawn(process.execPath, [bundle], {
    env: {
      WEFTKIT_BIND: "127.0.0.1",
      WEFTKIT_PORT: "0",
      WEFTKIT_ADMIN_PORT: "0",
      WEFTKIT_AUTH: "none",
      WEFTKIT_DATA_DIR: folder,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let port = 0;
  for await (const line of createInterface(child.stdout)) {
    const message = JSON.parse(line) as { msg: string; port: number };
    if (message.msg !== "ready") continue;
    port = message.port;
    break;
  }
  child.stdout.resume();
  const driver = connect(`bolt://127.0.0.1:${port}`);
  return {
    name: "weftkit",
    driver,
    async stop() {
      await driver.close();
      child.kill("SIGTERM");
      await once(child, "exit");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Microseconds that one query takes on average, one after the other for some seconds. */
async function round(driver: Driver, query: string, nodes: number, random: () => number): Promise<number> {
  const session = driver.session();
  const startedMs = performance.now();
  const endsMs = startedMs + Number(values.seconds) * 1000;
  let count = 0;
  do {
    await session.run(query, { a: Math.floor(random() * nodes), b: Math.floor(random() * nodes) });
    count++;
  } while (performance.now() < endsMs);
  const us = ((performance.now() - startedMs) * 1000) / count;
  await session.close();
  return us;
}

async function main(): Promise<void> {
  const nodes = Number(values.nodes);
  const contenders: Contender[] = [await startWeftkit()];
  if (values.beside !== undefined) {
    const driver = connect(values.beside);
    contenders.push({ name: "beside", driver, stop: () => driver.close() });
  }
  try {
    console.log(
      `${cpus().length} processors, load ${loadavg()[0]!.toFixed(1)}; ${nodes} nodes, ${values.edges} edges`,
    );
    for (const { name, driver } of contenders) {
      const ms = await load(driver, nodes, Number(values.edges), randomNumbers(7));
      console.log(`${name.padEnd(10)} loaded in ${(ms / 1000).toFixed(1)} s`);
    }
    for (const { name, query } of loads) {
      const results = contenders.map((): number[] => []);
      for (let i = 0; i < Number(values.rounds); i++)
        for (const [index, { driver }] of contenders.entries())
          results[index]!.push(await round(driver, query, nodes, randomNumbers(i + 1)));
      const shown = contenders.map(
        (contender, index) => `${contender.name} ${Math.round(median(results[index]!))} us`,
      );
      console.log(`${name.padEnd(20)} ${shown.join("   ")}`);
    }
  } finally {
    for (const contender of contenders) await contender.stop();
  }
}

if (values.help) console.log(usage);
else await main();
