import { matchGlob } from "../protocol/glob.ts";
import type { Library, RestorePolicy } from "../scripting/functions.ts";
import type { ClientSession } from "../server/server.ts";
import { type Command, countedKeys } from "./definition.ts";
import { helpCommand, subcommandSyntax } from "./help.ts";
import { answeringErrors, keyCount, killRunning } from "./scripting.ts";

const NOT_FOUND = "ERR Library not found";

function call(isReadOnlyCall: boolean) {
  return (session: ClientSession): void => {
    const { args, reply, server } = session;
    const name = args.latin1(1);
    if (server.functions.byName(name) === undefined) {
      reply.error("ERR Function not found");
      return;
    }
    const keys = keyCount(session, "ERR Bad number of keys provided");
    if (keys === undefined) return;
    // A machine that has broken is replaced first, and its functions are registered again.
    const { runner } = server.functions;
    const { reference, flags } = server.functions.byName(name)!;
    runner.run(session, {
      reference,
      name,
      flags,
      isReadOnlyCall,
      kind: "function",
      keys: { from: 3, count: keys },
    });
  };
}

function load(session: ClientSession): void {
  const { args, reply, server } = session;
  let replaces = false;
  let at = 2;
  for (; at < args.count - 1; at++) {
    if (!args.is(at, "REPLACE")) {
      reply.error(`ERR Unknown option given: ${args.latin1(at)}`);
      return;
    }
    replaces = true;
  }
  answeringErrors(session, () => {
    const name = server.functions.load(args.view(at), replaces);
    server.dirty++;
    reply.bulkText(name);
  });
}

function tooMany(session: ClientSession): void {
  session.reply.error(subcommandSyntax(session));
}

function dump(session: ClientSession): void {
  session.reply.bulkBuffer(session.server.functions.dump());
}

function restore(session: ClientSession): void {
  const { args, reply, server } = session;
  if (args.count > 4) {
    tooMany(session);
    return;
  }
  let policy: RestorePolicy = "append";
  if (args.count === 4) {
    if (args.is(3, "REPLACE")) policy = "replace";
    else if (args.is(3, "FLUSH")) policy = "flush";
    else if (!args.is(3, "APPEND")) {
      reply.error("ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.");
      return;
    }
  }
  answeringErrors(session, () => {
    server.functions.restore(args.copy(2), policy);
    server.dirty++;
    reply.ok();
  });
}

function remove(session: ClientSession): void {
  const { args, reply, server } = session;
  if (!server.functions.delete(args.latin1(2))) {
    reply.error(NOT_FOUND);
    return;
  }
  server.dirty++;
  reply.ok();
}

