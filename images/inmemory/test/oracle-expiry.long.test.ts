import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, onTestFinished, test } from "vitest";
import { isSame } from "./oracle/compare.ts";
import { Link } from "./oracle/link.ts";
import { exact, type OracleCommand, Random, unordered, type Word } from "./oracle/random.ts";
import { isOracleMissing, RedisServer } from "./oracle/redis-server.ts";
import { decodeReply, showReply } from "./oracle/reply.ts";
import { readState, stateDifferences } from "./oracle/state.ts";
import { RunningEngine } from "./running-engine.ts";

const ROUNDS = 6;
const KEYS = 24;
const COMMANDS = 150;
/** Long enough for both servers to have got all keys before the first one expires. */
const LIFETIME_MS = 400;

/** Makes a key of each type in turn. */
function makeKey(index: number): Word[] {
  const key = `key${index}`;
  const makers: Word[][] = [
    ["SET", key, "10"],
    ["RPUSH", key, "a", "b"],
    ["SADD", key, "1", "2"],
    ["ZADD", key, "1", "a", "2", "b"],
    ["HSET", key, "f", "1"],
    ["XADD", key, "1-1", "f", "v"],
  ];
  return makers[index % makers.length]!;
}

const aKey = (random: Random) => `key${random.below(KEYS)}`;

/** Commands that meet keys whose time is over: as if they had never been. */
const MEETINGS: readonly ((random: Random) => OracleCommand)[] = [
  (random) => exact("GET", aKey(random)),
  (random) => exact("INCR", aKey(random)),
  (random) => exact("APPEND", aKey(random), "x"),
  (random) => exact("SET", aKey(random), "new", random.pick(["NX", "XX", "GET", "KEEPTTL"])),
  (random) => exact("GETSET", aKey(random), "new"),
  (random) => exact("EXISTS", aKey(random), aKey(random)),
  (random) => exact("TYPE", aKey(random)),
  (random) => exact("TTL", aKey(random)),
  (random) => exact("PERSIST", aKey(random)),
  (random) => exact("EXPIRE", aKey(random), "100000", random.pick(["NX", "XX", "GT", "LT"])),
  (random) => exact("DEL", aKey(random)),
  (random) => exact("RENAME", aKey(random), aKey(random)),
  (random) => exact("COPY", aKey(random), aKey(random)),
  (random) => exact("RPUSHX", aKey(random), "c"),
  (random) => exact("LPUSH", aKey(random), "c"),
  (random) => exact("LMOVE", aKey(random), aKey(random), "LEFT", "RIGHT"),
  (random) => exact("SADD", aKey(random), "3"),
  (random) => unordered("SUNION", aKey(random), aKey(random)),
  (random) => exact("SINTERSTORE", aKey(random), aKey(random), aKey(random)),
  (random) => exact("ZADD", aKey(random), "XX", "3", "a"),
  (random) => exact("ZUNIONSTORE", aKey(random), "2", aKey(random), aKey(random)),
  (random) => exact("HSETNX", aKey(random), "f", "2"),
  (random) => exact("HINCRBY", aKey(random), "f", "1"),
  (random) => exact("XADD", aKey(random), "NOMKSTREAM", "9-*", "f", "v"),
  (random) => exact("XLEN", aKey(random)),
  (random) => exact("SETRANGE", aKey(random), "3", "x"),
  (random) => exact("BITCOUNT", aKey(random)),
  () => unordered("KEYS", "*"),
  (random) => exact("OBJECT", "ENCODING", aKey(random)),
  (random) => exact("SORT", aKey(random), "ALPHA"),
];

async function both(
  links: readonly [Link, Link],
  commands: readonly (readonly Word[])[],
): Promise<[Buffer[], Buffer[]]> {
  return Promise.all([links[0].exchange(commands), links[1].exchange(commands)]);
}

test.skipIf(isOracleMissing)(
  "keys whose time is over are gone for every command, as in a real Redis",
  async () => {
    const engine = await RunningEngine.start({ inmemory: { enable_debug_command: true } });
    const real = await RedisServer.start(temporaryFolder());
    onTestFinished(() => real.stop());
    const links: [Link, Link] = [await Link.open(engine.port), await Link.open(real.port)];
    // Only commands find what has expired, so that each of them is tried on it.
    await both(links, [["DEBUG", "SET-ACTIVE-EXPIRE", "0"]]);
    for (let round = 1; round <= ROUNDS; round++) {
      const random = new Random(round);
      const deadline = Date.now() + LIFETIME_MS;
      const made = await both(links, [
        ["FLUSHALL"],
        ...Array.from({ length: KEYS }, (_, index) => makeKey(index)),
        ...Array.from({ length: KEYS }, (_, index): Word[] => [
          "PEXPIREAT",
          `key${index}`,
          String(deadline),
        ]).filter(() => random.chance(75)),
        ["DBSIZE"],
        // Answered when its time has passed, on the servers' own clocks.
        ["BLPOP", "nothing", String((LIFETIME_MS + 50) / 1000)],
      ]);
      expect(made[0].map(String)).toEqual(made[1].map(String));
      expect(Date.now()).toBeGreaterThan(deadline);
      const commands = random.many(COMMANDS, COMMANDS, () => random.pick(MEETINGS)(random));
      const [mine, theirs] = await both(
        links,
        commands.map(({ words }) => words),
      );
      for (const [index, command] of commands.entries()) {
        if (isSame(command, mine[index]!, theirs[index]!, real.version)) continue;
        const replies = [mine[index]!, theirs[index]!].map((reply) => showReply(decodeReply(reply)));
        expect.fail(
          `round ${round}, command ${index}, ${command.words.join(" ")}: ${replies.join(", not ")}`,
        );
      }
      const { version } = real;
      const states = await Promise.all(links.map((link) => readState(link, { version })));
      expect(stateDifferences(states[0]!, states[1]!, { version, encodings: true })).toEqual([]);
    }
  },
);

test.skipIf(isOracleMissing)(
  "keys that nobody asks for expire by themselves, and events tell of each",
  async () => {
    const engine = await RunningEngine.start();
    const real = await RedisServer.start(temporaryFolder());
    onTestFinished(() => real.stop());
    const expired = await Promise.all([engine.port, real.port].map(expireAll));
    expect(expired[0]).toEqual(expired[1]);
    expect(expired[0]!.length).toBe(KEYS);
  },
);

/** Lets keys expire on a server; resolves with the keys that `expired` events name, sorted. */
async function expireAll(port: number): Promise<string[]> {
  const [writer, listener] = [await Link.open(port), await Link.open(port)];
  await writer.call("CONFIG", "SET", "notify-keyspace-events", "Ex");
  await listener.call("SUBSCRIBE", "__keyevent@0__:expired");
  const commands = Array.from({ length: KEYS }, (_, index) => [
    makeKey(index),
    ["PEXPIRE", `key${index}`, String(1 + index * 5)],
  ]);
  await writer.exchange(commands.flat());
  const events = (await listener.receive(KEYS)).map((event) => decodeReply(event).items[2]!.text);
  expect(await writer.call("DBSIZE")).toMatchObject({ text: "0" });
  writer.close();
  listener.close();
  return events.sort();
}
