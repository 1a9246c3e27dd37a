import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { type EngineName, engines } from "@weftkit/config";
import { Deadline, Slots, systemClock, WeftkitError } from "@weftkit/core";
import type { ReadinessRegistry } from "@weftkit/observe";
import type { Persistence } from "@weftkit/persist";
import { type SnapshotHeader, type StatePlaces, StateSwap, writeSnapshot } from "@weftkit/persist/snapshot";
import type { EngineRun } from "./engine-run.ts";
import type { EngineSlot } from "./engine-slot.ts";
import type { ImageParts } from "./image-parts.ts";

/** How long the sessions of the engine that is replaced may take to end. */
const closeBudgetMs = 10_000;

const toldAfterMs = 1000;

const why = "the state was replaced by that of a snapshot";

/** The image around the engine whose state is saved and restored. */
export interface SnapshotHost<Name extends EngineName> {
  readonly parts: ImageParts<Name>;
  readonly slot: EngineSlot;
  readonly readiness: ReadinessRegistry;
  /** Aborted when the shutdown begins. */
  readonly stopping: AbortSignal;
  run(): EngineRun<Name>;
  /** Another engine, not open yet, which is the image's from now on. */
  next(): EngineRun<Name>;
  persistence(): Persistence | undefined;
  /** What follows the changes of the engine: closed before it is, and opened behind it. */
  closeFollowers(): Promise<void>;
  openFollowers(): Promise<void>;
  /** The image cannot go on. */
  fatal(error: unknown): void;
}

/** What a restore has done. */
export interface Restored extends SnapshotHeader {
  /** How long no client was served. */
  readonly pausedMs: number;
}

/** Snapshots of an engine's state: written while it serves, and restored in place, without another process. */
export class Snapshots<Name extends EngineName> {
  readonly #host: SnapshotHost<Name>;
  /** One snapshot is written or restored at a time. */
  readonly #work = new Slots(1);

  constructor(host: SnapshotHost<Name>) {
    this.#host = host;
  }

  /**
   * Writes the state as it is now to `target`, which it ends; `begin` is called before its first byte.
   *
   * @throws WeftkitError `not_supported` before that
   */
  async write(target: Writable, begin: (header: SnapshotHeader) => void): Promise<void> {
    this.#requireSupport();
    await this.#exclusively(async () => {
      const { definition, config } = this.#host.parts;
      const scratch = join(config.server.data_dir, "snapshot-scratch");
      await rm(scratch, { recursive: true, force: true });
      await mkdir(scratch, { mode: 0o700 });
      try {
        const createdAt = new Date(systemClock.wallMs()).toISOString();
        const header = { engine: definition.name, version: definition.version, createdAt };
        begin(header);
        const files = this.#host.run().engine.snapshot!(scratch);
        await writeSnapshot(header, files, target, this.#host.stopping);
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
    });
  }

  /**
   * Puts the state of a snapshot in the place of the engine's, when all of it has come and is whole. Sessions are ended as at a
   * shutdown; clients that connect meanwhile wait.
   *
   * @throws WeftkitError with a `SnapshotErrorCode`, `not_supported`, `restore_failed`: the state is as it was
   */
  async restore(source: AsyncIterable<Uint8Array>): Promise<Restored> {
    this.#requireSupport();
    return await this.#exclusively(async () => {
      const { definition, config, log } = this.#host.parts;
      const { name: engine, version } = definition;
      const options = { engine, version, signal: this.#host.stopping };
      const { swap, header } = await StateSwap.stage(config.server.data_dir, this.#places(), source, options);
      const startedMs = systemClock.monotonicMs();
      const failure = await this.#replace(swap);
      const pausedMs = Math.round(systemClock.monotonicMs() - startedMs);
      if (failure !== undefined) {
        const reason = failure instanceof Error ? failure.message : String(failure);
        const message = `the engine cannot start with the state of the snapshot, and has its earlier state again: ${reason}`;
        throw new WeftkitError("restore_failed", message, { cause: failure });
      }
      log.info({ createdAt: header.createdAt, pausedMs }, "a snapshot is restored");
      return { ...header, pausedMs };
    });
  }

