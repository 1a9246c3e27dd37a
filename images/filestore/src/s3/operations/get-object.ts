import type { Database } from "@weftkit/store";
import { S3Error } from "../../errors.ts";
import { checkRead } from "../../objects/preconditions.ts";
import { readRange } from "../../objects/range.ts";
import { pinSegments, readSegments, type Segment, segmentsOf } from "../../objects/read-object.ts";
import type { Bucket } from "../../storage/buckets.ts";
import type { StoredChecksum } from "../../storage/details.ts";
import { partsOf, type Version } from "../../storage/versions.ts";
import type { Call } from "../call.ts";
import { encryptionHeaders, keyOfStored } from "../encryption.ts";
import { expirationHeader } from "../expiration-header.ts";
import { headersOfVersion } from "../object-headers.ts";
import type { Operation } from "../operation.ts";
import { checksumHeader } from "../request/checksum-headers.ts";

/** Headers of the answer that a signed request may set. */
const overrides = [
  "content-type",
  "content-language",
  "expires",
  "cache-control",
  "content-disposition",
  "content-encoding",
] as const;

export const getObjectOperation: Operation = {
  name: "GetObject",
  on: "object",
  method: "GET",
  run: async (call) => {
    const { services } = call;
    const { bucket, version, segments, release } = await services.read((db) => {
      const found = findObject(db, call);
      const parts = segmentsOf(db, found.version);
      return { ...found, segments: parts, release: pinSegments(services, parts) };
    });
    try {
      const part = partOf(call, version, segments);
      const key = keyOfStored(call, version.details);
      const headers = answerHeaders(call, bucket, version, part);
      if (checkRead(call.headers, version) === "not-modified") {
        release();
        return { status: 304, headers: notModified(headers) };
      }
      const { start, end, status } = stretchOf(call, version, part, headers);
      const [only] = segments;
      const data = only?.content?.data;
      // What is in the database already needs no stream.
      if (segments.length === 1 && key === undefined && data != null) {
        release();
        return { status, headers, body: services.contents.small(data, only!.content!).subarray(start, end) };
      }
      return { status, headers, body: bytesOf(call, segments, key, start, end, release) };
    } catch (error) {
      release();
      throw error;
    }
  },
};

export const headObjectOperation: Operation = {
  name: "HeadObject",
  on: "object",
  method: "HEAD",
  run: async (call) => {
    const { bucket, version, parts } = await call.services.read((db) => {
      const found = findObject(db, call);
      const isAsked = call.query("partNumber") !== undefined && found.version.parts > 0;
      return { ...found, parts: isAsked ? segmentsWithoutContent(db, found.version) : [] };
    });
    const part = partOf(call, version, parts);
    keyOfStored(call, version.details);
    const headers = answerHeaders(call, bucket, version, part);
    if (checkRead(call.headers, version) === "not-modified")
      return { status: 304, headers: notModified(headers) };
    const { status } = stretchOf(call, version, part, headers);
    return { status, headers };
  },
};

function findObject(db: Database, call: Call): { bucket: Bucket; version: Version } {
  const encryption = call.header("x-amz-server-side-encryption");
  if (encryption !== undefined) {
    throw new S3Error(
      "InvalidRequest",
      "x-amz-server-side-encryption header is not supported for this operation.",
    );
  }
  return call.object(db, { latest: "s3:GetObject", version: "s3:GetObjectVersion" });
}

function segmentsWithoutContent(db: Database, version: Version): Segment[] {
  let start = 0;
  return partsOf(db, version.row).map(({ size, details }) => {
    const segment: Segment = { content: undefined, size, start, iv: undefined, checksum: details.checksum };
    start += size;
    return segment;
  });
}

interface AskedPart {
  readonly start: number;
  readonly size: number;
  readonly checksum: StoredChecksum | undefined;
}

