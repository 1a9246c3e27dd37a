import { TIMEOUT_NEGATIVE, TIMEOUT_NOT_FLOAT, TIMEOUT_OUT_OF_RANGE } from "../errors.ts";
import { parseFloat64 } from "../protocol/numbers.ts";
import { NOTIFY_GENERIC, NOTIFY_NEW } from "../server/notifications.ts";
import type { ClientSession } from "../server/server.ts";
import type { DataType } from "../storage/keyspace.ts";

/** Adds the key at an argument, known to be absent, with a collection; returns the entry. */
export function addKey(
  session: ClientSession,
  index: number,
  type: DataType,
  encoding: number,
  valueWord: number,
): number {
  const { args, db, server } = session;
  const entry = db.add(args.buffer, args.offsets[index]!, args.lengths[index]!, type, encoding, valueWord);
  if (server.settings.notifyClasses & NOTIFY_NEW) server.notify(db, args.view(index), NOTIFY_NEW, "new");
  return entry;
}

/** Deletes the key at an argument because its collection is empty now. */
export function deleteEmptied(session: ClientSession, index: number, entry: number): void {
  session.db.delete(entry);
  session.changed(index, NOTIFY_GENERIC, "del", 0);
}

/** Whether what a command propagates goes anywhere; building it can be saved otherwise. */
export function isJournaled(session: ClientSession): boolean {
  return session.server.propagation.journal !== undefined && !session.isReplaying;
}

/**
 * The argument as a time to wait in seconds, fractions allowed: when it ends in ms since the epoch, 0 for never; on a
 * bad one answers the error and returns NaN.
 */
export function readTimeoutSeconds(session: ClientSession, index: number): number {
  const { args, reply, server } = session;
  const seconds = parseFloat64(args.buffer, args.offsets[index]!, args.lengths[index]!);
  if (Number.isNaN(seconds)) {
    reply.error(TIMEOUT_NOT_FLOAT);
    return Number.NaN;
  }
  const wait = Math.ceil(seconds * 1000);
  return deadline(session, wait, server.now);
}

export function deadline(session: ClientSession, waitMs: number, nowMs: number): number {
  if (waitMs > 0 && waitMs + nowMs >= 2 ** 63) {
    session.reply.error(TIMEOUT_OUT_OF_RANGE);
    return Number.NaN;
  }
  if (waitMs < 0) {
    session.reply.error(TIMEOUT_NEGATIVE);
    return Number.NaN;
  }
  return waitMs === 0 ? 0 : waitMs + nowMs;
}

/** The argument as an integer of at least `min`; on another one answers the error and returns NaN. */
export function readAtLeast(session: ClientSession, index: number, min: number, error: string): number {
  const value = session.args.integer(index);
  if (Number.isNaN(value) || value < min) {
    session.reply.error(error);
    return Number.NaN;
  }
  return value;
}

/** Puts a collection at the key at an argument, whatever it held: without its expiry, and without an event. */
export function replaceKey(
  session: ClientSession,
  index: number,
  type: DataType,
  value: { encoding: number; valueWord: number },
): void {
  const { args, db } = session;
  const old = session.write(index);
  if (old === 0) {
    addKey(session, index, type, value.encoding, value.valueWord);
    return;
  }
  db.delete(old);
  db.add(args.buffer, args.offsets[index]!, args.lengths[index]!, type, value.encoding, value.valueWord);
}
