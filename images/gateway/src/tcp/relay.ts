import type { SocketGroup, Transport, TransportEvents } from "@weftkit/sockets";
import type { Emit, Filter } from "../filters/frame-filter.ts";

/** So much may wait for one side before the other is not read any more. */
const unsentBytesMax = 256 << 10;

/** What looks at the bytes on their way, where something does. */
export interface Filters {
  readonly client?: Filter;
  readonly server?: Filter;
}

/** A client's connection and a backend's, each given what the other sends, unread but for filters. A half that ends is ended on the other side. */
export class Relay {
  /** Bytes passed on. */
  fromClient = 0;
  fromServer = 0;
  /** Whether the client sent last: an answer is awaited, as far as one can know from outside. */
  isAwaiting = false;
  readonly #client: Transport;
  readonly #server: Transport;
  readonly #closed: () => void;
  readonly #ended = new Set<Transport>();
  readonly #paused = new Set<Transport>();
  #clientFilter: Filter | undefined;
  #serverFilter: Filter | undefined;
  /** Sides that are not closed yet: one that does not read what it is sent is still a connection when the other is gone. */
  #open = 2;

  constructor(
    group: SocketGroup,
    client: Transport,
    server: Transport,
    first: readonly Buffer[],
    filters: Filters,
    closed: () => void,
  ) {
    this.#clientFilter = filters.client;
    this.#serverFilter = filters.server;
    this.#client = client;
    this.#server = server;
    this.#closed = closed;
    client.start(this.#events(group, client, server, true));
    server.start(this.#events(group, server, client, false));
    // What was read of the client before it was known where it goes; it belongs to the transport now.
    for (const bytes of first) {
      if (bytes.length === 0) continue;
      this.fromClient += bytes.length;
      this.isAwaiting = true;
      this.#send(true, server, bytes, 0, bytes.length);
      group.flushSoon();
    }
  }

  /** Bytes passed on, of both. */
  get moved(): number {
    return this.fromClient + this.fromServer;
  }

  /** Ends both sides, each after what waits for it. */
  end(): void {
    this.#client.end();
    this.#server.end();
  }

  destroy(): void {
    this.#client.destroy();
    this.#server.destroy();
  }

  #events(group: SocketGroup, from: Transport, to: Transport, isClient: boolean): TransportEvents {
    return {
      data: (buffer, start, end) => {
        if (isClient) this.fromClient += end - start;
        else this.fromServer += end - start;
        this.isAwaiting = isClient && this.#open === 2;
        this.#send(isClient, to, buffer, start, end);
        group.flushSoon();
        if (to.unsentBytes > unsentBytesMax) this.#pause(from);
      },
      upcoming: () => {},
      unsent: () => {
        if (from.unsentBytes > unsentBytesMax) this.#pause(to);
      },
      drained: () => this.#resume(to),
      ended: () => {
        this.#ended.add(from);
        (isClient ? this.#clientFilter : this.#serverFilter)?.end(emitTo(to));
        if (this.#ended.size === 2) this.end();
        else to.endWriting();
      },
      closed: () => {
        this.#open--;
        this.isAwaiting = false;
        if (this.#open === 0) this.#closed();
        else to.end();
      },
    };
  }

  #send(isClient: boolean, to: Transport, buffer: Buffer, start: number, end: number): void {
    const filter = isClient ? this.#clientFilter : this.#serverFilter;
    if (filter === undefined) {
      to.send(buffer, start, end);
      return;
    }
    if (filter.push(buffer, start, end, emitTo(to))) return;
    if (isClient) this.#clientFilter = undefined;
    else this.#serverFilter = undefined;
  }

  #pause(side: Transport): void {
    if (this.#ended.has(side) || this.#paused.has(side)) return;
    this.#paused.add(side);
    side.pause();
  }

  #resume(side: Transport): void {
    if (this.#paused.delete(side) && !this.#ended.has(side)) side.resume();
  }
}

function emitTo(to: Transport): Emit {
  return (bytes, from, until) => {
    to.send(bytes, from, until);
  };
}
