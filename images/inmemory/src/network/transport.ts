/** What a transport tells its connection. */
export interface TransportEvents {
  /** Bytes arrived: `buffer[start..end)`, valid only during the call. */
  data(buffer: Buffer, start: number, end: number): void;
  /** All bytes that were kept by `send` have been sent. */
  drained(): void;
  /** The other side sends no more, though it may still read; `closed` comes later. */
  ended(): void;
  /** The other side is gone, or the connection broke; nothing comes after this. */
  closed(): void;
}

/**
 * One client's byte stream. Two kinds: `StreamTransport` works on any Duplex (plain sockets, TLS); `HandleTransport`
 * takes the handle out of a plain TCP socket and reads into one buffer that all clients share, which saves a buffer,
 * a stream and several events per read.
 */
export interface Transport {
  start(events: TransportEvents): void;
  /** Sends bytes. True when the buffer is free again at once; else it belongs to the transport until it is sent. */
  send(bytes: Buffer): boolean;
  /** Bytes given to `send` and not sent yet. */
  readonly unsentBytes: number;
  /** Stops reading. */
  pause(): void;
  resume(): void;
  /** Closes after everything has been sent. */
  end(): void;
  /** Closes at once. */
  destroy(): void;
}
