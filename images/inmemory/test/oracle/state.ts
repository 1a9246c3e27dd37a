import { isSameDeadline } from "./compare.ts";
import type { Link } from "./link.ts";
import type { Word } from "./random.ts";
import { decodeReply, type Reply } from "./reply.ts";
import { type Against, isKnownDifference } from "./version-differences.ts";

const DATABASES = 16;
/** A time this near to now is taken for one that the clock gave. */
const NOW_MS_MAX = 3_600_000;

/** One key as it stands: what it holds, how, and until when. */
export interface KeyState {
  readonly type: string;
  readonly encoding: Reply;
  /** ms since the epoch, -1 for ever. */
  readonly expiresAt: number;
  /** The whole content, in a form that is equal when the contents are. */
  readonly content: string;
}

/** Database and key (latin1), to what is there. */
export type State = Map<string, KeyState>;

/** The commands that show all that a key of each type holds, and how their replies become text. */
const CONTENTS: Record<
  string,
  { commands(key: Word): Word[][]; show(replies: readonly Reply[], areTimesKept: boolean): string }
> = {
  string: { commands: (key) => [["GET", key]], show: ([value]) => JSON.stringify(value!.text) },
  list: { commands: (key) => [["LRANGE", key, "0", "-1"]], show: ([values]) => quoted(values!).join("\n") },
  set: { commands: (key) => [["SMEMBERS", key]], show: ([members]) => quoted(members!).sort().join("\n") },
  zset: {
    commands: (key) => [["ZRANGE", key, "0", "-1", "WITHSCORES"]],
    show: ([pairs]) => texts(pairs!).join("\n"),
  },
  hash: {
    commands: (key) => [["HGETALL", key]],
    show: ([pairs]) => pairsOf(texts(pairs!)).sort().join("\n"),
  },
  stream: {
    commands: (key) => [["XINFO", "STREAM", key, "FULL", "COUNT", "0"]],
    show: ([full], areTimesKept) => streamText(full!, areTimesKept),
  },
};

/**
 * Reads everything that a server holds, over a connection in RESP2. Times at which stream entries were delivered are
 * kept only when asked for: two servers that do the same do it a moment apart.
 */
export async function readState(link: Link, { areTimesKept = false } = {}): Promise<State> {
  const state: State = new Map();
  for (let database = 0; database < DATABASES; database++) {
    const [, size] = await link.exchange([["SELECT", String(database)], ["DBSIZE"]]);
    if (decodeReply(size!).text === "0") continue;
    const keys = texts(await link.call("KEYS", "*")).map((key) => Buffer.from(key, "latin1"));
    const facts = await decoded(
      link,
      keys.flatMap((key) => [
        ["TYPE", key],
        ["OBJECT", "ENCODING", key],
        ["PEXPIRETIME", key],
      ]),
    );
    for (const [index, key] of keys.entries()) {
      const [type, encoding, expiry] = facts.slice(index * 3, index * 3 + 3);
      const reader = CONTENTS[type!.text];
      if (reader === undefined) continue;
      const replies = await decoded(link, reader.commands(key));
      state.set(`${database} ${key.toString("latin1")}`, {
        type: type!.text,
        encoding: encoding!,
        expiresAt: Number(expiry!.text),
        content: reader.show(replies, areTimesKept),
      });
    }
  }
  await link.call("SELECT", "0");
  return state;
}

export interface StateComparison {
  /** Where the other is a real server: what it is allowed to differ in. */
  against?: Against;
  /** Whether OBJECT ENCODING must agree: not after a rewrite, which Redis does not promise either. */
  encodings: boolean;
}

/** What differs between two states, a line per key; empty when nothing does. */
export function stateDifferences(
  engine: State,
  other: State,
  { against, encodings }: StateComparison,
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
      lines.push(`${shown} (${mine.type}) holds\n${mine.content}\nand not\n${theirs.content}`);
    }
    if (encodings && mine.encoding.text !== theirs.encoding.text) {
      const isKnown =
        against !== undefined &&
        isKnownDifference(against, ["OBJECT", "ENCODING"], mine.encoding, theirs.encoding);
      if (!isKnown) lines.push(`${shown} is kept as ${mine.encoding.text}, not ${theirs.encoding.text}`);
    }
  }
  return lines;
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

function pairsOf(values: readonly string[]): string[] {
  return Array.from({ length: values.length / 2 }, (_, i) => JSON.stringify(values.slice(i * 2, i * 2 + 2)));
}

/** Fields of XINFO STREAM that tell of the implementation or of the time of day, not of the content. */
const VOLATILE = new Set(["radix-tree-keys", "radix-tree-nodes", "seen-time", "active-time"]);

function streamText(full: Reply, areTimesKept: boolean): string {
  const clean = (reply: Reply, isNamed: boolean): unknown => {
    if (reply.items.length === 0) {
      if (!areTimesKept && reply.type === ":" && isAboutNow(Number(reply.text))) return "now";
      return reply.isNull ? null : reply.text;
    }
    const isPairs = isNamed && reply.items.length % 2 === 0;
    const values: unknown[] = [];
    for (let i = 0; i < reply.items.length; i++) {
      const item = reply.items[i]!;
      if (isPairs && i % 2 === 0 && VOLATILE.has(item.text)) i++;
      else values.push(clean(item, true));
    }
    return values;
  };
  return JSON.stringify(clean(full, true));
}

function isAboutNow(ms: number): boolean {
  return Math.abs(ms - Date.now()) < NOW_MS_MAX;
}
