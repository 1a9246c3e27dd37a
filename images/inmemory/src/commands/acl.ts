import { randomBytes } from "node:crypto";
import type { Selector } from "../acl/selector.ts";
import { Access, type Rights } from "../command-table/access.ts";
import { CATEGORIES } from "../command-table/registry.ts";
import { wrongArity } from "../errors.ts";
import { Args } from "../protocol/args.ts";
import type { ClientSession, Server } from "../server/server.ts";
import { aclList, closeSessionsOf, closeUnallowedSubscribers, deluser, setuser } from "./acl-users.ts";
import type { Command } from "./definition.ts";
import { helpCommand, subcommandSyntax } from "./help.ts";

const GENERATED_BITS = 256;
const GENERATED_BITS_MAX = 4096;
const ENTRIES_SHOWN = 10;
const NO_FILE =
  "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration.";

function whoami(session: ClientSession): void {
  session.reply.bulkText(session.user?.user ?? "default");
}

function cat(session: ClientSession): void {
  const { args, reply, server } = session;
  let names = CATEGORIES;
  if (args.count === 3) {
    const category = args.latin1(2).toLowerCase();
    if (!CATEGORIES.includes(category)) {
      reply.error(`ERR Unknown category '${args.latin1(2).slice(0, 128)}'`);
      return;
    }
    const chosen = server.registry.all.filter(({ allCategories }) => allCategories.includes(category));
    names = chosen.map(({ fullName }) => fullName);
  }
  reply.array(names.length);
  for (const name of names) reply.bulkText(name);
}

/** For subcommands that take one argument at most: Redis's table has no upper bound, its code has. */
function oneAtMost(handler: (session: ClientSession) => void): (session: ClientSession) => void {
  return (session) => {
    if (session.args.count > 3) session.reply.error(subcommandSyntax(session));
    else handler(session);
  };
}

function genpass(session: ClientSession): void {
  const { args, reply } = session;
  const bits = args.count === 3 ? session.integer(2) : GENERATED_BITS;
  if (Number.isNaN(bits)) return;
  if (bits <= 0 || bits > GENERATED_BITS_MAX) {
    reply.error(
      `ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to ${GENERATED_BITS_MAX}`,
    );
    return;
  }
  const digits = Math.ceil(bits / 4);
  reply.bulkText(
    randomBytes(Math.ceil(digits / 2))
      .toString("hex")
      .slice(0, digits),
  );
}

function getuser(session: ClientSession): void {
  const { args, reply, server } = session;
  const user = server.acl.find(args.utf8(2));
  if (user === undefined) {
    reply.null();
    return;
  }
  const [own, ...others] = user.selectors;
  reply.map(6);
  reply.bulkText("flags");
  reply.set(user.flags.length);
  for (const flag of user.flags) reply.bulkText(flag);
  reply.bulkText("passwords");
  reply.array(user.passwords.length);
  for (const hash of user.passwords) reply.bulkText(hash);
  describeSelector(session, own!);
  reply.bulkText("selectors");
  reply.array(others.length);
  for (const selector of others) {
    reply.map(3);
    describeSelector(session, selector);
  }
}

function describeSelector({ reply }: ClientSession, selector: Selector): void {
  const { commandRules, keyRules, channelRules } = selector;
  for (const [name, rules] of Object.entries({
    commands: commandRules,
    keys: keyRules,
    channels: channelRules,
  })) {
    reply.bulkText(name);
    reply.bulkBuffer(Buffer.from(rules, "latin1"));
  }
}

function users(session: ClientSession): void {
  const names = [
    ...(session.server.authenticator?.users() ?? []).map(({ name }) => name),
    ...session.server.acl.all.map(({ user }) => user),
  ];
  session.reply.array(names.length);
  for (const name of names) session.reply.bulkText(name);
}

function configuredRights({ authenticator, registry }: Server, name: string): Rights | undefined {
  const user = authenticator?.contextOf(name);
  return user === undefined ? undefined : new Access(user, registry);
}

/** Whether a user might run a command, which is not run. */
function dryrun(session: ClientSession): void {
  const { args, reply, server } = session;
  const name = args.utf8(2);
  const rights = server.acl.find(name) ?? configuredRights(server, name);
  if (rights === undefined) {
    reply.error(`ERR User '${args.latin1(2)}' not found`);
    return;
  }
  const asked = new Args();
  asked.load(args.copyAll().slice(3));
  const container = server.registry.find(asked);
  const isOfContainer = container !== undefined && container.registered.length > 0 && asked.count > 1;
  const command = isOfContainer ? server.registry.findSubcommand(container, asked) : container;
  if (command === undefined) {
    reply.error(`ERR Command '${args.latin1(3)}' not found`);
    return;
  }
  if (command.arity > 0 ? asked.count !== command.arity : asked.count < -command.arity) {
    reply.error(wrongArity(command.fullName));
    return;
  }
  const denial = rights.denial(command, asked);
  if (denial === undefined) {
    reply.ok();
    return;
  }
  const { reason, object, message } = denial;
  const told =
    reason === "key" || reason === "channel"
      ? `User ${name} has no permissions to access the '${object.toString("latin1")}' ${reason}`
      : message.slice(message.indexOf(" ") + 1);
  reply.bulkBuffer(Buffer.from(told, "latin1"));
}

