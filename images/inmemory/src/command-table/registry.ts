import type { Args } from "../protocol/args.ts";
import type { Command, Handler } from "./definition.ts";
import type { LatencyHistogram } from "./latency-histogram.ts";

/** A command as it is dispatched: its definition with what is derived from it, computed once at start. */
export interface RegisteredCommand<Session = never> extends Command<Session> {
  /** Dense number of the command or subcommand, for tables by command. */
  readonly id: number;
  /** `get`, or `xgroup|create` for a subcommand. */
  readonly fullName: string;
  readonly parent?: RegisteredCommand<Session>;
  readonly isWrite: boolean;
  readonly deniesOom: boolean;
  /** No script may call it. */
  readonly isBarredFromScripts: boolean;
  /** To a script that may only read it is a write: what it does goes to others. */
  readonly mayReplicate: boolean;
  /** With a short request and a short reply it takes a few microseconds at most. */
  readonly isBrief: boolean;
  readonly run: Handler<Session>;
  /** Runs at once inside MULTI instead of being queued. */
  readonly controlsTransaction: boolean;
  /** All ACL categories, without the at sign. */
  readonly allCategories: readonly string[];
  readonly registered: readonly RegisteredCommand<Session>[];
  // Statistics, as INFO commandstats shows them.
  calls: number;
  microseconds: number;
  /** How long it took, once it was run; nothing is added with `latency-tracking no`. */
  latencies: LatencyHistogram | undefined;
  rejectedCalls: number;
  failedCalls: number;
}

const GROUP_CATEGORIES: Record<Command["group"], string> = {
  string: "string",
  bitmap: "bitmap",
  list: "list",
  set: "set",
  "sorted-set": "sortedset",
  hash: "hash",
  stream: "stream",
  generic: "keyspace",
  pubsub: "pubsub",
  transactions: "transaction",
  connection: "connection",
  scripting: "scripting",
  hyperloglog: "hyperloglog",
  geo: "geo",
  cluster: "",
  server: "",
};

const TRANSACTION_CONTROL = new Set(["multi", "exec", "discard", "watch", "quit", "reset"]);

const TABLE_SIZE = 2048;

/** All commands, found by the bytes of their names in any case. */
export class Registry<Session = never> {
  readonly commands: readonly RegisteredCommand<Session>[];
  /** Commands and subcommands by id. */
  readonly all: readonly RegisteredCommand<Session>[];
  readonly #table: (RegisteredCommand<Session> | undefined)[] = new Array(TABLE_SIZE).fill(undefined);

