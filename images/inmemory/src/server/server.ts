import { randomBytes } from "node:crypto";
import type { Authenticator } from "@weftkit/auth";
import type { AclFile } from "../acl/file.ts";
import { AclLog, type Refused } from "../acl/log.ts";
import { AclUsers } from "../acl/users.ts";
import type { Denial } from "../command-table/access.ts";
import type { RegisteredCommand, Registry } from "../command-table/registry.ts";
import { Dispatcher } from "../dispatch/dispatcher.ts";
import { MISCONF } from "../errors.ts";
import { type LogControl, noLog } from "../persistence/journal.ts";
import { Propagation } from "../persistence/propagation.ts";
import { Args } from "../protocol/args.ts";
import { Reply } from "../protocol/reply.ts";
import { Functions } from "../scripting/functions.ts";
import type { ScriptHost, ScriptRules } from "../scripting/host.ts";
import type { Runner } from "../scripting/runner.ts";
import { Scripts } from "../scripting/scripts.ts";
import { writesNothing } from "../scripting/shebang.ts";
import { Blocking } from "../session/blocking.ts";
import { describeClient } from "../session/client-line.ts";
import { isSecret } from "../session/monitoring.ts";
import { Pausing } from "../session/pausing.ts";
import { PubSub } from "../session/pubsub.ts";
import { Session, type SessionHost, type Transaction } from "../session/session.ts";
import { Tracking } from "../session/tracking.ts";
import { Watches } from "../session/watches.ts";
import { defaultSettings, type EvictionPolicy, type Settings } from "../settings.ts";
import { Evictor, frequencyAfterUse, LFU_INITIAL, packFrequency } from "../storage/eviction.ts";
import { Keyspace, NO_EXPIRY } from "../storage/keyspace.ts";
import { LazyFree } from "../storage/lazy-free.ts";
import { Slab } from "../storage/slab.ts";
import type { Cluster } from "./cluster.ts";
import { LatencyMonitor } from "./latency.ts";
import {
  NOTIFY_EVICTED,
  NOTIFY_EXPIRED,
  NOTIFY_GENERIC,
  NOTIFY_KEY_MISS,
  NOTIFY_KEYEVENT,
  NOTIFY_KEYSPACE,
} from "./notifications.ts";
import type { PrimaryAddress, ReplicaState } from "./replica-state.ts";
import { Slowlog } from "./slowlog.ts";
import { Statistics } from "./statistics.ts";

/** A session of this server. */
export class ClientSession extends Session {
  declare readonly server: Server;
  declare command: RegisteredCommand<ClientSession>;
  declare transaction: Transaction<ClientSession> | undefined;
}

export interface ServerOptions {
  /** The commands that there are. */
  registry: Registry<ClientSession>;
  authenticator?: Authenticator;
  settings?: Partial<Settings>;
  /** ms since the epoch; tests pass their own. */
  clock?: () => number;
}

const DEL = Buffer.from("DEL");
/** Large values looked at to estimate the memory of all. */
const OBJECT_SAMPLES = 10_000;
const REDACTED = Buffer.from("(redacted)");

/**
 * The engine's one thread of data: databases, sessions, and how a command runs. It knows no sockets; the network
 * gives it sessions with arguments and takes their replies.
 */
export class Server implements SessionHost, ScriptHost<ClientSession> {
  readonly settings: Settings;
  readonly slab = new Slab();
  readonly databases: Keyspace[];
  readonly dispatcher: Dispatcher<ClientSession>;
  readonly propagation = new Propagation();
  readonly pausing = new Pausing(() => this.now);
  readonly slowlog = new Slowlog();
  readonly latency = new LatencyMonitor();
  readonly evictor: Evictor;
  statistics = new Statistics();
  readonly lazyFree = new LazyFree();
  readonly blocking = new Blocking();
  readonly pubsub = new PubSub(() => {
    this.statistics.pubsubMessages++;
  });
  readonly watches = new Watches();
  readonly tracking: Tracking;
  readonly scripts = new Scripts<ClientSession>(this);
  readonly functions = new Functions<ClientSession>(this);
  readonly sessions = new Map<number, ClientSession>();

  /** The arguments and the reply of whichever session is running: shared, as only one runs at a time. */
  readonly args = new Args();
  readonly reply: Reply;

  /** The session whose input is being run; its replies go straight to `reply`. */
  running: ClientSession | undefined;

