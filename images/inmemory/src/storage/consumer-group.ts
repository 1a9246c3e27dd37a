import { PendingList } from "./pending-list.ts";
import type { StreamId } from "./stream-id.ts";

/** How many entries a group has read is not known. */
export const ENTRIES_READ_UNKNOWN = -1;
/** A consumer never got an entry. */
export const NEVER_ACTIVE = -1;

/** An entry that was delivered to a consumer and not yet acknowledged. */
export interface Pending {
  readonly id: StreamId;
  consumer: Consumer;
  /** ms since the epoch. */
  deliveredAt: number;
  deliveries: number;
}

/** A member of a group. */
export class Consumer {
  /** A character per byte. */
  readonly name: string;
  /** What it has to acknowledge; the items are the group's. */
  readonly pending = new PendingList<Pending>();
  /** When it last asked for anything, in ms since the epoch. */
  seenAt: number;
  /** When it last got an entry, or NEVER_ACTIVE. */
  activeAt = NEVER_ACTIVE;

  constructor(name: string, seenAt: number) {
    this.name = name;
    this.seenAt = seenAt;
  }
}

/** A consumer group: how far it has read, who reads, and what is not acknowledged. */
export class ConsumerGroup {
  readonly name: string;
  lastId: StreamId;
  /** Entries read from the stream's beginning up to `lastId`, or ENTRIES_READ_UNKNOWN. */
  entriesRead: number;
  readonly pending = new PendingList<Pending>();
  readonly #consumers = new Map<string, Consumer>();

  constructor(name: string, lastId: StreamId, entriesRead: number) {
    this.name = name;
    this.lastId = lastId;
    this.entriesRead = entriesRead;
  }

  get consumerCount(): number {
    return this.#consumers.size;
  }

  consumer(name: string): Consumer | undefined {
    return this.#consumers.get(name);
  }

  addConsumer(name: string, nowMs: number): Consumer {
    const consumer = new Consumer(name, nowMs);
    this.#consumers.set(name, consumer);
    return consumer;
  }

  /** All consumers in the order of their names' bytes. */
  consumers(): Consumer[] {
    return [...this.#consumers.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  /** Removes a consumer with all that it has to acknowledge. */
  removeConsumer(consumer: Consumer): void {
    for (const { id } of consumer.pending) this.pending.delete(id);
    this.#consumers.delete(consumer.name);
  }

  /** Notes that an entry went to a consumer; one that was pending already changes hands and counts anew. */
  deliver(id: StreamId, consumer: Consumer, nowMs: number): Pending {
    const known = this.pending.get(id);
    if (known === undefined) return this.addPending(id, consumer, nowMs, 1);
    this.assign(known, consumer);
    known.deliveredAt = nowMs;
    known.deliveries = 1;
    return known;
  }

  addPending(id: StreamId, consumer: Consumer, deliveredAt: number, deliveries: number): Pending {
    const pending = { id, consumer, deliveredAt, deliveries };
    this.pending.add(pending);
    consumer.pending.add(pending);
    return pending;
  }

  /** Gives a pending entry to another consumer. */
  assign(pending: Pending, consumer: Consumer): void {
    if (pending.consumer === consumer) return;
    pending.consumer.pending.delete(pending.id);
    consumer.pending.add(pending);
    pending.consumer = consumer;
  }

  /** Forgets a pending entry. */
  release(pending: Pending): void {
    this.pending.delete(pending.id);
    pending.consumer.pending.delete(pending.id);
  }

  /** A deep copy. */
  duplicate(): ConsumerGroup {
    const copy = new ConsumerGroup(this.name, this.lastId, this.entriesRead);
    for (const consumer of this.#consumers.values())
      copy.addConsumer(consumer.name, consumer.seenAt).activeAt = consumer.activeAt;
    for (const { id, consumer, deliveredAt, deliveries } of this.pending)
      copy.addPending(id, copy.consumer(consumer.name)!, deliveredAt, deliveries);
    return copy;
  }
}
