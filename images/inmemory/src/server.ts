import type { Authenticator } from "@weftkit/auth";
import { Blocking } from "./blocking.ts";
import type { Command } from "./commands/definition.ts";
import { commandFamilies } from "./commands/index.ts";
import { type RegisteredCommand, Registry } from "./commands/registry.ts";
import { EXECABORT, MISCONF, NOAUTH, OOM, wrongArity } from "./errors.ts";
import {
  NOTIFY_EXPIRED,
  NOTIFY_GENERIC,
  NOTIFY_KEY_MISS,
  NOTIFY_KEYEVENT,
  NOTIFY_KEYSPACE,
} from "./notifications.ts";
import type { Journal } from "./persistence/journal.ts";
import { Args } from "./protocol/args.ts";
import { Reply } from "./protocol/reply.ts";
import { PubSub } from "./pubsub.ts";
import { Session } from "./session.ts";
import { defaultSettings, type Settings } from "./settings.ts";
import { Statistics } from "./statistics.ts";
import { Keyspace, NO_EXPIRY } from "./storage/keyspace.ts";
import { LazyFree } from "./storage/lazy-free.ts";
import { Slab } from "./storage/slab.ts";
import { Watches } from "./watches.ts";

/** One write that goes to the journal: the database it runs in and its arguments. */
export interface Propagated {
  database: number;
  values: readonly Buffer[];
}

export interface ServerOptions {
  authenticator?: Authenticator;
  settings?: Partial<Settings>;
  /** ms since the epoch; tests pass their own. */
  clock?: () => number;
  registry?: Registry;
}

const DEL = Buffer.from("DEL");
const MULTI = Buffer.from("MULTI");
const EXEC = Buffer.from("EXEC");

/**
 * The engine's one thread of data: databases, sessions, and how a command runs. It knows no sockets; the network
 * gives it sessions with arguments and takes their replies.
 */
export class Server {
  readonly settings: Settings;
  readonly slab = new Slab();
  readonly databases: Keyspace[];
  readonly registry: Registry;
  readonly statistics = new Statistics();
  readonly lazyFree = new LazyFree();
  readonly blocking = new Blocking();
  readonly pubsub = new PubSub(this);
  readonly watches = new Watches();
  readonly sessions = new Map<number, Session>();

  /** The arguments and the reply of whichever session is running: shared, as only one runs at a time. */
  readonly args = new Args();
  readonly reply = new Reply();

  /** The session whose input is being run; its replies go straight to `reply`. */
  running: Session | undefined;

  /** ms since the epoch, read once per batch of commands. */
  now: number;
  /** Changes since the last save; what a handler adds to it is what makes its command go to the journal. */
  dirty = 0;
  /** Who may log in; without one nobody has to (tests, the rewrite of the log). */
  readonly authenticator: Authenticator | undefined;
  /** Set while the append-only file is open. */
  journal: Journal | undefined;
  /** Why writes are refused at the moment (full disk), or undefined. */
  writesRefused: string | undefined;
  /** Frees memory when a command needs it; false when there is still too little. Set with maxmemory. */
  makeRoom: () => boolean = () => true;
  /** Sessions other than the running one that were written to; the network flushes them at the end of the tick. */
  readonly written = new Set<Session>();
  onWritten: () => void = () => {};

  readonly #clock: () => number;
  #nextSessionId = 1;
  #unit: Propagated[] = [];
  #isInTransaction = false;

  constructor(options: ServerOptions = {}) {
    this.settings = { ...defaultSettings(), ...options.settings };
    this.authenticator = options.authenticator;
    this.#clock = options.clock ?? Date.now;
    this.now = this.#clock();
    this.registry = options.registry ?? new Registry(commandFamilies);
    this.databases = Array.from(
      { length: this.settings.databases },
      (_, index) => new Keyspace(this.slab, index),
    );
    for (const db of this.databases) db.discard = (value) => this.lazyFree.add(value);
    this.updateAccessClock();
  }

  /** False while DEBUG SET-ACTIVE-EXPIRE has switched it off. */
  isActiveExpiryOn = true;

  /** Refuses writes of clients because the disk does; undefined allows them again. */
  refuseWrites(why: string | undefined): void {
    this.writesRefused = why === undefined ? undefined : MISCONF.replace("%s", why);
  }

  /** Brings the clock that entries are stamped with up to date (LRU, in seconds). */
  updateAccessClock(): void {
    const seconds = Math.floor(this.now / 1000) & 0xffffff;
    for (const db of this.databases) db.accessClock = seconds;
  }