  /** ms since the epoch, read once per batch of commands. */
  now: number;
  /** Changes since the last save; what a handler adds to it is what makes its command go to the journal. */
  dirty = 0;
  /** Who may log in; without one nobody has to (tests, the rewrite of the log). */
  readonly authenticator: Authenticator | undefined;
  /** The users that ACL SETUSER has made. */
  readonly acl: AclUsers;
  /** Where they are kept, when they are. */
  aclFile: AclFile | undefined;
  readonly aclLog = new AclLog();
  /** What CONFIG SET requirepass has set, as CONFIG GET shows it. */
  requiredPassword = "";
  /** What commands may ask of the append-only file. */
  log: LogControl = noLog;
  /** ms since the epoch when SAVE or the start last had everything on the disk. */
  lastSaveAt: number;
  /** Told of an error that no handler should throw. */
  onDefect: (error: unknown, commandName: string) => void = (error) => {
    throw error;
  };
  /** Told of what scripts log (redis.log): 0 debug, 1 verbose, 2 notice, 3 warning. */
  onScriptLog: (level: number, message: string) => void = () => {};
  busy: string | undefined;
  /** What the engine is as a cluster, if it is one. */
  cluster: Cluster | undefined;
  /** What the engine is as a replica, if it is one. */
  following: ReplicaState | undefined;
  /** Makes the engine the replica of a primary, or of nobody any more. */
  onFollow: (primary: PrimaryAddress | undefined) => void = () => {};
  /** Lets at most so many clients in; returns how many the process can serve, and changes nothing where these are fewer. */
  limitConnections: (max: number) => number = (max) => max;
  /** Ends the process in good order (SHUTDOWN). */
  onShutdown: () => void = () => {};
  /** Where clients connect to, as `address:port`. */
  localAddress = "127.0.0.1:0";
  dataDirectory = "";
  /** What tells which sockets can be read, as INFO says it. */
  multiplexing: "epoll" | "libuv" = "libuv";
  readonly runId = randomBytes(20).toString("hex");
  /** Values of CONFIG parameters that have no effect. */
  readonly inertParameters = new Map<string, string>();
  readonly monitors = new Set<ClientSession>();
  /** Why writes are refused at the moment (full disk), or undefined. */
  writesRefused: string | undefined;
  /** Sessions other than the running one that were written to; the network flushes them at the end of the tick. */
  readonly written = new Set<ClientSession>();
  onWritten: () => void = () => {};

  readonly #clock: () => number;
  #nextSessionId = 1;
  #overheadBytes = 0;

  constructor(options: ServerOptions) {
    this.settings = { ...defaultSettings(), ...options.settings };
    this.authenticator = options.authenticator;
    this.#clock = options.clock ?? Date.now;
    this.now = this.#clock();
    this.lastSaveAt = this.now;
    this.reply = this.createReply();
    this.tracking = new Tracking(this);
    this.dispatcher = new Dispatcher(this, options.registry);
    this.acl = new AclUsers(options.registry, this.settings, this.authenticator);
    this.databases = Array.from(
      { length: this.settings.databases },
      (_, index) => new Keyspace(this.slab, index),
    );
    for (const db of this.databases) {
      db.discard = (value) => this.lazyFree.add(value);
      db.frequencyAfterUse = (access) => frequencyAfterUse(access, this.now, this.settings);
    }
    this.evictor = new Evictor(this.databases, this.settings);
    this.updateAccessClock();
  }

  /** False while DEBUG SET-ACTIVE-EXPIRE has switched it off. */
  isActiveExpiryOn = true;

  /** Refuses writes of clients because the disk does; undefined allows them again. */
  refuseWrites(why: string | undefined): void {
    this.writesRefused = why === undefined ? undefined : MISCONF.replace("%s", why);
  }

  /** Brings what new and accessed entries are stamped with up to date: seconds, or under LFU a first frequency. */
  updateAccessClock(): void {
    const isFrequencyTracked = this.settings.evictionPolicy.endsWith("lfu");
    const stamp = isFrequencyTracked
      ? packFrequency(this.now, LFU_INITIAL)
      : Math.floor(this.now / 1000) & 0xffffff;
    for (const db of this.databases) {
      db.accessClock = stamp;
      db.isFrequencyTracked = isFrequencyTracked;
    }
  }

  /** A buffer for replies whose errors are counted. */
  createReply(bytes?: number): Reply {
    const reply = new Reply(bytes);
    reply.onError = (text) => this.statistics.countError(text);
    return reply;
  }

  /** Reads the clock; called before each batch of commands. */
  tick(): number {
    this.now = this.#clock();
    this.dispatcher.timer.start();
    return this.now;
  }

