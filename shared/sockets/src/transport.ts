/** What a transport tells its connection. */
export interface TransportEvents {
  /** Bytes arrived: `buffer[start..end)`, valid only during the call. */
  data(buffer: Buffer, start: number, end: number): void;
  /** `data` will have these bytes, after others were told of theirs; not every transport says so before. */
  upcoming(buffer: Buffer, start: number, end: number): void;
  /** Bytes given to `send` had to be kept: the client reads more slowly than it asks. */
  unsent(): void;
  /** All bytes that were kept have been sent. */
  drained(): void;
  /** The other side sends no more, though it may still read; `closed` comes later. */
  ended(): void;
  /** The other side is gone, or the connection broke; nothing comes after this. */
  closed(): void;
}

/**
 * One client's byte stream. Two kinds: `StreamTransport` works on any Duplex (plain sockets, TLS); `NativeSockets` serves
 * plain TCP sockets where its module is built, at a fraction of the cost.
 */
export interface Transport {
  start(events: TransportEvents): void;
  /**
   * Sends `buffer[start..end)`, at the latest with the next `NativeSockets.flush`. True when the buffer is free again after
   * that; else it belongs to the transport until it is sent.
   */
  send(buffer: Buffer, start: number, end: number): boolean;
  /** Bytes given to `send` and kept. */
  readonly unsentBytes: number;
  /** Stops reading. */
  pause(): void;
  resume(): void;
  /** Tells the other side, after everything has been sent, that nothing more comes; reading goes on. */
  endWriting(): void;
  /** Closes after everything has been sent. */
  end(): void;
  /** Closes at once. */
  destroy(): void;
}
