/** The content of a write: its number, and a length that goes from nothing to some parts. Some are the same as others. */
export function contentOf(write: number): Buffer {
  if (write % 13 === 0) return Buffer.alloc(0);
  const which = write % 7 === 0 ? write % 3 : write;
  return Buffer.alloc(((which * 7919) % 30_000) + 20, `write ${which};`);
}
