import { PgError } from "../errors.ts";
import type { Datum } from "../types/datum.ts";
import { oid } from "../types/oids.ts";

/**
 * PostgreSQL's extended hash functions (common/hashfn.c, utils/adt/hashfunc.c), which decide in which partition of a table that
 * is partitioned by hash a row is.
 */

const start = (length: number) => (0x9e3779b9 + length + 3923095) | 0;
const rotate = (value: number, by: number) => (value << by) | (value >>> (32 - by));

function mix(s: Int32Array): void {
  let [a, b, c] = s as unknown as [number, number, number];
  a = (a - c) ^ rotate(c, 4);
  c = (c + b) | 0;
  b = (b - a) ^ rotate(a, 6);
  a = (a + c) | 0;
  c = (c - b) ^ rotate(b, 8);
  b = (b + a) | 0;
  a = (a - c) ^ rotate(c, 16);
  c = (c + b) | 0;
  b = (b - a) ^ rotate(a, 19);
  a = (a + c) | 0;
  c = (c - b) ^ rotate(b, 4);
  b = (b + a) | 0;
  s[0] = a;
  s[1] = b;
  s[2] = c;
}

function finish(s: Int32Array): bigint {
  let [a, b, c] = s as unknown as [number, number, number];
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  c = ((c ^ b) - rotate(b, 24)) | 0;
  return (BigInt(b >>> 0) << 32n) | BigInt(c >>> 0);
}

function begun(length: number, seed: bigint): Int32Array {
  const s = new Int32Array(3).fill(start(length));
  if (seed !== 0n) {
    s[0]! += Number(BigInt.asIntN(32, seed >> 32n));
    s[1]! += Number(BigInt.asIntN(32, seed));
    mix(s);
  }
  return s;
}

function hashUint32(value: number, seed: bigint): bigint {
  const s = begun(4, seed);
  s[0]! += value;
  return finish(s);
}

function hashInt64(value: bigint, seed: bigint): bigint {
  const low = Number(BigInt.asIntN(32, value));
  const high = Number(BigInt.asIntN(32, value >> 32n));
  return hashUint32(low ^ (value >= 0n ? high : ~high), seed);
}

function hashBytes(bytes: Buffer, seed: bigint): bigint {
  const s = begun(bytes.length, seed);
  let at = 0;
  for (; bytes.length - at >= 12; at += 12) {
    for (let i = 0; i < 3; i++) s[i]! += bytes.readInt32LE(at + 4 * i);
    mix(s);
  }
  // The lowest byte of the last word is kept for the length.
  for (let i = 0; at + i < bytes.length; i++) {
    const word = i >> 2;
    s[word]! += bytes[at + i]! << (8 * (word === 2 ? i - 7 : i - 4 * word));
  }
  return finish(s);
}

const text = (value: Datum, seed: bigint) => hashBytes(Buffer.from(value as string), seed);
const int32 = (value: Datum, seed: bigint) => hashUint32(Number(value), seed);
const int64 = (value: Datum, seed: bigint) => hashInt64(BigInt(value as number | bigint), seed);

const byType: ReadonlyMap<number, (value: Datum, seed: bigint) => bigint> = new Map([
  [oid.int2, int32],
  [oid.int4, int32],
  [oid.int8, int64],
  [oid.oid, int32],
  [oid.date, int32],
  [oid.bool, (value: Datum, seed: bigint) => hashUint32(value === true ? 1 : 0, seed)],
  [oid.timestamp, int64],
  [oid.timestamptz, int64],
  [oid.text, text],
  [oid.varchar, text],
  [oid.bpchar, (value: Datum, seed: bigint) => text((value as string).replace(/ +$/, ""), seed)],
  [oid.bytea, (value: Datum, seed: bigint) => hashBytes(Buffer.from(value as Uint8Array), seed)],
  [
    oid.uuid,
    (value: Datum, seed: bigint) =>
      hashBytes(
        typeof value === "string"
          ? Buffer.from(value.replaceAll("-", ""), "hex")
          : Buffer.from(value as never),
        seed,
      ),
  ],
]);

/** Whether values of a type can be hashed as PostgreSQL does. */
export function hasPartitionHash(type: number): boolean {
  return byType.has(type);
}

const partitionSeed = 0x7a5b22367996dcfdn;

/** As compute_partition_hash_value (partitioning/partbounds.c). */
export function partitionHash(types: readonly number[], values: readonly Datum[]): bigint {
  let hash = 0n;
  for (const [i, type] of types.entries()) {
    const value = values[i] ?? null;
    if (value === null) continue;
    const hashOf = byType.get(type);
    if (hashOf === undefined) throw new PgError("0A000", "hashing values of this type is not supported");
    const next = hashOf(value, partitionSeed);
    hash = BigInt.asUintN(64, hash ^ (next + 0x49a0f4dd15e5a8e3n + (hash << 54n) + (hash >> 7n)));
  }
  return hash;
}
