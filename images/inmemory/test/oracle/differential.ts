import { isSame, isSameDecoded, type Queued } from "./compare.ts";
import { Link, LostReply } from "./link.ts";
import type { OracleCommand, Word } from "./random.ts";
import { decodeReply, type Reply, showReply, showText } from "./reply.ts";
import { readState, stateDifferences } from "./state.ts";
import { CLIENTS, nameOf, type Step } from "./workload.ts";

/** The two servers that are compared. */
export interface Pair {
  readonly enginePort: number;
  readonly realPort: number;
  /** The real server's, such as `7.0.15`. */
  readonly version: string;
}

/** The first thing that was not the same. */
export interface Difference {
  /** Index of the command, or of the last one before the states were compared. */
  readonly index: number;
  readonly kind: "reply" | "state";
  readonly text: string;
}

const BATCH_MAX = 100;
const STATE_EVERY = 4000;

/** A connection to each of the two servers, and what is queued in their transactions. */
interface Client {
  readonly engine: Link;
  readonly real: Link;
  queued: OracleCommand[] | undefined;
}

/** Lets clients send the steps to both servers, both empty at first, until something differs. */
export async function play(pair: Pair, steps: readonly Step[]): Promise<Difference | undefined> {
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, (_, index) => openClient(pair, index % 2 === 0 ? 2 : 3)),
  );
  const observer = await openClient(pair, 2);
  try {
    await reset(observer);
    return await new Play(pair, steps, clients, observer).run();
  } finally {
    for (const { engine, real } of [...clients, observer]) {
      engine.close();
      real.close();
    }
  }
}

async function openClient(pair: Pair, version: 2 | 3): Promise<Client> {
  const [engine, real] = await Promise.all([
    Link.open(pair.enginePort, version),
    Link.open(pair.realPort, version),
  ]);
  return { engine, real, queued: undefined };
}

/** Parameters that the workload sets, as they are at the start of each run. */
const PARAMETERS = [["hash-max-listpack-entries", "512"]] as const;

async function reset({ engine, real }: Client): Promise<void> {
  const commands = [["FLUSHALL"], ...PARAMETERS.map(([name, value]) => ["CONFIG", "SET", name, value])];
  await Promise.all([engine.exchange(commands), real.exchange(commands)]);
}

class Play {
  readonly #pair: Pair;
  readonly #steps: readonly Step[];
  readonly #clients: readonly Client[];
  readonly #observer: Client;

  constructor(pair: Pair, steps: readonly Step[], clients: readonly Client[], observer: Client) {
    this.#pair = pair;
    this.#steps = steps;
    this.#clients = clients;
    this.#observer = observer;
  }

  async run(): Promise<Difference | undefined> {
    const steps = this.#steps;
    let compared = 0;
    for (let from = 0; from < steps.length; ) {
      const to = this.#batchEnd(from);
      const difference =
        nameOf(steps[from]!.command) === "SPOP" ? await this.#pop(from) : await this.#batch(from, to);
      if (difference !== undefined) return difference;
      from = to;
      if (from - compared < STATE_EVERY && from < steps.length) continue;
      compared = from;
      const stateDifference = await this.#compareStates(from - 1);
      if (stateDifference !== undefined) return stateDifference;
    }
    return undefined;
  }

  /** Commands of one client go together; SPOP alone. */
  #batchEnd(from: number): number {
    const steps = this.#steps;
    const { client, command } = steps[from]!;
    let to = from + 1;
    if (nameOf(command) === "SPOP") return to;
    while (to < steps.length && to - from < BATCH_MAX) {
      const step = steps[to]!;
      if (step.client !== client || nameOf(step.command) === "SPOP") break;
      to++;
    }
    return to;
  }

  async #batch(from: number, to: number): Promise<Difference | undefined> {
    const batch = this.#steps.slice(from, to);
    const client = this.#clients[batch[0]!.client]!;
    const commands = batch.map(({ command }) => command.words);
    const replies = await Promise.all([
      client.engine.exchange(commands),
      client.real.exchange(commands),
    ]).catch((error: unknown) => {
      if (error instanceof LostReply) return error;
      throw error;
    });
    if (replies instanceof LostReply) {
      const index = from + replies.received;
      const { words } = this.#steps[index]!.command;
      return { index, kind: "reply", text: `${showCommand(words)}\n  ${replies.message}` };
    }
    const [engine, real] = replies;
    for (let i = 0; i < batch.length; i++) {
      const difference = this.#compare(client, from + i, engine[i]!, real[i]!);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }

  #compare(client: Client, index: number, engine: Buffer, real: Buffer): Difference | undefined {
    const { command } = this.#steps[index]!;
    const name = nameOf(command);
    const queued = name === "EXEC" ? (client.queued ?? []) : [];
    if (!isSame(command, engine, real, this.#pair.version, queued)) {
      return this.#replyDifference(index, decodeReply(engine), decodeReply(real));
    }
    if (name === "MULTI") client.queued ??= [];
    else if (name === "EXEC" || name === "DISCARD") client.queued = undefined;
    else if (real.equals(QUEUED)) client.queued?.push(command);
    return undefined;
  }

  /** SPOP on the engine; the real server is told to take the same members, and how many there were. */
  async #pop(index: number): Promise<Difference | undefined> {
    const { client: number, command } = this.#steps[index]!;
    const { engine, real } = this.#clients[number]!;
    const [, key, count] = command.words;
    const popped = await engine.call(...command.words);
    const members = popped.items.length > 0 ? popped.items : popped.type === "$" ? [popped] : [];
    const taken = members.filter(({ isNull }) => !isNull).map(({ text }) => Buffer.from(text, "latin1"));
    if (taken.length === 0 || key === undefined) {
      const same = await real.call(...command.words);
      return showReply(popped) === showReply(same) ? undefined : this.#replyDifference(index, popped, same);
    }
    const size = await real.call("SCARD", key);
    const removed = await real.call("SREM", key, ...taken);
    const expected = count === undefined ? 1 : Math.min(Number(count.toString()), Number(size.text));
    if (Number(removed.text) !== expected || taken.length !== expected) {
      return this.#replyDifference(index, popped, size);
    }
    // A set of which most was popped is made anew by Redis, in its smallest form; one that lost members is not.
    if (taken.length > 1) await Promise.all([engine.call("DEL", key), real.call("DEL", key)]);
    return undefined;
  }

  #replyDifference(index: number, engine: Reply, real: Reply): Difference {
    const { command, client } = this.#steps[index]!;
    return {
      index,
      kind: "reply",
      text: [
        `client ${client} (RESP${client % 2 === 0 ? 2 : 3}): ${showCommand(command.words)}`,
        ...showDifference(command, engine, real, this.#pair.version, this.#clients[client]!.queued ?? []),
      ].join("\n"),
    };
  }

  async #compareStates(index: number): Promise<Difference | undefined> {
    const { version } = this.#pair;
    const [engine, real] = await Promise.all([
      readState(this.#observer.engine, { version }),
      readState(this.#observer.real, { version }),
    ]);
    const lines = stateDifferences(engine, real, { version, encodings: true });
    return lines.length === 0 ? undefined : { index, kind: "state", text: lines.join("\n") };
  }
}