  /** Notes that a session which is not running was written to. */
  wrote(session: ClientSession): void {
    this.written.add(session);
    this.onWritten();
  }

  createSession(peer?: ClientSession["peer"]): ClientSession {
    const session = new ClientSession(this, this.#nextSessionId++, peer);
    this.sessions.set(session.id, session);
    return session;
  }

  /** A session that may do everything and whose commands are not recorded: for loading. */
  createReplaySession(): ClientSession {
    const session = this.createSession();
    session.isReplaying = true;
    session.mayNotBlock = true;
    return session;
  }

  /** A session that runs what a primary has run: it is recorded, and nothing is refused. */
  createFollowingSession(): ClientSession {
    const session = this.createSession();
    session.isFollowing = true;
    session.mayNotBlock = true;
    session.authenticate({ user: "primary", roles: [], can: () => true, scope: () => "all" });
    return session;
  }

  /** Ends a session: everything that knows it forgets it. */
  closeSession(session: ClientSession): void {
    this.sessions.delete(session.id);
    session.stopBlocking();
    this.watches.unwatch(session);
    this.pubsub.unsubscribeAll(session);
    this.tracking.disable(session);
    this.written.delete(session);
    this.monitors.delete(session);
  }

  get registry(): Registry<ClientSession> {
    return this.dispatcher.registry;
  }

  /** Runs the command in `session.args`. */
  execute(session: ClientSession): void {
    this.dispatcher.execute(session);
  }

  readonly isReadOnlyScript = (commandName: string, script: Buffer): boolean => {
    if (commandName === "eval") return writesNothing(script);
    const text = script.toString("latin1");
    if (commandName === "evalsha")
      return this.scripts.bySha(text.toLowerCase())?.flags.writesNothing ?? false;
    return commandName === "fcall" && (this.functions.byName(text)?.flags.writesNothing ?? false);
  };

  /** The code of all function libraries. */
  get libraryCode(): readonly Buffer[] {
    return this.functions.libraries.map(({ code }) => code);
  }

  afterSuspended(): void {
    this.propagation.endUnit();
    this.serveBlocked();
    this.onWritten();
  }

  /** What runs a script or a function at the moment. */
  get runningScript(): Runner<ClientSession> | undefined {
    return this.scripts.running ?? this.functions.running;
  }

  callFromScript(session: ClientSession, rules: ScriptRules): string | undefined {
    return this.dispatcher.callFromScript(session, rules);
  }

  mayCall(session: ClientSession): boolean | undefined {
    return this.dispatcher.mayCall(session);
  }

  runAgain(session: ClientSession): void {
    // Rights may have changed since the command began to wait.
    const denied = session.access?.denial(session.command, session.args);
    if (denied !== undefined) {
      session.command.rejectedCalls++;
      this.noteDenied(session, denied, "toplevel");
      session.reply.error(denied.message);
      return;
    }
    this.dispatcher.call(session, session.command);
  }

  /** Serves those who wait for keys that are ready. */
  serveBlocked(): void {
    if (this.blocking.hasReady) this.blocking.serve();
    if (this.tracking.count > 0) this.tracking.send();
  }

  /** Shows a command to those who MONITOR. */
  feedMonitors(line: string): void {
    for (const monitor of this.monitors) monitor.outOfBand().simple(line);
  }

  noteSlow(session: ClientSession, command: RegisteredCommand, microseconds: number): void {
    if (command.flags.includes("skip_slowlog")) return;
    this.slowlog.add(
      {
        unixSeconds: Math.floor(this.now / 1000),
        microseconds: Math.round(microseconds),
        address: session.address,
        clientName: session.name,
      },
      isSecret(command, session.args)
        ? [Buffer.from(command.name), REDACTED]
        : (session.calledAs ?? session.args.copyAll()),
      this.settings.slowlogLength,
    );
  }

  admit(session: Session): void {
    const { defaultUser } = this.acl;
    if (defaultUser?.isEnabled && defaultUser.isPasswordless) session.authenticate(defaultUser, defaultUser);
  }

  noteDenied(session: ClientSession, denial: Denial, context: "toplevel" | "multi" | "lua"): void {
    const { reason, object } = denial;
    if (reason === undefined) return;
    this.statistics.denied[reason]++;
    this.#logDenied(session, { reason, context, object, user: session.user?.user ?? "" });
  }

  /** Notes that somebody could not log in under a name. */
  noteAuthenticationFailure(session: ClientSession, user: string): void {
    this.statistics.authenticationFailures++;
    const context = session.transaction === undefined ? "toplevel" : "multi";
    this.#logDenied(session, { reason: "auth", context, object: session.args.copy(0), user });
  }

  #logDenied(session: ClientSession, refused: Omit<Refused, "client">): void {
    const client = describeClient(session, this);
    this.aclLog.add({ ...refused, client }, this.now, this.settings.aclLogLength);
  }

