import { formatDouble } from "../../src/protocol/numbers.ts";
import type { Word } from "./random.ts";
import type { Reply } from "./reply.ts";

/** What the keys begin with that SORT is tried on. */
export const SORT_PREFIX = "sort-";

/** A change of Redis itself, after the version that is compared with. The engine has the newer behaviour. */
interface VersionDifference {
  /** The first version with the newer behaviour. */
  since: readonly [major: number, minor: number];
  what: string;
  /** What the newer version says instead of a text of this one; undefined where the change is not about it. */
  renewed(words: readonly string[], text: string): string | undefined;
}

/** Names in XINFO that only 7.2 gives, and the one that counts consumers which 7.0 has not created. */
const NEWER_NAMES = new Set(["inactive", "active-time"]);

/**
 * What XINFO tells of streams, as far as it is the same in older versions: before 7.2 a consumer was created only when
 * something was delivered to it.
 */
export function olderStreamFacts(version: string, reply: Reply): Reply {
  return isOlder(version, [7, 2]) ? withoutNewerFacts(reply) : reply;
}

/** Leaves out consumers that have nothing pending and what only newer versions tell. */
export function withoutNewerFacts(reply: Reply): Reply {
  const items: Reply[] = [];
  for (let i = 0; i < reply.items.length; i++) {
    const item = reply.items[i]!;
    const isNewer =
      NEWER_NAMES.has(item.text) || (item.text === "consumers" && reply.items[i + 1]?.type === ":");
    if (isNewer) i++;
    else if (!isIdleConsumer(item)) items.push(withoutNewerFacts(item));
  }
  return { ...reply, items };
}

/** Whether this tells of a consumer that has nothing pending. */
function isIdleConsumer({ items }: Reply): boolean {
  const names = items.map(({ text }) => text);
  if (names[0] !== "name") return false;
  const pending = names.includes("seen-time") ? "pel-count" : names.includes("idle") ? "pending" : undefined;
  return pending !== undefined && names[names.indexOf(pending) + 1] === "0";
}

const isEncoding = ([command, sub]: readonly string[]) => command === "OBJECT" && sub === "ENCODING";

const DIFFERENCES: readonly VersionDifference[] = [
  {
    since: [7, 2],
    what: "scores are printed with as few digits as tell them apart, not with 17",
    renewed: ([command], text) =>
      /^B?Z/.test(command!) && text.length >= 17 && text.includes(".") && Number.isFinite(Number(text))
        ? formatDouble(Number(text))
        : undefined,
  },
  {
    since: [7, 2],
    what: "a timeout beyond all integers is out of range, not negative",
    renewed: (words, text) =>
      text === "ERR timeout is negative" && words.some((word) => word === "INF" || Number(word) > 2 ** 62)
        ? "ERR timeout is out of range"
        : undefined,
  },
  {
    since: [7, 2],
    what: "XREAD and XREADGROUP say which of them got an odd number of streams and identifiers",
    renewed: ([command], text) => {
      if (!text.startsWith("ERR Unbalanced")) return undefined;
      const [name, last] = command === "XREAD" ? ["xread", "$"] : ["xreadgroup", ">"];
      return `ERR Unbalanced '${name}' list of streams: for each stream key an ID or '${last}' must be specified.`;
    },
  },
  {
    since: [7, 2],
    what: "consumers are created when they ask, not when something is delivered to them",
    renewed: ([command, sub], text) =>
      command === "XGROUP" && sub === "CREATECONSUMER" && text === "1" ? "0" : undefined,
  },
];

/** Changes of the encoding of small values, in which versions differ too. */
const ENCODINGS: readonly { since: readonly [number, number]; what: string; older: string; newer: string }[] =
  [
    { since: [7, 2], what: "sets of texts", older: "hashtable", newer: "listpack" },
    {
      since: [7, 2],
      what: "hashes that get more pairs at once than fit a listpack, though not more fields",
      older: "listpack",
      newer: "hashtable",
    },
    {
      since: [7, 2],
      what: "sets that get more integers at once than fit an intset, though not more members",
      older: "intset",
      newer: "hashtable",
    },
    { since: [7, 2], what: "lists", older: "quicklist", newer: "listpack" },
  ];

