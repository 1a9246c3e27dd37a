import { PayloadError } from "./payload.ts";

const HEADER_BYTES = 10;
const END = 0xff;
const COUNT_UNKNOWN = 0xffff;
/** Before an element stands the length of the one before: one byte, or this one and four. */
const LONG_PREVIOUS = 0xfe;

/** The elements of a ziplist, the form before listpacks (Redis up to 6.2, ziplist.c). Throws PayloadError. */
export function readZiplist(bytes: Buffer): Buffer[] {
  if (bytes.length < HEADER_BYTES + 1 || bytes.readUInt32LE(0) !== bytes.length)
    throw new PayloadError("a ziplist has another length");
  const elements: Buffer[] = [];
  const end = bytes.length - 1;
  let at = HEADER_BYTES;
  const take = (size: number) => {
    if (at + size > end) throw new PayloadError("an element of a ziplist is cut off");
    at += size;
    return at - size;
  };
  while (at < end) {
    take(bytes[at] === LONG_PREVIOUS ? 5 : 1);
    const head = bytes[take(1)]!;
    const integer = integerBytes(head);
    if (integer === undefined) {
      const length = stringLength(bytes, head, take);
      elements.push(bytes.subarray(take(length), at));
    } else if (integer === 0) elements.push(Buffer.from(String((head & 0x0f) - 1)));
    else if (integer === 8) elements.push(Buffer.from(String(bytes.readBigInt64LE(take(8)))));
    else elements.push(Buffer.from(String(bytes.readIntLE(take(integer), integer))));
  }
  const count = bytes.readUInt16LE(8);
  if (bytes[end] !== END || (count !== COUNT_UNKNOWN && count !== elements.length))
    throw new PayloadError("a ziplist is not complete");
  return elements;
}

function stringLength(bytes: Buffer, head: number, take: (size: number) => number): number {
  if (head < 0x40) return head;
  if (head < 0x80) return ((head & 0x3f) << 8) | bytes[take(1)]!;
  if (head === 0x80) return bytes.readUInt32BE(take(4));
  throw new PayloadError("an element of a ziplist is in no known form");
}

/** Bytes of an integer by how its element begins: 0 is in that byte itself, undefined a string. */
function integerBytes(head: number): number | undefined {
  switch (head) {
    case 0xfe:
      return 1;
    case 0xc0:
      return 2;
    case 0xf0:
      return 3;
    case 0xd0:
      return 4;
    case 0xe0:
      return 8;
    default:
      return head >= 0xf1 && head <= 0xfd ? 0 : undefined;
  }
}
