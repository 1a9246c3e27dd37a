import { type Change, type ChangeBatch, type ChangeLog, type Position, tokenOf } from "@weftkit/changes";
import { WeftkitError } from "@weftkit/core";
import type { DeadLetters } from "./dead-letters.ts";
import type { Envelopes } from "./envelopes.ts";
import type { Emitter, OutgoingEvent } from "./event.ts";
import type { Filters } from "./filters.ts";
import { isRefused } from "./refused-error.ts";

/** The durable consumer of the change log that events are made of. */
export const consumerName = "cdc";

/** What happens, for metrics, readiness and the log. */
export interface PumpObserver {
  sent(events: number, atMs: number): void;
  /** The receiver is away: it is tried again. */
  failed(error: unknown): void;
  /** It is there again. */
  recovered(): void;
  deadLetter(event: { readonly id: string; readonly namespace: string }, reason: string): void;
  lost(why: string): void;
}

export interface PumpOptions {
  readonly log: ChangeLog;
  readonly open: () => Promise<Emitter>;
  readonly filters: Filters;
  readonly envelopes: Envelopes;
  readonly deadLetters: DeadLetters;
  readonly observer: PumpObserver;
  readonly batchEvents: number;
  readonly batchBytes: number;
  readonly retryMsMax: number;
}

const retryMsMin = 100;
/** How often the position is written down while events flow; what was sent since is sent again after a crash. */
const saveMs = 250;
const readLimits = { batchesMax: 2000, bytesMax: 1024 * 1024 };
/** An idle log is looked at so often all the same. */
const idleMs = 10_000;

/**
 * Sends what is committed: in order, once or more. The position of its consumer moves only over what the receiver has
 * confirmed or the dead letters have, so that whatever ends in between is sent again.
 */
export class Pump {
  readonly #options: PumpOptions;
  readonly #stopping = new AbortController();
  #emitter: Emitter | undefined;
  #isAway = false;
  #at: Position;
  #saved: Position;
  #savedMs = 0;
  #running: Promise<void> | undefined;
  /** Why events are missing, until the receiver knows. */
  #lost: string | undefined;

  /** `lost` says why changes before `from` are missing, if they are. */
  constructor(options: PumpOptions, from: Position, lost?: string) {
    this.#options = options;
    this.#lost = lost;
    if (lost !== undefined) options.observer.lost(lost);
    this.#at = from;
    this.#saved = from;
  }

  /** Everything before it was confirmed. */
  get position(): Position {
    return this.#at;
  }

  get isAway(): boolean {
    return this.#isAway;
  }

  /** Sends until `stop`; rejects with what it cannot go on from. */
  run(): Promise<void> {
    this.#running ??= this.#loop().finally(() => this.#emitter?.close().catch(() => {}));
    return this.#running;
  }

