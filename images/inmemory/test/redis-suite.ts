// Runs files of Redis's own test suite, from a source tree of Redis 7.2 that you name, against this engine, and prints
// what passed per file; with --json what docs/compatibility/inmemory-suite.json keeps:
//
//   node images/inmemory/test/redis-suite.ts --source ~/redis-7.2.6 [--only unit/type/list] [--json]
//
// Tests whose tags need what the engine does not have (replication, DEBUG beyond ours, cluster) are left out by tag;
// those below need it without saying so in a tag, and are left out by name.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startImage } from "@weftkit/host";
import { InmemoryEngine } from "../src/engine.ts";
import { weftkitVersion } from "../src/identity.ts";

const FILES = [
  "unit/type/string",
  "unit/type/incr",
  "unit/type/hash",
  "unit/type/list",
  "unit/type/list-2",
  "unit/type/list-3",
  "unit/type/set",
  "unit/type/zset",
  "unit/type/stream",
  "unit/type/stream-cgroups",
  "unit/expire",
  "unit/scan",
  "unit/keyspace",
  "unit/multi",
  "unit/pubsub",
  "unit/pubsubshard",
  "unit/sort",
  "unit/dump",
  "unit/bitops",
  "unit/bitfield",
  "unit/introspection",
  "unit/protocol",
  "unit/geo",
  "unit/hyperloglog",
  "unit/tracking",
  "unit/scripting",
  "unit/functions",
  "unit/info-command",
  "unit/introspection-2",
  "unit/latency-monitor",
  "unit/lazyfree",
  "unit/quit",
  "unit/slowlog",
  "unit/pause",
  "unit/acl",
  "unit/acl-v2",
];

/** Tests left out, by what they need. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  MIGRATE: ["MIGRATE cached connections are released after some time"],
  "RDB saves in a child process": ["CLIENT KILL close the client connection during bgsave"],
  "ACL SETUSER": ["Script ACL check"],
  "CLIENT PAUSE that holds CLIENT itself, so that nobody can end it": [
    "Test old pause-all takes precedence over new pause-write (less restrictive)",
  ],
  "an expiry that takes long": [
    "LATENCY of expire events are correctly collected",
    "LATENCY RESET is able to reset events",
  ],
  CLUSTER: ["CLUSTER RESET can not be invoke from within a script"],
  "settings of Redis's own file, port or replication": [
    "CONFIG sanity",
    "not enough good replicas",
    "CONFIG SET with multiple args",
    "CONFIG SET rollback on set error",
    "CONFIG SET rollback on apply error",
    "CONFIG GET multiple args",
    "CONFIG GET hidden configs",
  ],
};

const FILE_SECONDS_MAX = 180;
const { values } = parseArgs({
  options: {
    source: { type: "string" },
    only: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
if (values.source === undefined) throw new Error("--source FOLDER: a source tree of Redis 7.2, built (make)");

/** What a file of the suite came to. */
interface Outcome {
  readonly passed: number;
  readonly failed: number;
  /** Left out by tag or by name. */
  readonly leftOut: number;
  readonly failures: readonly string[];
}

const results: Record<string, Outcome> = {};
for (const file of values.only?.split(",") ?? FILES) {
  const image = await startImage(
    { name: "inmemory", version: weftkitVersion, create: () => new InmemoryEngine() },
    {
      config: {
        server: { admin_port: 0, data_dir: `/tmp/weftkit-suite-${process.pid}-${file.replaceAll("/", "-")}` },
        auth: { method: "none" },
        inmemory: { port: 0, bind: "127.0.0.1", enable_debug_command: true },
      },
    },
  );
  const outcome = await run(values.source, file, image.port);
  results[file] = outcome;
  await image.stop();
  if (!values.json) {
    console.log(
      `${file.padEnd(26)} ${outcome.passed} passed, ${outcome.failed} failed, ${outcome.leftOut} left out`,
    );
    for (const failure of outcome.failures) console.log(`    ${failure}`);
  }
}
if (values.json) {
  const files = Object.entries(results).map(([file, { passed, failed, leftOut }]) => ({
    file,
    passed,
    failed,
    leftOut,
  }));
  console.log(JSON.stringify({ redis: versionOf(values.source), files }, null, 2));
}
process.exit(Object.values(results).some(({ failed }) => failed > 0) ? 1 : 0);

function versionOf(source: string): string {
  const header = readFileSync(join(source, "src", "version.h"), "utf8");
  return /REDIS_VERSION "([^"]+)"/.exec(header)?.[1] ?? "unknown";
}

async function run(source: string, file: string, port: number): Promise<Outcome> {
  const skips = Object.values(NEEDS).flatMap((names) => names.flatMap((name) => ["--skiptest", name]));
  // Files that are about users leave an external server out as a whole: it must not have any of its own.
  const path = join(source, "tests", `${file}.tcl`);
  const text = readFileSync(path, "latin1");
  const copy = join(source, "tests", `${file}-external.tcl`);
  const isLeftOut = /^start_server \{tags \{[^}]*external:skip/.test(text);
  if (isLeftOut) writeFileSync(copy, text.replace(/ ?"?external:skip"?/, ""), "latin1");
  const options = [
    "--host",
    "127.0.0.1",
    "--port",
    String(port),
    "--single",
    isLeftOut ? `${file}-external` : file,
  ];
  const child = spawn(
    "./runtest",
    [...options, "--tags", "-needs:repl -needs:debug -cluster:skip", ...skips],
    {
      cwd: source,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const timer = setTimeout(() => process.kill(-child.pid!, "SIGKILL"), FILE_SECONDS_MAX * 1000);
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  const [code, signal] = await once(child, "exit");
  clearTimeout(timer);
  if (isLeftOut) rmSync(copy);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the suite colours its output
  const lines = output.replace(/\x1b\[[0-9;]*m/g, "").split("\n");
  const count = (mark: string) => lines.filter((line) => line.startsWith(mark)).length;
  const failures = lines.filter((line) => /^\[(?:err|exception)\]/.test(line));
  if (signal !== null) failures.push(`took more than ${FILE_SECONDS_MAX} s`);
  else if (code !== 0 && failures.length === 0) failures.push(`exit code ${code}`);
  return {
    passed: count("[ok]"),
    failed: failures.length,
    leftOut: count("[ignore]") + count("[skip]"),
    failures,
  };
}
