import { type Generator, integer, keyword, maybe, once, pick, type Random, several, value } from "./words.ts";

const KEYS = ["stream-1", "stream-2", "stream-3"];
const GROUPS = ["group-1", "group-2"];
const CONSUMERS = ["alice", "bob", "c\xff"];

function key(random: Random): string {
  return once(random, 60) ? pick(random, ["stream-string", "stream-none"]) : pick(random, KEYS);
}

const group = (random: Random) => (once(random, 40) ? "group-none" : pick(random, GROUPS));
const consumer = (random: Random) => pick(random, CONSUMERS);

/** Identifiers close together, so that they meet; sometimes huge, malformed or special ones. */
function id(random: Random): string {
  switch (random(30)) {
    case 0:
      return pick(random, [
        "18446744073709551615-18446744073709551615",
        "18446744073709551615",
        "18446744073709551616-0",
        "9007199254740993-9007199254740993",
        "0-0",
        "-",
        "+",
        "$",
        ">",
        "abc",
        "1-abc",
        "1-",
        "-1",
        "",
        "007-01",
        "1-2-3",
      ]);
    case 1:
    case 2:
    case 3:
      return String(1 + random(60));
    default:
      return `${1 + random(60)}-${random(4)}`;
  }
}

/** Where the identifiers of each run have got to: XADD wants them in order. */
const clocks = new WeakMap<Random, number>();

function clockOf(random: Random): number {
  return clocks.get(random) ?? 1;
}

/** An identifier that is likely to be after the others. */
function fresh(random: Random): string {
  if (once(random, 6)) return id(random);
  const clock = clockOf(random) + random(2);
  clocks.set(random, clock);
  return once(random, 3) ? `${clock}-*` : `${clock}-${random(5)}`;
}

/** An identifier of the recent past. */
function recent(random: Random): string {
  return once(random, 3) ? id(random) : `${Math.max(1, clockOf(random) - random(80))}-${random(5)}`;
}

const bound = (random: Random) =>
  pick(random, ["", "", "", "("]) + (once(random, 3) ? pick(random, ["-", "+"]) : recent(random));
const count = (random: Random) => maybe(random, 2, keyword(random, "COUNT"), integer(random, 6));
const fields = (random: Random) =>
  once(random, 3)
    ? several(random, 4, () => [value(random), value(random)]).flat()
    : [
        "name",
        value(random),
        "age",
        String(random(100_000)),
        ...maybe(random, 6, "more", "z".repeat(random(900))),
      ];
const trim = (random: Random) => {
  const threshold = once(random, 2)
    ? [
        keyword(random, "MAXLEN"),
        ...maybe(random, 2, pick(random, ["~", "="])),
        once(random, 10) ? integer(random, 50) : String(random(150)),
      ]
    : [keyword(random, "MINID"), ...maybe(random, 2, pick(random, ["~", "="])), recent(random)];
  return [...threshold, ...maybe(random, 4, keyword(random, "LIMIT"), integer(random, 200))];
};
const streams = (random: Random, ids: () => string) => {
  const keys = several(random, 3, () => key(random));
  return [keyword(random, "STREAMS"), ...keys, ...keys.map(ids), ...maybe(random, 40, "x")];
};
const groupOptions = (random: Random) => [
  ...maybe(random, 2, keyword(random, "MKSTREAM")),
  ...maybe(random, 4, keyword(random, "ENTRIESREAD"), String(random(40) - 1)),
];

