import { keyIndexes } from "../command-table/key-positions.ts";
import type { RegisteredCommand } from "../command-table/registry.ts";
import { SYNTAX } from "../errors.ts";
import { matchGlob } from "../protocol/glob.ts";
import type { ClientSession } from "../server/server.ts";
import type { Command, Flag, KeySpec } from "./definition.ts";
import { helpCommand } from "./help.ts";
import { parseSyntax, type SyntaxArgument } from "./syntax.ts";

/** The first key, the last and the step, as old clients read them (COMMAND INFO, fields 4 to 6). */
function legacyKeys(command: RegisteredCommand): [first: number, last: number, step: number] {
  let legacy: [number, number, number] = [0, 0, 0];
  for (const { begin, find } of command.keys ?? []) {
    if (typeof begin !== "number" || !("last" in find)) continue;
    const last = find.last < 0 ? find.last : begin + find.last;
    if (legacy[0] === 0) legacy = [begin, last, find.step];
    // Old clients know one range: one that goes on where the last has ended makes it longer.
    else if (legacy[1] >= 0 && begin === legacy[1] + legacy[2]) legacy[1] = last;
  }
  return legacy;
}

function writeKeySpec(session: ClientSession, spec: KeySpec): void {
  const { reply } = session;
  reply.map(3);
  reply.bulkText("flags");
  const flags = spec.flags.split(" ").filter(Boolean);
  if (spec.incomplete === true) flags.push("incomplete");
  reply.set(flags.length);
  for (const flag of flags) reply.simple(flag);
  reply.bulkText("begin_search");
  reply.map(2);
  reply.bulkText("type");
  if (typeof spec.begin === "number") {
    reply.bulkText("index");
    reply.bulkText("spec");
    reply.map(1);
    reply.bulkText("index");
    reply.integer(spec.begin);
  } else {
    reply.bulkText("keyword");
    reply.bulkText("spec");
    reply.map(2);
    reply.bulkText("keyword");
    reply.bulkText(spec.begin.keyword);
    reply.bulkText("startfrom");
    reply.integer(spec.begin.startFrom);
  }
  reply.bulkText("find_keys");
  reply.map(2);
  reply.bulkText("type");
  const [type, fields] =
    "last" in spec.find
      ? ([
          "range",
          { lastkey: spec.find.last, keystep: spec.find.step, limit: spec.find.limit ?? 0 },
        ] as const)
      : ([
          "keynum",
          { keynumidx: spec.find.keynum, firstkey: spec.find.first, keystep: spec.find.step },
        ] as const);
  reply.bulkText(type);
  reply.bulkText("spec");
  reply.map(3);
  for (const [name, value] of Object.entries(fields)) {
    reply.bulkText(name);
    reply.integer(value);
  }
}

function writeInfo(session: ClientSession, command: RegisteredCommand | undefined): void {
  const { reply } = session;
  if (command === undefined) {
    reply.null();
    return;
  }
  reply.array(10);
  reply.bulkText(command.fullName);
  reply.integer(command.arity);
  const flags: Flag[] = command.flags.filter((flag) => flag !== "may_replicate");
  if (command.getKeys !== undefined && !flags.includes("movablekeys")) flags.push("movablekeys");
  reply.set(flags.length);
  for (const flag of flags) reply.simple(flag);
  for (const number of legacyKeys(command)) reply.integer(number);
  reply.set(command.allCategories.length);
  for (const category of command.allCategories) reply.simple(`@${category}`);
  // Hints for clients of clusters: none.
  reply.set(0);
  reply.set(command.keys?.length ?? 0);
  for (const spec of command.keys ?? []) writeKeySpec(session, spec);
  reply.array(command.registered.length);
  for (const sub of command.registered) writeInfo(session, sub);
}

