import { STRING_TOO_LONG } from "../errors.ts";
import { NOTIFY_NEW } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";

/** Sets the key at an argument to the value at another; returns the entry. Says nothing to anybody but of a new key. */
export function storeArgument(
  session: ClientSession,
  key: number,
  value: number,
  keepsExpiry = false,
): number {
  const { args } = session;
  return storeBytes(session, key, args.buffer, args.offsets[value]!, args.lengths[value]!, keepsExpiry);
}

/** As `storeArgument`, with a value from a buffer outside of the slab. */
export function storeBytes(
  session: ClientSession,
  key: number,
  bytes: Buffer,
  offset: number,
  length: number,
  keepsExpiry: boolean,
): number {
  const { args, db } = session;
  const sizeBefore = db.size;
  const entry = db.setString(
    args.buffer,
    args.offsets[key]!,
    args.lengths[key]!,
    bytes,
    offset,
    length,
    keepsExpiry,
  );
  if (db.size !== sizeBefore) announceNew(session, key);
  return entry;
}

/** Publishes the event that the key at an argument was added. */
export function announceNew(session: ClientSession, key: number): void {
  const { server, db, args } = session;
  if (server.settings.notifyClasses & NOTIFY_NEW) server.notify(db, args.view(key), NOTIFY_NEW, "new");
}

/** Whether a string may have this length; answers the error when it may not. */
export function isLengthAllowed(session: ClientSession, length: number): boolean {
  if (length <= session.server.settings.bulkLimitBytes || session.isRerunning) return true;
  session.reply.error(STRING_TOO_LONG);
  return false;
}
