import type { Authenticator, SecurityContext } from "@weftkit/auth";
import type { Peer } from "@weftkit/host";
import { Access, type Rights } from "../command-table/access.ts";
import type { RegisteredCommand, Registry } from "../command-table/registry.ts";
import { NOT_AN_INTEGER, WRONGTYPE } from "../errors.ts";
import type { Propagation } from "../persistence/propagation.ts";
import type { Args } from "../protocol/args.ts";
import type { Reply } from "../protocol/reply.ts";
import { type DataType, type Keyspace, NO_EXPIRY, TYPE_STRING } from "../storage/keyspace.ts";
import type { BlockedState, Blocking, BlockRequest, Waiter } from "./blocking.ts";
import type { Pausing } from "./pausing.ts";
import type { PubSub } from "./pubsub.ts";
import type { Tracking, TrackingState } from "./tracking.ts";
import type { Watched, Watches } from "./watches.ts";

/** The `until` of a wait that no time ends. */
export const waitForever = 0;

/** Commands queued between MULTI and EXEC. */
export interface Transaction<Session = never> {
  readonly commands: { command: RegisteredCommand<Session>; values: readonly Buffer[] }[];
  /** A command was refused while queueing: EXEC answers EXECABORT. */
  isAborted: boolean;
  /** Bytes of the queued arguments: they count as input of the client. */
  bytes: number;
}

/** What a session asks of the server that it belongs to. */
export interface SessionHost {
  readonly args: Args;
  readonly reply: Reply;
  readonly databases: readonly Keyspace[];
  /** ms since the epoch. */
  readonly now: number;
  dirty: number;
  readonly authenticator: Authenticator | undefined;
  readonly registry: Registry;
  readonly settings: { readonly notifyClasses: number };
  readonly statistics: { commandsProcessed: number };
  readonly propagation: Propagation;
  readonly blocking: Blocking;
  readonly pausing: Pausing;
  readonly pubsub: PubSub;
  readonly watches: Watches;
  readonly tracking: Tracking;
  readonly monitors: { delete(session: Session): boolean };
  /** The sessions that are open, by number. */
  readonly sessions: { has(id: number): boolean };
  tick(): number;
  lookupRead(db: Keyspace, bytes: Buffer, offset: number, length: number): number;
  lookupWrite(db: Keyspace, bytes: Buffer, offset: number, length: number): number;
  changed(db: Keyspace, key: Buffer, eventClass: number, event: string, dirty: number): void;
  createReply(bytes?: number): Reply;
  /** Makes the session who it is before it logs in, if that is somebody. */
  admit(session: Session): void;
  /** A session that is not running was written to. */
  wrote(session: Session): void;
  /** Runs the command in the session's arguments. */
  execute(session: Session): void;
  /** Runs the session's command once more, without the checks that it has passed. */
  runAgain(session: Session): void;
}

/** What the network offers a session. */
export interface Connection {
  /** Goes on reading commands, after the session was blocked or waited. */
  resume(): void;
  /** Closes after what is written has been sent. */
  closeAfterReply(): void;
  /** Closes now. */
  destroy(): void;
  /** Bytes written by the engine but not yet taken by the kernel. */
  readonly outputBytes: number;
  /** Bytes received and not run yet. */
  readonly inputBytes: number;
  /** Bytes of the request that is being run. */
  readonly requestBytes: number;
}

const RESP2_SUBSCRIBER_COMMANDS = new Set([
  "ping",
  "subscribe",
  "ssubscribe",
  "psubscribe",
  "unsubscribe",
  "sunsubscribe",
  "punsubscribe",
  "quit",
  "reset",
]);

/**
 * One client's session, and what command handlers work with: the arguments, the reply, the selected database, and
 * the few verbs that tie a handler to expiry, notifications, WATCH, blocking and the append-only file.
 */
export class Session implements Waiter {
  readonly server: SessionHost;
  readonly id: number;
  readonly peer: Peer | undefined;
  connection: Connection | undefined;

  /** The address that the client has connected to, where somebody has to be told. */
  connectedTo: { readonly host: string; readonly port: number } | undefined;

  /** The command being run. */
  command!: RegisteredCommand;
  readonly args: Args;
  /** Where the running command's reply goes. */
  reply: Reply;
  db: Keyspace;
  version: 2 | 3 = 2;
  name = "";

  /** Who the client is and what it may do; undefined until it has authenticated. */
  user: SecurityContext | undefined;
  access: Rights | undefined;

  transaction: Transaction | undefined;
  watched: Watched[] = [];
  isWatchBroken = false;

