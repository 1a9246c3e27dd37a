import { S3Error } from "../errors.ts";

/** A stretch of bytes; the end is exclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The range that a `Range` header asks for; undefined is everything, which is also what a header that cannot be read, or asks for
 * several ranges, gets.
 *
 * @throws S3Error `InvalidRange`
 */
export function readRange(header: string | undefined, size: number): ByteRange | undefined {
  const match = header === undefined ? null : /^\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*$/i.exec(header);
  if (match === null) return undefined;
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return undefined;
  if (first === "") {
    const length = Math.min(Number(last), size);
    if (length === 0) throw notSatisfiable(header!, size);
    return { start: size - length, end: size };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return undefined;
  if (start >= size) throw notSatisfiable(header!, size);
  return { start, end: last === "" ? size : Math.min(Number(last) + 1, size) };
}

function notSatisfiable(header: string, size: number): S3Error {
  const headers = { "content-range": `bytes */${size}` };
  return new S3Error(
    "InvalidRange",
    undefined,
    { RangeRequested: header, ActualObjectSize: String(size) },
    { headers },
  );
}

/** `x-amz-copy-source-range`, which must be whole and within the source. @throws S3Error */
export function readCopyRange(header: string | undefined, size: number): ByteRange {
  if (header === undefined) return { start: 0, end: size };
  const match = /^bytes=(\d{1,18})-(\d{1,18})$/.exec(header);
  if (match === null || Number(match[1]) > Number(match[2])) {
    throw new S3Error(
      "InvalidArgument",
      "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy",
      {
        ArgumentName: "x-amz-copy-source-range",
        ArgumentValue: header,
      },
    );
  }
  const [start, end] = [Number(match[1]), Number(match[2]) + 1];
  if (end > size)
    throw new S3Error("InvalidRange", `Range specified is not valid for source object of size: ${size}`);
  return { start, end };
}
