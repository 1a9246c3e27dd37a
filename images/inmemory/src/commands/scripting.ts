import { NOT_AN_INTEGER } from "../errors.ts";
import type { Runner } from "../scripting/runner.ts";
import { ScriptError } from "../scripting/script-error.ts";
import type { Script } from "../scripting/scripts.ts";
import type { ClientSession } from "../server/server.ts";
import { type Command, countedKeys } from "./definition.ts";
import { helpCommand } from "./help.ts";

const NOSCRIPT = "NOSCRIPT No matching script. Please use EVAL.";
const SHA_LENGTH = 40;

/** The number of keys at argument 2; undefined after an error. */
export function keyCount(session: ClientSession, notInteger = NOT_AN_INTEGER): number | undefined {
  const { args, reply } = session;
  const count = session.integer(2, notInteger);
  if (Number.isNaN(count)) return undefined;
  if (count > args.count - 3) {
    reply.error("ERR Number of keys can't be greater than number of args");
    return undefined;
  }
  if (count < 0) {
    reply.error("ERR Number of keys can't be negative");
    return undefined;
  }
  return count;
}

/** Runs what may throw a `ScriptError`, and answers it. */
export function answeringErrors(session: ClientSession, run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    session.reply.error(error.message);
  }
}

function runScript(session: ClientSession, find: () => Script | undefined, isReadOnlyCall: boolean): void {
  const keys = keyCount(session);
  if (keys === undefined) return;
  answeringErrors(session, () => {
    const { scripts } = session.server;
    const script = find();
    if (script === undefined) {
      session.reply.error(NOSCRIPT);
      return;
    }
    const reference = scripts.referenceOf(script);
    scripts.runner.run(session, {
      reference,
      name: script.sha,
      flags: script.flags,
      isReadOnlyCall,
      kind: "script",
      keys: { from: 3, count: keys },
    });
  });
}

function evaluate(isReadOnlyCall: boolean) {
  return (session: ClientSession) =>
    runScript(session, () => session.server.scripts.compile(session.args.view(1), false), isReadOnlyCall);
}

function evaluateSha(isReadOnlyCall: boolean) {
  return (session: ClientSession) =>
    runScript(session, () => session.server.scripts.bySha(shaAt(session, 1)), isReadOnlyCall);
}

function shaAt(session: ClientSession, index: number): string {
  const { args } = session;
  return args.lengths[index] === SHA_LENGTH ? args.latin1(index).toLowerCase() : "";
}

function load(session: ClientSession): void {
  answeringErrors(session, () => {
    session.reply.bulkText(session.server.scripts.compile(session.args.view(2), true).sha);
  });
}

function exists(session: ClientSession): void {
  const { args, reply, server } = session;
  reply.array(args.count - 2);
  for (let i = 2; i < args.count; i++)
    reply.integer(server.scripts.bySha(shaAt(session, i)) === undefined ? 0 : 1);
}

