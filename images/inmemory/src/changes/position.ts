/** An offset in an increment of the log. */
export interface LogOffset {
  /** Of the increment. */
  readonly sequence: number;
  readonly offset: number;
}

/** An increment is rewritten long before it has a tebibyte. */
const offsetBits = 40n;
const offsetMask = (1n << offsetBits) - 1n;

/** An offset in the log as the sequence of a `Position`: ascending, as the increments' numbers are. */
export function sequenceAt({ sequence, offset }: LogOffset): bigint {
  return (BigInt(sequence) << offsetBits) | BigInt(offset);
}

export function offsetAt(sequence: bigint): LogOffset {
  return { sequence: Number(sequence >> offsetBits), offset: Number(sequence & offsetMask) };
}
