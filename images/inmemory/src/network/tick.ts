import type { NativeSockets, SocketsTurn, Transport } from "@weftkit/sockets";
import { InputBuffers } from "@weftkit/sockets";
import type { FlushResult, TickJournal } from "../persistence/journal.ts";
import type { ClientSession, Server } from "../server/server.ts";
import { KeyPrefetch } from "./key-prefetch.ts";

/** With so many bytes of replies a tick sends what it has before it goes on. */
const EARLY_FLUSH_BYTES = 256 << 10;
/** In a long turn the clock is read again when it is older than this. */
const CLOCK_AGE_MS_MAX = 1;
/** Above this the shared reply buffer is given back after the tick. */
const REPLY_BUFFER_KEPT_BYTES = 1 << 20;

/** A connection, as far as its replies are concerned. */
export interface TickClient {
  readonly session: ClientSession;
  readonly transport: Transport;
  /** It ends with its last reply. */
  readonly isClosing: boolean;
  /** Runs input that was kept. */
  runInput(): void;
  destroy(): void;
}

interface Batch {
  readonly buffer: Buffer;
  readonly connections: TickClient[];
  /** Start and end in `buffer`, per connection. */
  readonly ranges: number[];
  readonly pending: { connection: TickClient; bytes: Buffer }[];
  /** Connections that end with this batch: an earlier one that is still held has replies of theirs, too. */
  readonly closing: TickClient[];
}

/**
 * One turn of the event loop. The input of all clients that had some is run first; then the journal is written once
 * for all of them; then the replies go out, each client's in one write (as Redis does in beforeSleep). With
 * `appendfsync always` the replies of a tick are held until its writes are durable, and one fdatasync serves all.
 */
export class Tick implements SocketsTurn {
  readonly #server: Server;
  readonly #journal: TickJournal | undefined;
  readonly #sockets: NativeSockets | undefined;
  /** Told of keys that the commands to come will ask for. */
  readonly prefetch = new KeyPrefetch();
  readonly inputBuffers = new InputBuffers();
  #connections: TickClient[] = [];
  #ranges: number[] = [];
  #closing: TickClient[] = [];
  #queue = new Set<TickClient>();
  #isScheduled = false;
  #isTurn = false;
  /** Batches that wait for the disk, in order. */
  #held: Batch[] = [];

  constructor(server: Server, journal: TickJournal | undefined, sockets?: NativeSockets) {
    this.#server = server;
    this.#journal = journal;
    this.#sockets = sockets;
    if (sockets !== undefined) sockets.turn = this;
    server.onWritten = () => this.schedule();
  }

  beginTurn(): void {
    this.#isTurn = true;
    this.#server.tick();
  }

  lookAhead(): void {
    this.prefetch.run();
  }

