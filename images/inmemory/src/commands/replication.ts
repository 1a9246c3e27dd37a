import { BECAME_REPLICA } from "../errors.ts";
import type { ClientSession } from "../server/server.ts";
import type { Command } from "./definition.ts";

const PORT_MAX = 65_535;

/** Makes the engine the replica of a primary, or of nobody any more. */
function replicaof(session: ClientSession): void {
  const { args, reply, server } = session;
  if (server.cluster !== undefined) {
    reply.error("ERR REPLICAOF not allowed in cluster mode.");
    return;
  }
  if (args.is(1, "NO") && args.is(2, "ONE")) {
    if (server.following !== undefined) server.onFollow(undefined);
    reply.ok();
    return;
  }
  const port = args.integer(2);
  if (Number.isNaN(port) || port < 0 || port > PORT_MAX) {
    reply.error("ERR Invalid master port");
    return;
  }
  const host = args.utf8(1);
  const { following } = server;
  if (following?.primary.host === host && following.primary.port === port) {
    reply.simple("OK Already connected to specified master");
    return;
  }
  server.onFollow({ host, port });
  // What they wait for is the primary's from now on.
  for (const other of server.sessions.values()) {
    if (other.blocked !== undefined) other.endBlocking((each) => each.reply.error(BECAME_REPLICA));
  }
  reply.ok();
}

/** Of what servers say to each other only a primary's question how far its replica is; replicas are not served. */
function replconf(session: ClientSession): void {
  const { args, reply, server } = session;
  if (session.isFollowing) {
    if (args.is(1, "GETACK")) server.following?.acknowledge();
    return;
  }
  reply.error("ERR this engine serves no replicas: only REPLICAOF is there");
}

function role(session: ClientSession): void {
  const { reply, server } = session;
  const { following } = server;
  if (following === undefined) {
    reply.array(3);
    reply.bulkText("master");
    reply.integer(0);
    reply.array(0);
    return;
  }
  const { primary, state, offset } = following;
  reply.array(5);
  reply.bulkText("slave");
  reply.bulkText(primary.host);
  reply.integer(primary.port);
  reply.bulkText(state);
  reply.integer(state === "connected" ? offset : -1);
}

const REPLICAOF = {
  arity: 3,
  flags: ["admin", "noscript", "stale"],
  group: "server",
  complexity: "O(1)",
  summary:
    "Makes the engine a replica of a Redis, from which it takes everything over, or of nobody any more.",
  syntax: "<host port | NO ONE>",
  handler: replicaof,
} as const;

export const replicationCommands: Command[] = [
  { ...REPLICAOF, name: "replicaof", since: "5.0.0" },
  { ...REPLICAOF, name: "slaveof", since: "1.0.0" },
  {
    name: "replconf",
    arity: -1,
    flags: ["admin", "noscript", "loading", "stale", "allow_busy"],
    group: "server",
    since: "3.0.0",
    complexity: "O(1)",
    summary: "What a primary asks its replica; clients have no use for it.",
    syntax: "[argument [argument ...]]",
    handler: replconf,
  },
  {
    name: "role",
    arity: 1,
    flags: ["noscript", "loading", "stale", "fast"],
    categories: ["admin", "dangerous"],
    group: "server",
    since: "2.8.12",
    complexity: "O(1)",
    summary: "Tells whether this is a primary, or a replica and how far it is.",
    handler: role,
  },
];
