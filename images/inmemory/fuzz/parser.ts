// Fuzzes the request parser: `node images/inmemory/fuzz/parser.ts --cases 10000000 --seed 7`. A failure prints the
// case's seed and input; `--cases 1 --seed <that seed>` runs it again.
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { Args } from "../src/protocol/args.ts";
import {
  COMPLETE,
  INCOMPLETE,
  ProtocolError,
  type RequestLimits,
  RequestParser,
} from "../src/protocol/request.ts";
import { Random } from "../test/oracle/random.ts";

/** What mutation starts from: one of each kind of request, and the known kinds of trouble. */
const corpus = [
  "*1\r\n$4\r\nPING\r\n",
  "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n",
  "*3\r\n$3\r\nset\r\n$0\r\n\r\n$3\r\n\r\n\0\r\n",
  "*2\r\n$3\r\nGET\r\n$12\r\nbinary\x00\xff\r\n$3\r\n*1\r\n$4\r\nPING\r\n",
  "*0\r\n*-1\r\n*1\r\n$4\r\nECHO\r\n",
  "*12\r\n$4\r\nMSET\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$1\r\n2\r\n$1\r\nc\r\n$1\r\n3\r\n$1\r\nd\r\n$1\r\n4\r\n$1\r\ne\r\n$1\r\n5\r\n",
  "PING\r\n",
  "set key 'single \\' quoted' \"double \\x41\\n\\\"\"\r\n",
  '\r\n  \r\nGET key\nECHO ""\r\n',
  "*1\r\n$1073741824\r\n",
  "*2147483648\r\n$4\r\n",
  "*2\r\n*1\r\n$4\r\nPING\r\n",
  "*1\r\n$-1\r\n",
  "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
];

/** Pieces that break things when they come where they should not. */
const tokens = [
  "\r\n",
  "\r",
  "\n",
  "*",
  "$",
  "-",
  "\0",
  '"',
  "'",
  "\\x",
  "*1\r\n",
  "$0\r\n\r\n",
  "*-1\r\n",
  "$-1\r\n",
  "$65536\r\n",
  "*1048577\r\n",
  "*2147483647\r\n",
  "$536870912\r\n",
  "$536870913\r\n",
  "$9223372036854775807\r\n",
  "*99999999999999999999999\r\n",
  "$03\r\nabc\r\n",
];

/** Beyond this a line is refused; some cases are made longer than that. */
const LINE_BYTES_MAX = 64 << 10;
const LONG_CASE_EVERY = 2000;

/** What a parser made of an input: the requests, and how it ended. */
interface Outcome {
  readonly requests: Buffer[][];
  readonly end: "incomplete" | string;
}

/** How the bytes reach the parser. */
type Delivery = "at once" | "continued" | "read again";

export interface FuzzResult {
  readonly cases: number;
  readonly requests: number;
  readonly refused: number;
  readonly elapsedMs: number;
}

/**
 * Runs cases `seed`, `seed` + 1, ... and throws at the first that breaks a rule:
 *
 * - nothing is thrown but ProtocolError;
 * - every argument lies inside what was received, and what lies behind it changes nothing;
 * - requests and errors are the same however the bytes are cut into packets, both for a parser that continues and for
 *   one that reads an incomplete request again;
 * - valid requests come back as they were written.
 */