  readonly createdAt: number;
  /** ms since the epoch when the last command came. */
  lastCommandAt: number;
  lastCommand: RegisteredCommand | undefined;
  libraryName = "";
  libraryVersion = "";
  replyMode: "on" | "off" | "skip-next" | "skip" = "on";
  isNotEvicted = false;
  isNotTouching = false;
  isMonitor = false;

  readonly channels = new Set<string>();
  readonly patterns = new Set<string>();
  readonly shardChannels = new Set<string>();

  /** How it wants to hear of keys that change, if it does. */
  tracking: TrackingState | undefined;

  /** Set while the session waits for a key or a time; no further command of it runs meanwhile. */
  blocked: BlockedState | undefined;
  /** True while an asynchronous command (AUTH) is being decided. */
  isDeciding = false;
  /** True when a write of this session is not known to be on the disk. */
  hasUnsavedWrites = false;
  /** True while a transaction runs, or a file is replayed: nothing may block. */
  mayNotBlock = false;
  /** True while a script of this session calls a command. */
  isInScript = false;
  /** True for the session that replays the append-only file. */
  isReplaying = false;
  /** True for the session that runs what the engine's primary has run. */
  isFollowing = false;
  /** Set by a handler that did more than its request and its reply say: the command is timed alone. */
  tookLong = false;
  /** The command as it came, where its handler has put another one in its place. */
  calledAs: readonly Buffer[] | undefined;
  /** What goes to the journal instead of the command as it came; an empty array is nothing. */
  #rewritten: (readonly Buffer[])[] | undefined;

  /** Replies written while another session runs. */
  #pending: Reply | undefined;
  #blockTimer: NodeJS.Timeout | undefined;

  constructor(server: SessionHost, id: number, peer: Peer | undefined) {
    this.server = server;
    this.id = id;
    this.peer = peer;
    this.args = server.args;
    this.reply = server.reply;
    this.db = server.databases[0]!;
    this.createdAt = server.now;
    this.lastCommandAt = server.now;
  }

  /** The client's address as CLIENT LIST shows it. */
  get address(): string {
    const { peer } = this;
    if (peer === undefined) return "?:0";
    return peer.address.includes(":") ? `[${peer.address}]:${peer.port}` : `${peer.address}:${peer.port}`;
  }

  /** The client type by which CLIENT LIST and KILL choose. */
  get type(): "normal" | "pubsub" {
    return this.subscriptionCount > 0 ? "pubsub" : "normal";
  }

  /** The state as letters (Redis, CLIENT LIST, "flags"). */
  get flagLetters(): string {
    let letters = "";
    if (this.isMonitor) letters += "O";
    if (this.subscriptionCount > 0) letters += "P";
    if (this.tracking !== undefined) letters += "t";
    if (this.tracking?.isRedirectBroken === true) letters += "R";
    if (this.tracking?.isBroadcast === true) letters += "B";
    if (this.transaction !== undefined) letters += "x";
    if (this.blocked !== undefined) letters += "b";
    if (this.isWatchBroken) letters += "d";
    if (this.isNotEvicted) letters += "e";
    if (this.isNotTouching) letters += "T";
    return letters === "" ? "N" : letters;
  }

  /** Whether what it runs has been run before, and was allowed then. */
  get isRerunning(): boolean {
    return this.isReplaying || this.isFollowing;
  }

  /** From now on the session acts for this user. */
  authenticate(user: SecurityContext, access: Rights = new Access(user, this.server.registry)): void {
    this.user = user;
    this.access = access;
  }

  // ---- keys ------------------------------------------------------------------------------------------------------

  /** The entry of the key at an argument, for reading; 0 when absent or expired. Counts hits and misses. */
  read(index: number): number {
    const { args } = this;
    return this.server.lookupRead(this.db, args.buffer, args.offsets[index]!, args.lengths[index]!);
  }

  /** The entry of the key at an argument, for writing; 0 when absent or expired. */
  write(index: number): number {
    const { args } = this;
    return this.server.lookupWrite(this.db, args.buffer, args.offsets[index]!, args.lengths[index]!);
  }

  /** Whether an existing entry has this type; answers WRONGTYPE when it has not. An absent one (0) is any type. */
  isType(entry: number, type: DataType): boolean {
    if (entry === 0 || this.db.typeOf(entry) === type) return true;
    this.reply.error(WRONGTYPE);
    return false;
  }