/** The part that `partNumber` asks for. @throws S3Error `InvalidPartNumber` */
function partOf(call: Call, version: Version, segments: readonly Segment[]): AskedPart | undefined {
  const text = call.query("partNumber");
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 10_000) {
    throw new S3Error("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive", {
      ArgumentName: "partNumber",
      ArgumentValue: text,
    });
  }
  if (call.header("range") !== undefined) {
    throw new S3Error("InvalidRequest", "Cannot specify both Range header and partNumber query parameter");
  }
  if (version.parts === 0) {
    if (number > 1)
      throw new S3Error("InvalidPart", undefined, { PartNumberRequested: text, ActualPartCount: "1" });
    return { start: 0, size: version.size, checksum: undefined };
  }
  const segment = segments[number - 1];
  if (segment === undefined) {
    throw new S3Error("InvalidPart", undefined, {
      PartNumberRequested: text,
      ActualPartCount: String(version.parts),
    });
  }
  const { start, size, checksum } = segment;
  return { start, size, checksum };
}

function answerHeaders(
  call: Call,
  bucket: Bucket,
  version: Version,
  part: AskedPart | undefined,
): Record<string, string> {
  const wantsChecksum = call.header("x-amz-checksum-mode")?.toUpperCase() === "ENABLED";
  const isPartial = call.header("range") !== undefined;
  const headers = headersOfVersion(
    version,
    bucket.versioning !== "off",
    wantsChecksum && !isPartial && part === undefined,
  );
  Object.assign(headers, encryptionHeaders(version.details.encryption));
  if (part !== undefined) {
    if (version.parts > 0) headers["x-amz-mp-parts-count"] = String(version.parts);
    const { checksum } = version.details;
    // A checksum of parts comes with each of them; one of the whole says nothing about a part.
    const ofPart =
      version.parts === 0 ? checksum : checksum?.type === "COMPOSITE" ? part.checksum : undefined;
    if (wantsChecksum && checksum !== undefined && ofPart !== undefined) {
      headers[checksumHeader(ofPart.algorithm)] = ofPart.value;
      headers["x-amz-checksum-type"] = checksum.type;
    }
  }
  if (version.isLatest) Object.assign(headers, expirationHeader(call, bucket, version));
  for (const name of overrides) {
    const value = call.query(`response-${name}`);
    if (value === undefined) continue;
    if (call.requester.user === undefined) {
      throw new S3Error(
        "InvalidRequest",
        "Request specific response headers cannot be used for anonymous GET requests.",
      );
    }
    if (/[\r\n]/.test(value)) throw new S3Error("InvalidArgument", "A header cannot have line breaks");
    headers[name] = Buffer.from(value).toString("latin1");
  }
  return headers;
}

function notModified(headers: Record<string, string>): Record<string, string> {
  const kept = Object.entries(headers).filter(
    ([name]) => name !== "content-type" && !name.startsWith("x-amz-checksum-"),
  );
  return Object.fromEntries(kept);
}

/** Which bytes are asked for; writes what says so into the headers. @throws S3Error `InvalidRange` */
function stretchOf(
  call: Call,
  { size }: Version,
  part: AskedPart | undefined,
  headers: Record<string, string>,
): { start: number; end: number; status: 200 | 206 } {
  if (part !== undefined) {
    const end = part.start + part.size;
    headers["content-length"] = String(part.size);
    if (size > 0) headers["content-range"] = `bytes ${part.start}-${end - 1}/${size}`;
    return { start: part.start, end, status: 206 };
  }
  const range = readRange(call.header("range"), size);
  headers["content-length"] = String(range === undefined ? size : range.end - range.start);
  if (range === undefined) return { start: 0, end: size, status: 200 };
  headers["content-range"] = `bytes ${range.start}-${range.end - 1}/${size}`;
  return { ...range, status: 206 };
}

async function* bytesOf(
  call: Call,
  segments: readonly Segment[],
  key: Buffer | undefined,
  start: number,
  end: number,
  release: () => void,
): AsyncGenerator<Buffer> {
  try {
    yield* readSegments(call.services, segments, key, start, end);
  } finally {
    release();
  }
}
