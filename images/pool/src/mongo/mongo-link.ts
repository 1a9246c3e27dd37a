import { WeftkitError } from "@weftkit/core";
import { FramedConnection, type SocketGroup, type Transport } from "@weftkit/sockets";
import { frameLength, headerBytes, msgFlags, opCodes } from "@weftkit/wire-mongo";

/** Who is told of the answers to a request. */
export interface MongoReader {
  /** An answer, which is the reader's; after the last one the link is free again. */
  reply(frame: Buffer, isLast: boolean): void;
  lost(): void;
}

/** A connection to a server, which serves one request after the other: 1. `send` 2. the reader's last `reply`, or `lost` */
export class MongoLink {
  readonly backend: string;
  readonly #connection: FramedConnection;
  readonly #onClosed: (link: MongoLink) => void;
  #reader: MongoReader | undefined;
  isClosed = false;
  idleSinceMs = 0;

  constructor(
    group: SocketGroup,
    transport: Transport,
    backend: string,
    onClosed: (link: MongoLink) => void,
  ) {
    this.backend = backend;
    this.#onClosed = onClosed;
    this.#connection = new FramedConnection(group, transport, frameLength, {
      frame: (bytes, at, length) => this.#frame(bytes, at, length),
      malformed: () => this.destroy(),
      ended: () => this.destroy(),
      drained: () => {},
      closed: () => this.#closed(),
    });
    this.#connection.start();
  }

  get isBusy(): boolean {
    return this.#reader !== undefined;
  }

  /** Sends a request, which belongs to the link from now on; without a reader there is no answer to it. */
  send(frame: Buffer, reader: MongoReader | undefined): void {
    if (this.isClosed) {
      reader?.lost();
      return;
    }
    this.#reader = reader;
    this.#connection.send(frame);
  }

  /** The one answer to a request. @throws WeftkitError `server_lost` */
  ask(frame: Buffer): Promise<Buffer> {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    this.send(frame, {
      reply: (answer) => resolve(answer),
      lost: () => reject(new WeftkitError("server_lost", "the server has closed the connection")),
    });
    return promise;
  }

  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  destroy(): void {
    this.#connection.destroy();
    this.#closed();
  }

  #frame(bytes: Buffer, at: number, length: number): void {
    const reader = this.#reader;
    const isMsg = bytes.readInt32LE(at + 12) === opCodes.msg && length >= headerBytes + 5;
    if (reader === undefined || !isMsg) {
      // It does not speak the protocol, or asked and answered no longer match.
      this.destroy();
      return;
    }
    const isLast = (bytes.readUInt32LE(at + headerBytes) & msgFlags.moreToCome) === 0;
    if (isLast) this.#reader = undefined;
    reader.reply(Buffer.from(bytes.subarray(at, at + length)), isLast);
  }

  #closed(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    const reader = this.#reader;
    this.#reader = undefined;
    this.#onClosed(this);
    reader?.lost();
  }
}
