/**
 * The tar format, as POSIX.1-2001 has it (pax): blocks of 512 bytes, a header (ustar) before each file, and where a name
 * does not fit, a header of its own (type `x`) with `path=`. Names of GNU tar (type `L`) are read too.
 *
 * An export begins with a header for all (type `g`) whose comment says what it is, and has a header of its own before each
 * attachment whose media type does not follow from its ending.
 */
export const blockBytes = 512;

/** Where the parts of a header are: offset and length. */
export const headerFields = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  magic: [257, 8],
  prefix: [345, 155],
} as const;

export const entryTypes = {
  file: "0",
  oldFile: "\0",
  folder: "5",
  pax: "x",
  paxGlobal: "g",
  gnuLongName: "L",
} as const;

/** The comment at the head of an export. */
export const exportComment = "an export of weftkit/markdown";

/** The name of an attachment's media type in its pax header: POSIX lets vendors have names of their own. */
export const mediaTypeKeyword = "WEFTKIT.mediaType";

/** The sum of the header's bytes, the checksum itself counted as spaces. */
export function checksumOf(header: Buffer): number {
  const [start, length] = headerFields.checksum;
  let sum = 0;
  for (let i = 0; i < blockBytes; i++) sum += i >= start && i < start + length ? 0x20 : header[i]!;
  return sum;
}

/** How many zeros fill the last block of a file. */
export function paddingOf(sizeBytes: number): number {
  return (blockBytes - (sizeBytes % blockBytes)) % blockBytes;
}
