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

const isEncoding = ([command, sub]: readonly string[]) => command === "OBJECT" && sub === "ENCODING";

const DIFFERENCES: readonly VersionDifference[] = [
  {
    since: [7, 2],
    what: "scores are printed with as few digits as tell them apart, not with 17",
    renewed: ([command], text) =>
      /^B?Z/.test(command!) && text.length >= 17 && Number.isFinite(Number(text))
        ? String(Number(text))
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

/** Commands that older versions refuse, and which therefore are not sent to them. */
const ADDITIONS: readonly {
  since: readonly [number, number];
  what: string;
  isUsed(words: readonly string[]): boolean;
}[] = [
  {
    since: [7, 2],
    what: "ZRANK and ZREVRANK take WITHSCORE",
    isUsed: (words) => /^Z(?:REV)?RANK$/.test(words[0]!) && words.length > 3,
  },
];

function isOlder(version: string, [major, minor]: readonly [number, number]): boolean {
  const [realMajor = 0, realMinor = 0] = version.split(".").map(Number);
  return realMajor < major || (realMajor === major && realMinor < minor);
}

function upperCase(words: readonly Word[]): string[] {
  return words.map((word) => word.toString("latin1").toUpperCase());
}

/** Whether a server of the version knows all of a command. */
export function isUnderstood(version: string, words: readonly Word[]): boolean {
  const upper = upperCase(words);
  return !ADDITIONS.some(({ since, isUsed }) => isOlder(version, since) && isUsed(upper));
}

/** Whether two values may be kept in these ways by the engine and by a real server. */
export function isSameEncoding(version: string, key: string, engine: string, real: string): boolean {
  if (engine === real) return true;
  // Of whatever version, Redis makes a sorted set large when it sorts it.
  if (key.startsWith(SORT_PREFIX) && engine === "listpack" && real === "skiplist") return true;
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
