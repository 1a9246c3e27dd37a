import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { describe, expect, test } from "vitest";
import { Link } from "./oracle/link.ts";
import { isOracleMissing, RedisServer } from "./oracle/redis-server.ts";
import { LIBRARIES, SCRIPTS } from "./oracle/scripts.ts";
import { RunningEngine } from "./running-engine.ts";

const DATA = [
  ["SET", "str", "x"],
  ["HSET", "h", "f", "v"],
  ["ZADD", "z", "1.5", "m"],
  ["SADD", "s", "a"],
];

describe.skipIf(isOracleMissing)("scripts, on ours as on Redis", () => {
  test.each([2, 3] as const)("single scripts, in RESP%i", async (version) => {
    const redis = await RedisServer.start(temporaryFolder());
    const engine = await RunningEngine.start();
    const theirs = await Link.open(redis.port, version);
    const ours = await Link.open(engine.port, version);
    await theirs.exchange(DATA);
    await ours.exchange(DATA);
    const differences: string[] = [];
    for (const script of SCRIPTS) {
      const command = ["EVAL", script, "1", "key1", "arg1"];
      const [expected] = await theirs.exchange([command]);
      const [reply] = await ours.exchange([command]);
      if (reply!.compare(expected!) !== 0)
        differences.push(`${script}: ${reply!.toString("latin1")} Redis: ${expected!.toString("latin1")}`);
    }
    expect(differences).toEqual([]);
    ours.close();
    theirs.close();
    await redis.stop();
  });

  test("libraries of functions, and the commands around scripts", async () => {
    const redis = await RedisServer.start(temporaryFolder());
    const engine = await RunningEngine.start();
    const theirs = await Link.open(redis.port);
    const ours = await Link.open(engine.port);
    const differences: string[] = [];
    for (const command of LIBRARIES.flat()) {
      const [expected] = await theirs.exchange([command]);
      const [reply] = await ours.exchange([command]);
      if (reply!.compare(expected!) !== 0) {
        differences.push(
          `${command.join(" ")}: ${reply!.toString("latin1")} Redis: ${expected!.toString("latin1")}`,
        );
      }
    }
    expect(differences).toEqual([]);
    ours.close();
    theirs.close();
    await redis.stop();
  });
});
