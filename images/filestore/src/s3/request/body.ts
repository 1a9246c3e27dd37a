import { createHash, type Hash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import {
  AwsChunkedDecoder,
  AwsChunkedError,
  type ChecksumAlgorithm,
  type RunningChecksum,
  runningChecksum,
} from "@weftkit/http-aws";
import { S3Error } from "../../errors.ts";
import type { Verified } from "../signature/verify.ts";
import { type DeclaredChecksum, declaredChecksum, declaredMd5 } from "./checksum-headers.ts";

/** A body of which no byte comes for this long is given up. */
const idleMs = 30_000;

const payloadHash = /^[0-9a-f]{64}$/;

export interface BodyOptions {
  /** Whether the content's MD5 is wanted, for its ETag. */
  readonly wantsMd5: boolean;
  /** A checksum to make when the client names none. */
  readonly fallback: ChecksumAlgorithm | undefined;
  readonly bytesMax: number;
  /** The request's checksum headers are about something else than its body. */
  readonly ignoresChecksum?: boolean;
}

/**
 * The body of a request: what is inside of its chunks, verified by everything that the client said of it. It is to be
 * believed when `chunks` has come to its end without throwing, and then its facts are known.
 */
export class RequestBody {
  /** Undefined when the client does not say. */
  readonly length: number | undefined;
  readonly checksumAlgorithm: ChecksumAlgorithm | undefined;
  readonly isChecksumDeclared: boolean;
  readonly #message: IncomingMessage;
  readonly #decoder: AwsChunkedDecoder | undefined;
  readonly #declared: DeclaredChecksum | undefined;
  readonly #declaredMd5: string | undefined;
  readonly #declaredHash: string | undefined;
  readonly #bytesMax: number;
  readonly #md5: Hash | undefined;
  readonly #sha256: Hash | undefined;
  readonly #checksum: RunningChecksum | undefined;
  readonly #begin: () => void;
  #bytes = 0;
  #md5Hex: string | undefined;
  #checksumValue: string | undefined;

  /** `begin` is called when the body is about to be read. @throws S3Error */
  constructor(
    message: IncomingMessage,
    query: ReadonlyMap<string, string>,
    { payload, chunkSigning }: Verified,
    options: BodyOptions,
    begin: () => void,
  ) {
    const { headers } = message;
    this.#message = message;
    this.#begin = begin;
    this.#bytesMax = options.bytesMax;
    const isStreaming = payload.startsWith("STREAMING-");
    const lengthHeader = isStreaming ? headers["x-amz-decoded-content-length"] : headers["content-length"];
    this.length = readLength(lengthHeader);
    if (isStreaming) {
      if (this.length === undefined) throw new S3Error("MissingContentLength");
      this.#decoder = new AwsChunkedDecoder({
        decodedBytes: this.length,
        signing: payload.startsWith("STREAMING-UNSIGNED") ? undefined : chunkSigning,
        hasTrailer: payload.endsWith("-TRAILER"),
      });
    } else if (payload !== "UNSIGNED-PAYLOAD") {
      if (!payloadHash.test(payload)) {
        throw new S3Error(
          "InvalidArgument",
          "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
          { ArgumentName: "x-amz-content-sha256", ArgumentValue: payload },
        );
      }
      this.#declaredHash = payload;
    }
    if (this.length !== undefined && this.length > options.bytesMax)
      throw tooLarge(options.bytesMax, this.length);
    this.#declaredMd5 = declaredMd5(headers);
    this.#declared = options.ignoresChecksum === true ? undefined : declaredChecksum(headers, query);
    this.isChecksumDeclared = this.#declared !== undefined;
    this.checksumAlgorithm = this.#declared?.algorithm ?? options.fallback;
    if (options.wantsMd5 || this.#declaredMd5 !== undefined) this.#md5 = createHash("md5");
    if (this.#declaredHash !== undefined) this.#sha256 = createHash("sha256");
    if (this.checksumAlgorithm !== undefined) this.#checksum = runningChecksum(this.checksumAlgorithm);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** In hexadecimal. */
  get md5(): string {
    return this.#md5Hex!;
  }

  /** Base64. */
  get checksumValue(): string | undefined {
    return this.#checksumValue;
  }

  async *chunks(): AsyncGenerator<Buffer> {
    this.#begin();
    try {
      for await (const sent of sentBytes(this.#message)) {
        if (this.#decoder === undefined) {
          this.#take(sent);
          yield sent;
          continue;
        }
        for (const piece of this.#decoder.push(sent)) {
          this.#take(piece);
          yield piece;
        }
      }
      this.#decoder?.end();
    } catch (error) {
      throw error instanceof AwsChunkedError ? chunkFault(error) : error;
    }
    this.#verify();
  }

  /** All of it, for what is read at once. */
  async whole(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.chunks()) chunks.push(chunk);
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  }

  #take(bytes: Buffer): void {
    this.#bytes += bytes.length;
    if (this.#bytes > this.#bytesMax) throw tooLarge(this.#bytesMax, this.#bytes);
    this.#md5?.update(bytes);
    this.#sha256?.update(bytes);
    this.#checksum?.update(bytes);
  }

  #verify(): void {
    if (this.length !== undefined && this.length !== this.#bytes) throw new S3Error("IncompleteBody");
    this.#md5Hex = this.#md5?.digest("hex");
    if (this.#declaredMd5 !== undefined && this.#declaredMd5 !== this.#md5Hex) {
      throw new S3Error("BadDigest", "The Content-MD5 you specified did not match what we received.", {
        ExpectedDigest: this.#declaredMd5,
        CalculatedDigest: this.#md5Hex!,
      });
    }
    const hash = this.#sha256?.digest("hex");
    if (hash !== undefined && hash !== this.#declaredHash) {
      throw new S3Error("XAmzContentSHA256Mismatch", undefined, {
        ClientComputedContentSHA256: this.#declaredHash!,
        S3ComputedContentSHA256: hash,
      });
    }
    this.#checksumValue = this.#checksum?.digest().toString("base64");
    const declared = this.#declared;
    if (declared === undefined) return;
    const trailer = `x-amz-checksum-${declared.algorithm.toLowerCase()}`;
    const value = declared.isInTrailer ? this.#decoder?.trailers.get(trailer) : declared.value;
    if (declared.isInTrailer && value === undefined) {
      throw new S3Error(
        "MalformedTrailerError",
        "The request contained trailing data that was not well-formed or did not conform to our published schema.",
      );
    }
    if (value !== undefined && value !== this.#checksumValue) {
      throw new S3Error(
        "BadDigest",
        `The ${declared.algorithm} you specified did not match the calculated checksum.`,
      );
    }
  }
}

/** The bytes of a request's body as they come; one that stalls is cut off. */
async function* sentBytes(message: IncomingMessage): AsyncGenerator<Buffer> {
  const arm = () => setTimeout(() => message.destroy(new S3Error("RequestTimeout")), idleMs);
  let timer = arm();
  try {
    for await (const chunk of message.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      clearTimeout(timer);
      yield chunk;
      timer = arm();
    }
  } finally {
    clearTimeout(timer);
    // What still comes is read and dropped, so that the client gets to read the answer.
    if (!message.readableEnded && !message.destroyed) message.resume();
  }
}

function readLength(value: string | string[] | undefined): number | undefined {
  if (typeof value !== "string") return undefined;
  if (!/^\d{1,15}$/.test(value)) throw new S3Error("InvalidArgument", "The length is not a number");
  return Number(value);
}

function tooLarge(max: number, size: number): S3Error {
  return new S3Error("EntityTooLarge", undefined, {
    MaxSizeAllowed: String(max),
    ProposedSize: String(size),
  });
}

function chunkFault(error: AwsChunkedError): S3Error {
  switch (error.fault) {
    case "wrong_signature":
      return new S3Error("SignatureDoesNotMatch");
    case "short_chunk":
      return new S3Error("InvalidChunkSizeError");
    default:
      return new S3Error("IncompleteBody", "The request body terminated unexpectedly");
  }
}