interface Addition {
  since: readonly [major: number, minor: number];
  what: string;
  isUsed(words: readonly string[]): boolean;
}

/** Commands that older versions refuse or answer in an unforeseeable way, and which therefore are not sent to them. */
const ADDITIONS: readonly Addition[] = [
  {
    since: [7, 2],
    what: "ZRANK and ZREVRANK take WITHSCORE",
    isUsed: (words) => /^Z(?:REV)?RANK$/.test(words[0]!) && words.length > 3,
  },
  {
    since: [7, 2],
    what: "small sets are in the order of insertion, which SORT BY without a pattern shows",
    isUsed: (words) => words[0]!.startsWith("SORT") && words.includes("BY"),
  },
  {
    since: [7, 2],
    what: "XSETID refuses an identifier before the greatest deleted one",
    isUsed: (words) => words[0] === "XSETID",
  },
  {
    since: [7, 2],
    what: "LPOS refuses the smallest integer as its RANK",
    isUsed: (words) => words[0] === "LPOS" && words.includes("-9223372036854775808"),
  },
];

/** Commands in which real servers of all versions have a defect that the engine does not repeat. */
const DEFECTS: readonly Omit<Addition, "since">[] = [
  {
    what: "BITFIELD saturates a SET of the smallest integer to the greatest value of the field, by an overflow",
    isUsed: (words) =>
      words[0] === "BITFIELD" && words.includes("SAT") && words.includes("-9223372036854775808"),
  },
];

/** Whether a version, such as `7.0.15`, is before another. */
export function isOlder(version: string, [major, minor]: readonly [number, number]): boolean {
  const [realMajor = 0, realMinor = 0] = version.split(".").map(Number);
  return realMajor < major || (realMajor === major && realMinor < minor);
}

function upperCase(words: readonly Word[]): string[] {
  return words.map((word) => word.toString("latin1").toUpperCase());
}

/** Whether a server of the version knows all of a command, and does what it should. */
export function isUnderstood(version: string, words: readonly Word[]): boolean {
  const upper = upperCase(words);
  if (DEFECTS.some(({ isUsed }) => isUsed(upper))) return false;
  return !ADDITIONS.some(({ since, isUsed }) => isOlder(version, since) && isUsed(upper));
}

/** Bytes between which the engine and Redis may see differently whether a list is small: they pack elements unlike. */
const LIST_BYTES_UNDECIDED = { from: 3000, to: 9000 };

/** Whether a key may be kept in these ways by the engine and by a real server; `bytes` is its size where known. */
export function isSameEncoding(
  version: string,
  key: string,
  engine: string,
  real: string,
  bytes = LIST_BYTES_UNDECIDED.from,
): boolean {
  if (engine === real) return true;
  // Of whatever version, Redis makes a sorted set large when it sorts it.
  if (key.startsWith(SORT_PREFIX) && engine === "listpack" && real === "skiplist") return true;
  const isList = [engine, real].sort().join(" ") === "listpack quicklist";
  if (isList && bytes >= LIST_BYTES_UNDECIDED.from && bytes <= LIST_BYTES_UNDECIDED.to) return true;
  return ENCODINGS.some(
    ({ since, older, newer }) => isOlder(version, since) && engine === newer && real === older,
  );
}

/** The real server's reply as the engine's version of Redis would give it. */
export function renewed(version: string, words: readonly Word[], engine: Reply, real: Reply): Reply {
  const upper = upperCase(words);
  if (isEncoding(upper)) {
    return isSameEncoding(version, String(words[2]), engine.text, real.text) ? engine : real;
  }
  const known = DIFFERENCES.filter(({ since }) => isOlder(version, since));
  if (known.length === 0) return real;
  const renew = (reply: Reply): Reply => {
    if (reply.items.length > 0) return { ...reply, items: reply.items.map(renew) };
    for (const difference of known) {
      const text = difference.renewed(upper, reply.text);
      if (text !== undefined) return { ...reply, text };
    }
    return reply;
  };
  return renew(real);
}
