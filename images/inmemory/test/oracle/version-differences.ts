import type { Word } from "./random.ts";
import type { Reply } from "./reply.ts";

/** A change of Redis itself, after the version that is compared with. The engine has the newer behaviour. */
interface VersionDifference {
  /** The first version with the newer behaviour. */
  since: readonly [major: number, minor: number];
  what: string;
  applies(words: readonly string[], engine: Reply, real: Reply): boolean;
}

const DIFFERENCES: readonly VersionDifference[] = [
  {
    since: [7, 2],
    what: "sets that are small and not all integers are listpacks",
    applies: ([command, sub], engine, real) =>
      command === "OBJECT" && sub === "ENCODING" && engine.text === "listpack" && real.text === "hashtable",
  },
  {
    since: [7, 2],
    what: "ZRANK and ZREVRANK take WITHSCORE",
    applies: ([command, , , option], _engine, real) =>
      (command === "ZRANK" || command === "ZREVRANK") && option !== undefined && real.type === "-",
  },
];

/** What a comparison must know to tell a known difference from a new one. */
export interface Against {
  /** The real server's, such as `7.0.15`. */
  readonly version: string;
  /** Whether sorted sets may have been sorted: Redis makes a small one large then, the engine leaves it small. */
  readonly isSorting: boolean;
}

/** Whether a difference is one that the real server's version explains. */
export function isKnownDifference(
  { version, isSorting }: Against,
  words: readonly Word[],
  engine: Reply,
  real: Reply,
): boolean {
  if (isSorting && engine.text === "listpack" && real.text === "skiplist") return true;
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const upper = words.map((word) => word.toString("latin1").toUpperCase());
  return DIFFERENCES.some(
    ({ since, applies }) =>
      (major < since[0] || (major === since[0] && minor < since[1])) && applies(upper, engine, real),
  );
}