function flush(session: ClientSession): void {
  const { args, reply, server } = session;
  if (args.count > 3 || (args.count === 3 && !args.is(2, "ASYNC") && !args.is(2, "SYNC"))) {
    reply.error("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
    return;
  }
  server.scripts.flush();
  reply.ok();
}

/** Ends what one of the two machines runs; what the other runs has a command of its own. */
export function killRunning(
  { reply, server }: ClientSession,
  running: Runner<ClientSession> | undefined,
  other: Runner<ClientSession> | undefined,
): void {
  const current = running?.current;
  if (current === undefined) {
    const isOther = other !== undefined && server.busy !== undefined;
    reply.error(isOther ? server.busy! : "NOTBUSY No scripts in execution right now.");
  } else if (current.hasWritten) {
    reply.error(
      "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.",
    );
  } else {
    running?.kill();
    reply.ok();
  }
}

function kill(session: ClientSession): void {
  killRunning(session, session.server.scripts.running, session.server.functions.running);
}

function debug(session: ClientSession): void {
  const { args, reply } = session;
  if (args.is(2, "NO")) reply.ok();
  else if (args.is(2, "YES") || args.is(2, "SYNC"))
    reply.error("ERR The script debugger is not supported by this engine");
  else reply.error("ERR Use SCRIPT DEBUG YES/SYNC/NO");
}

const RUN = {
  group: "scripting",
  complexity: "Depends on the script that is executed",
  keys: countedKeys("RW access update", 2),
} as const;
const READ = { ...RUN, keys: countedKeys("RO access", 2), since: "7.0.0" } as const;
const BASE = { group: "scripting", since: "2.6.0" } as const;

export const scriptingCommands: Command[] = [
  {
    ...RUN,
    name: "eval",
    arity: -3,
    flags: ["noscript", "stale", "skip_monitor", "may_replicate", "no_mandatory_keys", "movablekeys"],
    since: "2.6.0",
    summary: "Runs a script in Lua.",
    syntax: "script numkeys [key [key ...]] [arg [arg ...]]",
    handler: evaluate(false),
  },
  {
    ...RUN,
    name: "evalsha",
    arity: -3,
    flags: ["noscript", "stale", "skip_monitor", "may_replicate", "no_mandatory_keys", "movablekeys"],
    since: "2.6.0",
    summary: "Runs a script that the server knows, by its SHA1.",
    syntax: "sha1 numkeys [key [key ...]] [arg [arg ...]]",
    handler: evaluateSha(false),
  },
  {
    ...READ,
    name: "eval_ro",
    arity: -3,
    flags: ["noscript", "stale", "skip_monitor", "no_mandatory_keys", "movablekeys", "readonly"],
    summary: "Runs a script in Lua that may only read.",
    syntax: "script numkeys [key [key ...]] [arg [arg ...]]",
    handler: evaluate(true),
  },
  {
    ...READ,
    name: "evalsha_ro",
    arity: -3,
    flags: ["noscript", "stale", "skip_monitor", "no_mandatory_keys", "movablekeys", "readonly"],
    summary: "Runs a script that the server knows, by its SHA1, and that may only read.",
    syntax: "sha1 numkeys [key [key ...]] [arg [arg ...]]",
    handler: evaluateSha(true),
  },
  {
    ...BASE,
    name: "script",
    arity: -2,
    flags: [],
    complexity: "Depends on the subcommand",
    summary: "The scripts that the server knows.",
    subcommands: [
      {
        ...BASE,
        name: "debug",
        arity: 3,
        flags: ["noscript"],
        since: "3.2.0",
        complexity: "O(1)",
        summary: "Takes NO; there is no debugger.",
        syntax: "YES | SYNC | NO",
        handler: debug,
      },
      {
        ...BASE,
        name: "exists",
        arity: -3,
        flags: ["noscript"],
        complexity: "O(N) where N is the number of hashes",
        summary: "Tells which scripts the server knows.",
        syntax: "sha1 [sha1 ...]",
        handler: exists,
      },
      {
        ...BASE,
        name: "flush",
        arity: -2,
        flags: ["noscript"],
        complexity: "O(N) where N is the number of scripts",
        summary: "Forgets all scripts.",
        syntax: "[ASYNC | SYNC]",
        handler: flush,
      },
      {
        ...BASE,
        name: "kill",
        arity: 2,
        flags: ["noscript", "allow_busy"],
        complexity: "O(1)",
        summary: "Ends the script that runs, if it has not written.",
        handler: kill,
      },
      {
        ...BASE,
        name: "load",
        arity: 3,
        flags: ["noscript", "stale"],
        complexity: "O(N) where N is the length of the script",
        summary: "Compiles a script for EVALSHA, and keeps it.",
        syntax: "script",
        handler: load,
      },
      helpCommand("scripting", "5.0.0"),
    ],
  },
];