  constructor(families: readonly (readonly Command<Session>[])[]) {
    const all: RegisteredCommand<Session>[] = [];
    this.commands = families.flat().map((command) => register(command, undefined, all));
    this.all = all;
    for (const command of this.commands) {
      let slot = hashName(Buffer.from(command.name), 0, command.name.length);
      while (this.#table[slot] !== undefined) slot = (slot + 1) % TABLE_SIZE;
      this.#table[slot] = command;
    }
  }

  /** The command named by argument 0, or for a container by arguments 0 and 1; undefined when there is none. */
  find(args: Args): RegisteredCommand<Session> | undefined {
    const length = args.lengths[0]!;
    const offset = args.offsets[0]!;
    const { buffer } = args;
    let slot = hashName(buffer, offset, length);
    let command = this.#table[slot];
    while (command !== undefined && !sameName(command.name, buffer, offset, length)) {
      slot = (slot + 1) % TABLE_SIZE;
      command = this.#table[slot];
    }
    return command;
  }

  /** A subcommand of a container, or undefined. */
  findSubcommand(container: RegisteredCommand<Session>, args: Args): RegisteredCommand<Session> | undefined {
    const length = args.lengths[1]!;
    const offset = args.offsets[1]!;
    return container.registered.find((sub) => sameName(sub.name, args.buffer, offset, length));
  }

  /** By full name (`config|get`), in any case. */
  byName(fullName: string): RegisteredCommand<Session> | undefined {
    const wanted = fullName.toLowerCase();
    return this.all.find((command) => command.fullName === wanted);
  }
}

/**
 * Commands that are fast to Redis and can still take long for a short request and a short reply: they look at entries that
 * they do not return, or serve subscribers. Others say so when it happens (`Session.tookLong`).
 */
const NOT_BRIEF = new Set(["xautoclaim", "publish", "spublish"]);

function register<Session>(
  command: Command<Session>,
  parent: RegisteredCommand<Session> | undefined,
  all: RegisteredCommand<Session>[],
): RegisteredCommand<Session> {
  const flags = new Set(command.flags);
  const registered: RegisteredCommand<Session>[] = [];
  const entry: RegisteredCommand<Session> = {
    ...command,
    id: all.length,
    fullName: parent === undefined ? command.name : `${parent.name}|${command.name}`,
    ...(parent === undefined ? {} : { parent }),
    isWrite: flags.has("write"),
    deniesOom: flags.has("denyoom"),
    isBarredFromScripts: flags.has("noscript"),
    mayReplicate: flags.has("may_replicate"),
    isBrief: (flags.has("fast") && !NOT_BRIEF.has(command.name)) || command.name === "set",
    run: command.handler ?? unreachable,
    controlsTransaction: TRANSACTION_CONTROL.has(command.name),
    allCategories: categoriesOf(command),
    registered,
    calls: 0,
    microseconds: 0,
    latencies: undefined,
    rejectedCalls: 0,
    failedCalls: 0,
  };
  all.push(entry);
  for (const sub of command.subcommands ?? []) registered.push(register(sub, entry, all));
  return entry;
}

/** All ACL categories, in the order in which Redis tells them. */
export const CATEGORIES: readonly string[] = [
  "keyspace",
  "read",
  "write",
  "set",
  "sortedset",
  "list",
  "hash",
  "string",
  "bitmap",
  "hyperloglog",
  "geo",
  "stream",
  "pubsub",
  "admin",
  "fast",
  "slow",
  "blocking",
  "dangerous",
  "connection",
  "transaction",
  "scripting",
];

/** Explicit categories and those that flags and group imply (Redis, setImplicitACLCategories). */
function categoriesOf(command: Command): string[] {
  const flags = new Set(command.flags);
  const categories = new Set(command.categories ?? []);
  if (flags.has("write")) categories.add("write");
  if (flags.has("readonly") && !categories.has("scripting")) categories.add("read");
  if (flags.has("admin")) categories.add("admin").add("dangerous");
  if (flags.has("pubsub")) categories.add("pubsub");
  if (flags.has("blocking")) categories.add("blocking");
  categories.add(flags.has("fast") ? "fast" : "slow");
  const isContainer = command.subcommands !== undefined && command.handler === undefined;
  if (GROUP_CATEGORIES[command.group] !== "" && !isContainer && !command.hasNoGroupCategory)
    categories.add(GROUP_CATEGORIES[command.group]);
  return CATEGORIES.filter((category) => categories.has(category));
}

function unreachable(): void {
  throw new Error("a command container was run without its subcommand");
}

function hashName(bytes: Buffer, offset: number, length: number): number {
  let hash = length;
  for (let i = 0; i < length; i++) hash = (Math.imul(hash, 31) + (bytes[offset + i]! | 0x20)) | 0;
  return (hash >>> 0) % TABLE_SIZE;
}

function sameName(name: string, bytes: Buffer, offset: number, length: number): boolean {
  if (name.length !== length) return false;
  for (let i = 0; i < length; i++) {
    let byte = bytes[offset + i]!;
    if (byte >= 0x41 && byte <= 0x5a) byte |= 0x20;
    if (byte !== name.charCodeAt(i)) return false;
  }
  return true;
}
