import type { Transport } from "@weftkit/sockets";
import { Args } from "../protocol/args.ts";
import { COMPLETE, INCOMPLETE, ProtocolError, RequestParser } from "../protocol/request.ts";
import type { ClientSession } from "../server/server.ts";
import type { Connection } from "../session/session.ts";
import type { Tick } from "./tick.ts";

/** A request with more arguments than this is continued where it stopped; a smaller one is read again. */
const REREAD_ARGUMENTS_MAX = 64;
/** So much reply in one go, then the others get their turn. */
const REPLY_SLICE_BYTES = 1 << 20;
/** Input kept for a session that waits, before reading stops. */
const WAITING_INPUT_BYTES = 1 << 20;
/** Input kept for a client that has not logged in. */
const UNAUTHENTICATED_INPUT_BYTES = 1 << 20;

/** Ties a transport to a session: cuts the input into commands, runs them, and hands the replies to the tick. */
export class ClientConnection implements Connection {
  readonly session: ClientSession;
  readonly transport: Transport;
  readonly #tick: Tick;
  readonly #onClosed: (connection: ClientConnection) => void;
  readonly #parser = new RequestParser();
  /** Input that is not run yet: the bytes [0, #inputEnd); the parser's positions are in it. */
  #input: Buffer | undefined;
  #inputEnd = 0;
  /** Arguments of a long request that is still arriving. */
  #partialArgs: Args | undefined;
  #isPaused = false;
  /** The client sends no more: the connection ends with the last reply. */
  #hasEnded = false;
  #isClosed = false;
  isClosing = false;
  /** When the output first exceeded its soft limit, in ms; 0 when it does not. */
  softLimitSince = 0;
  lastActiveAt: number;

  constructor(
    session: ClientSession,
    transport: Transport,
    tick: Tick,
    onClosed: (connection: ClientConnection) => void,
  ) {
    this.session = session;
    this.transport = transport;
    this.#tick = tick;
    this.#onClosed = onClosed;
    this.lastActiveAt = session.server.now;
    session.connection = this;
    transport.start({
      data: (buffer, start, end) => this.#data(buffer, start, end),
      upcoming: (buffer, start, end) => {
        // Behind kept input it is not known where a request starts.
        if (this.#input === undefined) this.#tick.prefetch.add(session.db, buffer, start, end);
      },
      unsent: () => this.#checkOutputLimit(),
      drained: () => {
        this.softLimitSince = 0;
      },
      ended: () => this.#ended(),
      closed: () => this.#closed(),
    });
  }

  get outputBytes(): number {
    return this.transport.unsentBytes;
  }

  /** Bytes of input received and not run yet. */
  get inputBytes(): number {
    return this.#input === undefined ? 0 : this.#inputEnd - this.#parser.start;
  }

  get requestBytes(): number {
    return this.#parser.position - this.#parser.start;
  }

  closeAfterReply(): void {
    if (this.isClosing) return;
    this.isClosing = true;
    if (this.session.server.running !== this.session) this.#tick.closeLater(this);
  }

  destroy(): void {
    this.transport.destroy();
  }

  /** Closes a client that does not read what it asked for. */
  #checkOutputLimit(): void {
    const { server } = this.session;
    const limit = server.settings.outputLimits[this.session.subscriptionCount > 0 ? "pubsub" : "normal"];
    const bytes = this.transport.unsentBytes;
    const isOverHard = limit.hardBytes > 0 && bytes > limit.hardBytes;
    if (limit.softBytes === 0 || bytes <= limit.softBytes) this.softLimitSince = 0;
    else if (this.softLimitSince === 0) this.softLimitSince = server.now;
    const isOverSoft = this.softLimitSince > 0 && server.now - this.softLimitSince > limit.softSeconds * 1000;
    if (!isOverHard && !isOverSoft) return;
    server.statistics.outputBufferLimitDisconnections++;
    this.destroy();
  }

