import type { AclUser } from "../acl/user.ts";
import type { ClientSession } from "../server/server.ts";

/** Why ACL SETUSER and DELUSER leave a user alone, or undefined: those of the configuration are the operator's. */
function configuredDenial({ server: { acl } }: ClientSession, name: string): string | undefined {
  if (!acl.isConfigured(name)) return undefined;
  return `ERR User '${name}' is of the configuration, not of ACL SETUSER: change it in weftkit.toml, its users file or its variables`;
}

export function setuser(session: ClientSession): void {
  const { args, reply, server } = session;
  const name = args.utf8(2);
  if (/[\s\0]/.test(name)) {
    reply.error("ERR Usernames can't contain spaces or null characters");
    return;
  }
  const rules = Array.from({ length: args.count - 3 }, (_, index) => args.latin1(index + 3));
  const refused = configuredDenial(session, name) ?? server.acl.set(name, rules);
  if (refused !== undefined) {
    reply.error(refused);
    return;
  }
  closeUnallowedSubscribers(session, server.acl.find(name)!);
  reply.ok();
}

/** Closes connections of a user that listen to channels which it may not use any more. */
export function closeUnallowedSubscribers(session: ClientSession, user: AclUser): void {
  for (const other of session.server.sessions.values()) {
    if (other.user !== user || other.subscriptionCount === 0) continue;
    const isAllowed = (names: Iterable<string>, isPattern: boolean) =>
      [...names].every((name) => user.allowsChannel(Buffer.from(name, "latin1"), isPattern));
    const { patterns, channels, shardChannels } = other;
    if (isAllowed(patterns, true) && isAllowed(channels, false) && isAllowed(shardChannels, false)) continue;
    close(session, other);
  }
}

export function deluser(session: ClientSession): void {
  const { args, reply, server } = session;
  const names = Array.from({ length: args.count - 2 }, (_, index) => args.utf8(index + 2));
  if (names.includes("default")) {
    reply.error("ERR The 'default' user cannot be removed");
    return;
  }
  const refused = names.map((name) => configuredDenial(session, name)).find((why) => why !== undefined);
  if (refused !== undefined) {
    reply.error(refused);
    return;
  }
  let count = 0;
  for (const name of names) {
    const user = server.acl.remove(name);
    if (user === undefined) continue;
    count++;
    closeSessionsOf(session, user);
  }
  reply.integer(count);
}

/** Closes the connections of a user that is no more. */
export function closeSessionsOf(session: ClientSession, user: AclUser): void {
  for (const other of session.server.sessions.values()) {
    if (other.user !== user) continue;
    other.user = undefined;
    other.access = undefined;
    close(session, other);
  }
}

/** Ends a connection now, or behind its reply when it is the one that asks. */
function close(session: ClientSession, other: ClientSession): void {
  if (other === session) {
    session.connection?.closeAfterReply();
    return;
  }
  const { connection } = other;
  session.server.closeSession(other);
  connection?.destroy();
}

export function aclList(session: ClientSession): void {
  const { reply, server } = session;
  reply.array(server.acl.all.length);
  for (const { line } of server.acl.all) reply.bulkBuffer(line);
}
