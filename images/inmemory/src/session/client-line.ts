import type { Session } from "./session.ts";

/** What a line of CLIENT LIST tells of the server. */
export interface ClientLineHost {
  readonly now: number;
  readonly localAddress: string;
  readonly running: Session | undefined;
}

/** One line of CLIENT LIST, with Redis's field names; what this engine does not have is 0 or empty. */
export function describeClient(session: Session, server: ClientLineHost): string {
  const { connection } = session;
  const peer = session.peer;
  const seconds = (since: number) => Math.floor((server.now - since) / 1000);
  const fields: [name: string, value: string | number][] = [
    ["id", session.id],
    ["addr", session.address],
    ["laddr", server.localAddress],
    ["fd", session.id],
    ["name", session.name],
    ["age", seconds(session.createdAt)],
    ["idle", seconds(session.lastCommandAt)],
    ["flags", session.flagLetters],
    ["db", session.db.index],
    ["sub", session.channels.size],
    ["psub", session.patterns.size],
    ["ssub", session.shardChannels.size],
    ["multi", session.transaction?.commands.length ?? -1],
    ["qbuf", (session === server.running ? connection?.requestBytes : connection?.inputBytes) ?? 0],
    ["qbuf-free", 0],
    ["argv-mem", 0],
    ["multi-mem", 0],
    ["rbs", 0],
    ["rbp", 0],
    ["obl", 0],
    ["oll", 0],
    ["omem", connection?.outputBytes ?? 0],
    ["tot-mem", (connection?.inputBytes ?? 0) + (connection?.outputBytes ?? 0)],
    ["events", "r"],
    ["cmd", session.lastCommand?.fullName ?? "NULL"],
    ["user", session.user === undefined ? "(superuser)" : session.user.user],
    ["redir", session.tracking?.redirect ?? -1],
    ["resp", session.version],
    ["lib-name", session.libraryName],
    ["lib-ver", session.libraryVersion],
  ];
  if (peer?.tls === true) fields.push(["tls", 1]);
  return fields.map(([name, value]) => `${name}=${value}`).join(" ");
}
