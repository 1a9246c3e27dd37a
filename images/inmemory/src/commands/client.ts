import { SYNTAX, UNBLOCKED } from "../errors.ts";
import type { ClientSession } from "../server/server.ts";
import { describeClient } from "../session/client-line.ts";
import { caching, getredir, tracking, trackinginfo } from "./client-tracking.ts";
import { BAD_CLIENT_NAME, isClientName } from "./connection.ts";
import type { Command, Flag } from "./definition.ts";
import { helpCommand } from "./help.ts";

const CLIENT_TYPES = ["normal", "master", "replica", "slave", "pubsub"];

function id(session: ClientSession): void {
  session.reply.integer(session.id);
}

function info(session: ClientSession): void {
  session.reply.verbatim(`${describeClient(session, session.server)}\n`);
}

function list(session: ClientSession): void {
  const { args, reply, server } = session;
  let chosen = [...server.sessions.values()].filter((other) => other.connection !== undefined);
  if (args.count === 4 && args.is(2, "TYPE")) {
    const type = args.latin1(3).toLowerCase();
    if (!CLIENT_TYPES.includes(type)) {
      reply.error(`ERR Unknown client type '${args.latin1(3)}'`);
      return;
    }
    chosen = chosen.filter((other) => other.type === type);
  } else if (args.count > 3 && args.is(2, "ID")) {
    const ids = new Set<number>();
    for (let i = 3; i < args.count; i++) {
      const wanted = args.integer(i);
      if (!(wanted > 0)) {
        reply.error("ERR Invalid client ID");
        return;
      }
      ids.add(wanted);
    }
    chosen = chosen.filter((other) => ids.has(other.id));
  } else if (args.count !== 2) {
    reply.error(SYNTAX);
    return;
  }
  reply.verbatim(chosen.map((other) => `${describeClient(other, other.server)}\n`).join(""));
}

function setname(session: ClientSession): void {
  const name = session.args.latin1(2);
  if (!isClientName(name)) {
    session.reply.error(BAD_CLIENT_NAME);
    return;
  }
  session.name = name;
  session.reply.ok();
}

function getname(session: ClientSession): void {
  if (session.name === "") session.reply.null();
  else session.reply.bulkBuffer(Buffer.from(session.name, "latin1"));
}

function setinfo(session: ClientSession): void {
  const { args, reply } = session;
  const value = args.latin1(3);
  const attribute = args.latin1(2).toLowerCase();
  if (attribute !== "lib-name" && attribute !== "lib-ver") {
    reply.error(`ERR Unrecognized option '${args.latin1(2)}'`);
    return;
  }
  if (!isClientName(value)) {
    reply.error(`ERR ${attribute} cannot contain spaces, newlines or special characters.`);
    return;
  }
  if (attribute === "lib-name") session.libraryName = value;
  else session.libraryVersion = value;
  reply.ok();
}

/** Reads the filters of CLIENT KILL; undefined after answering an error. */
function killFilters(
  session: ClientSession,
): { matches: (other: ClientSession) => boolean; skipsMe: boolean } | undefined {
  const { args, reply } = session;
  const tests: ((other: ClientSession) => boolean)[] = [];
  let skipsMe = true;
  for (let i = 2; i < args.count; i += 2) {
    if (i + 1 >= args.count) {
      reply.error(SYNTAX);
      return undefined;
    }
    const value = args.latin1(i + 1);
    if (args.is(i, "ID")) {
      const wanted = args.integer(i + 1);
      if (!(wanted > 0)) {
        reply.error("ERR client-id should be greater than 0");
        return undefined;
      }
      tests.push((other) => other.id === wanted);
    } else if (args.is(i, "TYPE")) {
      const type = value.toLowerCase();
      if (!CLIENT_TYPES.includes(type)) {
        reply.error(`ERR Unknown client type '${value}'`);
        return undefined;
      }
      tests.push((other) => other.type === type);
    } else if (args.is(i, "ADDR")) tests.push((other) => other.address === value);
    else if (args.is(i, "LADDR")) tests.push(() => session.server.localAddress === value);
    else if (args.is(i, "USER")) {
      const isKnown = session.server.authenticator?.users().some(({ name }) => name === value) ?? false;
      if (!isKnown && value !== "default") {
        reply.error(`ERR No such user '${value}'`);
        return undefined;
      }
      tests.push((other) => other.user?.user === value);
    } else if (args.is(i, "SKIPME")) {
      if (args.is(i + 1, "YES")) skipsMe = true;
      else if (args.is(i + 1, "NO")) skipsMe = false;
      else {
        reply.error(SYNTAX);
        return undefined;
      }
    } else {
      reply.error(SYNTAX);
      return undefined;
    }
  }
  return { matches: (other) => tests.every((test) => test(other)), skipsMe };
}