const QUEUED = Buffer.from("+QUEUED\r\n");

/** The two replies; of a transaction only the first command whose replies differ. */
function showDifference(
  command: OracleCommand,
  engine: Reply,
  real: Reply,
  version: string,
  queued: Queued,
): string[] {
  const isWhole = engine.items.length === queued.length && real.items.length === queued.length;
  if (nameOf(command) === "EXEC" && isWhole) {
    for (const [index, each] of queued.entries()) {
      const [mine, theirs] = [engine.items[index]!, real.items[index]!];
      if (isSameDecoded(each, mine, theirs, version, [])) continue;
      return [`  in it: ${showCommand(each.words)}`, ...showDifference(each, mine, theirs, version, [])];
    }
  }
  return [`  engine: ${showReply(engine)}`, `  redis:  ${showReply(real)}`];
}

function showCommand(words: readonly Word[]): string {
  return words.map((word) => showText(word.toString("latin1"))).join(" ");
}

const SHRINK_PLAYS_MAX = 1000;
const SHRINK_MS_MAX = Number(process.env.WEFTKIT_TEST_ORACLE_SHRINK_MS ?? 15_000);
const SHOWN_STEPS_MAX = 25;

/** Makes the steps before a difference fewer while it stays; gives up when time is over. */
async function shrink(pair: Pair, steps: readonly Step[], difference: Difference): Promise<readonly Step[]> {
  const last = steps[difference.index]!;
  let rest = steps.slice(0, difference.index);
  const until = performance.now() + SHRINK_MS_MAX;
  let plays = 0;
  const stays = async (candidate: readonly Step[]) => {
    plays++;
    const found = await play(pair, [...candidate, last]);
    return found?.kind === difference.kind && found.index === candidate.length;
  };
  const related = rest.filter((step) => isRelated(step, last));
  if (await stays(related)) rest = related;
  for (let size = Math.ceil(rest.length / 2); size > 0 && rest.length > 0; size = Math.floor(size / 2)) {
    for (let at = rest.length; at > 0; at -= size) {
      if (plays >= SHRINK_PLAYS_MAX || performance.now() > until) return rest;
      const candidate = [...rest.slice(0, Math.max(0, at - size)), ...rest.slice(at)];
      if (await stays(candidate)) rest = candidate;
    }
  }
  return rest;
}

/** Commands that change which keys others mean. */
const CONTROLS = new Set([
  "SELECT",
  "SWAPDB",
  "FLUSHALL",
  "FLUSHDB",
  "MULTI",
  "EXEC",
  "DISCARD",
  "WATCH",
  "CONFIG",
]);

/** Whether two commands have a key in common, as far as their words tell. */
function isRelated({ command }: Step, { command: last }: Step): boolean {
  if (CONTROLS.has(nameOf(command))) return true;
  const names = last.words
    .slice(1)
    .map(String)
    .filter((word) => word.length > 3);
  return command.words.some((word) => names.includes(word.toString()));
}

/** A report of a difference for people: what differs, and the shortest way to it that was found. */
export async function explain(
  pair: Pair,
  seed: number,
  steps: readonly Step[],
  difference: Difference,
): Promise<string> {
  const before = await shrink(pair, steps, difference);
  const shown = before.slice(-SHOWN_STEPS_MAX);
  return [
    `seed ${seed}, command ${difference.index}, against Redis ${pair.version}: the ${difference.kind} differs`,
    difference.text,
    `after ${before.length} commands${shown.length < before.length ? `, of which the last are` : ""}:`,
    ...shown.map(({ client, command }) => `  ${client}> ${showCommand(command.words)}`),
    `  ${steps[difference.index]!.client}> ${showCommand(steps[difference.index]!.command.words)}`,
  ].join("\n");
}
