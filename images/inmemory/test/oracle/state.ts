import { isSameDeadline } from "./compare.ts";
import type { Link } from "./link.ts";
import type { Word } from "./random.ts";
import { decodeReply, type Reply } from "./reply.ts";
import { isSameEncoding, olderStreamFacts, withoutNewerFacts } from "./version-differences.ts";

const DATABASES = 16;
/** A time this near to now is taken for one that the clock gave. */
const NOW_MS_MAX = 3_600_000;

/** One key as it stands: what it holds, how, and until when. */
export interface KeyState {
  readonly type: string;
  readonly encoding: string;
  /** ms since the epoch, -1 for ever. */
  readonly expiresAt: number;
  /** The whole content, in a form that is equal when the contents are. */
  readonly content: string;
}

/** Database and key (latin1), to what is there. */
export type State = Map<string, KeyState>;

interface ContentReader {
  /** The command that shows all that a key of the type holds. */
  command(key: Word): Word[];
  show(reply: Reply, options: StateOptions): string;
}

const CONTENTS: Record<string, ContentReader> = {
  string: { command: (key) => ["GET", key], show: (value) => JSON.stringify(value.text) },
  list: { command: (key) => ["LRANGE", key, "0", "-1"], show: (values) => quoted(values).join("\n") },
  set: { command: (key) => ["SMEMBERS", key], show: (members) => quoted(members).sort().join("\n") },
  zset: {
    command: (key) => ["ZRANGE", key, "0", "-1", "WITHSCORES"],
    show: (pairs) => texts(pairs).map(memberOrScore).join("\n"),
  },
  hash: { command: (key) => ["HGETALL", key], show: (pairs) => pairsOf(texts(pairs)).sort().join("\n") },
  stream: { command: (key) => ["XINFO", "STREAM", key, "FULL", "COUNT", "0"], show: streamText },
};

export interface StateOptions {
  /** Keeps the times at which stream entries were delivered: two servers that do the same do it a moment apart. */
  readonly areTimesKept?: boolean;
  /**
   * Leaves out what Redis's log does not keep of streams, and the engine's neither: consumers that have nothing
   * pending, how many entries a group has read, and that an entry was delivered again to the same consumer.
   */
  readonly isLogged?: boolean;
  /** Reads no more than the state of a real server of this version can tell. */
  readonly version?: string;
}

/** Reads everything that a server holds, over a connection in RESP2. */
export async function readState(link: Link, options: StateOptions = {}): Promise<State> {
  const state: State = new Map();
  for (let database = 0; database < DATABASES; database++) {
    const [, size] = await link.exchange([["SELECT", String(database)], ["DBSIZE"]]);
    if (decodeReply(size!).text === "0") continue;
    const keys = texts(await link.call("KEYS", "*")).map((key) => Buffer.from(key, "latin1"));
    const types = await decoded(
      link,
      keys.map((key) => ["TYPE", key]),
    );
    const facts = await decoded(
      link,
      keys.flatMap((key, index) => [
        ["OBJECT", "ENCODING", key],
        ["PEXPIRETIME", key],
        CONTENTS[types[index]!.text]!.command(key),
      ]),
    );
    for (const [index, key] of keys.entries()) {
      const [encoding, expiry, content] = facts.slice(index * 3, index * 3 + 3);
      const type = types[index]!.text;
      state.set(`${database} ${key.toString("latin1")}`, {
        type,
        encoding: encoding!.text,
        expiresAt: Number(expiry!.text),
        content: CONTENTS[type]!.show(content!, options),
      });
    }
  }
  await link.call("SELECT", "0");
  return state;
}

export interface StateComparison {
  /** The real server's version, where the other is one: older ones may differ as Redis has changed. */
  version?: string;
  /** Whether OBJECT ENCODING must agree: not after a rewrite, which Redis does not promise either. */
  encodings: boolean;
}