  /**
   * Says that the key at an argument was changed: watchers of it fail, those who wait for it are served, the event is
   * published, the command goes to the journal. `dirty` is the number of changes (0: the event only).
   */
  changed(index: number, eventClass: number, event: string, dirty = 1): void {
    const { server, args, db } = this;
    server.dirty += dirty;
    // On the hot path nobody listens, and the key is not even cut out of the buffer.
    if (server.watches.count === 0 && server.blocking.count === 0 && server.settings.notifyClasses === 0)
      return;
    server.changed(db, args.view(index), eventClass, event, 0);
  }

  /**
   * What the journal gets instead of the command as it came; several calls add up. For commands whose effect depends
   * on time, chance or who was served: the journal has the effect.
   */
  propagateAs(...values: readonly (string | Buffer)[]): void {
    this.#rewritten ??= [];
    // Copies: a value may be a view of the arguments or of the slab, and both change.
    this.#rewritten.push(values.map((value) => Buffer.from(value as Buffer)));
  }

  /** What the journal gets in the place of one argument of the command as it came: `bytes[0..length)`. */
  replaceInJournal(index: number, bytes: Buffer, length = bytes.length): void {
    this.args.replaced.add(index, bytes, length);
  }

  /** The journal gets nothing of this command, or only what `propagateAs` adds afterwards. */
  propagateNothing(): void {
    this.#rewritten = [];
  }

  /** What `propagateAs` and `propagateNothing` said, once. */
  takeRewritten(): (readonly Buffer[])[] | undefined {
    const rewritten = this.#rewritten;
    this.#rewritten = undefined;
    return rewritten;
  }

  /** The entry's expiry in ms since the epoch, or -1. */
  expiryOf(entry: number): number {
    return entry === 0 ? NO_EXPIRY : this.db.expiryOf(entry);
  }

  // ---- arguments -------------------------------------------------------------------------------------------------

  /** The argument as an integer; on a bad one answers the error and returns NaN. */
  integer(index: number, error = NOT_AN_INTEGER): number {
    const value = this.args.integer(index);
    if (Number.isNaN(value)) this.reply.error(error);
    return value;
  }

  /** Keeps the command until a pause ends. */
  hold(): void {
    this.isDeciding = true;
    this.server.pausing.hold(this, this.args.copyAll());
  }

  /** Runs a command that was held back by a pause. */
  runHeld(values: readonly Buffer[]): void {
    this.isDeciding = false;
    if (!this.server.sessions.has(this.id)) return;
    this.server.tick();
    this.enter();
    this.args.load(values);
    this.server.execute(this);
    this.leave();
    if (!this.isWaiting) this.connection?.resume();
  }

  /** Whether the client is still connected. */
  get isOpen(): boolean {
    return this.server.sessions.has(this.id);
  }

  /** Whether no further command may run now. */
  get isWaiting(): boolean {
    return this.blocked !== undefined || this.isDeciding;
  }

  /** Answers when a promise has settled; until then the session runs nothing else. */
  decide<T>(promise: Promise<T>, answer: (result: T) => void, failed: (error: unknown) => void): void {
    this.isDeciding = true;
    const settle = (write: () => void) => {
      this.isDeciding = false;
      if (!this.server.sessions.has(this.id)) return;
      this.enter();
      write();
      this.leave();
      this.connection?.resume();
    };
    promise.then(
      (result) => settle(() => answer(result)),
      (error: unknown) => settle(() => failed(error)),
    );
  }

  // ---- blocking --------------------------------------------------------------------------------------------------

  /**
   * Waits until one of the keys holds the type, then runs the command again with the same arguments. A command that
   * finds nothing then blocks once more and keeps its place and its time. Ask `mayNotBlock` first.
   */
  block(request: BlockRequest): void {
    const { args, server } = this;
    const until = this.#retrying?.until ?? request.until;
    const state: BlockedState = {
      db: this.db,
      keys: [...new Set(request.keys.map((index) => args.latin1(index)))],
      type: request.type,
      values: this.#retrying?.values ?? request.values ?? args.copyAll(),
      alsoOnDelete: request.alsoOnDelete ?? false,
      until,
      onTimeout: request.onTimeout,
    };
    this.blocked = state;
    // While it is retried the session never left its place among those who wait.
    if (this.#retrying !== undefined) return;
    server.blocking.add(this, state);
    if (until > 0) {
      this.#blockTimer = setTimeout(
        () => this.#timeOut(),
        Math.min(Math.max(0, until - server.now), 2 ** 31 - 1),
      );
    }
  }

  /** Waits for nothing but a time (or `endBlocking`). */
  waitUntil(until: number, onTimeout: (session: Session) => void): void {
    this.block({ keys: [], type: TYPE_STRING, until, onTimeout });
  }

  #retrying: BlockedState | undefined;

