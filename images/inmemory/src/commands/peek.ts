import type { ClientSession } from "../server/server.ts";

/** The entry of the key at an argument as `session.read` finds it, for a command that looks at a key without using it. */
export function peek(session: ClientSession, index: number): number {
  const { db } = session;
  const wasOff = db.isTouchOff;
  db.isTouchOff = true;
  const entry = session.read(index);
  db.isTouchOff = wasOff;
  return entry;
}

/** As `peek`, and neither counts a miss nor publishes one. */
export function peekSilently(session: ClientSession, index: number): number {
  const { db } = session;
  const wasOff = db.isTouchOff;
  db.isTouchOff = true;
  const entry = session.write(index);
  db.isTouchOff = wasOff;
  return entry;
}