  /** Before anything is opened at the start: brings a restore to its end that a crash came between. */
  async recover(): Promise<StateSwap | undefined> {
    const { config, log } = this.#host.parts;
    const dataDir = config.server.data_dir;
    await rm(join(dataDir, "snapshot-scratch"), { recursive: true, force: true });
    const swap = await StateSwap.recover(dataDir, this.#places());
    if (swap !== undefined)
      log.info("a snapshot was being restored when the process ended: that is completed");
    return swap;
  }

  /** Opens the engine; with the earlier state where it cannot start with one that has just been put in place. */
  async open(swap: StateSwap | undefined): Promise<void> {
    const { log } = this.#host.parts;
    try {
      await this.#host.run().open();
    } catch (error) {
      if (swap === undefined) throw error;
      log.error(
        { err: error },
        "the engine cannot start with the state of a snapshot: the earlier one comes back",
      );
      await this.#host.run().dispose();
      await swap.rollBack();
      // What is persisted has streams of the engine that failed: the next start takes the earlier state up.
      if (this.#host.persistence() !== undefined) throw error;
      await this.#host.next().open();
      return;
    }
    await this.#settle(swap);
  }

  /** Resolves when nothing is written or restored any more; nothing begins after the shutdown has. */
  async settled(): Promise<void> {
    await this.#work.run(async () => {});
  }

  /** Resolves to why it did not succeed, if the earlier state is in place again. */
  async #replace(swap: StateSwap): Promise<unknown> {
    const { slot, readiness, fatal } = this.#host;
    const persistence = this.#host.persistence();
    let failure: unknown;
    slot.hold();
    // Clients that come meanwhile wait: only when that is long is it better to send them elsewhere.
    const told = setTimeout(
      () => readiness.set("engine", false, "a snapshot is being restored"),
      toldAfterMs,
    );
    try {
      await this.#host.closeFollowers();
      const replace = async (guard: (streams: ReturnType<EngineRun<Name>["streams"]>) => void) => {
        const old = this.#host.run();
        const consumers = ((await old.changes?.consumers()) ?? []).map(({ name }) => name);
        using deadline = Deadline.after(closeBudgetMs);
        await deadline.race(old.close(deadline));
        await old.dispose();
        const start = async () => {
          const next = this.#host.next();
          const streams = persistence === undefined ? [] : next.streams();
          guard(streams);
          await next.open();
          return streams;
        };
        await swap.swap(consumers);
        try {
          return await start();
        } catch (error) {
          failure = error;
          await this.#host.run().dispose();
          await swap.rollBack();
          return await start();
        }
      };
      if (persistence === undefined) await replace(() => {});
      else await persistence.replaceState(replace);
      if (failure === undefined) await this.#settle(swap);
      await this.#host.openFollowers();
      slot.release(this.#host.run().engine);
      readiness.set("engine", true);
    } catch (error) {
      slot.dismiss();
      fatal(error);
      throw error;
    } finally {
      clearTimeout(told);
    }
    return failure;
  }

  /** Tells those who follow the changes that what they have seen is not what came before this state. */
  async #settle(swap: StateSwap | undefined): Promise<void> {
    if (swap === undefined) return;
    const { changes } = this.#host.run();
    const names = new Set(swap.consumers);
    for (const { name } of (await changes?.consumers()) ?? []) names.add(name);
    await changes?.drop([...names], why);
    await swap.finish();
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    return this.#work.run(() => {
      this.#host.stopping.throwIfAborted();
      return work();
    });
  }

  #requireSupport(): void {
    if (this.#host.run().engine.snapshot !== undefined) return;
    const { name } = this.#host.parts.definition;
    throw new WeftkitError("not_supported", `weftkit/${name} has no snapshots`);
  }

  #places(): StatePlaces {
    const { definition, config } = this.#host.parts;
    const { name } = definition;
    const dataDir = config.server.data_dir;
    const own = this.#host.run().engine.places?.(dataDir, config[name]);
    const described = Object.entries(engines[name].deployment?.streams ?? {});
    return own ?? Object.fromEntries(described.map(([place, path]) => [place, join(dataDir, path)]));
  }
}
