import { isUtf8 } from "node:buffer";
import type { Change, ChangeForm } from "@weftkit/changes";
import { keyIndexes } from "../command-table/key-positions.ts";
import type { RegisteredCommand, Registry } from "../command-table/registry.ts";
import type { Args } from "../protocol/args.ts";

/** What TYPE answers for keys that a group's commands write; generic commands take any. */
const typeByGroup: Partial<Record<RegisteredCommand["group"], string>> = {
  string: "string",
  bitmap: "string",
  hyperloglog: "string",
  list: "list",
  set: "set",
  "sorted-set": "zset",
  geo: "zset",
  hash: "hash",
  stream: "stream",
};

/** The namespace of function libraries, which are in no database. */
export const functionsNamespace = "functions";

const noKey = new Uint8Array(0);

/** The command that is taken apart, and where it ran. */
interface Ran {
  readonly command: RegisteredCommand<never>;
  readonly args: Args;
  readonly database: number;
  readonly databases: number;
}

/**
 * Commands that are more than a change of the keys they write: those of several keys that can be taken apart, those that delete,
 * and those that reach into another database.
 */
const special: Readonly<Record<string, (ran: Ran) => Change[]>> = {
  del: deletions,
  unlink: deletions,
  mset: pairs,
  msetnx: pairs,
  rename: renamed,
  renamenx: renamed,
  smove: ({ database, args }) => [
    update(database, args.copy(1), imageOf("set", ["SREM", args.view(1), args.view(3)])),
    update(database, args.copy(2), imageOf("set", ["SADD", args.view(2), args.view(3)])),
  ],
  move: (ran) => {
    const { database, args } = ran;
    return [
      update(args.integer(2), args.copy(1), imageOf(null, wordsOf(ran), database)),
      deletion(database, args.copy(1)),
    ];
  },
  copy: (ran) => {
    const { database, args } = ran;
    const target = databaseOption(args) ?? database;
    const ranIn = target === database ? undefined : database;
    return [update(target, args.copy(2), imageOf(null, wordsOf(ran), ranIn))];
  },
  sort: (ran) => {
    const { command, database, args } = ran;
    const target = keyIndexes(command, args)?.[1]?.index;
    return target === undefined ? [] : [update(database, args.copy(target), imageOf("list", wordsOf(ran)))];
  },
  flushdb: ({ database }) => [truncation(database)],
  flushall: ({ databases }) => Array.from({ length: databases }, (_, database) => truncation(database)),
  swapdb: (ran) => {
    const { args, database } = ran;
    const [left, right] = [args.integer(1), args.integer(2)];
    if (left === right) return [];
    return [truncation(left, imageOf(null, wordsOf(ran), database)), truncation(right, imageOf(null, null))];
  },
};

/** Says what the commands of the log have changed. */
export class CommandChanges {
  readonly #registry: Registry<never>;
  readonly #databases: number;

  constructor(registry: Registry<never>, databases: number) {
    this.#registry = registry;
    this.#databases = databases;
  }

  /**
   * A change for each key that a command has written: the first has the command, as it must be run to have the same effect;
   * the others are written by it, too. Nothing of what is passed in is kept.
   */
  of(database: number, args: Args): Change[] {
    const container = this.#registry.find(args);
    if (container === undefined) return [];
    const command = this.#registry.findSubcommand(container, args) ?? container;
    const ran: Ran = { command, args, database, databases: this.#databases };
    const taken = special[command.fullName];
    if (taken !== undefined) return taken(ran);
    if (command.parent?.name === "function") return definition(ran);
    return writtenKeys(ran);
  }
}

/** How keys and images are written as JSON. */
export const changeForm: ChangeForm = {
  key: ({ key }) => `{"key":${wordText(Buffer.from(key.buffer, key.byteOffset, key.byteLength))}}`,
  image: (_change, bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(),
};

function writtenKeys(ran: Ran): Change[] {
  const { command, args, database } = ran;
  const changes: Change[] = [];
  const type = typeByGroup[command.group] ?? null;
  for (const { index, flags } of keyIndexes(command, args) ?? []) {
    if (flags.startsWith("RO")) continue;
    const key = args.copy(index);
    if (changes.some((change) => key.equals(change.key))) continue;
    changes.push(update(database, key, imageOf(type, changes.length === 0 ? wordsOf(ran) : null)));
  }
  return changes;
}

function deletions({ args, database }: Ran): Change[] {
  return Array.from({ length: args.count - 1 }, (_, index) => deletion(database, args.copy(index + 1)));
}

function pairs({ args, database }: Ran): Change[] {
  return Array.from({ length: (args.count - 1) >> 1 }, (_, index) => {
    const key = args.copy(index * 2 + 1);
    return update(database, key, imageOf("string", ["SET", key, args.view(index * 2 + 2)]));
  });
}

function renamed(ran: Ran): Change[] {
  const { args, database } = ran;
  const [from, to] = [args.copy(1), args.copy(2)];
  if (from.equals(to)) return [];
  return [update(database, to, imageOf(null, wordsOf(ran))), deletion(database, from)];
}

function definition(ran: Ran): Change[] {
  const after = imageOf(undefined, wordsOf(ran));
  return [{ namespace: functionsNamespace, key: noKey, op: "schema", after, format: "json" }];
}

function update(database: number, key: Uint8Array, after: Uint8Array): Change {
  return { namespace: String(database), key, op: "update", after, format: "json" };
}

function deletion(database: number, key: Uint8Array): Change {
  return { namespace: String(database), key, op: "delete", format: "json" };
}

function truncation(database: number, after?: Uint8Array): Change {
  return { namespace: String(database), key: noKey, op: "truncate", after, format: "json" };
}

/** The number after COPY's DB. */
function databaseOption(args: Args): number | undefined {
  for (let index = 3; index + 1 < args.count; index++) {
    if (args.is(index, "DB")) return args.integer(index + 1);
  }
  return undefined;
}

/** The command's name in upper case and its arguments, shared with the buffer that they are in. */
function wordsOf({ args }: Ran): (string | Buffer)[] {
  const words: (string | Buffer)[] = [args.latin1(0).toUpperCase()];
  for (let index = 1; index < args.count; index++) words.push(args.view(index));
  return words;
}

/** `type` is left out where it is undefined; `database` says where the command runs, when that is not where the key is. */
function imageOf(
  type: string | null | undefined,
  words: readonly (string | Buffer)[] | null,
  database?: number,
): Buffer {
  const fields = [
    ...(type === undefined ? [] : [`"type":${JSON.stringify(type)}`]),
    ...(database === undefined ? [] : [`"database":${database}`]),
    `"command":${words === null ? "null" : `[${words.map(wordText).join(",")}]`}`,
  ];
  return Buffer.from(`{${fields.join(",")}}`);
}

/** As a string where it is one, else in base64. */
function wordText(word: string | Buffer): string {
  if (typeof word === "string") return JSON.stringify(word);
  return isUtf8(word) ? JSON.stringify(word.toString()) : `{"base64":"${word.toString("base64")}"}`;
}
