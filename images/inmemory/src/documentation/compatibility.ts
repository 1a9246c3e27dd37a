import { Registry } from "../command-table/registry.ts";
import { commandFamilies } from "../commands/index.ts";
import { parameters } from "../server/config-parameters.ts";

/** How Redis's own test suite went, file by file. */
export interface SuiteResult {
  /** The version whose suite it is. */
  readonly redis: string;
  /** `leftOut`: tests that need what is not there, by their tag or by name. */
  readonly files: readonly { file: string; passed: number; failed: number; leftOut: number }[];
}

/** What differs from Redis on purpose, or cannot be the same. */
const DIFFERENCES: readonly [what: string, redis: string, here: string][] = [
  [
    "`SAVE`, `BGSAVE`",
    "write an RDB file",
    "bring the append-only file to the disk; `LASTSAVE` tells when it was. RDB files are written by `weftkit export`",
  ],
  [
    "`DUMP`",
    "what is in a hash table in its order, lists node by node as they were made",
    "byte for byte the same but for these: in the order of its own tables, nodes as full as `RPUSH` makes them",
  ],
  [
    "`RESTORE`",
    "checks its payload in depth only with `sanitize-dump-payload`",
    "always; takes what Redis from 2.6 to 7.2 has written (not modules' values, zipmaps, and hash fields that expire)",
  ],
  ["`appendonly`", "`no` by default", "always `yes`; `CONFIG SET appendonly no` is refused"],
  [
    "append-only file",
    "base in RDB format by default",
    "base and increments are plain commands, with checksums in comment lines; Redis 7 reads them, and files that Redis wrote with `aof-use-rdb-preamble no` are read here",
  ],
  [
    "users",
    "`ACL SETUSER`, kept in an ACL file",
    "those of the [configuration](../access.md), with roles, are the truth at every start; `ACL USERS` lists them, `ACL SETUSER` and `DELUSER` leave them alone. What `ACL SETUSER` makes has Redis's rules and lives until the engine stops, or with `acl_file` as `ACL SAVE` keeps it; `ACL LOAD` closes the connections of users that are no more, and no others. `default` is a user only where nobody is configured (`WEFTKIT_AUTH=none`)",
  ],
  [
    "output buffer of normal clients",
    "no limit",
    "`client_output_buffer_limit_normal`, 1 GB: a client that does not read must not take all memory",
  ],
  [
    "`DEBUG`",
    "from local connections by `enable-debug-command`",
    "for administrators, with `enable_debug_command = true`; `SLEEP`, `SET-ACTIVE-EXPIRE`, `RELOAD`, `OBJECT`, `STRINGMATCH-LEN`, `PROTOCOL`, `ERROR` and what its suite needs",
  ],
  ["expiry times", "64-bit milliseconds", "exact up to 2^53 ms (285,000 years), rounded by a few ms beyond"],
  [
    "`OBJECT ENCODING` of a list near `list-max-listpack-size`",
    "counts the bytes of its listpack",
    "counts the bytes of its own blocks, which hold integers as text: `quicklist` may come a little sooner",
  ],
  [
    "`REPLICAOF`",
    "kept in the configuration file by `CONFIG REWRITE`; TLS by `tls-replication`; `replica-read-only no`",
    "until the engine stops, without TLS, always read-only; of primaries that speak PSYNC (run with Redis 7.0 and 7.2). A command that fails here ends the link, and everything is taken over anew",
  ],
  [
    "`MIGRATE`",
    "holds everybody up until it is done, keeps connections for 10 s, hides only the password from `MONITOR` and `SLOWLOG`",
    "holds writes up, a connection each, hides all its arguments; refused in transactions and scripts. Redis before 7.2 takes all but small sets of texts, and streams",
  ],
  ["`SORT` of a small sorted set", "leaves it a `skiplist`", "leaves it as it was"],
  [
    "`SORT` after a command that met a number out of range",
    "fails, as 7.2 does not clear `errno` first",
    "sorts",
  ],
  [
    "`BITFIELD ... OVERFLOW SAT SET` of the smallest 64-bit integer",
    "stores the greatest value of the field, by an overflow of its own",
    "stores the smallest",
  ],
  ["`LSET` with an index beyond 32 bits", "uses its lower 32 bits", "`ERR index out of range`"],
  [
    "order of large sets and hashes, `SCAN` cursors",
    "by its hash function",
    "by another one, with the same guarantees",
  ],
  [
    "`INFO commandstats`, `SLOWLOG`",
    "every command is timed by itself",
    "so here with `slowlog-log-slower-than` below 1000 and for all that may take long; brief commands that follow on each other share their time, up to 16 of them, and are not looked at for the slowlog",
  ],
  [
    "`LATENCY`",
    "events of the disk, expiry and eviction beside commands; advice by `DOCTOR`",
    "the events `command` and `fast-command`; brief commands that are timed together are not looked at",
  ],
  [
    "scripts of `EVAL` that are kept",
    "all of them, without a bound",
    "500, and all those of `SCRIPT LOAD` (as Redis from 7.4 on)",
  ],
  [
    "a script that runs longer than `busy-reply-threshold` inside `pcall`, `table.sort`, a coroutine or `EXEC`",
    "others are answered BUSY and may end it",
    "others wait; it is ended after twice that time, unless it has written",
  ],
  ["memory of scripts", "is the server's", "at most 1 GiB, then the script fails with `not enough memory`"],
  [
    "`CLIENT TRACKING ON BCAST` of a user who may not read every key",
    "is allowed",
    "`NOPERM`: it would hear of keys that it may not read",
  ],
  ["`SCRIPT DEBUG YES`, `cjson.new`", "work", "are refused"],
  [
    "blocking commands in a script",
    "work as if they had timed out",
    "so here, and Redis before 7.2 refused them",
  ],
  ["`radix-tree-nodes` of `XINFO STREAM`", "nodes of its tree", "an estimate; there is no such tree"],
];