export function fuzz(options: {
  cases: number;
  seed: number;
  progress?: (done: number) => void;
}): FuzzResult {
  const startedMs = performance.now();
  let requests = 0;
  let refused = 0;
  for (let i = 0; i < options.cases; i++) {
    const seed = options.seed + i;
    const random = new Random(seed);
    try {
      const outcome = random.chance(10) ? roundTrip(random) : mutation(random, seed);
      requests += outcome.requests.length;
      if (outcome.end !== "incomplete") refused++;
    } catch (error) {
      throw new Error(`case with seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
    if (options.progress !== undefined && (i + 1) % 1_000_000 === 0) options.progress(i + 1);
  }
  return { cases: options.cases, requests, refused, elapsedMs: performance.now() - startedMs };
}

function mutation(random: Random, seed: number): Outcome {
  const input = mutated(random, seed);
  const limits = {
    bulkBytes: random.pick([512 << 20, 64, 5]),
    isAuthenticated: random.chance(80),
  };
  const whole = parse(input, limits, "at once", random);
  for (const delivery of ["continued", "read again"] as const) {
    const cut = parse(input, limits, delivery, random);
    if (!isSame(whole, cut))
      throw new Error(`${delivery}: ${show(cut)} instead of ${show(whole)} for ${quote(input)}`);
  }
  return whole;
}

function roundTrip(random: Random): Outcome {
  const requests = random.many(1, 4, () =>
    random.many(1, random.chance(5) ? 100 : 5, () => randomBytes(random, random.chance(5) ? 2000 : 12)),
  );
  const parts = requests.flatMap((words) => [
    Buffer.from(`*${words.length}\r\n`),
    ...words.flatMap((word) => [Buffer.from(`$${word.length}\r\n`), word, Buffer.from("\r\n")]),
  ]);
  const limits = { bulkBytes: 512 << 20, isAuthenticated: true };
  const expected: Outcome = { requests, end: "incomplete" };
  const input = Buffer.concat(parts);
  for (const delivery of ["at once", "continued", "read again"] as const) {
    const outcome = parse(input, limits, delivery, random);
    if (!isSame(outcome, expected))
      throw new Error(`${delivery}: ${show(outcome)} for valid ${quote(input)}`);
  }
  return expected;
}

/** Runs a parser over the input as a connection does. What lies behind the received bytes is random. */
function parse(input: Buffer, limits: RequestLimits, delivery: Delivery, random: Random): Outcome {
  const buffer = Buffer.allocUnsafe(input.length + 64);
  const parser = new RequestParser();
  const args = new Args();
  const requests: Buffer[][] = [];
  let end = 0;
  parser.reset(0);
  while (true) {
    const next =
      delivery === "at once" ? input.length : Math.min(input.length, end + step(random, input.length));
    input.copy(buffer, end, end, next);
    poison(buffer, next, random);
    end = next;
    try {
      while (true) {
        const result = parser.parse(buffer, end, args, limits);
        if (parser.position > end) throw new Error(`read up to ${parser.position} of ${end} bytes`);
        if (result === INCOMPLETE) break;
        if (result === COMPLETE) requests.push(copyArguments(args, buffer, end));
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return { requests, end: error.message };
    }
    if (end === input.length) return { requests, end: "incomplete" };
    if (delivery === "read again") parser.reset(parser.start);
  }
}

function step(random: Random, length: number): number {
  return 1 + random.below(length > 1000 ? length >> 2 : 9);
}

/** Bytes that look like more input, different ones each time: a parser that reads them gives itself away. */
function poison(buffer: Buffer, from: number, random: Random): void {
  const text = random.pick(["\r\n", "\n", "9", "*", "$1\r\n", "\0", '"']);
  buffer.fill(text, from, Math.min(buffer.length, from + 32), "latin1");
}

function copyArguments(args: Args, buffer: Buffer, end: number): Buffer[] {
  if (args.count === 0) throw new Error("a request without arguments");
  for (let i = 0; i < args.count; i++) {
    const [offset, length] = [args.offsets[i]!, args.lengths[i]!];
    const isInside = offset >= 0 && length >= 0 && (args.buffer !== buffer || offset + length <= end);
    if (!isInside || offset + length > args.buffer.length) throw new Error(`argument ${i} lies outside`);
  }
  return args.copyAll();
}

function mutated(random: Random, seed: number): Buffer {
  const pieces = random.many(1, 3, () => Buffer.from(random.pick(corpus), "latin1"));
  let bytes: Buffer = Buffer.concat(pieces);
  const edits = random.below(6);
  for (let i = 0; i < edits; i++) bytes = edited(bytes, random);
  if (seed % LONG_CASE_EVERY === 0) {
    const long = Buffer.alloc(LINE_BYTES_MAX - 3 + random.below(6), random.pick(["a", "1", '"', " ", "*"]));
    bytes = splice(bytes, random.below(bytes.length + 1), 0, long);
  }
  return bytes;
}

function edited(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length + 1);
  switch (random.below(6)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return splice(bytes, at, random.below(8), Buffer.alloc(0));
    case 2:
      return splice(bytes, at, 0, Buffer.from(random.pick(tokens), "latin1"));
    case 3:
      return splice(bytes, at, 1, Buffer.from([random.below(256)]));
    case 4:
      return splice(bytes, at, 0, bytes.subarray(at, at + random.below(20)));
    default:
      return splice(bytes, at, 1, Buffer.from(String(random.below(30))));
  }
}

function splice(bytes: Buffer, at: number, remove: number, insert: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);
}

function randomBytes(random: Random, lengthMax: number): Buffer {
  return Buffer.from(Array.from({ length: random.below(lengthMax + 1) }, () => random.below(256)));
}

function isSame(a: Outcome, b: Outcome): boolean {
  return (
    a.end === b.end &&
    a.requests.length === b.requests.length &&
    a.requests.every((words, index) => {
      const others = b.requests[index]!;
      return words.length === others.length && words.every((word, at) => word.equals(others[at]!));
    })
  );
}

function show({ requests, end }: Outcome): string {
  return `${requests.map((words) => `[${words.map(quote).join(" ")}]`).join(" ")} then ${end}`;
}

function quote(bytes: Buffer): string {
  return JSON.stringify(bytes.subarray(0, 400).toString("latin1"));
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({ options: { cases: { type: "string" }, seed: { type: "string" } } });
  const result = fuzz({
    cases: Number(values.cases ?? 1_000_000),
    seed: Number(values.seed ?? 1),
    progress: (done) => console.log(`${done} cases`),
  });
  console.log(
    `${result.cases} cases in ${(result.elapsedMs / 1000).toFixed(1)} s: ${result.requests} requests, ${result.refused} inputs refused, no rule broken`,
  );
}
