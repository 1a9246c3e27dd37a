import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";
import type { Duplex } from "node:stream";
import { WeftkitError } from "@weftkit/core";

/** "WKR1": the first bytes of both directions, before the nonce. */
const MAGIC = Buffer.from("WKR1");
const NONCE_BYTES = 32;
const MAC_BYTES = 32;
const HEADER_BYTES = 5;
/** The bound on what a peer can make this side hold for one frame. */
export const frameBytesMax = 1 << 18;

export interface ChannelOptions {
  /** Shared by both sides. */
  readonly secret: string;
  /**
   * The connection is given up when the other side is silent for so long while it is waited for: also a replica's, when
   * there is nothing to send. The primary connects again.
   */
  readonly silenceMsMax: number;
}

export interface Frame {
  readonly type: number;
  readonly payload: Buffer;
}

/**
 * Frames over a connection, each proven to come from somebody who has the secret, in this connection, in this direction
 * and at this place: length (4 bytes, little-endian), type (1), payload, HMAC-SHA256 (32) over the frame's number, its
 * type and its payload. The keys are drawn from the secret and a nonce of either side (HKDF, RFC 5869), so that nothing
 * recorded is of use later. What is sent is not hidden: that is for TLS below.
 */
export class Channel {
  readonly #socket: Duplex;
  readonly #silenceMsMax: number;
  readonly #chunks: AsyncIterator<Buffer>;
  #buffered: Buffer = Buffer.alloc(0);
  #sendKey = Buffer.alloc(0);
  #receiveKey = Buffer.alloc(0);
  #sent = 0n;
  #received = 0n;

  private constructor(socket: Duplex, silenceMsMax: number) {
    this.#socket = socket;
    this.#silenceMsMax = silenceMsMax;
    this.#chunks = socket[Symbol.asyncIterator]();
    // The read or the write under way rejects with it; between the two it is the next one that does.
    socket.on("error", () => {});
  }

  /** `isInitiator` on one of the two sides. Whether the other one has the secret shows with its first frame. */
  static async open(socket: Duplex, isInitiator: boolean, options: ChannelOptions): Promise<Channel> {
    const channel = new Channel(socket, options.silenceMsMax);
    const own = randomBytes(NONCE_BYTES);
    await channel.#write(Buffer.concat([MAGIC, own]));
    const hello = await channel.#take(MAGIC.length + NONCE_BYTES);
    if (!hello.subarray(0, MAGIC.length).equals(MAGIC)) {
      throw refused("the peer does not speak WKR1; check that `peers` names the replication port");
    }
    const other = hello.subarray(MAGIC.length);
    const salt = Buffer.concat(isInitiator ? [own, other] : [other, own]);
    const keyOf = (direction: string) => Buffer.from(hkdfSync("sha256", options.secret, salt, direction, 32));
    const keys = [keyOf("weftkit replica initiator"), keyOf("weftkit replica acceptor")] as const;
    [channel.#sendKey, channel.#receiveKey] = isInitiator ? keys : [keys[1], keys[0]];
    return channel;
  }

  async send(type: number, payload: Uint8Array): Promise<void> {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32LE(payload.length, 0);
    header[4] = type;
    const mac = macOf(this.#sendKey, this.#sent++, type, payload);
    await this.#write(Buffer.concat([header, payload, mac]));
  }

  /** @throws WeftkitError `peer_refused` for what is not proven, `peer_gone` when the connection ends */
  async receive(): Promise<Frame> {
    const header = await this.#take(HEADER_BYTES);
    const length = header.readUInt32LE(0);
    if (length > frameBytesMax) throw refused(`a frame of ${length} bytes was announced`);
    const type = header[4]!;
    const rest = await this.#take(length + MAC_BYTES);
    const payload = rest.subarray(0, length);
    if (!timingSafeEqual(rest.subarray(length), macOf(this.#receiveKey, this.#received++, type, payload))) {
      throw refused("a frame is not signed with this secret; check that both sides have the same one");
    }
    return { type, payload };
  }

  close(): void {
    this.#socket.destroy();
  }

  async #take(bytes: number): Promise<Buffer> {
    const chunks = [this.#buffered];
    let held = this.#buffered.length;
    while (held < bytes) {
      const chunk = await this.#next();
      chunks.push(chunk);
      held += chunk.length;
    }
    const all = Buffer.concat(chunks, held);
    this.#buffered = all.subarray(bytes);
    return all.subarray(0, bytes);
  }

  async #next(): Promise<Buffer> {
    const { done, value } = await this.#untilSilent(this.#chunks.next());
    if (done) throw gone();
    return value;
  }

  async #write(bytes: Buffer): Promise<void> {
    const written = new Promise<void>((resolve, reject) => {
      this.#socket.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
    await this.#untilSilent(written);
  }

  async #untilSilent<T>(work: Promise<T>): Promise<T> {
    const silent = new WeftkitError("peer_gone", `the peer was silent for ${this.#silenceMsMax} ms`);
    const timer = setTimeout(() => this.#socket.destroy(silent), this.#silenceMsMax);
    try {
      return await work;
    } catch (error) {
      throw error instanceof WeftkitError ? error : gone(error);
    } finally {
      clearTimeout(timer);
    }
  }
}

export function refused(why: string): WeftkitError {
  return new WeftkitError("peer_refused", `the replication connection was refused: ${why}`);
}

function gone(cause?: unknown): WeftkitError {
  return new WeftkitError("peer_gone", "the replication connection ended", { cause });
}

function macOf(key: Buffer, number: bigint, type: number, payload: Uint8Array): Buffer {
  const place = Buffer.alloc(9);
  place.writeBigUInt64LE(number, 0);
  place[8] = type;
  return createHmac("sha256", key).update(place).update(payload).digest();
}
