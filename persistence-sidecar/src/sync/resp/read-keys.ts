import type { ChainableCommander, Redis } from "ioredis";
import type { Row } from "../rows.ts";
import type { Mark } from "../side.ts";
import { appliedField, markOf, stateKey, versionsKey } from "./own-keys.ts";
import { rowOf } from "./value-rows.ts";
import { valueTypes, type Words } from "./value-types.ts";

/** A key before it is read. */
export interface SizedKey {
  /** Of the row. */
  readonly key: string;
  readonly bytes: Buffer;
  /** What TYPE answers; `none` when it is not there. */
  readonly type: string;
  readonly memoryBytes: number;
}

/** Keys at one moment. */
export interface Moment {
  readonly atMs: number;
  /** Undefined where the database has none. */
  readonly identity: string | undefined;
  readonly applied: number;
  readonly rows: ReadonlyMap<string, Row | undefined>;
  readonly marks: ReadonlyMap<string, Mark>;
}

/** Larger values are left out. */
export const valueBytesMax = 32 * 1024 * 1024;

/** A key has become something else while it was read. */
export class TypeChanged extends Error {}

/** Whether a value is synchronised; else why not. */
export function whyLeftOut({ type, memoryBytes }: SizedKey): string | undefined {
  if (type !== "none" && valueTypes[type] === undefined) return `a ${type}`;
  return memoryBytes > valueBytesMax ? `larger than ${valueBytesMax / 1024 / 1024} MB` : undefined;
}

export async function sizeKeys(
  redis: Redis,
  keys: readonly { readonly key: string; readonly bytes: Buffer }[],
): Promise<SizedKey[]> {
  const asked = redis.pipeline();
  for (const { bytes } of keys) asked.call("TYPE", bytes).call("MEMORY", "USAGE", bytes);
  const replies = await answersOf(asked);
  return keys.map(({ key, bytes }, index) => ({
    key,
    bytes,
    type: String(replies[index * 2]),
    memoryBytes: Number(replies[index * 2 + 1] ?? 0),
  }));
}

/**
 * Reads keys at one moment: in a transaction, or where they are watched one by one.
 *
 * @throws TypeChanged
 */
export async function readMoment(
  redis: Redis,
  id: string,
  keys: readonly SizedKey[],
  isWatched: boolean,
): Promise<Moment> {
  const asked = isWatched ? redis.pipeline() : redis.multi();
  asked.call("TIME").call("HMGET", stateKey, "identity", appliedField(id));
  for (const { type, bytes } of keys) {
    asked.callBuffer("HGET", versionsKey, bytes).call("PEXPIRETIME", bytes);
    add(asked, valueTypes[type]?.read(bytes) ?? ["EXISTS", bytes]);
  }
  const [time, state, ...replies] = await answersOf(asked);
  const [seconds, microseconds] = (time as string[]).map(Number) as [number, number];
  const [identity, applied] = state as (string | null)[];
  const rows = new Map<string, Row | undefined>();
  const marks = new Map<string, Mark>();
  for (const [index, { key, type }] of keys.entries()) {
    const [mark, expires, reply] = replies.slice(index * 3) as [Buffer | null, number, unknown];
    const found = markOf(mark);
    if (found !== undefined) marks.set(key, found);
    if (type === "none" && Number(String(reply)) > 0) throw new TypeChanged("it is there now");
    rows.set(key, type === "none" ? undefined : rowOf(type, reply, Number(expires)));
  }
  return {
    atMs: seconds * 1000 + microseconds / 1000,
    identity: identity ?? undefined,
    applied: Number(applied ?? 0),
    rows,
    marks,
  };
}

/** The answers of a pipeline, or of a transaction. */
export async function answersOf(asked: ChainableCommander): Promise<unknown[]> {
  return ((await asked.exec()) ?? []).map(([error, answer]) => {
    if (error === null) return answer;
    if (/^WRONGTYPE/.test(error.message)) throw new TypeChanged(error.message);
    throw error;
  });
}

export function add(asked: ChainableCommander, [name, ...words]: Words): void {
  asked.callBuffer(String(name), ...words);
}
