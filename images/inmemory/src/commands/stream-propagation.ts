import type { ClientSession } from "../server/server.ts";
import type { ConsumerGroup, Pending } from "../storage/consumer-group.ts";

/**
 * What reading by groups does to the journal: each delivery is recorded as an XCLAIM that does the same again whenever
 * it is run, and a group that only moves on as XGROUP SETID (Redis, streamPropagateXCLAIM).
 */
export function propagateClaim(
  session: ClientSession,
  key: Buffer,
  group: ConsumerGroup,
  pending: Pending,
): void {
  session.propagateAs(
    "XCLAIM",
    key,
    Buffer.from(group.name, "latin1"),
    Buffer.from(pending.consumer.name, "latin1"),
    "0",
    pending.id.toString(),
    "TIME",
    String(pending.deliveredAt),
    "RETRYCOUNT",
    String(pending.deliveries),
    "FORCE",
    "JUSTID",
    "LASTID",
    group.lastId.toString(),
  );
}

export function propagateGroupId(session: ClientSession, key: Buffer, group: ConsumerGroup): void {
  session.propagateAs(
    "XGROUP",
    "SETID",
    key,
    Buffer.from(group.name, "latin1"),
    group.lastId.toString(),
    "ENTRIESREAD",
    String(group.entriesRead),
  );
}

/** The beginning of the error that a key or group is missing. */
export function noGroup(session: ClientSession, keyIndex: number, groupIndex: number): string {
  const { args } = session;
  return `NOGROUP No such key '${args.utf8(keyIndex)}' or consumer group '${args.utf8(groupIndex)}'`;
}

/** The error that a key exists but has no such group. */
export function noSuchGroup(session: ClientSession, keyIndex: number, groupIndex: number): string {
  const { args } = session;
  return `NOGROUP No such consumer group '${args.utf8(groupIndex)}' for key name '${args.utf8(keyIndex)}'`;
}