function writeArguments(session: ClientSession, list: readonly SyntaxArgument[]): void {
  const { reply } = session;
  reply.array(list.length);
  for (const argument of list) {
    const flags = [
      ...(argument.isOptional ? ["optional"] : []),
      ...(argument.isMultiple ? ["multiple"] : []),
      ...(argument.isTokenRepeated ? ["multiple_token"] : []),
    ];
    const fields =
      2 +
      (argument.token === undefined ? 0 : 1) +
      (flags.length > 0 ? 1 : 0) +
      (argument.parts === undefined ? 0 : 1);
    const hasDisplay = argument.parts === undefined;
    reply.map(fields + (hasDisplay ? 1 : 0));
    reply.bulkText("name");
    reply.bulkText(argument.name);
    reply.bulkText("type");
    reply.bulkText(argument.type);
    if (hasDisplay) {
      reply.bulkText("display_text");
      reply.bulkText(argument.name);
    }
    if (argument.token !== undefined) {
      reply.bulkText("token");
      reply.bulkText(argument.token);
    }
    if (flags.length > 0) {
      reply.bulkText("flags");
      reply.set(flags.length);
      for (const flag of flags) reply.simple(flag);
    }
    if (argument.parts !== undefined) {
      reply.bulkText("arguments");
      writeArguments(session, argument.parts);
    }
  }
}

function writeDocs(session: ClientSession, command: RegisteredCommand): void {
  const { reply } = session;
  const list = parseSyntax(command.syntax ?? "");
  reply.bulkText(command.fullName);
  reply.map(4 + (list.length > 0 ? 1 : 0) + (command.registered.length > 0 ? 1 : 0));
  reply.bulkText("summary");
  reply.bulkText(command.summary);
  reply.bulkText("since");
  reply.bulkText(command.since);
  reply.bulkText("group");
  reply.bulkText(command.group);
  reply.bulkText("complexity");
  reply.bulkText(command.complexity);
  if (list.length > 0) {
    reply.bulkText("arguments");
    writeArguments(session, list);
  }
  if (command.registered.length === 0) return;
  reply.bulkText("subcommands");
  reply.map(command.registered.length);
  for (const sub of command.registered) writeDocs(session, sub);
}

function command(session: ClientSession): void {
  const { reply, server } = session;
  reply.array(server.dispatcher.registry.commands.length);
  for (const each of server.dispatcher.registry.commands) writeInfo(session, each);
}

function count(session: ClientSession): void {
  session.reply.integer(session.server.dispatcher.registry.commands.length);
}

function named(session: ClientSession): (RegisteredCommand | undefined)[] {
  const { args, server } = session;
  return Array.from({ length: args.count - 2 }, (_, index) =>
    server.dispatcher.registry.byName(args.latin1(index + 2)),
  );
}

function info(session: ClientSession): void {
  const { args, reply, server } = session;
  const wanted = args.count === 2 ? server.dispatcher.registry.commands : named(session);
  reply.array(wanted.length);
  for (const each of wanted) writeInfo(session, each);
}

function docs(session: ClientSession): void {
  const { args, reply, server } = session;
  const wanted =
    args.count === 2
      ? server.dispatcher.registry.commands
      : named(session).filter((each) => each !== undefined);
  reply.map(wanted.length);
  for (const each of wanted) writeDocs(session, each);
}

function list(session: ClientSession): void {
  const { args, reply, server } = session;
  let names: readonly RegisteredCommand[] = server.dispatcher.registry.all;
  if (args.count === 5 && args.is(2, "FILTERBY")) {
    const value = args.latin1(4).toLowerCase();
    if (args.is(3, "MODULE")) names = [];
    else if (args.is(3, "ACLCAT")) {
      names = server.dispatcher.registry.all.filter(
        (each) => each.allCategories.includes(value) && each.registered.length === 0,
      );
    } else if (args.is(3, "PATTERN")) {
      const pattern = Buffer.from(value);
      names = server.dispatcher.registry.all.filter((each) =>
        matchGlob(pattern, Buffer.from(each.fullName), true),
      );
    } else {
      reply.error(SYNTAX);
      return;
    }
  } else if (args.count !== 2) {
    reply.error(SYNTAX);
    return;
  }
  reply.array(names.length);
  for (const { fullName } of names) reply.bulkText(fullName);
}