/** docs/compatibility/inmemory.md, from the code, the names of all commands of Redis 7.2, and the suite's result. */
export function compatibilityDocumentation(redisCommands: readonly string[], suite: SuiteResult): string {
  const registry = new Registry(commandFamilies);
  const here = new Set<string>();
  for (const command of registry.all) here.add(command.fullName.replace("|", " "));
  const absent = redisCommands.filter((name) => !here.has(name));
  const inert = parameters.filter(({ isInert }) => isInert).map(({ name }) => `\`${name}\``);
  return `${[
    "# Compatibility of weftkit/inmemory",
    "",
    "The measure is Redis 7.2, in RESP2 and RESP3: replies, error texts, encodings, keyspace events, what is written to",
    "the append-only file. This page is drawn from the code (`npm run docs`); what each command does is in",
    "[commands](../commands/inmemory.md).",
    "",
    "## How it is known",
    "",
    "- Every run of the tests sends 200,000 random commands of all families, from four clients in both protocols, to the",
    "  engine and to a real redis-server, and compares each reply and, every few thousand, everything stored",
    "  (`images/inmemory/test/oracle.long.test.ts`). Where the server is older, changes of Redis itself are allowed for one by",
    "  one (`oracle/version-differences.ts`).",
    "- Keys that expire, and append-only files read by the other of the two, are compared in the same way.",
    "- ioredis, node-redis, redis-py, go-redis and Jedis are used as their users use them; so are BullMQ, Bull, bee-queue,",
    "  redlock, rate-limiter-flexible, connect-redis, Celery, rq, dramatiq, huey, python-redis-lock, Flask-Limiter, channels and",
    "  django-redis (`npm run e2e:clients -- inmemory`). Scripts of Lua's and of Redis's libraries, some 250, are answered as",
    "  Redis answers them (`oracle-scripting.long.test.ts`).",
    "- Redis's own test suite:",
    "",
    ...suiteTable(suite),
    "",
    "## What differs",
    "",
    "| | Redis 7.2 | here |",
    "| --- | --- | --- |",
    ...DIFFERENCES.map((cells) => `| ${cells.join(" | ")} |`),
    "",
    "`CONFIG SET` takes these parameters and keeps them, but they have no effect:",
    "",
    ...wrapped(inert),
    "",
    "## What is not there",
    "",
    ...absentSection(absent),
    "",
    "Replicas are not served, and clusters of several nodes, modules and Sentinel are not there. RDB files are not loaded at start and not written by",
    "`SAVE`: `weftkit import` and `weftkit export` [do both](../inmemory.md). A command that is not there answers",
    "`ERR unknown command`, a subcommand `ERR unknown subcommand`, as Redis does for what it does not know.",
  ].join("\n")}\n`;
}

function suiteTable({ redis, files }: SuiteResult): string[] {
  if (files.length === 0) return [`  The result of ${redis}'s suite is not recorded yet.`];
  const rows = files.map(
    ({ file, passed, failed, leftOut }) => `  | \`${file}\` | ${passed} | ${failed} | ${leftOut} |`,
  );
  return [
    `  Of Redis ${redis}, in external mode:`,
    "",
    "  | file | passed | failed | left out, as they need what is not there |",
    "  | --- | --- | --- | --- |",
    ...rows,
  ];
}

/** Absent commands, a line per container and one for the rest. */
function absentSection(absent: readonly string[]): string[] {
  const containers = new Map<string, string[]>();
  const single: string[] = [];
  for (const name of absent) {
    const [container, sub] = name.split(" ");
    if (sub === undefined) single.push(`\`${name.toUpperCase()}\``);
    else containers.set(container!, [...(containers.get(container!) ?? []), sub.toUpperCase()]);
  }
  const lines = [...containers].map(([container, subs]) =>
    absent.includes(container)
      ? `- \`${container.toUpperCase()}\` and all its subcommands`
      : `- of \`${container.toUpperCase()}\`: ${subs.map((sub) => `\`${sub}\``).join(", ")}`,
  );
  const rest = single.filter((name) => !containers.has(name.slice(1, -1).toLowerCase()));
  return rest.length === 0 ? lines : [...lines, `- ${rest.join(", ")}`];
}

const LINE_MAX = 110;

function wrapped(words: readonly string[]): string[] {
  const lines: string[] = [];
  for (const [index, word] of words.entries()) {
    const text = index < words.length - 1 ? `${word},` : `${word}.`;
    const last = lines.at(-1);
    if (last === undefined || last.length + text.length >= LINE_MAX) lines.push(text);
    else lines[lines.length - 1] = `${last} ${text}`;
  }
  return lines;
}
