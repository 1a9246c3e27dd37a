import { type Deadline, Slots, WeftkitError } from "@weftkit/core";
import type { Registry } from "@weftkit/observe";
import { EndpointError } from "../client/errors.ts";
import type { PartsRemote, ReferencedParts, Stream } from "../stream.ts";
import { type Booted, boot, claimLater, type HeldLease } from "./boot-sequence.ts";
import { captureStreams } from "./capturer.ts";
import type { PersistContext } from "./context.ts";
import type { LeaseKeeper } from "./lease-keeper.ts";
import type { NamedManifest } from "./manifest-chain.ts";
import { PersistMetrics } from "./metrics.ts";
import type { OutboxEntry } from "./outbox.ts";
import { hostOf } from "./owners.ts";
import { type Pushed, pushEntry } from "./pusher.ts";
import { Schedule } from "./schedule.ts";
import { sendSubstitutes } from "./send-substitutes.ts";
import { StateChecks } from "./state-checks.ts";

const pushFailed = "pushing failed; it is tried again";

/** How the persistence of an engine stands, as `/v1/status` shows it. */
export interface PersistStatus {
  readonly subtree: string;
  readonly epoch: number;
  readonly leaseHeld: boolean;
  /** The last confirmed push, and when it was captured. */
  readonly seq: number;
  readonly pushedAt: string | undefined;
  readonly restorePoints: number;
  readonly outbox: { readonly entries: number; readonly bytes: number };
  readonly lagBytes: number;
  readonly lagSeconds: number;
  readonly lastError: string | undefined;
  /** Why the stored state is known to be damaged; undefined when it is not. */
  readonly damaged: string | undefined;
}

export interface PersistenceHandlers {
  /** Another owner has the subtree, or the chain has moved on without us: nothing may be written any more. */
  fenced(error: WeftkitError): void;
  /** Another engine has asked for the place, and all but the last writes are pushed: end, with a last push. */
  handover(): void;
}

/**
 * One engine's persistence, from its boot to its shutdown: captures what the streams change, pushes it, keeps the
 * lease. The function being away never stops the engine; losing the subtree to another owner does.
 */
export class Persistence {
  readonly #context: PersistContext;
  readonly #handlers: PersistenceHandlers;
  readonly #booted: Booted;
  readonly #metrics: PersistMetrics;
  readonly #stopping = new AbortController();
  /** Aborted as soon as the end is known to come: from then on only what is needed is made and sent. */
  readonly #hurrying = new AbortController();
  readonly #checks: StateChecks;
  #lease: HeldLease | undefined;
  #schedule: Schedule | undefined;
  /** One capture at a time, and one push: a push that waits for the network holds no capture up. */
  readonly #captures = new Slots(1);
  readonly #pushes = new Slots(1);
  #checking: Promise<void> = Promise.resolve();
  #sending: Promise<void> | undefined;
  #isStarted = false;
  #isFenced = false;
  #heldSinceMs = 0;
  #handingOver: Promise<void> | undefined;
  #hasFailed = false;
  #lastError: string | undefined;
  /** Unix time in milliseconds since when something waits. */
  #dirtySince: number | undefined;

  private constructor(
    context: PersistContext,
    handlers: PersistenceHandlers,
    booted: Booted,
    metrics: Registry,
  ) {
    this.#context = context;
    this.#handlers = handlers;
    this.#booted = booted;
    this.#metrics = new PersistMetrics(metrics, () => this.#measure());
    const { acknowledged } = context.chain;
    this.#metrics.lastPush.set((acknowledged?.manifest.time ?? 0) / 1000);
    this.#checks = new StateChecks(context, booted);
    if (booted.lease !== undefined) this.#hold(booted.lease);
  }

  /** Claims the subtree and restores where that is due; the streams hold their state when this resolves. */
  static async open(
    context: PersistContext,
    handlers: PersistenceHandlers,
    metrics: Registry,
    signal?: AbortSignal,
  ): Promise<Persistence> {
    const booted = await boot(context, signal);
    for (const stream of context.streams) stream.guard?.(context.gate);
    const persistence = new Persistence(context, handlers, booted, metrics);
    try {
      await persistence.#connectParts();
      return persistence;
    } catch (error) {
      await persistence.abandon();
      throw error;
    }
  }

