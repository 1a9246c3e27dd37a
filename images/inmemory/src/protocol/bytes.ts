/** Below this many bytes a loop beats the call into the runtime. */
const LOOP_MAX = 48;

/** Copies `length` bytes. Source and target must not overlap in a way that matters. */
export function copyBytes(
  from: Buffer,
  fromOffset: number,
  to: Buffer,
  toOffset: number,
  length: number,
): void {
  if (length > LOOP_MAX) {
    from.copy(to, toOffset, fromOffset, fromOffset + length);
    return;
  }
  for (let i = 0; i < length; i++) to[toOffset + i] = from[fromOffset + i]!;
}

/**
 * Moves the bytes `[from, end)` of the slab's memory to `to`; both ranges may overlap. Not `copyWithin`: V8 moves
 * shared memory word by word.
 */
export function moveBytes(buffer: Buffer, to: number, from: number, end: number): void {
  buffer.copy(buffer, to, from, end);
}

/** Whether two byte ranges of the same length are equal. */
export function equalBytes(
  left: Buffer,
  leftOffset: number,
  right: Buffer,
  rightOffset: number,
  length: number,
): boolean {
  if (length > LOOP_MAX) {
    return left.compare(right, rightOffset, rightOffset + length, leftOffset, leftOffset + length) === 0;
  }
  for (let i = 0; i < length; i++) if (left[leftOffset + i] !== right[rightOffset + i]) return false;
  return true;
}

/** Orders two byte ranges as memcmp does, the shorter first when one is a prefix of the other. */
export function compareBytes(
  left: Buffer,
  leftOffset: number,
  leftLength: number,
  right: Buffer,
  rightOffset: number,
  rightLength: number,
): number {
  const shared = leftLength < rightLength ? leftLength : rightLength;
  if (shared > LOOP_MAX) {
    const order = left.compare(right, rightOffset, rightOffset + shared, leftOffset, leftOffset + shared);
    if (order !== 0) return order;
  } else {
    for (let i = 0; i < shared; i++) {
      const difference = left[leftOffset + i]! - right[rightOffset + i]!;
      if (difference !== 0) return difference;
    }
  }
  return leftLength - rightLength;
}
