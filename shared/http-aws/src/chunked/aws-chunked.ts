import { createHash, type Hash, timingSafeEqual } from "node:crypto";
import { signatureOf } from "../sigv4/canonical.ts";

/** What can be wrong with a body in chunks. */
export type ChunkFault =
  /** It ended before its last chunk, or has another length than was said. */
  | "incomplete"
  /** It is not in the form of chunks. */
  | "malformed"
  | "wrong_signature"
  /** A chunk before the last one is shorter than 8 KiB. */
  | "short_chunk";

export class AwsChunkedError extends Error {
  readonly fault: ChunkFault;

  constructor(fault: ChunkFault, message: string) {
    super(message);
    this.name = "AwsChunkedError";
    this.fault = fault;
  }
}

/** By what the chunks of a body are signed: each after the one before, the first after the request itself. */
export interface ChunkSigning {
  readonly key: Buffer;
  /** `20260102T030405Z`. */
  readonly timestamp: string;
  /** `20260102/<region>/<service>/aws4_request`. */
  readonly scope: string;
  /** Of the request's headers. */
  readonly seedSignature: string;
}

export interface AwsChunkedOptions {
  /** `x-amz-decoded-content-length`. */
  readonly decodedBytes: number;
  /** Undefined for chunks that are not signed. */
  readonly signing: ChunkSigning | undefined;
  /** Whether lines follow the last chunk (`...-TRAILER`). */
  readonly hasTrailer: boolean;
}

const emptyHash = createHash("sha256").digest("hex");
const chunkBytesMin = 8192;
const lineBytesMax = 4096;
const trailersMax = 16;
const lineFeed = 10;

type State = "size" | "data" | "data-end" | "trailer" | "done";

/**
 * Takes a body in the encoding `aws-chunked` apart, as it arrives: what is in the chunks comes out, and is only to be
 * believed when `end` has not thrown.
 */
export class AwsChunkedDecoder {
  /** By name in lower case; complete after `end`. */
  readonly trailers = new Map<string, string>();
  readonly #options: AwsChunkedOptions;
  #state: State = "size";
  #line = "";
  /** Of the chunk that is being read: what is missing still. */
  #missing = 0;
  #chunkBytes = 0;
  #chunkHash: Hash | undefined;
  #chunkSignature = "";
  #previousSignature: string;
  #total = 0;
  #hadShortChunk = false;
  #trailerText = "";

  constructor(options: AwsChunkedOptions) {
    this.#options = options;
    this.#previousSignature = options.signing?.seedSignature ?? "";
  }

  /**
   * Gives what `bytes` add to the content: views of it.
   *
   * @throws AwsChunkedError
   */
  push(bytes: Buffer): Buffer[] {
    const content: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      if (this.#state === "data") {
        const piece = bytes.subarray(at, at + this.#missing);
        at += piece.length;
        this.#missing -= piece.length;
        this.#total += piece.length;
        if (this.#total > this.#options.decodedBytes) throw wrongLength();
        this.#chunkHash?.update(piece);
        content.push(piece);
        if (this.#missing === 0) this.#state = "data-end";
        continue;
      }
      if (this.#state === "done") throw malformed("bytes follow the end");
      const end = bytes.indexOf(lineFeed, at);
      this.#line += bytes.toString("latin1", at, end === -1 ? bytes.length : end);
      if (this.#line.length > lineBytesMax) throw malformed("a line is too long");
      if (end === -1) break;
      at = end + 1;
      const line = this.#line.endsWith("\r") ? this.#line.slice(0, -1) : this.#line;
      this.#line = "";
      this.#takeLine(line);
    }
    return content;
  }

  /** @throws AwsChunkedError when that was not all */
  end(): void {
    // Some clients leave out the empty line at the end.
    if (this.#state === "trailer" && this.#line === "") this.#finish();
    if (this.#state !== "done")
      throw new AwsChunkedError("incomplete", "the body ended before its last chunk");
    if (this.#total !== this.#options.decodedBytes) throw wrongLength();
  }

  #takeLine(line: string): void {
    switch (this.#state) {
      case "size":
        this.#beginChunk(line);
        break;
      case "data-end":
        if (line !== "") throw malformed("a chunk is longer than it says");
        this.#endChunk();
        this.#state = "size";
        break;
      case "trailer":
        if (line === "") this.#finish();
        else this.#takeTrailer(line);
    }
  }

  #beginChunk(line: string): void {
    const match = /^([0-9a-fA-F]{1,14})\s*(?:;\s*chunk-signature=([0-9a-f]{64})\s*)?$/.exec(line);
    if (match === null) throw malformed("this is not the head of a chunk");
    const { signing, hasTrailer } = this.#options;
    if (signing !== undefined && match[2] === undefined) throw malformed("a chunk has no signature");
    if (this.#hadShortChunk && match[1] !== "0" && Number.parseInt(match[1]!, 16) > 0) {
      throw new AwsChunkedError(
        "short_chunk",
        "Only the last chunk is allowed to have a size less than 8192 bytes",
      );
    }
    this.#chunkBytes = Number.parseInt(match[1]!, 16);
    this.#missing = this.#chunkBytes;
    this.#chunkSignature = match[2] ?? "";
    if (signing !== undefined) this.#chunkHash = createHash("sha256");
    if (this.#chunkBytes > 0) {
      this.#hadShortChunk = this.#chunkBytes < chunkBytesMin;
      this.#state = "data";
      return;
    }
    this.#endChunk();
    this.#state = "trailer";
    if (!hasTrailer) this.#trailerText = "";
  }

  #endChunk(): void {
    const { signing } = this.#options;
    if (signing === undefined) return;
    const { key, timestamp, scope } = signing;
    const hash = this.#chunkHash!.digest("hex");
    const text = `AWS4-HMAC-SHA256-PAYLOAD\n${timestamp}\n${scope}\n${this.#previousSignature}\n${emptyHash}\n${hash}`;
    this.#requireSignature(signatureOf(key, text), this.#chunkSignature);
  }

  #takeTrailer(line: string): void {
    const colon = line.indexOf(":");
    if (colon < 1 || this.trailers.size >= trailersMax) throw malformed("this is not a trailer");
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name !== "x-amz-trailer-signature") this.#trailerText += `${name}:${value}\n`;
    this.trailers.set(name, value);
  }

  #finish(): void {
    const { signing, hasTrailer } = this.#options;
    this.#state = "done";
    if (!hasTrailer && this.trailers.size > 0) throw malformed("trailers follow that were not announced");
    if (signing === undefined || !hasTrailer) return;
    const { key, timestamp, scope } = signing;
    const hash = createHash("sha256").update(this.#trailerText).digest("hex");
    const text = `AWS4-HMAC-SHA256-TRAILER\n${timestamp}\n${scope}\n${this.#previousSignature}\n${hash}`;
    this.#requireSignature(signatureOf(key, text), this.trailers.get("x-amz-trailer-signature") ?? "");
  }

  #requireSignature(expected: string, given: string): void {
    if (expected.length !== given.length || !timingSafeEqual(Buffer.from(expected), Buffer.from(given))) {
      throw new AwsChunkedError("wrong_signature", "the signature of a chunk is wrong");
    }
    this.#previousSignature = given;
  }
}

function malformed(what: string): AwsChunkedError {
  return new AwsChunkedError("malformed", what);
}

function wrongLength(): AwsChunkedError {
  return new AwsChunkedError("incomplete", "the chunks are not as long as x-amz-decoded-content-length says");
}
