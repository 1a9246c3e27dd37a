import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, onTestFinished, test } from "vitest";
import { Link } from "./oracle/link.ts";
import type { Word } from "./oracle/random.ts";
import { isOracleMissing, RedisServer } from "./oracle/redis-server.ts";
import { decodeReply, type Reply } from "./oracle/reply.ts";
import { sendSteps } from "./oracle/send-steps.ts";
import { readState, stateDifferences } from "./oracle/state.ts";
import { makeSteps } from "./oracle/workload.ts";
import { RunningEngine } from "./running-engine.ts";

const COMMANDS = 20_000;
const SEEDS = [1, 2, 3];
const DATABASES = 16;
/** Bytes of version and checksum at the end of a payload. */
const FOOTER_BYTES = 10;

interface Dumped {
  readonly database: number;
  readonly key: Buffer;
  readonly expiresAt: string;
  readonly encoding: string;
  readonly payload: Buffer;
}

async function connect(port: number): Promise<Link> {
  const link = await Link.open(port);
  onTestFinished(() => link.close());
  return link;
}

async function dumpAll(link: Link): Promise<Dumped[]> {
  const dumped: Dumped[] = [];
  for (let database = 0; database < DATABASES; database++) {
    await link.call("SELECT", String(database));
    const keys = (await link.call("KEYS", "*")).items.map(bytesOf);
    const questions = keys.flatMap((key): Word[][] => [
      ["PEXPIRETIME", key],
      ["OBJECT", "ENCODING", key],
      ["DUMP", key],
    ]);
    const replies = (await link.exchange(questions)).map((reply) => decodeReply(reply));
    for (const [index, key] of keys.entries()) {
      const [expiry, encoding, payload] = replies.slice(index * 3, index * 3 + 3) as [Reply, Reply, Reply];
      // A key may have expired since.
      if (payload.isNull) continue;
      dumped.push({
        database,
        key,
        expiresAt: expiry.text,
        encoding: encoding.text,
        payload: bytesOf(payload),
      });
    }
  }
  return dumped;
}

const bytesOf = ({ text }: Reply) => Buffer.from(text, "latin1");

async function restoreAll(link: Link, dumped: readonly Dumped[]): Promise<void> {
  for (const { database, key, expiresAt, payload } of dumped) {
    const ttl = Number(expiresAt) > 0 ? expiresAt : "0";
    const [, reply] = await link.exchange([
      ["SELECT", String(database)],
      ["RESTORE", key, ttl, payload, "ABSTTL"],
    ]);
    expect(decodeReply(reply!).text, `${key.toString("latin1")}: ${payload.toString("hex")}`).toBe("OK");
  }
}

test.skipIf(isOracleMissing).for(SEEDS)(
  "what Redis dumps is restored, and where it is as new as 7.2 dumped as the same bytes (seed %i)",
  { timeout: 300_000 },
  async (seed) => {
    const real = await RedisServer.start(temporaryFolder());
    onTestFinished(() => real.stop());
    await sendSteps(real.port, makeSteps(seed, COMMANDS, real.version));
    const engine = await RunningEngine.start({ inmemory: { appendfsync: "no" } });
    const [theirs, mine] = [await connect(real.port), await connect(engine.port)];
    const given = await dumpAll(theirs);
    expect(given.length).toBeGreaterThan(20);
    await restoreAll(mine, given);
    const { version } = real;
    const options = { areTimesKept: true, version };
    const [ours, original] = [await readState(mine, options), await readState(theirs, options)];
    expect(stateDifferences(ours, original, { version, encodings: false })).toEqual([]);

    // Older servers refuse what newer ones have written, and write sets, streams and scores in another way.
    if (version.startsWith("7.0.")) return;
    const again = new Map(
      (await dumpAll(mine)).map((one) => [`${one.database} ${one.key.toString("hex")}`, one]),
    );
    const others: string[] = [];
    for (const one of given) {
      const own = again.get(`${one.database} ${one.key.toString("hex")}`);
      // What has shrunk is restored as what it is now, there as here.
      if (own?.encoding !== one.encoding || !isComparable(one)) continue;
      const [left, right] = [own.payload, one.payload].map((bytes) => bytes.subarray(0, -FOOTER_BYTES));
      if (!left!.equals(right!))
        others.push(
          `${one.key.toString("latin1")} (${one.encoding}): ${left!.toString("hex")} ${right!.toString("hex")}`,
        );
    }
    expect(others).toEqual([]);

    const second = await RedisServer.start(temporaryFolder());
    onTestFinished(() => second.stop());
    const back = await connect(second.port);
    await restoreAll(back, [...again.values()]);
    expect(stateDifferences(ours, await readState(back, options), { version, encodings: true })).toEqual([]);
  },
);

/** Not in the order of a hash table, nor how full the nodes of a list are, which depends on how it was made. */
function isComparable({ encoding }: Dumped): boolean {
  return encoding !== "hashtable" && encoding !== "quicklist";
}