/** What differs between two states, a line per key; empty when nothing does. */
export function stateDifferences(
  engine: State,
  other: State,
  { version, encodings }: StateComparison,
): string[] {
  const lines: string[] = [];
  for (const key of new Set([...engine.keys(), ...other.keys()])) {
    const [mine, theirs] = [engine.get(key), other.get(key)];
    const shown = JSON.stringify(key);
    if (mine === undefined || theirs === undefined) {
      lines.push(`${shown} is there only in the ${mine === undefined ? "other" : "engine"}`);
      continue;
    }
    if (mine.type !== theirs.type) {
      lines.push(`${shown} is a ${mine.type}, not a ${theirs.type}`);
      continue;
    }
    if (!isSameDeadline(mine.expiresAt, theirs.expiresAt)) {
      lines.push(`${shown} expires at ${mine.expiresAt}, not ${theirs.expiresAt}`);
    }
    if (mine.content !== theirs.content) {
      lines.push(`${shown} (${mine.type}) holds ${firstDifference(mine.content, theirs.content)}`);
    }
    const isSameKind =
      version === undefined
        ? mine.encoding === theirs.encoding
        : isSameEncoding(
            version,
            key.slice(key.indexOf(" ") + 1),
            mine.encoding,
            theirs.encoding,
            mine.content.length,
          );
    if (encodings && !isSameKind) lines.push(`${shown} is kept as ${mine.encoding}, not ${theirs.encoding}`);
  }
  return lines;
}

const SHOWN_MAX = 300;

/** The first element in which two contents differ. */
function firstDifference(mine: string, theirs: string): string {
  const [left, right] = [mine.split("\n"), theirs.split("\n")];
  const at = left.findIndex((line, index) => line !== right[index]);
  const index = at < 0 ? left.length : at;
  const [a = "nothing", b = "nothing"] = [left[index], right[index]];
  const from = Math.max(0, [...a].findIndex((char, i) => char !== b[i]) - SHOWN_MAX / 2);
  return `at element ${index} ${a.slice(from, from + SHOWN_MAX)} and not ${b.slice(from, from + SHOWN_MAX)}`;
}

async function decoded(link: Link, commands: Word[][]): Promise<Reply[]> {
  return (await link.exchange(commands)).map(decodeReply);
}

function texts({ items }: Reply): string[] {
  return items.map(({ text }) => text);
}

/** The elements of a flat reply, quoted so that no two contents look alike when joined. */
function quoted(reply: Reply): string[] {
  return texts(reply).map((text) => JSON.stringify(text));
}

/** Scores as numbers, which Redis 7.0 prints with more digits. */
function memberOrScore(text: string, index: number): string {
  return index % 2 === 1 && Number.isFinite(Number(text)) ? String(Number(text)) : JSON.stringify(text);
}

function pairsOf(values: readonly string[]): string[] {
  return Array.from({ length: values.length / 2 }, (_, i) => JSON.stringify(values.slice(i * 2, i * 2 + 2)));
}

/** Fields of XINFO STREAM that tell of the implementation or of the time of day, not of the content. */
const VOLATILE = new Set(["radix-tree-keys", "radix-tree-nodes", "seen-time", "active-time"]);

/** Facts about groups that the log does not keep. */
const NOT_LOGGED = new Set([...VOLATILE, "entries-read", "lag"]);

function streamText(full: Reply, { areTimesKept, isLogged, version }: StateOptions): string {
  const left = isLogged ? NOT_LOGGED : VOLATILE;
  const clean = (reply: Reply): unknown => {
    if (reply.items.length === 0) {
      const isTime = reply.type === ":" && isAboutNow(Number(reply.text));
      if (isTime && !areTimesKept) return "now";
      return reply.isNull ? null : reply.text;
    }
    if (isLogged && isPendingEntry(reply)) return reply.items.slice(0, -2).map(clean);
    const isPairs = reply.items.length % 2 === 0;
    const values: unknown[] = [];
    for (let i = 0; i < reply.items.length; i++) {
      const item = reply.items[i]!;
      if (isPairs && i % 2 === 0 && left.has(item.text)) i++;
      else values.push(clean(item));
    }
    return values;
  };
  const facts = isLogged
    ? withoutNewerFacts(full)
    : version === undefined
      ? full
      : olderStreamFacts(version, full);
  // A line for each list of facts, so that the first difference can be found.
  return JSON.stringify(clean(facts)).replaceAll("],[", "],\n[").replaceAll(',"groups"', ',\n"groups"');
}

/** Identifier, perhaps consumer, time and number of deliveries. */
function isPendingEntry({ items }: Reply): boolean {
  return /^\$\$?::$/.test(items.map(({ type }) => type).join(""));
}

function isAboutNow(ms: number): boolean {
  return Math.abs(ms - Date.now()) < NOW_MS_MAX;
}