/** The command that arguments 2 and up spell, with its own arguments moved to the front; undefined after an error. */
function inner(session: ClientSession): RegisteredCommand | undefined {
  const { args, reply, server } = session;
  args.load(args.copyAll().slice(2));
  let found = server.dispatcher.registry.find(args);
  if (found !== undefined && found.registered.length > 0 && args.count > 1) {
    found = server.dispatcher.registry.findSubcommand(found, args);
  }
  if (found === undefined) {
    reply.error("ERR Invalid command specified");
    return undefined;
  }
  if (found.keys === undefined && found.getKeys === undefined) {
    reply.error("ERR The command has no key arguments");
    return undefined;
  }
  if (found.arity > 0 ? args.count !== found.arity : args.count < -found.arity) {
    reply.error("ERR Invalid number of arguments specified for command");
    return undefined;
  }
  return found;
}

function getkeys(session: ClientSession): void {
  const found = inner(session);
  if (found === undefined) return;
  const { args, reply } = session;
  const indexes = keyIndexes(found, args);
  if (indexes === undefined) {
    reply.error("ERR Invalid arguments specified for command");
    return;
  }
  // A script may have none.
  if (indexes.length === 0 && !found.flags.includes("no_mandatory_keys")) {
    reply.error("ERR The command has no key arguments");
    return;
  }
  reply.array(indexes.length);
  for (const { index } of indexes) reply.bulkBuffer(args.view(index));
}

function getkeysandflags(session: ClientSession): void {
  const found = inner(session);
  if (found === undefined) return;
  const { args, reply } = session;
  const indexes = keyIndexes(found, args);
  if (indexes === undefined) {
    reply.error("ERR Invalid arguments specified for command");
    return;
  }
  reply.array(indexes.length);
  for (const { index, flags } of indexes) {
    reply.array(2);
    reply.bulkBuffer(args.view(index));
    const names = (found.keyFlags?.(args) ?? flags).split(" ").filter(Boolean);
    reply.set(names.length);
    for (const name of names) reply.simple(name);
  }
}

const BASE = { flags: ["loading", "stale"], group: "server" } as const;

export const commandCommands: Command[] = [
  {
    ...BASE,
    name: "command",
    arity: -1,
    categories: ["connection"],
    since: "2.8.13",
    complexity: "O(N) where N is the number of commands",
    summary: "Describes all commands.",
    handler: command,
    subcommands: [
      {
        ...BASE,
        name: "count",
        arity: 2,
        categories: ["connection"],
        since: "2.8.13",
        complexity: "O(1)",
        summary: "Counts the commands.",
        handler: count,
      },
      {
        ...BASE,
        name: "info",
        arity: -2,
        categories: ["connection"],
        since: "2.8.13",
        complexity: "O(N) where N is the number of commands asked for",
        summary: "Describes some commands, or all.",
        syntax: "[command-name [command-name ...]]",
        handler: info,
      },
      {
        ...BASE,
        name: "docs",
        arity: -2,
        categories: ["connection"],
        since: "7.0.0",
        complexity: "O(N) where N is the number of commands asked for",
        summary: "Documents some commands, or all.",
        syntax: "[command-name [command-name ...]]",
        handler: docs,
      },
      {
        ...BASE,
        name: "list",
        arity: -2,
        categories: ["connection"],
        since: "7.0.0",
        complexity: "O(N) where N is the number of commands",
        summary: "Lists the names of commands.",
        syntax: "[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]",
        handler: list,
      },
      {
        ...BASE,
        name: "getkeys",
        arity: -3,
        categories: ["connection"],
        since: "2.8.13",
        complexity: "O(N) where N is the number of arguments of the command",
        summary: "Finds the keys in a command.",
        syntax: "command [arg [arg ...]]",
        handler: getkeys,
      },
      {
        ...BASE,
        name: "getkeysandflags",
        arity: -3,
        categories: ["connection"],
        since: "7.0.0",
        complexity: "O(N) where N is the number of arguments of the command",
        summary: "Finds the keys in a command and what is done to them.",
        syntax: "command [arg [arg ...]]",
        handler: getkeysandflags,
      },
      { ...helpCommand("server", "5.0.0"), categories: ["connection"] },
    ],
  },
];
