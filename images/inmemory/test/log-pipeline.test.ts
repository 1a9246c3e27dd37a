import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";
import { encode } from "./wire-client.ts";

const ROUNDS = 200;

/** Writes that go to the log as they came, in other words, as one unit, not at all, and while it is rotated. */
const BETWEEN = [
  ["GET nothing"],
  ["XADD stream MAXLEN ~ 10 * field value"],
  ["INCRBYFLOAT float 0.5"],
  ["MULTI", "INCR counter", "APPEND text x", "EXEC"],
  ["INCR list"],
  ["SELECT 1", "INCR counter", "SELECT 0"],
  ["BGREWRITEAOF"],
];

function encodeAll(commands: readonly string[]): string {
  return commands.map((command) => encode(...command.split(" "))).join("");
}

test("a pipeline is in the log whole and in its order, whatever stands between its writes", async () => {
  const dataDir = temporaryFolder();
  const first = await RunningEngine.start({ dataDir });
  const writer = await first.client();
  const commands = Array.from({ length: ROUNDS }, (_, i) => [
    `RPUSH list ${i * 2}`,
    `RPUSH list ${i * 2 + 1}`,
    ...BETWEEN[i % BETWEEN.length]!,
  ]).flat();
  await writer.write(encodeAll(commands));
  for (const _ of commands) await writer.reply();
  const state = [
    "LRANGE list 0 -1",
    "XRANGE stream - +",
    "MGET float counter text",
    "SELECT 1",
    "GET counter",
  ];
  const read = async (engine: RunningEngine) => {
    const reader = await engine.client();
    await reader.write(encodeAll(state));
    return Promise.all(state.map(() => reader.reply()));
  };
  const before = await read(first);
  expect(before[0]).toEqual(Array.from({ length: ROUNDS * 2 }, (_, i) => String(i)));
  await first.image.stop();

  expect(await read(await RunningEngine.start({ dataDir }))).toEqual(before);
});
