import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { NativeSockets } from "@weftkit/sockets";
import { randomNumbers } from "@weftkit/testing/random-numbers";
import { cpuSeconds } from "./cpu-time.ts";
import { KEYS, type Load, RANDOM, wordsOf } from "./loads.ts";
import { ReplyCounter } from "./reply-counter.ts";

/** What a run is told, as JSON in its first argument. */
export interface Order {
  readonly load: Load;
  readonly port: number;
  /** The server's process: its CPU time is read at the beginning and at the end of the measurement. */
  readonly serverPid: number;
  readonly seconds: number;
  /** Not counted: until connections, caches and compilers are where they stay. */
  readonly warmUpSeconds: number;
}

/** What a run prints, as JSON. */
export interface Measurement {
  readonly requestsPerSecond: number;
  /** User and system time of the server per request, all its threads. */
  readonly serverMicroseconds: number;
  /** Parts of the time that the server and the generator had a processor; the server has more than one thread. */
  readonly serverBusy: number;
  readonly generatorBusy: number;
}

/** So many commands with random keys are made before the run: generating them must not cost any time in it. */
const COMMANDS_PREPARED = 1 << 17;
const BYTES_PREPARED_MAX = 16 << 20;

/** Pipelines one behind the other, that clients choose from at random, and where each starts and the last one ends. */
interface Pipelines {
  readonly prepared: Buffer;
  readonly edges: readonly number[];
}

/** The same for every server, as the numbers are seeded. */
function preparePipelines(load: Load): Pipelines {
  const words = wordsOf(load);
  const isRandom = words.some((word) => word.includes(RANDOM));
  const bytes = Buffer.byteLength(encode(words)) * load.pipeline;
  const count = isRandom ? Math.min(COMMANDS_PREPARED / load.pipeline, BYTES_PREPARED_MAX / bytes) : 1;
  const random = randomNumbers(1);
  const pipelines = Array.from({ length: Math.ceil(count) }, () => {
    let text = "";
    for (let i = 0; i < load.pipeline; i++) {
      text += encode(words.map((word) => word.replace(RANDOM, () => digits(random()))));
    }
    return Buffer.from(text);
  });
  const edges = [0];
  for (const { length } of pipelines) edges.push(edges.at(-1)! + length);
  return { prepared: Buffer.concat(pipelines), edges };
}

function digits(random: number): string {
  return String(Math.floor(random * KEYS)).padStart(12, "0");
}

function encode(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
}

/**
 * Keeps a server busy and measures it. Each client sends a pipeline, waits for all its replies and sends the next one,
 * as redis-benchmark does, but with prepared bytes and one shared read buffer: a fraction of its CPU time per request.
 */
async function run(order: Order): Promise<Measurement> {
  const { load, port, serverPid } = order;
  const { prepared, edges } = preparePipelines(load);
  const random = randomNumbers(1);
  let replies = 0;
  let failure: Error | undefined;
  const sockets = NativeSockets.open();
  if (sockets === undefined)
    throw new Error("the generator needs the compiled sockets: npm run build, with a C compiler");
  sockets.turn = { beginTurn() {}, lookAhead() {}, endTurn: () => sockets.flush() };
  const start = async () => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    const transport = sockets.take(socket);
    if (transport === undefined) throw new Error("no descriptor is left for a connection");
    const counter = new ReplyCounter();
    const send = () => {
      counter.replies = 0;
      const chosen = Math.floor(random() * (edges.length - 1));
      transport.send(prepared, edges[chosen]!, edges[chosen + 1]!);
    };
    transport.start({
      data(bytes, from, to) {
        const before = counter.replies;
        counter.read(bytes, from, to);
        replies += counter.replies - before;
        if (counter.errors > 0) failure = new Error(`an error: ${bytes.toString("latin1", from, to)}`);
        if (counter.replies === load.pipeline && counter.isWhole) send();
      },
      upcoming() {},
      unsent() {},
      drained() {},
      ended() {},
      closed() {
        failure ??= new Error("the server has closed a connection");
      },
    });
    return send;
  };
  const starts = await Promise.all(Array.from({ length: load.clients }, start));
  for (const send of starts) send();
  sockets.flush();
  await delay(order.warmUpSeconds * 1000);

  const before = { replies, at: performance.now(), server: cpuSeconds(serverPid), own: process.cpuUsage() };
  await delay(order.seconds * 1000);
  const requests = replies - before.replies;
  const seconds = (performance.now() - before.at) / 1000;
  const server = cpuSeconds(serverPid) - before.server;
  const own = process.cpuUsage(before.own);
  if (failure !== undefined) throw failure;
  return {
    requestsPerSecond: requests / seconds,
    serverMicroseconds: (server / requests) * 1e6,
    serverBusy: server / seconds,
    generatorBusy: (own.user + own.system) / 1e6 / seconds,
  };
}

if (import.meta.main) {
  console.log(JSON.stringify(await run(JSON.parse(process.argv[2]!))));
  process.exit();
}
