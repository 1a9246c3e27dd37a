import { createHash } from "node:crypto";
import { type Database, statement } from "@weftkit/store";
import type { BackgroundTask } from "../background.ts";
import { idempotentParameterMismatch } from "../errors.ts";

/** So long the same request under the same token is not done again. */
const validMs = 10 * 60_000;
const rowsMax = 1000;

/** The tables that a request has changed, and the sizes of its items, for what its repetition costs. */
export type Replay = readonly { readonly table: string; readonly size: number }[];

/** The same for requests of the same content, in whatever order the members of objects stand. */
export function requestHash(request: unknown): Buffer {
  return createHash("sha256")
    .update(JSON.stringify(sorted(request)))
    .digest();
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.keys(value)
    .sort()
    .map((name) => [name, sorted((value as Record<string, unknown>)[name])]);
}

/**
 * What a token was used for before; undefined when it was not, or long ago.
 *
 * @throws AwsError IdempotentParameterMismatchException when that was another request
 */
export function findReplay(db: Database, token: string, hash: Buffer, nowMs: number): Replay | undefined {
  const row = statement(db, "SELECT request, capacity FROM client_tokens WHERE token = ? AND at > ?").get(
    token,
    nowMs - validMs,
  ) as { request: Buffer; capacity: string } | undefined;
  if (row === undefined) return undefined;
  if (!row.request.equals(hash)) throw idempotentParameterMismatch();
  return JSON.parse(row.capacity) as Replay;
}

export function noteToken(db: Database, token: string, hash: Buffer, nowMs: number, replay: Replay): void {
  statement(
    db,
    "INSERT OR REPLACE INTO client_tokens (token, at, request, capacity) VALUES (?, ?, ?, ?)",
  ).run(token, nowMs, hash, JSON.stringify(replay));
}

/** Forgets tokens that are no longer valid. */
export const forgetTokens: BackgroundTask = {
  name: "forget client tokens",
  intervalMs: 60_000,
  frees: true,
  isDue: (db, nowMs) =>
    statement(db, "SELECT 1 FROM client_tokens WHERE at <= ? LIMIT 1").get(nowMs - validMs) !== undefined,
  step(db, nowMs) {
    const { changes } = statement(
      db,
      "DELETE FROM client_tokens WHERE token IN (SELECT token FROM client_tokens WHERE at <= ? LIMIT ?)",
    ).run(nowMs - validMs, rowsMax);
    return changes === rowsMax;
  },
};
