import type { IncomingHttpHeaders } from "node:http";
import {
  type ChecksumAlgorithm,
  checksumAlgorithms,
  checksumBytes,
  runningChecksum,
} from "@weftkit/http-aws";
import { S3Error } from "../../errors.ts";

/** What a client says of the checksum of what it sends. */
export interface DeclaredChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64; undefined when it comes in the trailer or is to be made here. */
  readonly value: string | undefined;
  readonly isInTrailer: boolean;
}

const prefix = "x-amz-checksum-";
/** Headers that begin like checksums and are none. */
const others: ReadonlySet<string> = new Set([`${prefix}algorithm`, `${prefix}mode`, `${prefix}type`]);

/**
 * Reads the checksum that a request declares in its headers, trailer or (presigned) query; undefined when it declares none.
 *
 * @throws S3Error `InvalidRequest`
 */
export function declaredChecksum(
  headers: Readonly<IncomingHttpHeaders>,
  query: ReadonlyMap<string, string>,
): DeclaredChecksum | undefined {
  const found: DeclaredChecksum[] = [];
  const add = (name: string, value: string | undefined, isInTrailer: boolean) => {
    const algorithm = algorithmNamed(name.slice(prefix.length));
    if (algorithm === undefined)
      throw invalidRequest("The algorithm type you specified in x-amz-checksum- header is invalid.");
    found.push({ algorithm, value, isInTrailer });
  };
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(prefix) || others.has(name) || typeof value !== "string") continue;
    add(name, requireChecksum(name, value), false);
  }
  const trailer = headers["x-amz-trailer"];
  for (const name of typeof trailer === "string" ? trailer.toLowerCase().split(",") : []) {
    if (name.trim().startsWith(prefix)) add(name.trim(), undefined, true);
  }
  if (found.length === 0) {
    for (const [given, value] of query) {
      const name = given.toLowerCase();
      if (!name.startsWith(prefix) || others.has(name)) continue;
      // Presigned before the body was known: the checksum of nothing says nothing.
      if (value !== emptyChecksum(algorithmNamed(name.slice(prefix.length)))) add(name, value, false);
    }
  }
  if (found.length > 1) {
    throw invalidRequest(
      "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
    );
  }
  const sdk = headers["x-amz-sdk-checksum-algorithm"];
  const named = typeof sdk === "string" ? algorithmNamed(sdk) : undefined;
  if (typeof sdk === "string" && named === undefined)
    throw invalidRequest("Value for x-amz-sdk-checksum-algorithm header is invalid.");
  if (found[0] !== undefined) {
    if (named !== undefined && named !== found[0].algorithm) {
      throw invalidRequest("Value for x-amz-sdk-checksum-algorithm header is invalid.");
    }
    return found[0];
  }
  return named === undefined ? undefined : { algorithm: named, value: undefined, isInTrailer: false };
}

export function algorithmNamed(name: string): ChecksumAlgorithm | undefined {
  const upper = name.trim().toUpperCase();
  return checksumAlgorithms.find((algorithm) => algorithm === upper);
}

/** `x-amz-checksum-algorithm` or what stands in its place. */
export function requireAlgorithm(name: string): ChecksumAlgorithm {
  const algorithm = algorithmNamed(name);
  if (algorithm === undefined)
    throw invalidRequest(
      "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
    );
  return algorithm;
}

function requireChecksum(name: string, value: string): string {
  const algorithm = algorithmNamed(name.slice(prefix.length));
  if (algorithm === undefined) return value;
  const bytes = Buffer.from(value, "base64");
  if (bytes.length !== checksumBytes[algorithm] || bytes.toString("base64") !== value) {
    throw new S3Error("BadDigest", `Value for ${name} header is invalid.`);
  }
  return value;
}

export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return prefix + algorithm.toLowerCase();
}

/** The element of XML answers: `ChecksumCRC32`. */
export function checksumElement(algorithm: ChecksumAlgorithm): string {
  return `Checksum${algorithm}`;
}

function emptyChecksum(algorithm: ChecksumAlgorithm | undefined): string | undefined {
  return algorithm === undefined ? undefined : runningChecksum(algorithm).digest().toString("base64");
}

function invalidRequest(message: string): S3Error {
  return new S3Error("InvalidRequest", message);
}

/** `Content-MD5` in hexadecimal. @throws S3Error `InvalidDigest` */
export function declaredMd5(headers: Readonly<IncomingHttpHeaders>): string | undefined {
  const value = headers["content-md5"];
  if (typeof value !== "string") return undefined;
  const bytes = Buffer.from(value, "base64");
  if (bytes.length !== 16 || bytes.toString("base64") !== value.trim())
    throw new S3Error("InvalidDigest", "The Content-MD5 you specified was invalid.", {
      "Content-MD5": value,
    });
  return bytes.toString("hex");
}
