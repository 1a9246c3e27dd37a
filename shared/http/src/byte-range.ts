/** A stretch of bytes; the end is exclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The range that a `Range` header asks for (RFC 9110, 14.2). Undefined is everything, which is also what a header that
 * cannot be read, or asks for several ranges, gets; "not-satisfiable" is one that begins after the end.
 */
export function byteRangeOf(
  header: string | undefined,
  size: number,
): ByteRange | "not-satisfiable" | undefined {
  const match = header === undefined ? null : /^\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*$/i.exec(header);
  if (match === null) return undefined;
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return undefined;
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? "not-satisfiable" : { start: size - length, end: size };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return undefined;
  if (start >= size) return "not-satisfiable";
  return { start, end: last === "" ? size : Math.min(Number(last) + 1, size) };
}