function log(session: ClientSession): void {
  const { args, reply, server } = session;
  if (args.count === 3 && args.is(2, "RESET")) {
    server.aclLog.entries = [];
    reply.ok();
    return;
  }
  const count = args.count === 3 ? session.integer(2) : ENTRIES_SHOWN;
  if (Number.isNaN(count)) return;
  const entries = server.aclLog.entries.slice(0, Math.max(0, count));
  reply.array(entries.length);
  for (const entry of entries) {
    reply.map(10);
    reply.bulkText("count");
    reply.integer(entry.count);
    reply.bulkText("reason");
    reply.bulkText(entry.reason);
    reply.bulkText("context");
    reply.bulkText(entry.context);
    reply.bulkText("object");
    reply.bulkBuffer(entry.object);
    reply.bulkText("username");
    reply.bulkText(entry.user);
    reply.bulkText("age-seconds");
    reply.double((server.now - entry.updatedAt) / 1000);
    reply.bulkText("client-info");
    reply.bulkText(entry.client);
    reply.bulkText("entry-id");
    reply.integer(entry.id);
    reply.bulkText("timestamp-created");
    reply.integer(entry.createdAt);
    reply.bulkText("timestamp-last-updated");
    reply.integer(entry.updatedAt);
  }
}

/** Reads the file of users again: those who stay have the rules in it at once, and connections of others end. */
function load(session: ClientSession): void {
  const { reply, server } = session;
  if (server.aclFile === undefined) {
    reply.error(NO_FILE);
    return;
  }
  try {
    const gone = server.aclFile.load();
    for (const user of gone) closeSessionsOf(session, user);
    for (const user of server.acl.all) closeUnallowedSubscribers(session, user);
    reply.ok();
  } catch (error) {
    reply.error(`ERR ${(error as Error).message}`);
  }
}

function save(session: ClientSession): void {
  const { reply, server } = session;
  if (server.aclFile === undefined) {
    reply.error(NO_FILE);
    return;
  }
  try {
    server.aclFile.save();
    reply.ok();
  } catch (error) {
    reply.error(`ERR There was an error trying to save the ACLs: ${(error as Error).message}`);
  }
}

const OPEN = { flags: ["noscript", "loading", "stale"], group: "server", since: "6.0.0" } as const;
const ADMIN = { ...OPEN, flags: ["admin", ...OPEN.flags] } as const;
const BY_RULES = "O(N) where N is the number of rules";
const BY_USERS = "O(N) where N is the number of users";

export const aclCommands: Command[] = [
  {
    name: "acl",
    arity: -2,
    flags: [],
    group: "server",
    since: "6.0.0",
    complexity: "Depends on the subcommand",
    summary:
      "Tells about users and what they may run, and makes users, which last until the engine stops, or as acl_file keeps them.",
    subcommands: [
      {
        ...OPEN,
        name: "whoami",
        arity: 2,
        complexity: "O(1)",
        summary: "Returns the connection's user.",
        handler: whoami,
      },
      {
        ...ADMIN,
        name: "users",
        arity: 2,
        complexity: BY_USERS,
        summary: "Lists the users.",
        handler: users,
      },
      {
        ...ADMIN,
        name: "list",
        arity: 2,
        complexity: BY_USERS,
        summary: "Lists the users that ACL SETUSER has made, with their rules.",
        handler: aclList,
      },
      {
        ...ADMIN,
        name: "setuser",
        arity: -3,
        complexity: BY_RULES,
        summary: "Makes a user, or changes the rules of one, also for those who are logged in.",
        syntax: "username [rule [rule ...]]",
        handler: setuser,
      },
      {
        ...ADMIN,
        name: "getuser",
        arity: 3,
        complexity: BY_RULES,
        summary: "Returns the rules of a user that ACL SETUSER has made.",
        syntax: "username",
        handler: getuser,
      },
      {
        ...ADMIN,
        name: "deluser",
        arity: -3,
        complexity: "O(N) where N is the number of connections",
        summary: "Removes users that ACL SETUSER has made, and closes their connections.",
        syntax: "username [username ...]",
        handler: deluser,
      },
      {
        ...OPEN,
        name: "cat",
        arity: -2,
        complexity: "O(N) where N is the number of commands",
        summary: "Lists the categories, or the commands of one.",
        syntax: "[category]",
        handler: oneAtMost(cat),
      },
      {
        ...OPEN,
        name: "genpass",
        arity: -2,
        complexity: "O(1)",
        summary: "Makes a password of random hexadecimal digits.",
        syntax: "[bits]",
        handler: oneAtMost(genpass),
      },
      {
        ...ADMIN,
        name: "dryrun",
        arity: -4,
        since: "7.0.0",
        complexity: "O(1)",
        summary: "Tells whether a user might run a command, without running it.",
        syntax: "username command [arg [arg ...]]",
        handler: dryrun,
      },
      {
        ...ADMIN,
        name: "log",
        arity: -2,
        complexity: "O(N) where N is the number of entries returned",
        summary: "Returns what was refused lately, or forgets it.",
        syntax: "[count | RESET]",
        handler: oneAtMost(log),
      },
      {
        ...ADMIN,
        name: "load",
        arity: 2,
        complexity: BY_USERS,
        summary: "Reads the users in the file that acl_file names again.",
        handler: load,
      },
      {
        ...ADMIN,
        name: "save",
        arity: 2,
        complexity: BY_USERS,
        summary: "Writes the users that ACL SETUSER has made into the file that acl_file names.",
        handler: save,
      },
      helpCommand("server", "6.0.0"),
    ],
  },
];
