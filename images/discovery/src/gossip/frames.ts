import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import type { Socket } from "node:net";
import { exchangeBytesMax } from "../swim/codec.ts";

/** Before each exchange: its length, and a code of authentication of that. */
const frameHeaderBytes = 4 + 16;

/** Why a stream is given up. */
export class FrameError extends Error {
  readonly isAuthentic: boolean;

  constructor(message: string, isAuthentic = true) {
    super(message);
    this.name = "FrameError";
    this.isAuthentic = isAuthentic;
  }
}

/**
 * Exchanges on a stream. The length is authenticated before anything is read, so that whoever does not have the key cannot make
 * this node keep more than a header.
 */
export class Frames {
  readonly #key: Buffer;

  constructor(secret: string, cluster: string) {
    this.#key = Buffer.from(hkdfSync("sha256", secret, cluster, "weftkit discovery exchange", 32));
  }

  encode(payload: Buffer): Buffer {
    const header = Buffer.alloc(frameHeaderBytes);
    header.writeUInt32BE(payload.length);
    this.#mac(header).copy(header, 4);
    return Buffer.concat([header, payload]);
  }

  /** Reads one exchange; what comes after it is not looked at. @throws FrameError, or the socket's error */
  async read(socket: Socket): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let bytes = 0;
    let wanted = frameHeaderBytes;
    let isHeaderRead = false;
    for await (const piece of socket.iterator({ destroyOnReturn: false })) {
      pieces.push(piece as Buffer);
      bytes += (piece as Buffer).length;
      if (bytes < wanted) continue;
      if (!isHeaderRead) {
        isHeaderRead = true;
        wanted += this.#length(Buffer.concat(pieces, bytes).subarray(0, frameHeaderBytes));
      }
      if (bytes >= wanted) return Buffer.concat(pieces, bytes).subarray(frameHeaderBytes, wanted);
    }
    throw new FrameError("the stream ended before the exchange did");
  }

  #length(header: Buffer): number {
    const length = header.readUInt32BE(0);
    if (!timingSafeEqual(this.#mac(header), header.subarray(4))) {
      throw new FrameError("an exchange is not from this cluster, or made with another key", false);
    }
    if (length > exchangeBytesMax) throw new FrameError(`an exchange has ${length} bytes`);
    return length;
  }

  #mac(header: Buffer): Buffer {
    return createHmac("sha256", this.#key).update(header.subarray(0, 4)).digest().subarray(0, 16);
  }
}
