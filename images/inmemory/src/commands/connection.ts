import { DB_OUT_OF_RANGE, NOAUTH, WRONGPASS } from "../errors.ts";
import { serverName, serverVersion } from "../identity.ts";
import type { ClientSession } from "../server/server.ts";
import type { Command } from "./definition.ts";

const PONG = Buffer.from("pong");
const EMPTY = Buffer.alloc(0);

const NO_PASSWORD =
  "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?";

function ping(session: ClientSession): void {
  const { args, reply } = session;
  if (args.count > 2) {
    reply.error("ERR wrong number of arguments for 'ping' command");
    return;
  }
  const message = args.count === 2 ? args.view(1) : undefined;
  if (session.version === 2 && session.subscriptionCount > 0) {
    reply.array(2);
    reply.bulkBuffer(PONG);
    reply.bulkBuffer(message ?? EMPTY);
  } else if (message === undefined) reply.simple("PONG");
  else reply.bulkBuffer(message);
}

function echo(session: ClientSession): void {
  session.reply.bulkBuffer(session.args.view(1));
}

function select(session: ClientSession): void {
  const index = session.integer(1, "ERR value is not an integer or out of range");
  if (Number.isNaN(index)) return;
  const db = session.server.databases[index];
  if (session.server.cluster !== undefined && index !== 0)
    session.reply.error("ERR SELECT is not allowed in cluster mode");
  else if (db === undefined) session.reply.error(DB_OUT_OF_RANGE);
  else {
    session.db = db;
    session.reply.ok();
  }
}

function quit(session: ClientSession): void {
  session.reply.ok();
  session.connection?.closeAfterReply();
}

function reset(session: ClientSession): void {
  session.reset();
  session.reply.simple("RESET");
}

/** As `login`, for a user that ACL SETUSER has made. */
function loginHere(session: ClientSession, name: string, password: Buffer, answer: () => void): void {
  const { server } = session;
  const user = server.acl.find(name);
  if (user?.accepts(password)) {
    session.authenticate(user, user);
    answer();
    return;
  }
  server.noteAuthenticationFailure(session, name);
  session.reply.error(WRONGPASS);
}

/** Checks a name and password and then writes `answer`, or WRONGPASS. */
function login(session: ClientSession, user: string | undefined, password: Buffer, answer: () => void): void {
  const { args, server } = session;
  const { authenticator } = server;
  if (authenticator === undefined || authenticator.method === "none") {
    if (user === undefined && server.acl.defaultUser!.isPasswordless) session.reply.error(NO_PASSWORD);
    else loginHere(session, user === undefined || user === "" ? "default" : user, password, answer);
    return;
  }
  // A URL without a user name (`redis://:PASSWORD@host`) reaches us as the user `default` from some
  // clients, and as the user without a name from redis-cli.
  const name =
    user === undefined || user === "" || user === "default" ? (authenticator.defaultUser ?? "default") : user;
  const isConfigured = authenticator.contextOf(name) !== undefined;
  if (!isConfigured && server.acl.find(name) !== undefined) {
    loginHere(session, name, password, answer);
    return;
  }
  // What is asked for is in the arguments, which are others by the time of the answer.
  const asked = args.copyAll();
  session.decide(
    authenticator.verifyPassword(name, password),
    (context) => {
      if (context === undefined) {
        session.args.load(asked);
        server.noteAuthenticationFailure(session, name);
        session.reply.error(WRONGPASS);
        return;
      }
      session.authenticate(context);
      answer();
    },
    () => session.reply.error("ERR the password could not be checked; try again"),
  );
}

function auth(session: ClientSession): void {
  const { args, reply } = session;
  if (args.count > 3) {
    reply.error("ERR syntax error");
    return;
  }
  const user = args.count === 3 ? args.utf8(1) : undefined;
  login(session, user, args.copy(args.count - 1), () => session.reply.ok());
}

