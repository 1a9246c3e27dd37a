import { Agent, request } from "node:http";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { randomNumbers } from "@weftkit/testing/random-numbers";
import type { Contender } from "../contender.ts";
import { median } from "../median.ts";
import { startVersitygw, startWeftkit } from "./contenders.ts";
import { type S3Request, signedRequestHeaders } from "./signed-request.ts";

const usage = `Measures weftkit/filestore beside versitygw, in alternating rounds.

  npm run filestore -- [options]        in bench/, after npm run build

  --loads NAME,...        put, get, large-put, large-get, list              (all)
  --connections N,...     of put and get, with one request under way each   (1,16,64)
  --bytes N               the size of a small object                        (4096)
  --large-bytes N         the size of a large one                           (268435456)
  --seconds N             of each round                                     (2)
  --rounds N              the median of them is shown                       (3)
  --versitygw PROGRAM     its binary (go install github.com/versity/versitygw/cmd/versitygw@v1.8.0)  (left out)
  --json                  one JSON object for each line instead of a table

Requests are signed. weftkit answers a write when it is on the disk, and compares all that it reads with what was written;
versitygw writes to files without waiting for the disk. BENCH_FOLDER says where the servers' folders are made.
`;

const bucket = "bench";
const keyCount = 2000;

const { values } = parseArgs({
  options: {
    loads: { type: "string", default: "put,get,large-put,large-get,list" },
    connections: { type: "string", default: "1,16,64" },
    bytes: { type: "string", default: "4096" },
    "large-bytes": { type: "string", default: "268435456" },
    seconds: { type: "string", default: "2" },
    rounds: { type: "string", default: "3" },
    versitygw: { type: "string" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const random = randomNumbers(1);
const content = Buffer.alloc(1024 * 1024);
for (let at = 0; at < content.length; at += 4) content.writeUInt32LE(Math.floor(random() * 2 ** 32), at);

if (values.help) console.log(usage);
else await main();

async function main(): Promise<void> {
  const contenders = [await startWeftkit()];
  try {
    if (values.versitygw !== undefined) contenders.push(await startVersitygw(values.versitygw));
    print({ machine: `${cpus().length} processors`, load: loadavg()[0]!.toFixed(1) });
    for (const { name, readyMs } of contenders) print({ contender: name, readyMs: Math.round(readyMs) });
    for (const { port } of contenders) {
      await ask(port, { method: "PUT", path: `/${bucket}` });
      for (let key = 0; key < keyCount; key++) await ask(port, smallPut(key));
    }
    const counts = values.connections.split(",").map(Number);
    for (const load of values.loads.split(",")) {
      if (load === "put" || load === "get") for (const count of counts) await small(contenders, load, count);
      else if (load === "list") await small(contenders, load, 1);
      else await large(contenders, load);
    }
    for (const contender of contenders)
      print({ contender: contender.name, residentMb: Math.round(contender.residentBytes() / 1e6) });
  } finally {
    for (const contender of contenders) await contender.stop();
  }
}

/** No two contents are the same, so that nothing is stored once only. */
function smallPut(key: number): S3Request {
  const body = Buffer.from(content.subarray(0, Number(values.bytes)));
  body.writeDoubleLE(random(), 0);
  return { method: "PUT", path: `/${bucket}/small/${key}`, body };
}

function requestOf(load: string): S3Request {
  const key = Math.floor(random() * keyCount);
  if (load === "put") return smallPut(key);
  if (load === "get") return { method: "GET", path: `/${bucket}/small/${key}` };
  return { method: "GET", path: `/${bucket}`, query: "list-type=2&max-keys=1000" };
}

/** One line: the same load on all of them, in turn, several times. */
async function small(contenders: readonly Contender[], load: string, connections: number): Promise<void> {
  const rounds = new Map(contenders.map(({ name }) => [name, [] as { perSecond: number; p99Ms: number }[]]));
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const { name, port } of contenders) {
      const agent = new Agent({ keepAlive: true, maxSockets: connections });
      const durations: number[] = [];
      const startedMs = performance.now();
      const endMs = startedMs + Number(values.seconds) * 1000;
      const client = async () => {
        while (performance.now() < endMs) {
          const askedMs = performance.now();
          await ask(port, requestOf(load), agent);
          durations.push(performance.now() - askedMs);
        }
      };
      await Promise.all(Array.from({ length: connections }, client));
      const seconds = (performance.now() - startedMs) / 1000;
      agent.destroy();
      durations.sort((a, b) => a - b);
      const p99Ms = durations[Math.floor(durations.length * 0.99)] ?? 0;
      rounds.get(name)!.push({ perSecond: durations.length / seconds, p99Ms });
    }
  }
  const line: Record<string, string | number> = { load, connections };
  for (const [name, measured] of rounds) {
    line[`${name}/s`] = Math.round(median(measured.map(({ perSecond }) => perSecond)));
    line[`${name} p99`] = median(measured.map(({ p99Ms }) => p99Ms)).toFixed(2);
  }
  print(line);
}

async function large(contenders: readonly Contender[], load: string): Promise<void> {
  const bytes = Number(values["large-bytes"]);
  const line: Record<string, string | number> = { load, bytes };
  const rounds = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const { name, port } of contenders) {
      const body = Buffer.alloc(bytes, content);
      body.writeDoubleLE(random(), 0);
      const path = `/${bucket}/large`;
      const put: S3Request = { method: "PUT", path, body };
      if (load === "large-get") await ask(port, put);
      const startedMs = performance.now();
      await ask(port, load === "large-get" ? { method: "GET", path } : put);
      rounds.get(name)!.push(bytes / 1e6 / ((performance.now() - startedMs) / 1000));
    }
  }
  for (const [name, measured] of rounds) line[`${name} MB/s`] = Math.round(median(measured));
  print(line);
}

/** Sends a request and reads its answer to the end. */
function ask(port: number, asked: S3Request, agent?: Agent): Promise<void> {
  const { method, path, query, body } = asked;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const sent = request({
    port,
    host: "127.0.0.1",
    method,
    path: query === undefined ? path : `${path}?${query}`,
    headers: signedRequestHeaders(port, asked),
    ...(agent !== undefined && { agent }),
  });
  sent.on("response", (response) => {
    response.resume();
    response.on("end", () => {
      if (response.statusCode === 200) resolve();
      else reject(new Error(`${method} ${path}: ${response.statusCode}`));
    });
  });
  sent.on("error", reject);
  sent.end(body);
  return promise;
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
