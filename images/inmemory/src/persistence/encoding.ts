/** Bytes that a command takes as a RESP array of bulk strings. */
export function encodedLength(values: readonly Buffer[]): number {
  let length = headerLength(values.length);
  for (const value of values) length += headerLength(value.length) + value.length + 2;
  return length;
}

/** Writes a command as a RESP array of bulk strings; returns the offset after it. */
export function encodeCommand(values: readonly Buffer[], into: Buffer, offset: number): number {
  let at = writeHeader("*", values.length, into, offset);
  for (const value of values) {
    at = writeHeader("$", value.length, into, at);
    at += value.copy(into, at);
    into[at++] = 13;
    into[at++] = 10;
  }
  return at;
}

function headerLength(count: number): number {
  return String(count).length + 3;
}

function writeHeader(type: string, count: number, into: Buffer, offset: number): number {
  return offset + into.write(`${type}${count}\r\n`, offset, "latin1");
}
