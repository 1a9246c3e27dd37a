/** Microseconds since 2000. */
export function nowMicros(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) - 946_684_800_000_000n;
}
