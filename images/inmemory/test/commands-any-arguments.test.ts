import { patientMs } from "@weftkit/testing/patience";
import { expect, test } from "vitest";
import { Registry } from "../src/command-table/registry.ts";
import { commandFamilies } from "../src/commands/index.ts";
import { EngineInMemory } from "./engine-in-memory.ts";
import { Random } from "./oracle/random.ts";

const rounds = Number(process.env.WEFTKIT_TEST_COMMANDS ?? 150_000);
const seed = Number(process.env.WEFTKIT_TEST_SEED ?? 1);

/** Words that mean something to some command, in places where they mean nothing, too. */
const words = [
  "",
  "0",
  "1",
  "-1",
  "2",
  "10",
  "3.5",
  "-inf",
  "+inf",
  "nan",
  "1e400",
  "9223372036854775807",
  "-9223372036854775808",
  "4294967296",
  "18446744073709551616",
  "(1",
  "[a",
  "-",
  "+",
  "$",
  ">",
  "*",
  "0-0",
  "0-1",
  "5-*",
  "\x00\xff",
  "a*",
  "[",
  "\\",
];

test(
  `${rounds} commands with arguments at random are all answered, and none meets a defect`,
  { timeout: patientMs(120_000) },
  () => {
    const registry = new Registry(commandFamilies);
    const commands = registry.all.filter(({ handler, name, parent }) => {
      if (handler === undefined) return false;
      // They end or stop the server, or act on connections, which this one has none of.
      return !["shutdown", "debug", "monitor", "quit"].includes(parent?.name ?? name) && name !== "pause";
    });
    const keywords = [
      ...new Set(registry.all.flatMap(({ syntax }) => (syntax ?? "").match(/[A-Z]{2,}/g) ?? [])),
    ];
    const random = new Random(seed);
    let engine = new EngineInMemory();
    let { session } = engine;
    const keys = Array.from({ length: 12 }, (_, index) => `key${index}`);
    const word = () => {
      if (random.chance(45)) return random.pick(keys);
      if (random.chance(30)) return random.pick(keywords);
      return random.chance(3) ? "v".repeat(random.below(20_000)) : random.pick(words);
    };
    let done = 0;
    for (let round = 0; round < rounds; round++) {
      if (round % 5000 === 0) {
        engine = new EngineInMemory();
        session = engine.session;
      }
      const { server } = engine;
      const command = random.pick(commands);
      const names = command.fullName.split("|");
      const least = Math.max(0, Math.abs(command.arity) - names.length);
      const more = command.arity < 0 ? random.below(6) : 0;
      const call = [...names, ...Array.from({ length: least + more }, word)];
      let reply: unknown;
      try {
        reply = engine.runAs(session, ...call.map((text) => Buffer.from(text, "latin1")));
      } catch (error) {
        throw new Error(`round ${round}: ${JSON.stringify(call).slice(0, 500)}`, { cause: error });
      }
      if (!(reply instanceof Error)) done++;
      if (reply === undefined || random.chance(5)) {
        // It waits, or listens, or is in a transaction that an error has spoiled: the next command is another client's.
        server.closeSession(session);
        session = engine.client();
      }
    }
    // Enough of them did something for the rest to mean something.
    expect(done).toBeGreaterThan(rounds / 5);
  },
);
