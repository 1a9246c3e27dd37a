/**
 * Places in the write-ahead log, as PostgreSQL tells them: made of the change log's sequence numbers. Each commit has so many of them,
 * the last of which is its end.
 */
const lsnsPerCommit = 256n;
/** Where PostgreSQL's log begins too; 0/0 stands for no place at all. */
const firstLsn = 0x100_0000n;
/** From a commit's record to its end. */
const commitBytes = 8n;

/** The end of a commit: everything of it is before. */
export function endLsn(sequence: bigint): bigint {
  return firstLsn + sequence * lsnsPerCommit;
}

export function beginLsn(sequence: bigint): bigint {
  return endLsn(sequence - 1n);
}

/** Of the record that commits. */
export function commitLsn(sequence: bigint): bigint {
  return endLsn(sequence) - commitBytes;
}

/** Of a change of a commit, by its place among them; they ascend as far as there is room. */
export function changeLsn(sequence: bigint, index: number): bigint {
  return beginLsn(sequence) + BigInt(Math.min(index + 1, 240));
}

/** The last commit that ends at or before a place. */
export function sequenceAt(lsn: bigint): bigint {
  return lsn < firstLsn ? 0n : (lsn - firstLsn) / lsnsPerCommit;
}

/** The number of a transaction, as 32 bits have room for it. The first three mean something else. */
export function xidOf(sequence: bigint): number {
  return Number(BigInt.asUintN(32, sequence + 700n));
}