/** Random commands on streams whose replies are the same at any time. */
export const streamCommands: Generator[] = [
  (r) => ["XADD", key(r), fresh(r), ...fields(r)],
  (r) => ["XADD", key(r), fresh(r), ...fields(r)],
  (r) => ["XADD", pick(r, KEYS), fresh(r), "name", value(r), "age", String(r(1000))],
  (r) => ["XADD", pick(r, KEYS), fresh(r), "name", value(r), "age", String(r(1000))],
  (r) => [
    "XADD",
    key(r),
    ...maybe(r, 5, keyword(r, "NOMKSTREAM")),
    ...maybe(r, 2, ...trim(r)),
    fresh(r),
    ...fields(r),
    ...maybe(r, 40, "odd"),
  ],
  (r) => ["XLEN", key(r)],
  (r) => ["XRANGE", key(r), bound(r), bound(r), ...count(r)],
  (r) => ["XREVRANGE", key(r), bound(r), bound(r), ...count(r)],
  (r) => ["XRANGE", key(r), "-", "+", "COUNT", "30"],
  (r) => ["XREVRANGE", key(r), "+", "-", "COUNT", "30"],
  (r) => ["XDEL", key(r), ...several(r, 4, () => recent(r))],
  (r) => ["XTRIM", key(r), ...trim(r)],
  (r) => [
    "XSETID",
    key(r),
    recent(r),
    ...maybe(r, 3, "ENTRIESADDED", String(r(500))),
    ...maybe(r, 3, "MAXDELETEDID", recent(r)),
  ],
  (r) => ["XREAD", ...count(r), ...streams(r, () => (once(r, 6) ? "$" : recent(r)))],
  (r) => ["XINFO", "STREAM", key(r)],
  (r) => ["XINFO", "STREAM", key(r), keyword(r, "FULL"), ...count(r)],
  (r) => ["XINFO", "GROUPS", key(r)],
  (r) => ["XINFO", "CONSUMERS", key(r), group(r)],
  (r) => ["XGROUP", "CREATE", key(r), pick(r, GROUPS), pick(r, ["0", "$", recent(r)]), ...groupOptions(r)],
  (r) => [
    "XGROUP",
    "SETID",
    key(r),
    group(r),
    pick(r, ["0", "$", "-", "+", recent(r)]),
    ...maybe(r, 3, "ENTRIESREAD", String(r(40) - 2)),
  ],
  (r) =>
    once(r, 5)
      ? ["XGROUP", "DESTROY", key(r), group(r)]
      : ["XGROUP", "DELCONSUMER", key(r), group(r), consumer(r)],
  (r) => ["XGROUP", "CREATECONSUMER", key(r), group(r), consumer(r)],
  (r) => [
    "XREADGROUP",
    "GROUP",
    group(r),
    consumer(r),
    ...count(r),
    ...maybe(r, 5, keyword(r, "NOACK")),
    "STREAMS",
    pick(r, KEYS),
    ">",
  ],
  (r) => [
    "XREADGROUP",
    "GROUP",
    group(r),
    consumer(r),
    ...count(r),
    ...maybe(r, 5, "NOACK"),
    ...streams(r, () => (once(r, 3) ? recent(r) : ">")),
  ],
  (r) => ["XREADGROUP", "GROUP", group(r), consumer(r), "STREAMS", key(r), "0"],
  (r) => ["XACK", key(r), group(r), ...several(r, 5, () => recent(r))],
  (r) => ["XPENDING", key(r), group(r)],
  (r) => [
    "XPENDING",
    key(r),
    group(r),
    ...maybe(r, 4, keyword(r, "IDLE"), pick(r, ["0", "100000"])),
    bound(r),
    bound(r),
    integer(r, 10),
    ...maybe(r, 3, consumer(r)),
    ...maybe(r, 30, "x"),
  ],
  (r) => [
    "XCLAIM",
    key(r),
    group(r),
    consumer(r),
    pick(r, ["0", "0", "1000000", "x"]),
    ...several(r, 4, () => recent(r)),
    ...maybe(r, 4, pick(r, ["IDLE", "TIME"]), String(r(1000))),
    ...maybe(r, 4, "RETRYCOUNT", integer(r, 5)),
    ...maybe(r, 4, keyword(r, "FORCE")),
    ...maybe(r, 3, keyword(r, "JUSTID")),
    ...maybe(r, 6, "LASTID", recent(r)),
    ...maybe(r, 40, "WHAT"),
  ],
  (r) => [
    "XAUTOCLAIM",
    key(r),
    group(r),
    consumer(r),
    pick(r, ["0", "0", "1000000", "x"]),
    bound(r),
    ...count(r),
    ...maybe(r, 3, keyword(r, "JUSTID")),
  ],
  (r) => (once(r, 6) ? ["DEL", pick(r, KEYS)] : ["XLEN", key(r)]),
  () => ["SET", "stream-string", "text"],
];

/** Blocking commands, for use inside MULTI. */
export const blockingStreamCommands: Generator[] = [
  (r) => [
    "XREAD",
    "BLOCK",
    pick(r, ["10", "0", "-1", "x"]),
    ...count(r),
    ...streams(r, () => (once(r, 2) ? "$" : recent(r))),
  ],
  (r) => ["XREADGROUP", "GROUP", group(r), consumer(r), "BLOCK", "10", ...count(r), ...streams(r, () => ">")],
];