function kill(session: ClientSession): void {
  const { args, reply, server } = session;
  const isOldForm = args.count === 3;
  const address = args.latin1(2);
  const filters = isOldForm
    ? { matches: (other: ClientSession) => other.address === address, skipsMe: false }
    : killFilters(session);
  if (filters === undefined) return;
  let killed = 0;
  for (const other of [...server.sessions.values()]) {
    if (other.connection === undefined || !filters.matches(other)) continue;
    if (other === session && filters.skipsMe) continue;
    if (other === session) other.connection.closeAfterReply();
    else other.connection.destroy();
    killed++;
  }
  if (!isOldForm) reply.integer(killed);
  else if (killed === 0) reply.error("ERR No such client");
  else reply.ok();
}

function pause(session: ClientSession): void {
  const { args, reply, server } = session;
  const timeoutMs = args.integer(2);
  if (Number.isNaN(timeoutMs)) reply.error("ERR timeout is not an integer or out of range");
  else if (timeoutMs < 0) reply.error("ERR timeout is negative");
  else if (args.count > 4 || (args.count === 4 && !args.is(3, "WRITE") && !args.is(3, "ALL"))) {
    reply.error("ERR CLIENT PAUSE mode must be WRITE or ALL");
  } else {
    server.pausing.pause(server.now + timeoutMs, args.count === 4 && args.is(3, "WRITE"));
    reply.ok();
  }
}

function unpause(session: ClientSession): void {
  session.server.pausing.unpause();
  session.reply.ok();
}

function unblock(session: ClientSession): void {
  const { args, reply, server } = session;
  const wanted = session.integer(2);
  if (Number.isNaN(wanted)) return;
  let isError = false;
  if (args.count === 4) {
    isError = args.is(3, "ERROR");
    if (!isError && !args.is(3, "TIMEOUT")) {
      reply.error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
      return;
    }
  } else if (args.count > 4) {
    reply.error(SYNTAX);
    return;
  }
  const blocked = server.sessions.get(wanted)?.blocked;
  if (blocked === undefined) {
    reply.integer(0);
    return;
  }
  server.sessions
    .get(wanted)!
    .endBlocking(isError ? (other) => other.reply.error(UNBLOCKED) : blocked.onTimeout);
  reply.integer(1);
}

function replyMode(session: ClientSession): void {
  const { args, reply } = session;
  if (args.is(2, "ON")) {
    session.replyMode = "on";
    reply.ok();
  } else if (args.is(2, "OFF")) session.replyMode = "off";
  else if (args.is(2, "SKIP")) {
    if (session.replyMode !== "off") session.replyMode = "skip-next";
  } else reply.error(SYNTAX);
}

/** ON or OFF at argument 2; undefined after answering an error. */
function onOrOff(session: ClientSession): boolean | undefined {
  const { args, reply } = session;
  if (args.is(2, "ON")) return true;
  if (args.is(2, "OFF")) return false;
  reply.error(SYNTAX);
  return undefined;
}

function noEvict(session: ClientSession): void {
  const isOn = onOrOff(session);
  if (isOn === undefined) return;
  session.isNotEvicted = isOn;
  session.reply.ok();
}

function noTouch(session: ClientSession): void {
  const isOn = onOrOff(session);
  if (isOn === undefined) return;
  session.isNotTouching = isOn;
  session.reply.ok();
}