  /** Reads the clock; called before each batch of commands. */
  tick(): number {
    this.now = this.#clock();
    return this.now;
  }

  /** Notes that a session which is not running was written to. */
  wrote(session: Session): void {
    this.written.add(session);
    this.onWritten();
  }

  createSession(peer?: Session["peer"]): Session {
    const session = new Session(this, this.#nextSessionId++, peer);
    this.sessions.set(session.id, session);
    return session;
  }

  /** A session that may do everything and whose commands are not recorded: for loading. */
  createReplaySession(): Session {
    const session = this.createSession();
    session.isReplaying = true;
    session.mayNotBlock = true;
    return session;
  }

  /** Ends a session: everything that knows it forgets it. */
  closeSession(session: Session): void {
    this.sessions.delete(session.id);
    session.stopBlocking();
    this.watches.unwatch(session);
    this.pubsub.unsubscribeAll(session);
    this.written.delete(session);
  }

  // ---- running commands ------------------------------------------------------------------------------------------

  /** Runs the command in `session.args`; exactly one reply is written, later if the session blocks. */
  execute(session: Session): void {
    const { args, reply } = session;
    let command = this.registry.find(args);
    if (command?.registered.length) {
      if (args.count === 1) {
        this.#reject(session, command, wrongArity(command.name));
        return;
      }
      const container = command;
      command = this.registry.findSubcommand(container, args);
      if (command === undefined) {
        this.#reject(session, container, unknownSubcommand(container, args));
        return;
      }
    }
    if (command === undefined) {
      this.#reject(session, undefined, unknownCommand(args));
      return;
    }
    if (command.arity > 0 ? args.count !== command.arity : args.count < -command.arity) {
      this.#reject(session, command, wrongArity(command.fullName));
      return;
    }
    session.command = command;
    const denial = this.#denial(session, command);
    if (denial !== undefined) {
      this.#reject(session, command, denial);
      return;
    }
    if (session.transaction !== undefined && !command.controlsTransaction) {
      session.transaction.commands.push({ command, values: args.copyAll() });
      reply.simple("QUEUED");
      return;
    }
    this.call(session, command);
    this.endUnit();
    if (this.blocking.hasReady) this.#serveBlocked();
  }

  /** Runs a handler, counts it and records what it changed. Access and arity are already checked. */
  call(session: Session, command: RegisteredCommand): void {
    const { reply } = session;
    const dirtyBefore = this.dirty;
    const errorsBefore = reply.errors;
    session.takeRewritten();
    const database = session.db.index;
    command.calls++;
    const started = performance.now();
    command.run(session);
    command.microseconds += (performance.now() - started) * 1000;
    if (reply.errors !== errorsBefore) command.failedCalls++;
    if (this.dirty === dirtyBefore || this.journal === undefined || session.isReplaying) return;
    session.hasUnsavedWrites = true;
    const rewritten = session.takeRewritten();
    if (rewritten !== undefined) {
      for (const values of rewritten) this.#unit.push({ database, values });
    } else if (this.#unit.length === 0 && !this.#isInTransaction) {
      this.journal.append(database, session.args);
    } else {
      this.#unit.push({ database, values: session.args.copyAll() });
    }
  }

  /** Runs several commands as one: their changes are recorded between MULTI and EXEC. */
  transaction(run: () => void): void {
    this.#isInTransaction = true;
    try {
      run();
    } finally {
      this.#isInTransaction = false;
    }
  }

  /** Records a change that no client asked for in these words (an expired key, an evicted one). */
  propagate(database: number, values: readonly Buffer[]): void {
    if (this.journal !== undefined) this.#unit.push({ database, values });
  }

  /** Hands the changes of one command, transaction or background step to the journal, atomically if several. */
  endUnit(): void {
    const unit = this.#unit;
    if (unit.length === 0 || this.#isInTransaction) return;
    this.#unit = [];
    const { journal } = this;
    if (journal === undefined) return;
    const first = unit[0]!.database;
    if (unit.length > 1) journal.appendValues(first, [MULTI]);
    for (const { database, values } of unit) journal.appendValues(database, values);
    if (unit.length > 1) journal.appendValues(unit.at(-1)!.database, [EXEC]);
  }

  /** Why a session may not run a command now, or undefined. */
  #denial(session: Session, command: RegisteredCommand): string | undefined {
    if (session.isReplaying) return undefined;
    if (session.access === undefined) {
      if (!command.flags.includes("no_auth")) return NOAUTH;
    } else {
      const denied = session.access.denial(command, session);
      if (denied !== undefined) return denied;
    }
    if (this.settings.maxMemory > 0 && !this.makeRoom() && command.deniesOom) return OOM;
    if (this.writesRefused !== undefined && command.isWrite) return this.writesRefused;
    return session.contextDenial(command);
  }

  #reject(session: Session, command: RegisteredCommand | undefined, error: string): void {
    if (command !== undefined) command.rejectedCalls++;
    if (session.transaction !== undefined) {
      if (command?.name === "exec") {
        session.discardTransaction();
        session.reply.error(
          `${EXECABORT.split(" ")[0]} Transaction discarded because of: ${error.replace(/^-/, "")}`,
        );
        return;
      }
      session.transaction.isAborted = true;
    }
    session.reply.error(error);
  }

