/** A rowid as PostgreSQL would say where a row is: a block, and a place in it. */
export function ctidText(rowid: number): string {
  return `(${Math.floor((rowid - 1) / 65536)},${((rowid - 1) % 65536) + 1})`;
}

/** Of a row of a partitioned table: what stands in the rowid's place says which partition it is in, and where there. */
export function partitionRowid(leaf: number, rowid: number): string {
  return `${leaf}:${rowid}`;
}

export function readPartitionRowid(given: unknown): { leaf: number; rowid: number } {
  const [leaf, rowid] = (given as string).split(":");
  return { leaf: Number(leaf), rowid: Number(rowid) };
}
