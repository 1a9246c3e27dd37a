/** What is sent of one change. */
export interface OutgoingEvent {
  /** The same at every try, so that a receiver knows what it has had already: the position's token and a number in it. */
  readonly id: string;
  readonly topic: string;
  readonly namespace: string;
  /** JSON; events of one key keep their order. Undefined for what concerns no key. */
  readonly key: string | undefined;
  /** JSON: an envelope. */
  readonly body: string;
}

/** Who takes events. One that was opened is closed by whoever opened it; after a failure another one is opened. */
export interface Emitter {
  /**
   * Sends events in their order, and resolves when the receiver has confirmed all of them.
   *
   * @throws RefusedError when the receiver will never take one of them; anything else is worth another try.
   */
  send(events: readonly OutgoingEvent[], signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
