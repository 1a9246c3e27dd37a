import { parseArgs } from "node:util";
import { type Contender, redisVersion, requireRedis, startRedis, startWeftkit } from "./contenders.ts";
import type { Measurement } from "./load-generator.ts";
import { type Load, loads } from "./loads.ts";
import { manyKeys } from "./many-keys.ts";
import { compare, type GeneratorName } from "./throughput.ts";

const usage = `Compares weftkit/inmemory with the real Redis on this machine, in one run.

  npm run bench -- [options]         after npm run build

  --quick               50 clients, pipeline 1 and 16, 3-byte values only
  --only COMMAND,...    some commands only (SET, GET, INCR, LPUSH, HSET, ZADD, XADD, EVAL, MSET)
  --clients N,...       some numbers of clients only (1, 50, 500)
  --pipeline N,...      some pipelines only (1, 16, 64)
  --bytes N,...         some sizes of values only (3, 100, 4096)
  --rounds N            alternating rounds per cell; the median counts      (5)
  --seconds N           about so long per round                             (1)
  --appendfsync POLICY  always, everysec, no, on both sides                 (everysec)
  --generator NAME      own (load-generator.ts) or redis-benchmark              (own)
  --rewrites            lets both servers rewrite their logs when these have grown
  --keys N              the many-keys part: so many keys, 0 leaves it out   (5000000)
  --json                one JSON object instead of a table

Requests per second are only the servers' own numbers while the server is what is busy. The columns "busy" say for each
how many processors it and its generator had: where a server had less than 0.9, as with one client, or with others
working on the machine, the line is marked with "*" and measures something else. CPU is a server's user and system time
per request, of all its threads; it stands also when the machine is shared.

redis-benchmark costs the machine more than the server does at pipeline 1, and then is what is measured; our own
generator sends prepared bytes, the same to both servers, and needs less than the server does.

Before a load everything that it reads or writes is written once (not for LPUSH, nor where that would be gigabytes): while
the data grows, new pages from the kernel are most of what large values cost, and the faster server is done with it
sooner.

A log of these loads doubles every few seconds, and a rewrite in some rounds but not in others would be all the
difference between them: without --rewrites neither server rewrites its log here. weftkit replays the log for it, in a
thread, which costs processor time with the length of the log; Redis forks, which costs it with the size of the data.
`;

/** Below this part of a processor a server was waiting for something else. */
const SATURATED_MIN = 0.9;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    clients: { type: "string" },
    pipeline: { type: "string" },
    bytes: { type: "string" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "1" },
    appendfsync: { type: "string", default: "everysec" },
    generator: { type: "string", default: "own" },
    rewrites: { type: "boolean", default: false },
    keys: { type: "string", default: "5000000" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) console.log(usage);
else await main();

async function main(): Promise<void> {
  requireRedis();
  const report: { throughput: unknown[]; manyKeys: Record<string, unknown> } = {
    throughput: [],
    manyKeys: {},
  };
  const say = (line: string) => {
    if (!values.json) console.log(line);
  };
  const generator = generatorNamed(values.generator);
  say(
    `Redis ${redisVersion()}, appendfsync ${values.appendfsync}, median of ${values.rounds} rounds, load by ${generator}\n`,
  );
  say(
    "                                 -- requests/s ---------------   -- CPU us/request -------   -- busy: server/generator",
  );
  say(
    "command  clients  pipeline  bytes     redis   weftkit   ratio     redis   weftkit   ratio         redis      weftkit",
  );
  for (const load of loads(values.quick)) {
    if (!isChosen(load)) continue;
    const [redis, weftkit] = await together(async (contenders) =>
      compare(contenders, load, {
        rounds: Number(values.rounds),
        seconds: Number(values.seconds),
        generator,
        hasRewrites: values.rewrites,
      }),
    );
    report.throughput.push({ ...load, redis, weftkit });
    say(row(load, redis!, weftkit!));
  }
  const keys = Number(values.keys);
  if (keys > 0) {
    say(`\n${keys} keys of 16 bytes with values of 3, then single GETs beside a writer\n`);
    say("server   bytes/key   p50 ms   p99.9 ms   max ms");
    for (const start of [startRedis, startWeftkit]) {
      const contender = await start(values.appendfsync);
      const result = await manyKeys(contender, keys, 200_000);
      await contender.stop();
      report.manyKeys[contender.name] = result;
      const numbers = [result.bytesPerKey, result.p50Ms, result.p999Ms, result.maxMs];
      say(`${contender.name.padEnd(8)} ${numbers.map((n) => n.toFixed(2).padStart(9)).join("  ")}`);
    }
  }
  if (values.json) console.log(JSON.stringify(report));
}

/** Whether the options that leave cells out leave this one in. */
function isChosen({ command, clients, pipeline, valueBytes }: Load): boolean {
  const has = (list: string | undefined, value: string | number) =>
    list === undefined || list.toUpperCase().split(",").includes(String(value));
  return (
    has(values.only, command) &&
    has(values.clients, clients) &&
    has(values.pipeline, pipeline) &&
    has(values.bytes, valueBytes)
  );
}

/** Runs something on fresh servers, ours and theirs, both up at the same time. */
async function together<T>(work: (contenders: readonly Contender[]) => Promise<T>): Promise<T> {
  const contenders = [await startRedis(values.appendfsync), await startWeftkit(values.appendfsync)];
  try {
    return await work(contenders);
  } finally {
    for (const contender of contenders) await contender.stop();
  }
}

/** A line of the table. */
function row(load: Load, redis: Measurement, weftkit: Measurement): string {
  const isSaturated = Math.min(redis.serverBusy, weftkit.serverBusy) >= SATURATED_MIN;
  const cells = [
    load.command.padEnd(7),
    String(load.clients).padStart(8),
    String(load.pipeline).padStart(9),
    String(load.valueBytes).padStart(6),
    redis.requestsPerSecond.toFixed(0).padStart(9),
    weftkit.requestsPerSecond.toFixed(0).padStart(9),
    (weftkit.requestsPerSecond / redis.requestsPerSecond).toFixed(2).padStart(7),
    redis.serverMicroseconds.toFixed(2).padStart(9),
    weftkit.serverMicroseconds.toFixed(2).padStart(9),
    (weftkit.serverMicroseconds / redis.serverMicroseconds).toFixed(2).padStart(7),
    busy(redis).padStart(13),
    busy(weftkit).padStart(12),
    isSaturated ? "" : "*",
  ];
  return cells.join(" ").trimEnd();
}

function busy({ serverBusy, generatorBusy }: Measurement): string {
  return `${serverBusy.toFixed(2)}/${generatorBusy.toFixed(2)}`;
}

function generatorNamed(name: string): GeneratorName {
  if (name === "own" || name === "redis-benchmark") return name;
  throw new Error(`--generator is own or redis-benchmark, not ${name}`);
}
