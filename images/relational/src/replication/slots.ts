import { type ChangeBatch, consumersIn, type Position, type StoreChanges } from "@weftkit/changes";
import { WeftkitError } from "@weftkit/core";
import type { Database } from "@weftkit/store";
import { PgError } from "../errors.ts";
import { sequenceAt } from "./lsn.ts";

/** A logical replication slot: a durable consumer of the change log, which is what keeps it over restarts. */
export interface Slot {
  readonly name: string;
  readonly plugin: string;
  readonly isTemporary: boolean;
  /** The last commit that its reader has confirmed. */
  readonly confirmed: bigint;
  /** Bytes that are kept for it. */
  readonly lagBytes: number;
  /** Why nothing is kept for it any more. */
  readonly lost: string | undefined;
}

export const slotsMax = 64;
/** So many commits, or bytes of them, are read at once. */
const readLimits = { batchesMax: 100, bytesMax: 1 << 20 };

const permanent = "slot";
const temporary = "temporary-slot";

/** Consumers' names that tell all that there is to know of a slot; no other consumer's name has a colon. */
function consumerOf({ isTemporary, plugin, name }: Pick<Slot, "isTemporary" | "plugin" | "name">): string {
  return `${isTemporary ? temporary : permanent}:${plugin}:${name}`;
}

interface StoredConsumer {
  readonly name: string;
  readonly lagBytes: number;
  readonly sequence: bigint | number;
  readonly dropped?: string | undefined | null;
}

function slotOf(consumer: StoredConsumer): Slot | undefined {
  const [kind, plugin, name] = consumer.name.split(":");
  if ((kind !== permanent && kind !== temporary) || plugin === undefined || name === undefined)
    return undefined;
  return {
    name,
    plugin,
    isTemporary: kind === temporary,
    confirmed: BigInt(consumer.sequence),
    lagBytes: consumer.lagBytes,
    lost: consumer.dropped ?? undefined,
  };
}

/** Whether a consumer of the change log is a slot: then changes are recorded with what logical decoding needs. */
export function isSlot(consumer: string): boolean {
  return consumer.startsWith(`${permanent}:`) || consumer.startsWith(`${temporary}:`);
}

/** How far the client of a slot's stream has come, as it says itself. */
export interface SenderState {
  sent: bigint;
  written: bigint;
  flushed: bigint;
  applied: bigint;
  isCaughtUp: boolean;
  /** Microseconds since 2000. */
  repliedUs: bigint | undefined;
}

/** The slots of a database. Who uses one, or owns a temporary one, is known in memory alone. */
export class Slots {
  readonly #log: StoreChanges;
  /** Processes that read a slot, by its name. */
  readonly #active = new Map<string, number>();
  readonly #owners = new Map<string, number>();
  /** Streams that run, by their processes. */
  readonly senders = new Map<number, SenderState>();
  #released = Promise.withResolvers<void>();
  /** Names that are taken by slots that are being made. */
  readonly #coming = new Set<string>();

  private constructor(log: StoreChanges) {
    this.#log = log;
  }

  /** Temporary slots of the run before are gone. */
  static async open(log: StoreChanges): Promise<Slots> {
    const slots = new Slots(log);
    for (const slot of await slots.list()) if (slot.isTemporary) await log.forget(consumerOf(slot));
    return slots;
  }

  /** Of the database, as 16 hexadecimal digits. */
  get identity(): string {
    return this.#log.identity;
  }

  /** The last commit that was recorded. */
  get newest(): bigint {
    return this.#log.newest.sequence;
  }

  /** Bytes that may be kept for a slot before it is lost. */
  get bytesMax(): number {
    return this.#log.bytesMax;
  }

  async list(): Promise<readonly Slot[]> {
    const consumers = await this.#log.consumers();
    return consumers.flatMap(
      (consumer) => slotOf({ ...consumer, sequence: consumer.position.sequence }) ?? [],
    );
  }

  /** As a statement's own snapshot has them. */
  in(db: Database): readonly Slot[] {
    return consumersIn(db).flatMap((consumer) => slotOf(consumer) ?? []);
  }

  activeProcess(name: string): number | undefined {
    return this.#active.get(name) ?? this.#owners.get(name);
  }

  async find(name: string): Promise<Slot | undefined> {
    return (await this.list()).find((slot) => slot.name === name);
  }

  /** @throws PgError 42704 */
  async require(name: string): Promise<Slot> {
    const slot = await this.find(name);
    if (slot === undefined) throw new PgError("42704", `replication slot "${name}" does not exist`);
    return slot;
  }

