import { randomInt } from "node:crypto";
import { join } from "node:path";
import { killedWhileSending } from "@weftkit/testing/killed-while-sending";
import { patientMs } from "@weftkit/testing/patience";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, onTestFinished, test } from "vitest";
import { EngineProcess } from "./engine-process.ts";
import { Random } from "./oracle/random.ts";
import { adminToken } from "./running-engine.ts";
import { encode, WireClient } from "./wire-client.ts";

const rounds = Number(process.env.WEFTKIT_KILL_ROUNDS ?? 20);

/** A reply means that the write is on the disk: what is acknowledged must be found again. */
const always = { WEFTKIT_INMEMORY_APPENDFSYNC: "always" };

async function connect(port: number): Promise<WireClient> {
  const client = await WireClient.connect(port);
  onTestFinished(() => client.destroy());
  return client;
}

test(
  "kill -9 while changes are sent to a file: each transaction is there whole, in order, and no other one",
  { timeout: patientMs(20_000 + rounds * 5_000) },
  () =>
    killedWhileSending(
      {
        main: join(import.meta.dirname, "../src/main.ts"),
        environment: always,
        prepare: async () => {},
        connect: async (port) => {
          const client = await connect(port);
          return {
            write: async (n) => {
              const isUndone = n % 5 === 0;
              for (const words of [["MULTI"], ["SET", `a${n}`, n], ["SET", `b${n}`, n]])
                if ((await client.call(...words)) === undefined) throw new Error("the connection ended");
              const reply = await client.call(isUndone ? "DISCARD" : "EXEC");
              if (reply === undefined) throw new Error("the connection ended");
              return isUndone ? "rolled back" : "committed";
            },
          };
        },
        stored: async (port) => {
          const client = await connect(port);
          const keys = (await client.call("KEYS", "*")) as string[];
          return keys.length === 0 ? [] : ((await client.call("MGET", ...keys)) as string[]).map(Number);
        },
        numberOf: (row) => {
          const { command } = (row ?? {}) as { command?: [string, string, string] };
          return command && Number(command[2]);
        },
      },
      rounds,
    ),
);

/** Follows the stream of a consumer over kills of the engine, from the last commit it has seen. */
class Follower {
  readonly name: string;
  /** The numbers of each commit, as they came. */
  readonly commits: string[][] = [];
  token: string | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** Until the engine is gone, or with `end` until there is nothing more. */
  async follow(adminPort: number, isBegun: () => void, end = false): Promise<void> {
    const after = this.token === undefined ? "" : `&after=${this.token}`;
    try {
      const response = await fetch(
        `http://127.0.0.1:${adminPort}/v1/changes?consumer=${this.name}${after}${end ? "&end=true" : ""}`,
        { headers: { authorization: `Bearer ${adminToken}` } },
      );
      if (response.status !== 200) throw new Refused(await response.text());
      let rest = "";
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop()!;
        for (const line of lines) this.#take(line);
        isBegun();
      }
    } catch (error) {
      // The engine was killed; whoever is refused has lost something.
      if (error instanceof Refused) throw error;
    } finally {
      isBegun();
    }
  }

  #take(line: string): void {
    const { token, changes } = JSON.parse(line) as {
      token: string;
      changes: { after: { command: string[] } }[];
    };
    this.token = token;
    if (changes.length > 0) this.commits.push(changes.map(({ after }) => after.command[2]!));
  }
}

class Refused extends Error {}

test.for(["always", "everysec"])(
  "three consumers see every transaction, in order and none that was not, over kills and rewrites: appendfsync %s",
  { timeout: patientMs(30_000 + rounds * 5_000) },
  async (appendfsync) => {
    const seed = Number(process.env.WEFTKIT_SEED ?? randomInt(2 ** 31));
    const random = new Random(seed);
    const dataDir = temporaryFolder();
    const environment = {
      WEFTKIT_INMEMORY_APPENDFSYNC: appendfsync,
      WEFTKIT_ADMIN_TOKEN: adminToken,
    };
    const followers = ["a", "b", "c"].map((name) => new Follower(name));
    const acknowledged: number[] = [];
    let number = 0;
    for (let round = 0; round < rounds; round++) {
      const engine = await EngineProcess.start(dataDir, environment);
      const following = followers.map((follower) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        return { begun: promise, done: follower.follow(engine.adminPort, resolve) };
      });
      await Promise.all(following.map(({ begun }) => begun));
      const client = await connect(engine.port);
      const count = 20 + random.below(150);
      const rewriteAt = random.chance(40) ? random.below(count - 8) : -1;
      let isRewriting = false;
      const rewritten = engine.logged("the append-only file is rewritten").catch(() => {});
      for (let index = 0; index < count; index++) {
        number++;
        const text = String(number);
        if (index === rewriteAt) void client.write(encode("BGREWRITEAOF"));
        void client.write(
          Buffer.concat([
            encode("MULTI"),
            encode("RPUSH", "numbers", text),
            encode("SET", "last", text),
            encode("EXEC"),
          ]),
        );
        // Some are on their way when it is killed.
        if (index + 8 < count) {
          // It is refused where there is not enough memory.
          if (index === rewriteAt) isRewriting = !((await client.reply()) instanceof Error);
          await client.replies(4);
          acknowledged.push(number);
        }
      }
      // Others are killed while they rewrite.
      if (isRewriting && random.chance(50)) await rewritten;
      await engine.kill();
      await Promise.all(following.map(({ done }) => done));
    }
    const engine = await EngineProcess.start(dataDir, environment);
    const client = await connect(engine.port);
    const stored = (await client.call("LRANGE", "numbers", "0", "-1")) as string[];
    const found = new Set(stored);
    if (appendfsync === "always") expect(acknowledged.filter((one) => !found.has(String(one)))).toEqual([]);
    for (const follower of followers) {
      await follower.follow(engine.adminPort, () => {}, true);
      for (const commit of follower.commits) expect(commit).toEqual([commit[0], commit[0]]);
      const came = follower.commits.map(([one]) => one!);
      const firsts = [...new Set(came)];
      expect(firsts, `seed ${seed}`).toEqual(stored);
      // A commit may come again, and then those after it do, too: in order, seen from any of them.
      const places = new Map(firsts.map((one, place) => [one, place]));
      let before = -1;
      for (const one of came) {
        expect(places.get(one)!).toBeLessThanOrEqual(before + 1);
        before = places.get(one)!;
      }
    }
  },
);
