import { keyIndexes } from "../command-table/key-positions.ts";
import type { RegisteredCommand } from "../command-table/registry.ts";
import type { Args } from "../protocol/args.ts";
import type { Reply } from "../protocol/reply.ts";
import type { Watches } from "./watches.ts";

/** Where clients of RESP2 hear of keys, by redirection. */
const CHANNEL = "__redis__:invalidate";

/** How a session wants to hear of keys that change (CLIENT TRACKING). */
export interface TrackingState {
  /** It hears of all keys with its prefixes, whether it has read them or not. */
  readonly isBroadcast: boolean;
  /** Keys are remembered only after CLIENT CACHING YES, or except after CLIENT CACHING NO. */
  readonly mode: "all" | "optin" | "optout";
  /** It does not hear of its own writes. */
  readonly isNoLoop: boolean;
  /** The session that is told instead; 0 for itself. */
  readonly redirect: number;
  isRedirectBroken: boolean;
  /** What CLIENT CACHING said about the next command. */
  caching: boolean | undefined;
  readonly prefixes: Set<string>;
}

/** A session, as far as tracking is concerned. */
export interface Tracker {
  readonly id: number;
  readonly version: 2 | 3;
  readonly subscriptionCount: number;
  tracking: TrackingState | undefined;
  outOfBand(): Reply;
}

export interface TrackingHost {
  readonly sessions: { get(id: number): Tracker | undefined; values(): Iterable<Tracker> };
  readonly running: Tracker | undefined;
  readonly watches: Watches;
  readonly settings: { readonly trackingKeysMax: number };
}

interface Prefix {
  readonly sessions: Set<Tracker>;
  /** Keys that have changed since the last broadcast, and who changed them. */
  readonly changed: Map<string, Tracker | undefined>;
}

/**
 * Client-side caching: which sessions have read which keys, and who is told when they change (Redis, "Client-side caching
 * in Redis"). It hears of changes from `Watches`, so that it costs nothing while nobody tracks.
 */
export class Tracking {
  readonly #host: TrackingHost;
  /** Sessions by the key that they have read; the database does not matter. */
  readonly #readers = new Map<string, Set<number>>();
  readonly #prefixes = new Map<string, Prefix>();
  #hasChanged = false;
  #messages: { session: Tracker; keys: readonly string[] | undefined }[] = [];
  /** Sessions that track. */
  count = 0;
  /** Pairs of a key and a session. */
  itemCount = 0;

  constructor(host: TrackingHost) {
    this.#host = host;
    host.watches.onTouch = (key) => this.#touch(key);
  }

  get keyCount(): number {
    return this.#readers.size;
  }

  get prefixCount(): number {
    return this.#prefixes.size;
  }

  enable(session: Tracker, state: TrackingState): void {
    if (session.tracking === undefined) {
      this.count++;
      this.#host.watches.count++;
    }
    for (const prefix of session.tracking?.prefixes ?? []) state.prefixes.add(prefix);
    if (state.isBroadcast && state.prefixes.size === 0) state.prefixes.add("");
    session.tracking = state;
    for (const prefix of state.prefixes) {
      const known = this.#prefixes.get(prefix);
      if (known === undefined)
        this.#prefixes.set(prefix, { sessions: new Set([session]), changed: new Map() });
      else known.sessions.add(session);
    }
  }

  disable(session: Tracker): void {
    const state = session.tracking;
    if (state === undefined) return;
    for (const name of state.prefixes) {
      const prefix = this.#prefixes.get(name);
      prefix?.sessions.delete(session);
      if (prefix?.sessions.size === 0) this.#prefixes.delete(name);
    }
    session.tracking = undefined;
    this.count--;
    this.#host.watches.count--;
  }

  /** A session that tracks has run a command: what it read is remembered. */
  remember(session: Tracker, command: RegisteredCommand, args: Args): void {
    const state = session.tracking;
    if (state === undefined || state.isBroadcast || !command.flags.includes("readonly")) return;
    if (command.group === "scripting") return;
    if (state.mode === "optin" && state.caching !== true) return;
    if (state.mode === "optout" && state.caching === false) return;
    for (const { index } of keyIndexes(command, args) ?? []) {
      const key = args.latin1(index);
      const readers = this.#readers.get(key);
      if (readers === undefined) this.#readers.set(key, new Set([session.id]));
      else if (readers.has(session.id)) continue;
      else readers.add(session.id);
      this.itemCount++;
    }
    this.limit();
  }

