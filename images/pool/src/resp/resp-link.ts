import { WeftkitError } from "@weftkit/core";
import type { Transport } from "@weftkit/sockets";
import { ReplyScanner } from "@weftkit/wire-resp";
import type { PoolSockets } from "../network/pool-sockets.ts";

/** Who is told of a link's replies. */
export interface RespReader {
  /** Part of a reply, or all of it. */
  reply(bytes: Buffer, start: number, end: number): void;
  /** A reply has ended: the one that was asked for first. */
  replied(): void;
  linkLost(): void;
}

interface Entry {
  readonly reader: RespReader | undefined;
  /** An answer of ours, in its place among the server's. */
  readonly local?: Buffer;
}

/** A connection to a server: requests of one or many clients, and whose reply is next. */
export class RespLink {
  readonly #sockets: PoolSockets;
  readonly #transport: Transport;
  readonly #scanner = new ReplyScanner();
  #queue: Entry[] = [];
  /** The place of the next one in `#queue`; what is before it is done. */
  #head = 0;
  /** All that comes is this client's, whatever it is. */
  #owner: RespReader | undefined;
  #isRaw = false;
  #onClosed: () => void;
  isClosed = false;

  constructor(sockets: PoolSockets, transport: Transport, onClosed: () => void) {
    this.#sockets = sockets;
    this.#transport = transport;
    this.#onClosed = onClosed;
    transport.start({
      data: (bytes, start, end) => this.#data(bytes, start, end),
      upcoming: () => {},
      unsent: () => {},
      drained: () => {},
      ended: () => this.close(),
      closed: () => this.#closed(),
    });
  }

  get outstanding(): number {
    return this.#queue.length - this.#head;
  }

  /** Pushes are this reader's; with `isRaw`, everything is, without its replies being counted. */
  own(reader: RespReader | undefined, isRaw = false): void {
    this.#owner = reader;
    this.#isRaw = isRaw;
  }

  /** Sends a request whose reply is for `reader`. */
  send(bytes: Buffer, start: number, end: number, reader: RespReader | undefined): void {
    if (!this.#isRaw) this.#queue.push({ reader });
    this.#sockets.write(this.#transport, bytes, start, end);
  }

  /** Puts an answer of ours behind those that are outstanding. */
  answerLocally(bytes: Buffer, reader: RespReader): void {
    this.#queue.push({ reader, local: bytes });
    this.#answerReady();
  }

  /** The reply of one request, whole. @throws WeftkitError `server_lost` */
  ask(request: Buffer): Promise<Buffer> {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const parts: Buffer[] = [];
    const reader: RespReader = {
      reply: (bytes, start, end) => parts.push(Buffer.from(bytes.subarray(start, end))),
      replied: () => resolve(Buffer.concat(parts)),
      linkLost: () => reject(new WeftkitError("server_lost", "the server has closed the connection")),
    };
    if (this.isClosed) reader.linkLost();
    else this.send(request, 0, request.length, reader);
    return promise;
  }

  /** A client that has gone: its replies are nobody's. */
  forget(reader: RespReader): void {
    this.#queue = this.#queue.map((entry) => (entry.reader === reader ? { reader: undefined } : entry));
  }

  close(): void {
    this.#sockets.handOver();
    this.#transport.destroy();
    this.#closed();
  }

  #data(bytes: Buffer, start: number, end: number): void {
    if (this.#isRaw) {
      this.#owner?.reply(bytes, start, end);
      return;
    }
    try {
      let at = start;
      while (at < end) {
        const replyEnd = this.#scanner.scan(bytes, at, end);
        const until = replyEnd < 0 ? end : replyEnd;
        const reader = this.#scanner.isPush ? this.#owner : this.#queue[this.#head]?.reader;
        reader?.reply(bytes, at, until);
        at = until;
        if (replyEnd >= 0 && !this.#scanner.isPush) this.#replied();
        if (this.#isRaw) {
          if (at < end) this.#owner?.reply(bytes, at, end);
          return;
        }
      }
    } catch {
      // It does not speak RESP, or asked and answered no longer match.
      this.close();
    }
  }

  #replied(): void {
    const entry = this.#queue[this.#head];
    if (entry === undefined) throw new WeftkitError("server_lost", "a reply that nobody has asked for");
    this.#head++;
    if (this.#head === this.#queue.length || this.#head > 1024) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
    entry.reader?.replied();
    this.#answerReady();
  }

  #answerReady(): void {
    for (let entry = this.#queue[this.#head]; entry?.local !== undefined; entry = this.#queue[this.#head]) {
      this.#head++;
      entry.reader?.reply(entry.local, 0, entry.local.length);
      entry.reader?.replied();
    }
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    }
  }

  #closed(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    const readers = new Set(this.#queue.slice(this.#head).map(({ reader }) => reader));
    readers.add(this.#owner);
    this.#queue = [];
    this.#head = 0;
    this.#onClosed();
    for (const reader of readers) reader?.linkLost();
  }
}