const FLAGS: Flag[] = ["noscript", "loading", "stale"];
const ADMIN_FLAGS: Flag[] = ["admin", "noscript", "loading", "stale"];

function sub(
  name: string,
  arity: number,
  flags: Flag[],
  since: string,
  summary: string,
  handler: (session: ClientSession) => void,
  syntax?: string,
): Command {
  const base = {
    name,
    arity,
    flags,
    group: "connection" as const,
    since,
    complexity: "O(1)",
    summary,
    handler,
  };
  return syntax === undefined ? base : { ...base, syntax };
}

export const clientCommands: Command[] = [
  {
    name: "client",
    arity: -2,
    flags: [],
    group: "connection",
    since: "2.4.0",
    complexity: "Depends on the subcommand",
    summary: "Tells about connections and controls them.",
    subcommands: [
      sub("id", 2, FLAGS, "5.0.0", "Returns the connection's number.", id),
      sub("info", 2, FLAGS, "6.2.0", "Describes the connection.", info),
      {
        ...sub("list", -2, ADMIN_FLAGS, "2.4.0", "Describes all connections.", list),
        complexity: "O(N) where N is the number of connections",
        syntax: "[TYPE <normal | master | replica | pubsub>] [ID client-id [client-id ...]]",
      },
      sub("getname", 2, FLAGS, "2.6.9", "Returns the connection's name.", getname),
      sub("setname", 3, FLAGS, "2.6.9", "Names the connection.", setname, "connection-name"),
      sub(
        "setinfo",
        4,
        FLAGS,
        "7.2.0",
        "Says which client library the connection uses.",
        setinfo,
        "<LIB-NAME libname | LIB-VER libver>",
      ),
      {
        ...sub("kill", -3, ADMIN_FLAGS, "2.4.0", "Closes connections.", kill),
        complexity: "O(N) where N is the number of connections",
        syntax:
          "<ip:port | <[ID client-id] | [TYPE <normal | master | replica | pubsub>] | [USER username] | [ADDR ip:port] | [LADDR ip:port] | [SKIPME <YES | NO>]>>",
      },
      sub(
        "pause",
        -3,
        ADMIN_FLAGS,
        "3.0.0",
        "Holds the commands of all clients back for a time.",
        pause,
        "timeout [WRITE | ALL]",
      ),
      sub("unpause", 2, ADMIN_FLAGS, "6.2.0", "Ends a pause.", unpause),
      sub(
        "unblock",
        -3,
        ADMIN_FLAGS,
        "5.0.0",
        "Ends the wait of a blocked connection.",
        unblock,
        "client-id [TIMEOUT | ERROR]",
      ),
      sub("reply", 3, FLAGS, "3.2.0", "Switches replies on and off.", replyMode, "<ON | OFF | SKIP>"),
      sub(
        "no-evict",
        3,
        ADMIN_FLAGS,
        "7.0.0",
        "Keeps the connection when memory for clients runs out.",
        noEvict,
        "<ON | OFF>",
      ),
      sub(
        "no-touch",
        3,
        FLAGS,
        "7.2.0",
        "Makes the connection's reads leave the last access of keys alone.",
        noTouch,
        "<ON | OFF>",
      ),
      sub(
        "getredir",
        2,
        FLAGS,
        "6.0.0",
        "Returns the connection that is told of keys instead of this one.",
        getredir,
      ),
      sub("trackinginfo", 2, FLAGS, "6.2.0", "Describes client-side caching.", trackinginfo),
      sub(
        "caching",
        3,
        FLAGS,
        "6.0.0",
        "Has the keys of the next command tracked, or not.",
        caching,
        "<YES | NO>",
      ),
      {
        ...sub(
          "tracking",
          -3,
          FLAGS,
          "6.0.0",
          "Tells the connection of keys that it has read and that change.",
          tracking,
        ),
        syntax:
          "<ON | OFF> [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]",
      },
      helpCommand("connection", "5.0.0"),
    ],
  },
];
