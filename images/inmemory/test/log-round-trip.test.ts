import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, onTestFinished, test } from "vitest";
import { Link } from "./oracle/link.ts";
import { isOracleMissing, RedisServer } from "./oracle/redis-server.ts";
import { readState, type State, type StateOptions, stateDifferences } from "./oracle/state.ts";
import { CLIENTS, makeSteps, type Step } from "./oracle/workload.ts";
import { RunningEngine } from "./running-engine.ts";

const COMMANDS = 12_000;
const BATCH_MAX = 100;
/** The command set of this version is what all of these servers understand. */
const VERSION = "7.0";

/** Lets clients send the steps to one server; only what they leave behind matters. */
async function send(port: number, steps: readonly Step[]): Promise<void> {
  const links = await Promise.all(
    Array.from({ length: CLIENTS }, (_, index) => Link.open(port, index % 2 === 0 ? 2 : 3)),
  );
  for (let from = 0; from < steps.length; ) {
    let to = from + 1;
    const { client } = steps[from]!;
    while (to < steps.length && to - from < BATCH_MAX && steps[to]!.client === client) to++;
    await links[client]!.exchange(steps.slice(from, to).map(({ command }) => command.words));
    from = to;
  }
  for (const link of links) link.close();
}

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
    await send(
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
  const steps = makeSteps(21, COMMANDS, VERSION);
  const log = new LogLines();
  const engine = await RunningEngine.start({ dataDir, logStream: log });
  await send(engine.port, steps.slice(0, COMMANDS / 2));
  await rewriteLog(engine.port, log);
  await send(engine.port, steps.slice(COMMANDS / 2));
  const live = await stateAt(engine.port, { isLogged: true });
  await engine.image.stop();

  const redis = await RedisServer.start(dataDir, ["--appendonly", "yes"]);
  onTestFinished(() => redis.stop());
  expect(differences(live, await stateAt(redis.port, { isLogged: true }))).toEqual([]);
});

test.skipIf(isOracleMissing)("the engine reads the append-only files of a real Redis", async () => {
  const dataDir = temporaryFolder();
  const redis = await RedisServer.start(dataDir, ["--appendonly", "yes", "--aof-use-rdb-preamble", "no"]);
  onTestFinished(() => redis.stop());
  await send(redis.port, makeSteps(31, COMMANDS, redis.version));
  const live = await stateAt(redis.port, { isLogged: true });
  await redis.stop();

  const engine = await RunningEngine.start({ dataDir });
  expect(differences(await stateAt(engine.port, { isLogged: true }), live)).toEqual([]);
});

function differences(engine: State, other: State): string[] {
  return stateDifferences(engine, other, { encodings: false });
}
