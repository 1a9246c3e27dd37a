/** Runs a command: reads `session.args`, works on `session.db`, writes to `session.reply`. */
export type Handler<Session> = (session: Session) => void;

/**
 * What a command may be and do; names as COMMAND INFO prints them. The ACL categories that follow from them are not
 * repeated in `categories`: write, readonly -> read, admin -> admin and dangerous, dangerous, pubsub, fast or else
 * slow, blocking, and the group's own one.
 */
export type Flag =
  | "write"
  | "readonly"
  | "denyoom"
  | "admin"
  | "pubsub"
  | "noscript"
  | "blocking"
  | "loading"
  | "stale"
  | "skip_monitor"
  | "skip_slowlog"
  | "fast"
  | "no_auth"
  | "may_replicate"
  | "no_async_loading"
  | "no_multi"
  | "movablekeys"
  | "no_mandatory_keys"
  | "allow_busy"
  | "touches_arbitrary_keys";

export type Group =
  | "string"
  | "bitmap"
  | "list"
  | "set"
  | "sorted-set"
  | "hash"
  | "stream"
  | "generic"
  | "pubsub"
  | "transactions"
  | "connection"
  | "scripting"
  | "hyperloglog"
  | "geo"
  | "cluster"
  | "server";

/** Where a command's keys are (Redis's key specifications): how to begin, how to find the rest, what is done to them. */
export interface KeySpec {
  /** An argument index from 1, or the keyword before the first key, searched from `startFrom` (negative: backwards). */
  begin: number | { keyword: string; startFrom: number };
  /**
   * `last`: index of the last key relative to the first (-1 the last argument, -2 the one before); `step` between
   * keys; `limit`: with a negative `last`, only the first 1/limit of the arguments are keys. Or a `keynum`: the
   * argument, relative to `begin`, that holds the number of keys, and the first key after it.
   */
  find: { last: number; step: number; limit?: number } | { keynum: number; first: number; step: number };
  /** As Redis names them: "RO access", "RW update", "OW update", "RM delete" ... */
  flags: string;
  /** True when the spec may miss keys and only `getKeys` knows (SORT's STORE). */
  incomplete?: boolean;
}

/**
 * One command: everything about it, said once. Dispatch, COMMAND, ACL and the documentation are drawn from it. What its
 * handler is given is left open: whoever only reads the table need not know.
 */
export interface Command<Session = never> {
  /** Lower case; of a subcommand only its own name. */
  name: string;
  /** Number of arguments with the name; negative: at least so many. */
  arity: number;
  flags: readonly Flag[];
  /** ACL categories beyond those that flags and group imply, such as "keyspace", "dangerous". */
  categories?: readonly string[];
  /** The group's ACL category does not apply (SORT works on several types, WAIT on no key). */
  hasNoGroupCategory?: boolean;
  keys?: readonly KeySpec[];
  group: Group;
  /** The Redis version whose users know it. */
  since: string;
  complexity: string;
  /** One sentence, our own words. */
  summary: string;
  /**
   * The arguments after the name in Redis's documentation notation: `key value [NX | XX] [EX seconds | KEEPTTL]`,
   * `key [key ...]`. COMMAND DOCS, the documentation page and redis-cli's hints come from it.
   */
  syntax?: string;
  subcommands?: readonly Command<Session>[];
  /**
   * The subcommands are but first arguments in Redis (DEBUG): rules of users may name others, and who may not run the
   * command hears of that first.
   */
  hasOpenSubcommands?: boolean;
  /** Absent on containers, whose subcommands have one each. */
  handler?: Handler<Session>;
  /** Finds the keys where `keys` cannot; indexes of arguments. */
  getKeys?: (args: KeyArguments) => number[];
  /** What is done to the keys behind the first, where `getKeys` finds them and it is another thing (SORT's STORE). */
  laterKeyFlags?: string;
  /** What is done with the key where that depends on the arguments (the flag variable_flags of `keys`). */
  keyFlags?: (args: KeyArguments) => string;
}

/** The arguments as those see them who look for keys. */
export interface KeyArguments {
  readonly count: number;
  is(index: number, keyword: string): boolean;
  integer(index: number): number;
}

/** One key at an argument. */
export function key(flags: string, at = 1): KeySpec[] {
  return [{ begin: at, find: { last: 0, step: 1 }, flags }];
}

/** All arguments from `from` on, up to `last` (-1: the last one), every `step`-th. */
export function keys(flags: string, from = 1, last = -1, step = 1): KeySpec[] {
  return [{ begin: from, find: { last, step }, flags }];
}

/** As many keys as the argument at `at` says, after it. */
export function countedKeys(flags: string, at: number): KeySpec[] {
  return [{ begin: at, find: { keynum: 0, first: 1, step: 1 }, flags }];
}
