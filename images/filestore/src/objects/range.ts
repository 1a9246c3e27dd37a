import { type ByteRange, byteRangeOf } from "@weftkit/http";
import { S3Error } from "../errors.ts";

/**
 * The range that a `Range` header asks for; undefined is everything.
 *
 * @throws S3Error `InvalidRange`
 */
export function readRange(header: string | undefined, size: number): ByteRange | undefined {
  const range = byteRangeOf(header, size);
  if (range === "not-satisfiable") throw notSatisfiable(header!, size);
  return range;
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