function flush(session: ClientSession): void {
  const { args, reply, server } = session;
  if (args.count > 3) {
    tooMany(session);
    return;
  }
  if (args.count === 3 && !args.is(2, "ASYNC") && !args.is(2, "SYNC")) {
    reply.error("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
    return;
  }
  server.functions.flush();
  server.dirty++;
  reply.ok();
}

function list(session: ClientSession): void {
  const { args, reply, server } = session;
  let withCode = false;
  let pattern: Buffer | undefined;
  for (let at = 2; at < args.count; at++) {
    if (!withCode && args.is(at, "WITHCODE")) withCode = true;
    else if (pattern === undefined && args.is(at, "LIBRARYNAME")) {
      if (at + 1 >= args.count) {
        reply.error("ERR library name argument was not given");
        return;
      }
      pattern = args.copy(++at);
    } else {
      reply.error(`ERR Unknown argument ${args.latin1(at)}`);
      return;
    }
  }
  const libraries = server.functions.libraries.filter(
    ({ name }) => pattern === undefined || matchGlob(pattern, Buffer.from(name), true),
  );
  reply.array(libraries.length);
  for (const library of libraries) writeLibrary(session, library, withCode);
}

function writeLibrary({ reply }: ClientSession, library: Library, withCode: boolean): void {
  reply.map(withCode ? 4 : 3);
  reply.bulkText("library_name");
  reply.bulkText(library.name);
  reply.bulkText("engine");
  reply.bulkText("LUA");
  reply.bulkText("functions");
  reply.array(library.functions.size);
  for (const { name, description, flagNames } of library.functions.values()) {
    reply.map(3);
    reply.bulkText("name");
    reply.bulkText(name);
    reply.bulkText("description");
    if (description === undefined) reply.null();
    else reply.bulkBuffer(Buffer.from(description, "latin1"));
    reply.bulkText("flags");
    reply.set(flagNames.length);
    for (const flag of flagNames) reply.simple(flag);
  }
  if (!withCode) return;
  reply.bulkText("library_code");
  reply.bulkBuffer(library.code);
}

function stats(session: ClientSession): void {
  const { reply, server } = session;
  reply.map(2);
  reply.bulkText("running_script");
  const current = server.functions.running?.current;
  if (current === undefined) reply.null();
  else {
    reply.map(3);
    reply.bulkText("name");
    reply.bulkText(current.name);
    reply.bulkText("command");
    reply.array(current.words.length);
    for (const word of current.words) reply.bulkBuffer(word);
    reply.bulkText("duration_ms");
    reply.integer(Math.floor(performance.now() - current.startedAt));
  }
  reply.bulkText("engines");
  reply.map(1);
  reply.bulkText("LUA");
  reply.map(2);
  reply.bulkText("libraries_count");
  reply.integer(server.functions.libraries.length);
  reply.bulkText("functions_count");
  reply.integer(server.functions.functionCount);
}

function kill(session: ClientSession): void {
  killRunning(session, session.server.functions.running, session.server.scripts.running);
}

const BASE = { group: "scripting", since: "7.0.0" } as const;
const CALL = { ...BASE, complexity: "Depends on the function that is executed", arity: -3 } as const;

export const functionCommands: Command[] = [
  {
    ...CALL,
    name: "fcall",
    flags: ["noscript", "stale", "skip_monitor", "may_replicate", "no_mandatory_keys", "movablekeys"],
    keys: countedKeys("RW access update", 2),
    summary: "Calls a function.",
    syntax: "function numkeys [key [key ...]] [arg [arg ...]]",
    handler: call(false),
  },
  {
    ...CALL,
    name: "fcall_ro",
    flags: ["noscript", "stale", "skip_monitor", "no_mandatory_keys", "movablekeys", "readonly"],
    keys: countedKeys("RO access", 2),
    summary: "Calls a function that only reads.",
    syntax: "function numkeys [key [key ...]] [arg [arg ...]]",
    handler: call(true),
  },
  {
    ...BASE,
    name: "function",
    arity: -2,
    flags: [],
    complexity: "Depends on the subcommand",
    summary: "Libraries of functions in Lua.",
    subcommands: [
      {
        ...BASE,
        name: "delete",
        arity: 3,
        flags: ["write", "noscript"],
        complexity: "O(1)",
        summary: "Deletes a library and its functions.",
        syntax: "library-name",
        handler: remove,
      },
      {
        ...BASE,
        name: "dump",
        arity: 2,
        flags: ["noscript"],
        complexity: "O(N) where N is the number of functions",
        summary: "Returns all libraries as a payload for FUNCTION RESTORE.",
        handler: dump,
      },
      {
        ...BASE,
        name: "restore",
        arity: -3,
        flags: ["write", "denyoom", "noscript"],
        complexity: "O(N) where N is the number of functions",
        summary: "Loads the libraries of a payload.",
        syntax: "serialized-value [FLUSH | APPEND | REPLACE]",
        handler: restore,
      },
      {
        ...BASE,
        name: "flush",
        arity: -2,
        flags: ["write", "noscript"],
        complexity: "O(N) where N is the number of functions",
        summary: "Deletes all libraries.",
        syntax: "[ASYNC | SYNC]",
        handler: flush,
      },
      {
        ...BASE,
        name: "kill",
        arity: 2,
        flags: ["noscript", "allow_busy"],
        complexity: "O(1)",
        summary: "Ends the function that runs, if it has not written.",
        handler: kill,
      },
      {
        ...BASE,
        name: "list",
        arity: -2,
        flags: ["noscript"],
        complexity: "O(N) where N is the number of functions",
        summary: "Lists the libraries and their functions.",
        syntax: "[LIBRARYNAME library-name-pattern] [WITHCODE]",
        handler: list,
      },
      {
        ...BASE,
        name: "load",
        arity: -3,
        flags: ["write", "denyoom", "noscript"],
        complexity: "O(1), beside compiling",
        summary: "Compiles a library and registers its functions.",
        syntax: "[REPLACE] function-code",
        handler: load,
      },
      {
        ...BASE,
        name: "stats",
        arity: 2,
        flags: ["noscript", "allow_busy"],
        complexity: "O(1)",
        summary: "Tells what runs, and how many functions there are.",
        handler: stats,
      },
      helpCommand("scripting", "7.0.0"),
    ],
  },
];