  /** Makes a slot from what is committed now; waits for transactions that have changed something. @throws PgError 42602, 42622, 42710, 53400 */
  async create(
    slot: Pick<Slot, "name" | "plugin" | "isTemporary">,
    processId: number,
    signal?: AbortSignal,
  ): Promise<bigint> {
    const { name } = slot;
    checkName(name);
    const known = await this.list();
    if (this.#coming.has(name) || known.some((each) => each.name === name))
      throw new PgError("42710", `replication slot "${name}" already exists`);
    if (known.length + this.#coming.size >= slotsMax)
      throw new PgError("53400", "all replication slots are in use", {
        hint: "Drop one that is not needed.",
      });
    this.#coming.add(name);
    try {
      const made = this.#log.retain(consumerOf(slot));
      const { sequence } = await canceled(made, signal, () => this.#log.forget(consumerOf(slot)));
      if (slot.isTemporary) this.#owners.set(name, processId);
      return sequence;
    } finally {
      this.#coming.delete(name);
    }
  }

  /** @throws PgError 42704, 55006 */
  async drop(name: string, processId: number): Promise<void> {
    const slot = await this.require(name);
    this.#requireFree(name, processId);
    await this.#log.forget(consumerOf(slot));
    this.#owners.delete(name);
  }

  /** What a session leaves behind. */
  async dropTemporary(processId: number): Promise<void> {
    for (const [name, owner] of this.#owners) {
      if (owner !== processId) continue;
      this.#owners.delete(name);
      const slot = await this.find(name);
      if (slot !== undefined) await this.#log.forget(consumerOf(slot));
    }
  }

  /** Nobody else reads the slot until `release`. @throws PgError 42704, 55000, 55006 */
  async acquire(name: string, processId: number): Promise<HeldSlot> {
    const slot = await this.require(name);
    this.#requireFree(name, processId);
    if (this.#active.has(name)) throw inUse(name, processId);
    if (slot.lost !== undefined) throw lost(name, slot.lost);
    this.#active.set(name, processId);
    return new HeldSlot(this.#log, slot, () => {
      this.#active.delete(name);
      this.#released.resolve();
      this.#released = Promise.withResolvers<void>();
    });
  }

  /** Resolves when nobody else uses the slot. @throws PgError 57014 */
  async released(name: string, processId: number, signal: AbortSignal): Promise<void> {
    for (let active = this.activeProcess(name); active !== undefined && active !== processId; ) {
      await canceled(this.#released.promise, signal, async () => {});
      active = this.activeProcess(name);
    }
  }

  #requireFree(name: string, processId: number): void {
    const active = this.activeProcess(name);
    if (active !== undefined && active !== processId) throw inUse(name, active);
  }
}

/** A slot that is read. */
export class HeldSlot {
  readonly slot: Slot;
  readonly #log: StoreChanges;
  readonly #released: () => void;
  #confirmed: bigint;

  constructor(log: StoreChanges, slot: Slot, released: () => void) {
    this.#log = log;
    this.slot = slot;
    this.#released = released;
    this.#confirmed = slot.confirmed;
  }

  /** The last commit that is confirmed. */
  get confirmed(): bigint {
    return this.#confirmed;
  }

  get newest(): bigint {
    return this.#log.newest.sequence;
  }

  /** The next commits after one; none at the end. @throws PgError 55000 */
  async read(after: bigint): Promise<readonly ChangeBatch[]> {
    return this.#told(() => this.#log.read(this.#at(after), readLimits));
  }

  /** As they come; a batch without changes when nothing has come for so long. @throws PgError 55000 */
  async *follow(after: bigint, signal: AbortSignal, heartbeatMs: number): AsyncGenerator<ChangeBatch> {
    try {
      yield* this.#log.follow(this.#at(after), signal, { ...readLimits, heartbeatMs });
    } catch (error) {
      throw this.#toldOf(error);
    }
  }

  /** What is up to a place is not needed any more; never goes back. @throws PgError 55000 */
  async confirm(lsn: bigint): Promise<void> {
    const sequence = least(sequenceAt(lsn), this.newest);
    if (sequence <= this.#confirmed) return;
    await this.#told(() => this.#log.retain(consumerOf(this.slot), this.#at(sequence)));
    this.#confirmed = sequence;
  }

  release(): void {
    this.#released();
  }

  #at(sequence: bigint): Position {
    return this.#log.positionAt(least(sequence, this.newest));
  }

  async #told<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.#toldOf(error);
    }
  }

  #toldOf(error: unknown): unknown {
    if (!(error instanceof WeftkitError)) return error;
    return error.code === "too_old" || error.code === "consumer_dropped"
      ? lost(this.slot.name, error.message)
      : error;
  }
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function inUse(name: string, processId: number): PgError {
  return new PgError("55006", `replication slot "${name}" is active for PID ${processId}`);
}

function lost(name: string, why: string): PgError {
  return new PgError("55000", `can no longer get changes from replication slot "${name}"`, {
    detail: `This slot has been invalidated: ${why}.`,
  });
}

/** @throws PgError 42602, 42622 */
function checkName(name: string): void {
  if (name === "") throw new PgError("42602", 'replication slot name "" is too short');
  if (Buffer.byteLength(name) > 63) throw new PgError("42622", `replication slot name "${name}" is too long`);
  if (!/^[a-z0-9_]+$/.test(name))
    throw new PgError("42602", `replication slot name "${name}" contains invalid character`, {
      hint: "Replication slot names may only contain lower case letters, numbers, and the underscore character.",
    });
}

/** Gives up waiting; what comes all the same is taken back. @throws PgError 57014 */
async function canceled<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  takeBack: () => Promise<void>,
): Promise<T> {
  if (signal === undefined) return promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(new PgError("57014", "canceling statement due to user request"));
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } catch (error) {
    // Whether it comes or fails, nobody waits for it any more.
    void promise.then(takeBack).catch(() => {});
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