  /** Forgets the keys that were remembered first, and says so, while there are more than there may be. */
  limit(): void {
    const { trackingKeysMax } = this.#host.settings;
    if (trackingKeysMax === 0) return;
    while (this.#readers.size > trackingKeysMax) {
      const [oldest] = this.#readers.keys();
      this.#invalidate(oldest!, undefined);
    }
  }

  #touch(key: Buffer): void {
    // Whoever watches keys has it called, too.
    if (this.count === 0) return;
    const name = key.toString("latin1");
    const by = this.#host.running;
    for (const [prefix, { changed }] of this.#prefixes) {
      if (!name.startsWith(prefix)) continue;
      changed.set(name, by);
      this.#hasChanged = true;
    }
    if (this.#readers.has(name)) this.#invalidate(name, by);
  }

  #invalidate(key: string, by: Tracker | undefined): void {
    const readers = this.#readers.get(key)!;
    this.#readers.delete(key);
    this.itemCount -= readers.size;
    for (const id of readers) {
      const session = this.#host.sessions.get(id);
      const state = session?.tracking;
      if (session === undefined || state === undefined || state.isBroadcast) continue;
      if (state.isNoLoop && session === by) continue;
      this.#messages.push({ session, keys: [key] });
    }
  }

  /**
   * Sends what there is to tell since the last call. Called between commands: a message must not come into the middle of the
   * reply that a session is being given.
   */
  send(): void {
    if (this.#hasChanged) this.#broadcast();
    if (this.#messages.length === 0) return;
    const messages = this.#messages;
    this.#messages = [];
    for (const { session, keys } of messages) {
      if (session.tracking !== undefined) this.#write(session, session.tracking, keys);
    }
  }

  /** Tells those who track by prefix what has changed. */
  #broadcast(): void {
    this.#hasChanged = false;
    for (const { sessions, changed } of this.#prefixes.values()) {
      if (changed.size === 0) continue;
      for (const session of sessions) {
        const state = session.tracking;
        if (state === undefined) continue;
        const keys = [...changed].filter(([, by]) => !(state.isNoLoop && by === session)).map(([key]) => key);
        if (keys.length > 0) this.#messages.push({ session, keys });
      }
      changed.clear();
    }
  }

  /** All keys are gone: whoever tracks is told once. */
  flushed(): void {
    this.#readers.clear();
    this.itemCount = 0;
    if (this.count === 0) return;
    for (const { changed } of this.#prefixes.values()) changed.clear();
    for (const session of this.#host.sessions.values()) {
      if (session.tracking !== undefined) this.#messages.push({ session, keys: undefined });
    }
  }

  #write(session: Tracker, state: TrackingState, keys: readonly string[] | undefined): void {
    let to = session;
    if (state.redirect !== 0) {
      const redirected = this.#host.sessions.get(state.redirect);
      if (redirected === undefined) {
        state.isRedirectBroken = true;
        if (session.version !== 3) return;
        const reply = session.outOfBand();
        reply.push(2);
        reply.bulkText("tracking-redir-broken");
        reply.integer(state.redirect);
        return;
      }
      to = redirected;
    }
    if (to.version === 3) {
      const reply = to.outOfBand();
      reply.push(2);
      reply.bulkText("invalidate");
      writeKeys(reply, keys);
    } else if (to !== session && to.subscriptionCount > 0) {
      const reply = to.outOfBand();
      reply.array(3);
      reply.bulkText("message");
      reply.bulkText(CHANNEL);
      writeKeys(reply, keys);
    }
  }
}

function writeKeys(reply: Reply, keys: readonly string[] | undefined): void {
  if (keys === undefined) {
    reply.nullArray();
    return;
  }
  reply.array(keys.length);
  for (const key of keys) reply.bulkBuffer(Buffer.from(key, "latin1"));
}
