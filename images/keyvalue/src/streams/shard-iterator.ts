import { createHmac, timingSafeEqual } from "node:crypto";
import { expiredIterator, validation } from "../errors.ts";

/** Where somebody is in a shard. */
export interface ShardPosition {
  readonly stream: number;
  /** The sequence number that comes next. */
  readonly next: number;
  readonly issuedAtMs: number;
}

const validMs = 15 * 60_000;
const macBytes = 16;

/** A position as a text that only this engine can make. */
export function writeIterator(key: Buffer, { stream, next, issuedAtMs }: ShardPosition): string {
  const content = Buffer.from(`${stream}:${next}:${issuedAtMs}`);
  return Buffer.concat([mac(key, content), content]).toString("base64");
}

/** @throws AwsError ExpiredIteratorException a quarter of an hour after it was given out */
export function readIterator(key: Buffer, text: string, nowMs: number): ShardPosition {
  const bytes = Buffer.from(text, "base64");
  const content = bytes.subarray(macBytes);
  if (bytes.length <= macBytes || !timingSafeEqual(bytes.subarray(0, macBytes), mac(key, content)))
    throw validation("Invalid ShardIterator");
  const [stream, next, issuedAtMs] = content.toString().split(":").map(Number) as [number, number, number];
  if (nowMs - issuedAtMs > validMs) throw expiredIterator();
  return { stream, next, issuedAtMs };
}

function mac(key: Buffer, content: Buffer): Buffer {
  return createHmac("sha256", key).update(content).digest().subarray(0, macBytes);
}