  endTurn(): void {
    this.#isTurn = false;
    this.#server.dispatcher.timer.settle();
    this.prefetch.forget();
    if (this.#isScheduled) this.#run();
  }

  /** Starts a session's part; returns where its replies start. */
  begin(session: ClientSession): number {
    const server = this.#server;
    const { reply } = server;
    const { timer } = server.dispatcher;
    if (!this.#isTurn) server.tick();
    else if (timer.elapsedMs > CLOCK_AGE_MS_MAX) {
      timer.settle();
      server.tick();
    }
    const start = reply.length;
    const pending = session.takePending();
    if (pending !== undefined) reply.raw(pending);
    server.running = session;
    reply.version = session.version;
    return start;
  }

  /** Ends it; `input` is the buffer that its commands came in. */
  end(connection: TickClient, start: number, input: Buffer): void {
    // What was read by the sockets is there until the turn ends, and is then gathered at once.
    if (this.#sockets?.isInput(input) !== true) this.#journal?.gather();
    const { timer } = this.#server.dispatcher;
    if (!this.#isTurn) timer.settle();
    this.#server.running = undefined;
    const { length } = this.#server.reply;
    if (length > start) {
      this.#connections.push(connection);
      this.#ranges.push(start, length);
    }
    if (connection.isClosing) this.#closing.push(connection);
    // Large replies of many clients go out as they come: one buffer for all of them would cost more than it saves.
    if (length > EARLY_FLUSH_BYTES) {
      timer.settle();
      this.#flush();
      timer.start();
    }
    this.schedule();
  }

  /** Commands were run beside those of clients, and their input may change now. */
  ranBeside(): void {
    this.#server.dispatcher.timer.settle();
    this.#journal?.gather();
    this.schedule();
  }

  /** Runs a connection's kept input in the next turn. */
  runLater(connection: TickClient): void {
    this.#queue.add(connection);
    this.schedule();
  }

  /** Closes a connection once everything it was written has been sent. */
  closeLater(connection: TickClient): void {
    this.#closing.push(connection);
    this.schedule();
  }

  isQueued(connection: TickClient): boolean {
    return this.#queue.has(connection);
  }

  schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    if (!this.#isTurn) setImmediate(this.#run);
  }

  readonly #run = (): void => {
    this.#isScheduled = false;
    this.#flush();
    if (this.#queue.size > 0) {
      const queue = [...this.#queue];
      this.#queue.clear();
      for (const connection of queue) connection.runInput();
    }
  };

  /** Writes the journal and sends, or holds, the replies so far. */
  #flush(): void {
    const server = this.#server;
    const { reply } = server;
    const result = this.#journal === undefined ? "done" : this.#journal.flush();
    const pending: Batch["pending"] = [];
    for (const session of server.written) {
      const bytes = session.takePending();
      const connection = session.connection as TickClient | undefined;
      if (bytes !== undefined && connection !== undefined) pending.push({ connection, bytes });
    }
    server.written.clear();
    const batch: Batch = {
      buffer: reply.buffer,
      connections: this.#connections,
      ranges: this.#ranges,
      pending,
      closing: this.#closing,
    };
    // A batch that is held must not share its lists with the ticks that come after it.
    this.#connections = [];
    this.#ranges = [];
    this.#closing = [];
    for (const connection of batch.connections) this.#settleWrites(connection, result);
    for (const { connection } of pending) this.#settleWrites(connection, result);
    // A read may have seen a write that is still being synced: it waits with it.
    if (result === "syncing" || this.#held.length > 0) this.#hold(batch);
    else if (this.#deliver(batch)) {
      if (reply.buffer.length > REPLY_BUFFER_KEPT_BYTES) reply.detach();
      reply.length = 0;
    } else reply.detach();
  }

  /**
   * What a connection wrote in this tick is in the log now. If the log could not be written, the effects are in memory
   * and will be written once the disk allows it; until then no one is told they are.
   */
  #settleWrites(connection: TickClient, result: FlushResult): void {
    const { session } = connection;
    if (!session.hasUnsavedWrites) return;
    session.hasUnsavedWrites = false;
    if (result === "failed") connection.destroy();
  }

  #hold(batch: Batch): void {
    this.#server.reply.detach();
    this.#held.push(batch);
    this.#journal?.whenDurable(() => {
      this.#held.shift();
      this.#deliver(batch);
    });
  }

  /** Sends a batch; whether its buffer is free again. */
  #deliver(batch: Batch): boolean {
    const { buffer, connections, ranges } = batch;
    const { statistics } = this.#server;
    let isFree = true;
    for (let i = 0; i < connections.length; i++) {
      const start = ranges[i * 2]!;
      const end = ranges[i * 2 + 1]!;
      statistics.outputBytes += end - start;
      if (!connections[i]!.transport.send(buffer, start, end)) isFree = false;
    }
    for (const { connection, bytes } of batch.pending) {
      statistics.outputBytes += bytes.length;
      connection.transport.send(bytes, 0, bytes.length);
    }
    if (this.#sockets?.flush() === false) isFree = false;
    for (const connection of batch.closing) connection.transport.end();
    return isFree;
  }
}