  /** Runs what arrived while the session waited, and reads on. */
  resume(): void {
    if (this.#isClosed) return;
    if (this.#input !== undefined && this.#inputEnd > this.#parser.start) {
      this.#tick.runLater(this);
      return;
    }
    this.#readOn();
  }

  /** Called by the tick after `runLater`. */
  runInput(): void {
    if (this.#isClosed || this.isClosing || this.session.isWaiting) return;
    if (this.#input !== undefined) this.#run(this.#input, this.#inputEnd);
    if (!this.session.isWaiting) this.#readOn();
  }

  #readOn(): void {
    if (this.#hasEnded) this.closeAfterReply();
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.transport.resume();
  }

  #data(buffer: Buffer, start: number, end: number): void {
    const { session } = this;
    const { server } = session;
    server.statistics.inputBytes += end - start;
    if (this.isClosing) return;
    if (this.#input !== undefined) {
      this.#append(buffer, start, end);
      if (this.#isClosed) return;
      if (session.isWaiting || this.#tick.isQueued(this)) this.#pauseWhenFull();
      else this.#run(this.#input, this.#inputEnd);
    } else if (session.isWaiting) {
      this.#parser.reset(0);
      this.#append(buffer, start, end);
      this.#pauseWhenFull();
    } else {
      this.#parser.reset(start);
      this.#run(buffer, end);
    }
  }

  /** Runs the commands in `buffer` from the parser's position on, and keeps what is left. */
  #run(buffer: Buffer, end: number): void {
    const { session } = this;
    const { server } = session;
    const { args, reply } = server;
    const parser = this.#parser;
    const limits = {
      bulkBytes: server.settings.bulkLimitBytes,
      isAuthenticated: session.access !== undefined,
    };
    const segmentStart = this.#tick.begin(session);
    this.lastActiveAt = server.now;
    if (this.#partialArgs !== undefined) {
      args.swap(this.#partialArgs);
      this.#partialArgs = undefined;
    }
    let isIncomplete = false;
    try {
      while (true) {
        const result = parser.parse(buffer, end, args, limits);
        if (result === INCOMPLETE) {
          isIncomplete = true;
          break;
        }
        if (result !== COMPLETE) continue;
        server.execute(session);
        limits.isAuthenticated = session.access !== undefined;
        if (session.isWaiting || this.isClosing || this.#isClosed) break;
        if (reply.length - segmentStart > REPLY_SLICE_BYTES) {
          this.#tick.runLater(this);
          break;
        }
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      reply.error(`ERR Protocol error: ${error.message}`);
      this.isClosing = true;
    } finally {
      this.#tick.end(this, segmentStart, buffer);
    }
    if (this.isClosing || this.#isClosed) {
      this.#input = undefined;
      return;
    }
    if (isIncomplete) this.#keepIncomplete(buffer, end, args);
    else if (parser.position < end) this.#keep(buffer, parser.position, end);
    else this.#keepNothing();
  }

  /** All input was run: its buffer is free. */
  #keepNothing(): void {
    if (this.#input !== undefined) this.#tick.inputBuffers.give(this.#input);
    this.#input = undefined;
  }

  /** Keeps a request that has not arrived whole. */
  #keepIncomplete(buffer: Buffer, end: number, args: Args): void {
    const parser = this.#parser;
    const { start } = parser;
    if (start >= end) {
      this.#keepNothing();
      return;
    }
    if (args.count > REREAD_ARGUMENTS_MAX) {
      const partial = new Args();
      partial.swap(args);
      // Only the first time: from then on the request starts where our own buffer does, however many packets follow.
      if (start > 0) for (let i = 0; i < partial.count; i++) partial.offsets[i]! -= start;
      this.#partialArgs = partial;
      const { wantedBytes } = parser;
      this.#keep(buffer, start, end, wantedBytes);
      parser.shift(-start);
    } else {
      const { wantedBytes } = parser;
      this.#keep(buffer, start, end, wantedBytes);
    }
  }

  /** Makes `buffer[start..end)` the input, at offset 0 of a buffer of our own, and sets the parser to its start. */
  #keep(buffer: Buffer, start: number, end: number, wantedBytes = 0): void {
    const length = end - start;
    if (buffer === this.#input) {
      if (start > 0) buffer.copyWithin(0, start, end);
    } else {
      // Room for what is announced, but in proportion to what has really come.
      this.#input = this.#tick.inputBuffers.take(Math.max(length, Math.min(wantedBytes, length * 2)));
      buffer.copy(this.#input, 0, start, end);
    }
    this.#inputEnd = length;
    if (this.#partialArgs === undefined) this.#parser.reset(0);
  }

  #append(buffer: Buffer, start: number, end: number): void {
    const length = end - start;
    const held = this.#input === undefined ? 0 : this.#inputEnd;
    const { session } = this;
    const { settings, statistics } = session.server;
    const limit =
      session.access === undefined && !session.isWaiting
        ? Math.min(settings.queryBufferLimitBytes, UNAUTHENTICATED_INPUT_BYTES)
        : settings.queryBufferLimitBytes;
    if (held + length > limit) {
      statistics.queryBufferLimitDisconnections++;
      this.destroy();
      return;
    }
    if (this.#input === undefined || held + length > this.#input.length) {
      const larger = this.#tick.inputBuffers.take(Math.max(held + length, held * 2));
      this.#input?.copy(larger, 0, 0, held);
      this.#keepNothing();
      this.#input = larger;
    }
    buffer.copy(this.#input, held, start, end);
    this.#inputEnd = held + length;
  }

  #pauseWhenFull(): void {
    if (this.#isPaused || this.#inputEnd < WAITING_INPUT_BYTES) return;
    this.#isPaused = true;
    this.transport.pause();
  }

  /** What was asked for is still answered; what may never come is not waited for. */
  #ended(): void {
    const { session } = this;
    this.#hasEnded = true;
    const isHeld = session.isDeciding && session.server.pausing.isActive;
    const isListening = session.subscriptionCount > 0 || session.isMonitor;
    if (session.blocked !== undefined || isListening || isHeld) this.destroy();
    else if (!session.isWaiting && !this.#tick.isQueued(this)) this.closeAfterReply();
  }

  #closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#input = undefined;
    this.#partialArgs = undefined;
    this.#onClosed(this);
  }
}
