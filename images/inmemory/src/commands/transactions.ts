import type { Denial } from "../command-table/access.ts";
import { EXECABORT } from "../errors.ts";
import type { ClientSession } from "../server/server.ts";
import { type Command, keys } from "./definition.ts";

function multi(session: ClientSession): void {
  if (session.transaction !== undefined) {
    session.reply.error("ERR MULTI calls can not be nested");
    return;
  }
  session.transaction = { commands: [], isAborted: false, bytes: 0 };
  session.reply.ok();
}

function discard(session: ClientSession): void {
  if (session.transaction === undefined) {
    session.reply.error("ERR DISCARD without MULTI");
    return;
  }
  session.discardTransaction();
  session.reply.ok();
}

function watch(session: ClientSession): void {
  const { args, server } = session;
  if (session.transaction !== undefined) {
    session.reply.error("ERR WATCH inside MULTI is not allowed");
    return;
  }
  for (let i = 1; i < args.count; i++) server.watches.watch(session, session.db, args.view(i), server.now);
  session.reply.ok();
}

function unwatch(session: ClientSession): void {
  session.server.watches.unwatch(session);
  session.reply.ok();
}

function exec(session: ClientSession): void {
  const { transaction, reply, server } = session;
  if (transaction === undefined) {
    reply.error("ERR EXEC without MULTI");
    return;
  }
  const isBroken = session.isWatchBroken || server.watches.hasExpired(session, server.now);
  session.discardTransaction();
  if (transaction.isAborted) {
    reply.error(EXECABORT);
    return;
  }
  if (isBroken) {
    reply.nullArray();
    return;
  }
  reply.array(transaction.commands.length);
  session.mayNotBlock = true;
  const own = session.command;
  server.propagation.transaction(() => {
    for (const { command, values } of transaction.commands) {
      session.args.load(values);
      session.command = command;
      // Rights may have changed since the command was queued.
      const denied = session.access?.denial(command, session.args);
      if (denied !== undefined) {
        server.noteDenied(session, denied, "multi");
        reply.error(noLongerAllowed(denied));
      } else server.dispatcher.call(session, command);
    }
  });
  session.command = own;
  session.mayNotBlock = false;
  // What was done is recorded command by command; EXEC itself adds nothing.
  session.propagateNothing();
}

const NO_LONGER: Readonly<Record<"command" | "key" | "channel", string>> = {
  command: "no permission to execute the command or subcommand",
  key: "no permission to touch the specified keys",
  channel: "no permission to access one of the channels used as argument to the command",
};

function noLongerAllowed({ message, reason }: Denial): string {
  if (reason === undefined) return message;
  return `NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This command is no longer allowed for the following reason: ${NO_LONGER[reason]}`;
}

export const transactionCommands: Command[] = [
  {
    name: "multi",
    arity: 1,
    flags: ["noscript", "loading", "stale", "fast", "allow_busy"],
    group: "transactions",
    since: "1.2.0",
    complexity: "O(1)",
    summary: "Starts a transaction: the commands that follow are queued.",
    handler: multi,
  },
  {
    name: "exec",
    arity: 1,
    flags: ["noscript", "loading", "stale", "skip_slowlog"],
    group: "transactions",
    since: "1.2.0",
    complexity: "Depends on the commands in the transaction",
    summary: "Runs the queued commands as one.",
    handler: exec,
  },
  {
    name: "discard",
    arity: 1,
    flags: ["noscript", "loading", "stale", "fast", "allow_busy"],
    group: "transactions",
    since: "2.0.0",
    complexity: "O(N) where N is the number of queued commands",
    summary: "Drops the queued commands and the watched keys.",
    handler: discard,
  },
  {
    name: "watch",
    arity: -2,
    flags: ["noscript", "loading", "stale", "fast", "allow_busy"],
    keys: keys("RO"),
    group: "transactions",
    since: "2.2.0",
    complexity: "O(1) for every key",
    summary: "Makes the next EXEC fail if one of the keys is changed before it.",
    syntax: "key [key ...]",
    handler: watch,
  },
  {
    name: "unwatch",
    arity: 1,
    flags: ["noscript", "loading", "stale", "fast", "allow_busy"],
    group: "transactions",
    since: "2.2.0",
    complexity: "O(1)",
    summary: "Forgets the watched keys.",
    handler: unwatch,
  },
];
