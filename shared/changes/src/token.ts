import { malformedToken, otherDatabase } from "./errors.ts";
import type { Position } from "./types.ts";

/** A position as text, with the database it is of: what clients keep, and send as Last-Event-ID. */
export function tokenOf(identity: string, { epoch, sequence }: Position): string {
  return `${identity}-${epoch}-${sequence}`;
}

/** @throws WeftkitError `malformed_token` or `other_database` */
export function positionOf(token: string, identity: string): Position {
  const parts = /^([0-9a-f]{16})-(\d{1,15})-(\d{1,19})$/.exec(token);
  if (parts === null) throw malformedToken(token);
  if (parts[1] !== identity) throw otherDatabase(parts[1]!, identity);
  return { epoch: Number(parts[2]), sequence: BigInt(parts[3]!) };
}