  /** True while a command that waited runs again. */
  get isRetrying(): boolean {
    return this.#retrying !== undefined;
  }

  /** Runs the waiting command again because `key` may serve it now. */
  retryBlocked(db: Keyspace, key: Buffer): void {
    const state = this.blocked;
    if (state === undefined || state.db !== db) return;
    const entry = this.server.lookupWrite(db, key, 0, key.length);
    const isServable = entry !== 0 && db.typeOf(entry) === state.type;
    if (!isServable && !state.alsoOnDelete) return;
    this.#retrying = state;
    this.blocked = undefined;
    this.enter();
    this.args.load(state.values);
    const selected = this.db;
    this.db = state.db;
    this.server.runAgain(this);
    this.server.propagation.endUnit();
    this.db = selected;
    this.leave();
    this.#retrying = undefined;
    if (this.blocked === undefined) this.#unblocked(state);
  }

  /** Ends the wait with a reply that `write` writes (a time-out, CLIENT UNBLOCK). */
  endBlocking(write: (session: Session) => void): void {
    const state = this.blocked;
    if (state === undefined) return;
    this.blocked = undefined;
    this.enter();
    const errorsBefore = this.reply.errors;
    write(this);
    this.command.calls++;
    this.server.statistics.commandsProcessed++;
    if (this.reply.errors !== errorsBefore) this.command.failedCalls++;
    this.leave();
    this.#unblocked(state);
  }

  /** Forgets the wait without a reply: the session ends. */
  stopBlocking(): void {
    const state = this.blocked;
    if (state === undefined) return;
    this.blocked = undefined;
    clearTimeout(this.#blockTimer);
    this.server.blocking.remove(this, state);
  }

  #timeOut(): void {
    const state = this.blocked;
    if (state === undefined) return;
    this.server.tick();
    const left = state.until - this.server.now;
    if (left > 0) {
      this.#blockTimer = setTimeout(() => this.#timeOut(), Math.min(left, 2 ** 31 - 1));
      return;
    }
    this.endBlocking(state.onTimeout);
  }

  #unblocked(state: BlockedState): void {
    clearTimeout(this.#blockTimer);
    this.server.blocking.remove(this, state);
    this.connection?.resume();
  }

  // ---- replies ---------------------------------------------------------------------------------------------------

  /** Makes this the session whose replies go to `reply`, while it is not the one whose input is being read. */
  enter(): void {
    this.reply = this.outOfBand();
  }

  leave(): void {
    this.reply = this.server.reply;
  }

  /** Where to write to this session at any time, beside the reply of the command that may be running. */
  outOfBand(): Reply {
    const { server } = this;
    this.#pending ??= server.createReply(512);
    this.#pending.version = this.version;
    server.wrote(this);
    return this.#pending;
  }

  /** Takes what was written while other sessions ran, or undefined. */
  takePending(): Buffer | undefined {
    const pending = this.#pending;
    if (pending === undefined || pending.length === 0) return undefined;
    this.#pending = undefined;
    return pending.buffer.subarray(0, pending.length);
  }

  /** Puts pushes to the running session itself behind the reply of its command. */
  appendPushes(): void {
    const pending = this.takePending();
    if (pending !== undefined) this.reply.raw(pending);
  }

  // ---- state -----------------------------------------------------------------------------------------------------

  get subscriptionCount(): number {
    return this.channels.size + this.patterns.size + this.shardChannels.size;
  }

  /** Why the session's state does not allow a command, or undefined. */
  contextDenial(command: RegisteredCommand): string | undefined {
    if (this.version === 2 && this.subscriptionCount > 0 && !RESP2_SUBSCRIBER_COMMANDS.has(command.name)) {
      return `ERR Can't execute '${command.fullName}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`;
    }
    if (this.transaction !== undefined && command.flags.includes("no_multi")) {
      return `ERR Command not allowed inside a transaction`;
    }
    return undefined;
  }

  /** Back to the state of a new connection (RESET). */
  reset(): void {
    const { server } = this;
    this.discardTransaction();
    server.pubsub.unsubscribeAll(this);
    server.tracking.disable(this);
    this.version = 2;
    this.reply.version = 2;
    this.db = server.databases[0]!;
    this.name = "";
    this.replyMode = "on";
    this.isNotEvicted = false;
    this.isNotTouching = false;
    server.monitors.delete(this);
    this.isMonitor = false;
    this.user = undefined;
    this.access = undefined;
    server.admit(this);
  }

  /** Ends a transaction without running it. */
  discardTransaction(): void {
    this.transaction = undefined;
    this.server.watches.unwatch(this);
  }
}
