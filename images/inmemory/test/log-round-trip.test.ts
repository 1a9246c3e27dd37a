import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ChangeReader, type ReadChange } from "@weftkit/testing/change-reader";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, onTestFinished, test } from "vitest";
import { incrementName, writeManifest } from "../src/persistence/manifest.ts";
import { Link } from "./oracle/link.ts";
import type { Word } from "./oracle/random.ts";
import { isOracleMissing, RedisServer } from "./oracle/redis-server.ts";
import { sendSteps } from "./oracle/send-steps.ts";
import { readState, type State, type StateOptions, stateDifferences } from "./oracle/state.ts";
import { makeSteps, type Step } from "./oracle/workload.ts";
import { adminToken, RunningEngine } from "./running-engine.ts";
import { encode } from "./wire-client.ts";

const COMMANDS = 12_000;
/** The command set of this version is what all of these servers understand. */
const VERSION = "7.0";

/** Whether a step may delete stream entries: those still pending are not in a rewritten log, as in Redis's. */
function isStreamTrim({ command: { words } }: Step): boolean {
  const isTrimmed = words.some((word) => /^(?:MAXLEN|MINID)$/i.test(word.toString()));
  return (
    /^(?:XDEL|XTRIM)$/i.test(words[0]!.toString()) || (/^XADD$/i.test(words[0]!.toString()) && isTrimmed)
  );
}

async function stateAt(port: number, options: StateOptions): Promise<State> {
  const link = await Link.open(port);
  const state = await readState(link, options);
  link.close();
  return state;
}

/** Collects log lines and says when one with a text has come. */
class LogLines {
  #lines = "";
  #awaited: { text: string; resolve: () => void } | undefined;

  write(line: string): void {
    this.#lines += line;
    this.#check();
  }

  until(text: string): Promise<void> {
    return new Promise((resolve) => {
      this.#awaited = { text, resolve };
      this.#check();
    });
  }

  #check(): void {
    if (this.#awaited !== undefined && this.#lines.includes(this.#awaited.text)) this.#awaited.resolve();
  }
}

async function rewriteLog(port: number, log: LogLines): Promise<void> {
  const link = await Link.open(port);
  const reply = await link.call("BGREWRITEAOF");
  expect(reply).toMatchObject({ type: "+" });
  await log.until("the append-only file is rewritten");
  link.close();
}

test.for([11, 12, 13])(
  "a restart and a rewrite of the log keep all that random commands made (seed %i)",
  async (seed) => {
    const dataDir = temporaryFolder();
    const first = await RunningEngine.start({ dataDir });
    await sendSteps(
      first.port,
      makeSteps(seed, COMMANDS, VERSION).filter((step) => !isStreamTrim(step)),
    );
    const live = await stateAt(first.port, { isLogged: true });
    expect(live.size).toBeGreaterThan(20);
    await first.image.stop();

    const log = new LogLines();
    const second = await RunningEngine.start({ dataDir, logStream: log });
    expect(differences(await stateAt(second.port, { isLogged: true }), live)).toEqual([]);
    const replayed = await stateAt(second.port, { areTimesKept: true });
    await rewriteLog(second.port, log);
    await second.image.stop();

    const third = await RunningEngine.start({ dataDir });
    expect(differences(await stateAt(third.port, { areTimesKept: true }), replayed)).toEqual([]);
  },
);

test.skipIf(isOracleMissing)("a real Redis reads the log, rewritten and grown again", async () => {
  const dataDir = temporaryFolder();
  const steps = makeSteps(21, COMMANDS, VERSION).filter((step) => !isStreamTrim(step));
  const log = new LogLines();
  const engine = await RunningEngine.start({ dataDir, logStream: log });
  // The writes say when they were made as long as somebody follows.
  await ChangeReader.open(engine.image.adminPort, adminToken, "follower");
  await sendSteps(engine.port, steps.slice(0, steps.length / 2));
  await rewriteLog(engine.port, log);
  await sendSteps(engine.port, steps.slice(steps.length / 2));
  const live = await stateAt(engine.port, { isLogged: true });
  await engine.image.stop();

  const redis = await RedisServer.start(dataDir, ["--appendonly", "yes"]);
  onTestFinished(() => redis.stop());
  expect(differences(live, await stateAt(redis.port, { isLogged: true }))).toEqual([]);
});

/** The command that has the effect of a change, and the database where it runs; undefined where another change has it. */
function commandOf({
  namespace,
  op,
  key,
  after,
}: ReadChange): { database: string; words: Word[] } | undefined {
  if (op === "delete") return { database: namespace, words: ["DEL", Buffer.from(key)] };
  if (after === undefined) return op === "truncate" ? { database: namespace, words: ["FLUSHDB"] } : undefined;
  const { command, database } = JSON.parse(after) as {
    command: (string | { base64: string })[] | null;
    database?: number;
  };
  if (command === null) return undefined;
  const words = command.map((word) =>
    typeof word === "string" ? Buffer.from(word) : Buffer.from(word.base64, "base64"),
  );
  // Libraries are in no database.
  return { database: op === "schema" ? "0" : String(database ?? namespace), words };
}

test("whoever runs the commands of all changes has what random commands made", async () => {
  const source = await RunningEngine.start();
  const reader = await ChangeReader.open(source.image.adminPort, adminToken, "follower");
  const steps = makeSteps(41, COMMANDS, VERSION);
  await sendSteps(source.port, steps);
  // As a log, so that no key expires before the log says so.
  const dataDir = temporaryFolder();
  const folder = join(dataDir, "appendonlydir");
  mkdirSync(folder);
  writeManifest(folder, { files: [{ name: incrementName(1), sequence: 1, type: "increment" }] });
  const commands = (await reader.changes()).flatMap((change) => {
    const command = commandOf(change);
    return command === undefined ? [] : [encode("SELECT", command.database), encode(...command.words)];
  });
  writeFileSync(join(folder, incrementName(1)), Buffer.concat(commands));
  const copy = await RunningEngine.start({ dataDir });
  const options = { isLogged: true };
  expect(differences(await stateAt(source.port, options), await stateAt(copy.port, options))).toEqual([]);
});

test.skipIf(isOracleMissing)("the engine reads the append-only files of a real Redis", async () => {
  const dataDir = temporaryFolder();
  const redis = await RedisServer.start(dataDir, ["--appendonly", "yes", "--aof-use-rdb-preamble", "no"]);
  onTestFinished(() => redis.stop());
  await sendSteps(redis.port, makeSteps(31, COMMANDS, redis.version));
  const live = await stateAt(redis.port, { isLogged: true });
  await redis.stop();

  const engine = await RunningEngine.start({ dataDir });
  expect(differences(await stateAt(engine.port, { isLogged: true }), live)).toEqual([]);
});

function differences(engine: State, other: State): string[] {
  return stateDifferences(engine, other, { encodings: false });
}