  /** Ends with what is being sent, or gives it up; it is sent again at the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running?.catch(() => {});
  }

  async #loop(): Promise<void> {
    const { log, observer } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        if (this.#lost !== undefined) await this.#beginAnew(this.#lost);
        const batches = await log.read(this.#at, readLimits);
        if (batches.length === 0) {
          await this.#save();
          await this.#somethingNew();
          continue;
        }
        await this.#sendBatches(batches);
        if (performance.now() - this.#savedMs >= saveMs) await this.#save();
      } catch (error) {
        if (signal.aborted) break;
        if (!(error instanceof WeftkitError) || !["too_old", "consumer_dropped"].includes(error.code))
          throw error;
        observer.lost(error.message);
        this.#lost = error.message;
      }
    }
    await this.#save();
  }

  /** Whoever reads the events is told that some are missing. */
  async #beginAnew(why: string): Promise<void> {
    const { log, envelopes } = this.#options;
    this.#at = await log.retain(consumerName);
    this.#saved = this.#at;
    await this.#send([envelopes.lost(tokenOf(log.identity, this.#at), Date.now(), why)]);
    this.#lost = undefined;
  }

  async #save(): Promise<void> {
    if (this.#saved.sequence === this.#at.sequence) return;
    const at = this.#at;
    await this.#options.log.retain(consumerName, at);
    this.#saved = at;
    this.#savedMs = performance.now();
  }

  async #somethingNew(): Promise<void> {
    const waiting = new AbortController();
    const signal = AbortSignal.any([this.#stopping.signal, waiting.signal]);
    for await (const _ of this.#options.log.follow(this.#at, signal, { batchesMax: 1, heartbeatMs: idleMs }))
      break;
    // The log is closed when nothing came: the engine is about to be as well.
    if (!signal.aborted) await new Promise(setImmediate);
  }

  async #sendBatches(batches: readonly ChangeBatch[]): Promise<void> {
    const { batchEvents, batchBytes, filters, log } = this.#options;
    let events: OutgoingEvent[] = [];
    let bytes = 0;
    let atMs = 0;
    for (const batch of batches) {
      const token = tokenOf(log.identity, batch.position);
      atMs = batch.atMs;
      for (const [index, change] of batch.changes.entries()) {
        if (!filters.wants(change)) continue;
        const event = await this.#eventOf(change, { batch, token, index });
        if (event === undefined) continue;
        events.push(event);
        bytes += event.body.length;
        if (events.length < batchEvents && bytes < batchBytes) continue;
        await this.#send(events, atMs);
        events = [];
        bytes = 0;
      }
    }
    if (events.length > 0) await this.#send(events, atMs);
    this.#at = batches.at(-1)!.position;
  }

  /** Undefined for what cannot be written. */
  async #eventOf(
    change: Change,
    place: Parameters<Envelopes["event"]>[1],
  ): Promise<OutgoingEvent | undefined> {
    try {
      return this.#options.envelopes.event(change, place);
    } catch (error) {
      const id = `${place.token}/${place.index}`;
      await this.#refuse({ id, namespace: change.namespace }, reasonOf(error));
      return undefined;
    }
  }

  /** Resolves when all are confirmed or dead letters; rejects only when this ends. */
  async #send(events: readonly OutgoingEvent[], atMs = Date.now()): Promise<void> {
    const { observer } = this.#options;
    try {
      await this.#trySend(events);
      observer.sent(events.length, atMs);
    } catch (error) {
      if (!isRefused(error)) throw error;
      if (events.length === 1) {
        await this.#refuse(events[0]!, error.message);
        return;
      }
      // One by one, so that the one that is refused is found, and the others go on in their order.
      for (const event of events) await this.#send([event], atMs);
    }
  }

  /** Tries until the receiver has confirmed. @throws RefusedError, and what ends this */
  async #trySend(events: readonly OutgoingEvent[]): Promise<void> {
    const { open, observer, retryMsMax } = this.#options;
    const { signal } = this.#stopping;
    for (let waitMs = retryMsMin; ; waitMs = Math.min(waitMs * 2, retryMsMax)) {
      signal.throwIfAborted();
      try {
        this.#emitter ??= await open();
        await this.#emitter.send(events, signal);
        if (this.#isAway) observer.recovered();
        this.#isAway = false;
        return;
      } catch (error) {
        if (isRefused(error) || signal.aborted) throw error;
        const failed = this.#emitter;
        this.#emitter = undefined;
        await failed?.close().catch(() => {});
        this.#isAway = true;
        observer.failed(error);
        await this.#mustBeKept();
        await wait(waitMs * (0.5 + Math.random() / 2), signal);
      }
    }
  }

  /** Also while the receiver is away it is noticed when the log does not keep what is to be sent any more. */
  async #mustBeKept(): Promise<void> {
    await this.#options.log.retain(consumerName, this.#saved);
  }

  async #refuse(
    event: Pick<OutgoingEvent, "id" | "namespace"> & Partial<OutgoingEvent>,
    reason: string,
  ): Promise<void> {
    const { id, namespace, key, body } = event;
    await this.#options.deadLetters.add({ id, at: new Date().toISOString(), namespace, reason, key, body });
    this.#options.observer.deadLetter(event, reason);
  }
}

export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0)
    return error.errors.map(reasonOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
  });
}