  noteLatency(command: RegisteredCommand, microseconds: number): void {
    const { latencyMonitorMs } = this.settings;
    const ms = Math.floor(microseconds / 1000);
    if (latencyMonitorMs === 0 || ms < latencyMonitorMs) return;
    const name = command.flags.includes("fast") ? "fast-command" : "command";
    this.latency.add(name, Math.floor(this.now / 1000), ms);
  }

  // ---- memory ----------------------------------------------------------------------------------------------------

  /** Bytes in use: the slab exactly, everything around it as of the last look. */
  get usedMemory(): number {
    return this.slab.usedBytes + this.#overheadBytes;
  }

  /** Brings the estimate of memory outside of the slab up to date. */
  measureMemory(): void {
    let overhead = 0;
    for (const db of this.databases) {
      overhead += db.overheadBytes + db.objectBytes(OBJECT_SAMPLES);
    }
    this.#overheadBytes = overhead;
    this.statistics.peakMemory = Math.max(this.statistics.peakMemory, this.usedMemory);
  }

  setMaxMemory(bytes: number): void {
    this.settings.maxMemory = bytes;
    this.measureMemory();
    if (bytes > 0) this.makeRoom();
    this.propagation.endUnit();
  }

  setEvictionPolicy(policy: EvictionPolicy): void {
    this.settings.evictionPolicy = policy;
    this.updateAccessClock();
  }

  /** Evicts until memory is below maxmemory; false when it stays above. */
  makeRoom(): boolean {
    const { maxMemory } = this.settings;
    if (this.usedMemory <= maxMemory) return true;
    let isEnough = true;
    while (this.usedMemory > maxMemory) {
      if (this.lazyFree.pending > 0) {
        this.lazyFree.step(1);
        continue;
      }
      const victim = this.evictor.choose(this.now);
      if (victim === undefined) {
        isEnough = false;
        break;
      }
      const { db, entry } = victim;
      const key = db.keyOf(entry);
      db.delete(entry);
      this.statistics.evictedKeys++;
      this.propagation.change(db.index, [DEL, key]);
      if (this.watches.count > 0) this.watches.touch(db, key);
      if (this.blocking.count > 0) this.blocking.ready(db, key);
      this.notify(db, key, NOTIFY_EVICTED, "evicted");
    }
    // What a client is told of keys that had to go comes before the reply to the command that they had to go for.
    this.tracking.send();
    this.running?.appendPushes();
    return isEnough;
  }

  // ---- saving ----------------------------------------------------------------------------------------------------

  /** Brings everything to the disk; `lastSaveAt` and `dirty` tell of it when it is there. */
  save(): void {
    const { dirty } = this;
    this.log.whenDurable(() => {
      this.lastSaveAt = this.now;
      this.dirty = Math.max(0, this.dirty - dirty);
    });
  }

  resetStatistics(): void {
    const { startedAt } = this.statistics;
    this.statistics = new Statistics();
    this.statistics.startedAt = startedAt;
    this.lazyFree.freedObjects = 0;
    for (const command of this.dispatcher.registry.all) {
      command.calls = 0;
      command.microseconds = 0;
      command.latencies = undefined;
      command.rejectedCalls = 0;
      command.failedCalls = 0;
    }
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
    if (expiry !== NO_EXPIRY && expiry < this.now && !this.isLoading) {
      const session = this.running;
      // The primary says when a key of its has expired, and until then its commands see it.
      if (session?.isFollowing !== true) {
        // During a pause nothing changes, but by the commands of a transaction that began it.
        if (!this.pausing.isActive || session?.command.isWrite === true) this.expire(db, entry);
        return 0;
      }
    }
    db.touchAccess(entry);
    return entry;
  }

  /** True while the append-only file is being replayed: nothing expires then, the file says what did. */
  isLoading = false;

  /** Whether what has expired is said by a file or a primary. */
  get leavesExpiryToOthers(): boolean {
    return this.isLoading || this.following !== undefined;
  }

  /** Deletes an entry because its time is over; a replica leaves it, unseen, to its primary. */
  expire(db: Keyspace, entry: number): void {
    if (this.following !== undefined) return;
    const key = db.keyOf(entry);
    db.delete(entry);
    this.statistics.expiredKeys++;
    this.propagation.change(db.index, [DEL, key]);
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
