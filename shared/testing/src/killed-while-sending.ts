import { randomInt } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { EngineProgram } from "./engine-program.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A client that commits transactions; each has a number, which is in all its rows. */
export interface NumberWriter {
  /** Commits; or now and then does the same and takes it back. Rejects when the connection is gone. */
  write(number: number): Promise<"committed" | "rolled back">;
}

export interface KilledEngine {
  /** Its main file. */
  readonly main: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** How many rows a transaction writes. Default: 2. */
  readonly rowsOfTransaction?: number;
  /** Makes what is written to, at the first start only. */
  prepare(port: number): Promise<void>;
  connect(port: number): Promise<NumberWriter>;
  /** All numbers that are in the database, each as often as it is. */
  stored(port: number): Promise<readonly number[]>;
  /** The number in a row of an event, as JSON; undefined for rows of something else. */
  numberOf(row: unknown): number | undefined;
}

interface SentEvent {
  readonly after: unknown;
  readonly transaction: { readonly id: string; readonly total_order: number };
}

/**
 * Kills an engine again and again while it sends its changes to a file, and looks at the file: each transaction that is in the
 * database is there, whole, in order, once or more; no other one is.
 */
export async function killedWhileSending(engine: KilledEngine, rounds: number): Promise<void> {
  const { rowsOfTransaction = 2 } = engine;
  const dataDir = temporaryFolder();
  const folder = temporaryFolder();
  const environment = {
    ...engine.environment,
    WEFTKIT_CDC_ENABLED: "true",
    WEFTKIT_CDC_EMITTER: "file",
    WEFTKIT_CDC_BROKER: folder,
    WEFTKIT_CDC_TOPIC: "changes",
  };
  let number = 0;
  const acknowledged: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const program = await new EngineProgram(engine.main, dataDir, environment).ready();
    if (round === 0) await engine.prepare(program.port);
    const writer = await engine.connect(program.port);
    const last = number + 20 + randomInt(100);
    const { promise: enough, resolve } = Promise.withResolvers<void>();
    const writing = (async () => {
      for (;;) {
        number++;
        if (number > last) resolve();
        try {
          if ((await writer.write(number)) === "committed") acknowledged.push(number);
        } catch {
          return;
        }
      }
    })();
    await Promise.race([enough, writing]);
    await program.kill();
    await writing;
  }
  const program = await new EngineProgram(engine.main, dataDir, environment).ready();
  const stored = await engine.stored(program.port);
  const numbers = [...new Set(stored)].toSorted((a, b) => a - b);
  expect(stored.length).toBe(rowsOfTransaction * numbers.length);
  expect(acknowledged.filter((one) => !numbers.includes(one))).toEqual([]);
  // What was committed last is sent when it stops at the latest.
  await sentAll(folder, engine, numbers.at(-1)!);
  await program.terminate();
  const events = eventsOf(folder).filter(({ after }) => engine.numberOf(after) !== undefined);
  const first = new Map<string, SentEvent[]>();
  for (const event of events) {
    const { id, total_order } = event.transaction;
    const known = first.get(id) ?? [];
    // Sent again is what was sent before, in the same words.
    const again = known.find(({ transaction }) => transaction.total_order === total_order);
    if (again === undefined) known.push(event);
    else expect(event.after).toEqual(again.after);
    first.set(id, known);
  }
  const sent = [...first.values()].map((rows) => rows.map(({ after }) => engine.numberOf(after)!));
  for (const rows of sent) expect(rows).toEqual(new Array(rowsOfTransaction).fill(rows[0]));
  expect(sent.map(([one]) => one)).toEqual(numbers);
}

/** Resolves when the last number is in the file. */
async function sentAll(folder: string, engine: KilledEngine, last: number): Promise<void> {
  for (;;) {
    if (eventsOf(folder).some(({ after }) => engine.numberOf(after) === last)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function eventsOf(folder: string): SentEvent[] {
  return readdirSync(folder)
    .toSorted()
    .flatMap((file) => readFileSync(join(folder, file), "utf8").split("\n").slice(0, -1))
    .map((line) => JSON.parse(line) as SentEvent);
}