function hello(session: ClientSession): void {
  const { args, reply } = session;
  let version: 2 | 3 = session.version;
  let user: string | undefined;
  let password: Buffer | undefined;
  let name: string | undefined;
  let at = 1;
  if (args.count > 1) {
    const wanted = args.integer(at++);
    if (Number.isNaN(wanted)) {
      reply.error("ERR Protocol version is not an integer or out of range");
      return;
    }
    if (wanted !== 2 && wanted !== 3) {
      reply.error("NOPROTO unsupported protocol version");
      return;
    }
    version = wanted;
  }
  for (; at < args.count; at++) {
    if (args.is(at, "AUTH") && at + 2 < args.count) {
      user = args.utf8(at + 1);
      password = args.copy(at + 2);
      at += 2;
    } else if (args.is(at, "SETNAME") && at + 1 < args.count) {
      name = args.latin1(++at);
      if (!isClientName(name)) {
        reply.error(BAD_CLIENT_NAME);
        return;
      }
    } else {
      reply.error(`ERR Syntax error in HELLO option '${args.latin1(at)}'`);
      return;
    }
  }
  const answer = () => {
    session.version = version;
    session.reply.version = version;
    if (name !== undefined) session.name = name;
    describe(session);
  };
  if (password !== undefined) login(session, user, password, answer);
  else if (session.access === undefined) {
    reply.error(
      `${NOAUTH.split(" ")[0]} HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time`,
    );
  } else answer();
}

export const BAD_CLIENT_NAME = "ERR Client names cannot contain spaces, newlines or special characters.";

/** Whether all characters are printable and none is a space. */
export function isClientName(name: string): boolean {
  return /^[!-~]*$/.test(name);
}

function describe(session: ClientSession): void {
  const { reply } = session;
  reply.map(7);
  reply.bulkText("server");
  reply.bulkText(serverName);
  reply.bulkText("version");
  reply.bulkText(serverVersion);
  reply.bulkText("proto");
  reply.integer(session.version);
  reply.bulkText("id");
  reply.integer(session.id);
  reply.bulkText("mode");
  reply.bulkText("standalone");
  reply.bulkText("role");
  reply.bulkText(session.server.following === undefined ? "master" : "replica");
  reply.bulkText("modules");
  reply.array(0);
}

export const connectionCommands: Command[] = [
  {
    name: "auth",
    arity: -2,
    flags: ["noscript", "loading", "stale", "fast", "no_auth", "allow_busy"],
    group: "connection",
    since: "1.0.0",
    complexity: "O(N) where N is the number of passwords defined for the user",
    summary: "Authenticates the connection.",
    syntax: "[username] password",
    handler: auth,
  },
  {
    name: "hello",
    arity: -1,
    flags: ["noscript", "loading", "stale", "fast", "no_auth", "allow_busy"],
    group: "connection",
    since: "6.0.0",
    complexity: "O(1)",
    summary: "Chooses the protocol version, and may authenticate and name the connection in the same step.",
    syntax: "[protover [AUTH username password] [SETNAME clientname]]",
    handler: hello,
  },
  {
    name: "ping",
    arity: -1,
    flags: ["fast"],
    group: "connection",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Answers PONG, or the message it was given.",
    syntax: "[message]",
    handler: ping,
  },
  {
    name: "echo",
    arity: 2,
    flags: ["loading", "stale", "fast"],
    group: "connection",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Answers its argument.",
    syntax: "message",
    handler: echo,
  },
  {
    name: "select",
    arity: 2,
    flags: ["loading", "stale", "fast"],
    group: "connection",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Chooses the database that the connection works on.",
    syntax: "index",
    handler: select,
  },
  {
    name: "quit",
    arity: -1,
    flags: ["noscript", "loading", "stale", "fast", "no_auth", "allow_busy"],
    group: "connection",
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Closes the connection after the reply.",
    handler: quit,
  },
  {
    name: "reset",
    arity: 1,
    flags: ["noscript", "loading", "stale", "fast", "no_auth", "allow_busy"],
    group: "connection",
    since: "6.2.0",
    complexity: "O(1)",
    summary: "Brings the connection back to the state of a new one.",
    handler: reset,
  },
];