  /** Begins to push by the schedule; the engine is open and its streams can be captured. */
  start(): void {
    this.#isStarted = true;
    this.#context.gate.arm();
    const { settings, clock } = this.#context;
    this.#schedule = new Schedule({
      pattern: settings.schedule,
      clock,
      isUrgent: () => this.#isUrgent(),
      isFull: () => this.#streamLagBytes() >= settings.lagBytesMax,
      push: () => this.#pushOrReport(),
      capture: () => this.#captureOrReport(),
    });
    this.#listenToStreams();
    this.#sendSubstitutes();
  }

  #listenToStreams(): void {
    for (const stream of this.#context.streams) {
      stream.onPressure = () => this.#schedule?.hurry();
      stream.captureNow = () => this.#captureOrReport();
    }
  }

  /**
   * Lets the state be replaced by another one, of other streams, and pushes that as a whole, as what came after the one
   * before. `replace` closes the streams that there are, and opens others, which it gives to `guard` before; nothing is
   * captured meanwhile.
   */
  async replaceState(
    replace: (guard: (streams: readonly Stream[]) => void) => Promise<readonly Stream[]>,
  ): Promise<void> {
    const { chain, gate } = this.#context;
    for (const stream of this.#context.streams) {
      stream.onPressure = () => {};
      // What asks for a capture while it is being closed would wait for this.
      stream.captureNow = async () => {};
    }
    await this.#captures.run(async () => {
      for (const parts of this.#referenced.values()) await parts.quiet();
      // Durable before anything is replaced: no capture goes on from a cursor of the other state, also after a crash.
      await chain.noteCursors({});
      chain.needsBase = true;
      this.#context.streams = await replace((streams) => {
        for (const stream of streams) stream.guard?.(gate);
      });
      await this.#connectParts();
      this.#listenToStreams();
    });
    void this.#pushOrReport();
  }

  /** The process ends soon: bases that are being made or sent are given up for the last push. */
  hurry(): void {
    this.#hurrying.abort();
    this.#context.gate.end();
  }

  /** Captures and pushes now; resolves to what was pushed. */
  flush(signal?: AbortSignal): Promise<readonly Pushed[]> {
    return this.#pushes.run(() => this.#push(false, signal));
  }

  /**
   * The last push. The engine writes nothing any more; its store is still open.
   *
   * @throws WeftkitError `unsaved`: what could not be pushed is in the outbox, on the volume.
   */
  async stop(deadline: Deadline): Promise<void> {
    await this.#quiet();
    try {
      if (!this.#isFenced) await this.#pushes.run(() => this.#push(true, deadline.signal, deadline));
      // The next owner need not wait for the lease to run out; when the function does not hear of it, it waits.
      await this.#lease?.keeper
        .stop(!this.#isFenced, deadline.signal)
        .catch((error) => this.#report(error, "the lease runs out by itself"));
    } catch (error) {
      await this.#lease?.keeper.stop(false);
      throw new WeftkitError("unsaved", this.#unsavedMessage(error), { cause: error });
    } finally {
      this.#booted.endpoint.close();
    }
  }

  /** Ends without saving: the start has failed further on, and says why itself. */
  async abandon(): Promise<void> {
    await this.#quiet();
    await this.#pushes.run(async () => {});
    await this.#captures.run(async () => {});
    await this.#lease?.keeper.abandon(!this.#isFenced);
    this.#booted.endpoint.close();
  }

  /** Nothing begins any more, and what is under way has ended: a push that waits for the function gives up at once. */
  async #quiet(): Promise<void> {
    this.hurry();
    this.#stopping.abort();
    await this.#schedule?.stop();
    for (const parts of this.#referenced.values()) await parts.quiet();
    await this.#handingOver;
    await this.#checking;
    await this.#sending;
  }

  status(): PersistStatus {
    const { chain } = this.#context;
    const { lagBytes, lagSeconds, outboxEntries, outboxBytes, epoch, hasLease } = this.#measure();
    const manifest = chain.acknowledged?.manifest;
    return {
      subtree: this.#booted.subtree,
      epoch,
      leaseHeld: hasLease,
      seq: manifest?.seq ?? 0,
      pushedAt: manifest === undefined ? undefined : new Date(manifest.time).toISOString(),
      restorePoints: manifest === undefined ? 0 : manifest.history.length + 1,
      outbox: { entries: outboxEntries, bytes: outboxBytes },
      lagBytes,
      lagSeconds,
      lastError: this.#lastError,
      damaged: this.#checks.damage.why,
    };
  }

  // ---- pushing ---------------------------------------------------------------------------------------------------

  async #pushOrReport(): Promise<boolean> {
    try {
      await this.flush(this.#stopping.signal);
      return true;
    } catch (error) {
      // The last push, which follows, takes what this one had.
      if (!this.#stopping.signal.aborted) this.#report(error, pushFailed);
      return false;
    }
  }

  async #captureOrReport(): Promise<void> {
    await this.#capture(false).catch((error) => this.#report(error, "what changed could not be captured"));
  }

  async #push(
    final: boolean,
    signal: AbortSignal | undefined,
    deadline?: Deadline,
  ): Promise<readonly Pushed[]> {
    const { damage } = this.#checks;
    if (damage.isHealingDue) damage.healing();
    await this.#capture(final, deadline);
    const pushed: Pushed[] = [];
    let hasNewBase = false;
    try {
      // A store that has lost everything gets all of it again.
      if (await this.#claimIfNot(signal)) await this.#capture(final, deadline);
      const { outbox } = this.#context.chain;
      for (let entry = outbox.entries[0]; entry !== undefined; entry = outbox.entries[0]) {
        const before = this.#context.chain.acknowledged;
        const push = await this.#pushEntry(entry, final, signal);
        hasNewBase ||= basesOf(push.manifest).some((base) => !basesOf(before).includes(base));
        this.#metrics.pushes.inc({ result: "ok" });
        this.#metrics.pieces.inc(push.pieces);
        this.#metrics.sentBytes.inc(push.bytes);
        this.#metrics.lastPush.set(push.manifest.manifest.time / 1000);
        this.#checks.told(push.manifest);
        this.#context.log.info({ seq: push.seq, bytes: push.bytes, pieces: push.pieces }, "pushed");
        pushed.push(push);
      }
    } catch (error) {
      this.#metrics.pushes.inc({ result: "failed" });
      this.#hasFailed = true;
      if ((error as { code?: string }).code === "content_changed") this.#context.chain.needsBase = true;
      this.#fenceIfLost(error);
      throw error;
    }
    this.#hasFailed = false;
    this.#lastError = undefined;
    this.#dirtySince = undefined;
    if (!final && pushed.length > 0) {
      this.#check(pushed.at(-1)!.manifest, hasNewBase || damage.why !== undefined);
      this.#sendSubstitutes();
    }
    return pushed;
  }

  #pushEntry(entry: OutboxEntry, final: boolean, signal: AbortSignal | undefined): Promise<Pushed> {
    const { engine, chain, settings } = this.#context;
    const { subtree, endpoint, cipher, restoredAt } = this.#booted;
    const { keeper, claimed } = this.#lease!;
    return pushEntry(chain, entry, {
      endpoint,
      subtree,
      engine,
      epoch: keeper.epoch,
      limits: claimed.limits,
      retention: settings.retention,
      cipher,
      verified: this.#checks.verified,
      pruned: this.#checks.pruned,
      restoredAt,
      bandwidth: settings.bandwidth,
      functionTime: keeper.functionTime,
      referenced: this.#referenced,
      final,
      signal,
    });
  }

  async #capture(final: boolean, deadline?: Deadline): Promise<void> {
    const { streams, chain, clock } = this.#context;
    const hurry = this.#hurrying.signal;
    await this.#captures.run(async () => {
      // Without a lease it goes on in the epoch of the chain: one piece after another never goes back.
      const epoch = Math.max(this.#lease?.keeper.epoch ?? 1, chain.epoch);
      await captureStreams(streams, chain, { epoch, now: () => clock.wallMs(), final, deadline, hurry });
    });
  }

  /** Sends bases and compacted pieces beside the pushes, which put them in their place once they are stored. */
  #sendSubstitutes(): void {
    const { chain, log } = this.#context;
    const { endpoint, cipher } = this.#booted;
    const lease = this.#lease;
    const signal = this.#hurrying.signal;
    if (lease === undefined || signal.aborted || this.#sending !== undefined) return;
    const { limits } = lease.claimed;
    const { bandwidth } = this.#context.settings;
    const options = { endpoint, cipher, limits, bandwidth, epoch: lease.keeper.epoch, signal };
    this.#sending = sendSubstitutes(chain, options)
      .catch((error) => {
        if (!signal.aborted) log.warn({ err: error }, "a base could not be stored yet; it is tried again");
      })
      .finally(() => {
        this.#sending = undefined;
      });
  }

  /** After a push, without holding the next one up: a new base is read back, and dropped states are deleted. */
  #check(named: NamedManifest, isNewBase: boolean): void {
    this.#checking = this.#checking.then(async () => {
      const { signal } = this.#stopping;
      try {
        if (isNewBase) await this.#checks.verify(named, signal);
        if (signal.aborted || this.#isFenced) return;
        const { epoch, functionTime } = this.#lease!.keeper;
        await this.#pushes.run(() => this.#checks.prune(epoch, functionTime, signal));
      } catch (error) {
        if (!signal.aborted) this.#report(error, "a pushed state could not be looked after");
      }
    });
  }

  // ---- parts that pieces refer to --------------------------------------------------------------------------------

  get #referenced(): ReadonlyMap<string, ReferencedParts> {
    const { streams } = this.#context;
    return new Map(
      streams.flatMap(({ name, referenced }) => (referenced === undefined ? [] : [[name, referenced]])),
    );
  }

  async #connectParts(): Promise<void> {
    const { subtree, cipher, endpoint } = this.#booted;
    const claimed = this.#lease?.claimed;
    const remote: PartsRemote = {
      subtree,
      cipher,
      partBytesMax: claimed?.limits.partBytesMax,
      isNew: claimed !== undefined && claimed.head.manifest === null,
      send: (parts, signal) => endpoint.uploadParts(parts, this.#lease!.keeper.epoch, { signal }),
    };
    for (const parts of this.#referenced.values()) await parts.connect(remote);
  }

  // ---- the lease -------------------------------------------------------------------------------------------------

  #hold(lease: HeldLease): void {
    this.#lease = lease;
    const { gate, clock } = this.#context;
    this.#heldSinceMs = clock.monotonicMs();
    gate.hold(lease.keeper);
    lease.keeper.onRenewed = (head) => {
      gate.look();
      if (head.successor !== undefined) this.#handOver(head.successor.owner);
    };
    lease.keeper.onHeadless = () => void this.#loseHead(lease.keeper);
    const { lost } = lease.keeper;
    const fence = () => this.#fenceIfLost(lost.reason);
    if (lost.aborted) fence();
    else lost.addEventListener("abort", fence, { once: true });
  }

  /** The store has lost the head: it is claimed again, with what we know of it. */
  async #loseHead(keeper: LeaseKeeper): Promise<void> {
    if (this.#lease?.keeper !== keeper || this.#hurrying.signal.aborted) return;
    this.#lease = undefined;
    this.#report(
      new Error("the function has no head of this subtree"),
      "the head is lost; claiming it again",
    );
    await keeper.abandon(false);
  }

  /** Whether it has claimed. */
  async #claimIfNot(signal: AbortSignal | undefined): Promise<boolean> {
    if (this.#lease !== undefined) return false;
    const { subtree, endpoint } = this.#booted;
    const betweenCaptures = (work: () => Promise<void>) => this.#captures.run(work);
    this.#hold(await claimLater(this.#context, subtree, endpoint, betweenCaptures, signal));
    await this.#connectParts();
    return true;
  }

  /** Pushes all that there is before it ends, so that the last push is short; an engine that cannot push stays. */
  #handOver(successor: string): void {
    const { clock, log } = this.#context;
    const signal = this.#hurrying.signal;
    if (!this.#isStarted || signal.aborted || this.#handingOver !== undefined) return;
    // Who has given its place away and asks for it back so soon was restarted in vain: that would go on for ever.
    const isRecent = clock.monotonicMs() - this.#heldSinceMs < this.#lease!.keeper.leaseMs;
    if (isRecent && hostOf(successor) === this.#booted.predecessor) return;
    log.info({ successor }, "another engine has asked for this place: pushing, to hand it over");
    this.#handingOver = this.flush(signal)
      .then(() => {
        if (!signal.aborted) this.#handlers.handover();
      })
      .catch((error) => {
        if (!signal.aborted)
          this.#report(error, "the place cannot be handed over before everything is pushed");
      })
      .finally(() => {
        this.#handingOver = undefined;
      });
  }

  #fenceIfLost(error: unknown): void {
    const isLost = error instanceof WeftkitError && (error.code === "fenced" || error.code === "head_moved");
    if (!isLost || this.#isFenced) return;
    if (error instanceof EndpointError && error.reply !== undefined && error.reply.head === undefined) {
      // Nobody has claimed it: the store has lost the head.
      if (this.#lease !== undefined) void this.#loseHead(this.#lease.keeper);
      return;
    }
    this.#isFenced = true;
    this.#context.gate.lose();
    this.#handlers.fenced(
      new WeftkitError(
        "fenced",
        `another process owns ${this.#booted.subtree} now (${error.message}): this one ends, and its last writes stay on its volume`,
        { cause: error },
      ),
    );
  }

  // ---- how it stands ---------------------------------------------------------------------------------------------

  #isUrgent(): boolean {
    const { settings, chain } = this.#context;
    if (this.#isFenced) return false;
    const writtenBytes = this.#streamLagBytes();
    if (writtenBytes + chain.outbox.bytes > 0) this.#dirtySince ??= this.#context.clock.wallMs();
    return (
      writtenBytes >= settings.lagBytesMax ||
      this.#lease === undefined ||
      this.#checks.damage.isHealingDue ||
      (this.#hasFailed && chain.outbox.entries.length > 0)
    );
  }

  #streamLagBytes(): number {
    return this.#context.streams.reduce((sum, stream) => sum + stream.lagBytes(), 0);
  }

  #measure() {
    const { chain, clock } = this.#context;
    const { entries, bytes } = chain.outbox;
    const lagBytes = this.#streamLagBytes() + bytes;
    return {
      lagBytes,
      lagSeconds: this.#dirtySince === undefined ? 0 : (clock.wallMs() - this.#dirtySince) / 1000,
      outboxEntries: entries.length,
      outboxBytes: bytes,
      epoch: this.#lease?.keeper.epoch ?? 0,
      hasLease: this.#lease?.keeper.isHeld ?? false,
      isRemoteDamaged: this.#checks.damage.why !== undefined,
    };
  }

  #report(error: unknown, message: string): void {
    this.#lastError = error instanceof Error ? error.message : String(error);
    this.#context.log.error({ err: error }, message);
  }

  #unsavedMessage(error: unknown): string {
    const { entries, bytes } = this.#context.chain.outbox;
    const reason = error instanceof Error ? error.message : String(error);
    return `${entries.length} captures (${bytes} bytes) are not pushed and stay in the outbox on the volume: ${reason}`;
  }
}

function basesOf(named: NamedManifest | undefined): readonly string[] {
  return Object.values(named?.manifest.streams ?? {}).flatMap(({ pieces }) => pieces[0]?.sha256 ?? []);
}
