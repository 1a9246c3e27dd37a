/** Words are cut at 40 letters, so rows of this length are enough for all; they are reused by every call. */
const rowLength = 64;
let beforeLast = new Uint8Array(rowLength);
let last = new Uint8Array(rowLength);
let row = new Uint8Array(rowLength);

/**
 * How many letters have to be inserted, left out, changed or swapped with their neighbour to make one word of the
 * other; `max + 1` when it is more than `max`. Words are shorter than 64 UTF-16 units.
 */
export function editDistance(left: string, right: string, max: number): number {
  const far = max + 1;
  const columns = right.length;
  if (Math.abs(left.length - columns) > max) return far;
  for (let j = 0; j <= columns; j++) last[j] = j;
  for (let i = 1; i <= left.length; i++) {
    // Cells further than `max` from the diagonal are too far whatever they are.
    const from = Math.max(1, i - max);
    const to = Math.min(columns, i + max);
    row[from - 1] = from === 1 ? i : far;
    let best = row[from - 1]!;
    const letter = left.charCodeAt(i - 1);
    for (let j = from; j <= to; j++) {
      const other = right.charCodeAt(j - 1);
      const above = j === i + max ? far : last[j]!;
      let distance = Math.min(above + 1, row[j - 1]! + 1, last[j - 1]! + (letter === other ? 0 : 1));
      if (i > 1 && j > 1 && letter === right.charCodeAt(j - 2) && left.charCodeAt(i - 2) === other) {
        distance = Math.min(distance, beforeLast[j - 2]! + 1);
      }
      row[j] = distance;
      if (distance < best) best = distance;
    }
    if (best > max) return far;
    const free = beforeLast;
    beforeLast = last;
    last = row;
    row = free;
  }
  return Math.min(last[columns]!, far);
}