  #serveBlocked(): void {
    this.blocking.serve((session, db, key) => session.retryBlocked(db, key));
  }

  /** Serves those who wait for keys that a background step has made ready. */
  serveBlocked(): void {
    if (this.blocking.hasReady) this.#serveBlocked();
  }

  // ---- keys ------------------------------------------------------------------------------------------------------

  lookupRead(db: Keyspace, bytes: Buffer, offset: number, length: number): number {
    const entry = this.lookupWrite(db, bytes, offset, length);
    if (entry === 0) {
      this.statistics.keyspaceMisses++;
      if (this.settings.notifyClasses & NOTIFY_KEY_MISS) {
        this.notify(db, bytes.subarray(offset, offset + length), NOTIFY_KEY_MISS, "keymiss");
      }
      return 0;
    }
    this.statistics.keyspaceHits++;
    return entry;
  }

  lookupWrite(db: Keyspace, bytes: Buffer, offset: number, length: number): number {
    const entry = db.find(bytes, offset, length);
    if (entry === 0) return 0;
    const expiry = db.expiryOf(entry);
    if (expiry !== NO_EXPIRY && expiry <= this.now && !this.isLoading) {
      this.expire(db, entry);
      return 0;
    }
    db.touchAccess(entry);
    return entry;
  }

  /** True while the append-only file is being replayed: nothing expires then, the file says what did. */
  isLoading = false;

  /** Deletes an entry because its time is over. */
  expire(db: Keyspace, entry: number): void {
    const key = db.keyOf(entry);
    db.delete(entry);
    this.statistics.expiredKeys++;
    this.propagate(db.index, [DEL, key]);
    this.watches.touch(db, key);
    if (this.blocking.count > 0) this.blocking.ready(db, key);
    this.notify(db, key, NOTIFY_EXPIRED, "expired");
  }

  /** Deletes an entry on behalf of a command and says so to watchers and subscribers; not to the journal. */
  delete(db: Keyspace, entry: number, event = "del", eventClass = NOTIFY_GENERIC): void {
    const key = db.keyOf(entry);
    db.delete(entry);
    this.changed(db, key, eventClass, event, 1);
  }

  changed(db: Keyspace, key: Buffer, eventClass: number, event: string, dirty: number): void {
    this.dirty += dirty;
    if (this.watches.count > 0) this.watches.touch(db, key);
    if (this.blocking.count > 0) this.blocking.ready(db, key);
    if (this.settings.notifyClasses !== 0) this.notify(db, key, eventClass, event);
  }

  /** Publishes a keyspace event if its class is switched on. */
  notify(db: Keyspace, key: Buffer, eventClass: number, event: string): void {
    const classes = this.settings.notifyClasses;
    if ((classes & eventClass) === 0) return;
    if (classes & NOTIFY_KEYSPACE) {
      this.pubsub.publish(Buffer.concat([Buffer.from(`__keyspace@${db.index}__:`), key]), Buffer.from(event));
    }
    if (classes & NOTIFY_KEYEVENT) {
      this.pubsub.publish(Buffer.from(`__keyevent@${db.index}__:${event}`), Buffer.from(key));
    }
  }
}

function unknownCommand(args: Args): string {
  let shown = "";
  for (let i = 1; i < args.count && shown.length < 128; i++) {
    shown += `'${args.latin1(i).slice(0, 128 - shown.length)}' `;
  }
  return `ERR unknown command '${args.latin1(0).slice(0, 128)}', with args beginning with: ${shown}`;
}

function unknownSubcommand(container: Command, args: Args): string {
  return `ERR unknown subcommand '${args.latin1(1).slice(0, 128)}'. Try ${container.name.toUpperCase()} HELP.`;
}
