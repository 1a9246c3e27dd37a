import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "@weftkit/observe";
import type { Tick } from "../network/tick.ts";
import type { LinkState, PrimaryAddress, ReplicaState } from "../server/replica-state.ts";
import type { Server } from "../server/server.ts";
import { loadRdb } from "./load-rdb.ts";
import { type Position, PrimaryLink } from "./primary-link.ts";

/** So long after a link broke the next one is tried. */
const RETRY_MS = 1000;
/** All data that could not be taken over are asked for again twice as late each time: they cost the primary a fork. */
const RETRY_MS_MAX = 30_000;

/** What a primary sends is received in this folder of the data folder, which is removed afterwards. */
export const transferFolder = "replication";

/** What a replica is made of. */
export interface FollowingParts {
  readonly server: Server;
  readonly tick: Tick;
  /** The data folder, in which `transferFolder` is made. */
  readonly folder: string;
  readonly log: Logger;
}

/**
 * The engine as the replica of a Redis (REPLICAOF): connects, takes everything over, then runs what the primary runs, and
 * connects again when the link breaks, going on where it was if the primary can. Lifetime: from the constructor to `stop`.
 */
export class Following implements ReplicaState {
  readonly primary: PrimaryAddress;
  readonly #parts: FollowingParts;
  readonly #folder: string;
  readonly #stopping = new AbortController();
  #link: PrimaryLink | undefined;
  #position: Position | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Loads that have failed since the last one that has not. */
  #failedLoads = 0;
  isLoading = false;
  state: LinkState = "connect";
  downSince: number;

  constructor(primary: PrimaryAddress, parts: FollowingParts) {
    this.primary = primary;
    this.#parts = parts;
    this.#folder = join(parts.folder, transferFolder);
    mkdirSync(this.#folder, { recursive: true });
    this.downSince = parts.server.now;
    void this.#run();
  }

  get offset(): number {
    return this.#link?.offset ?? this.#position?.offset ?? 0;
  }

  get history(): string {
    return this.#position?.history ?? "";
  }

  get heardAt(): number | undefined {
    return this.#link?.heardAt;
  }

  get transfer(): { readonly received: number; readonly total: number } | undefined {
    return this.#link?.transfer;
  }

  acknowledge(): void {
    this.#link?.acknowledge();
  }

  /** Ends the link. What was taken over stays. */
  stop(): void {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    this.#link?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #run(): Promise<void> {
    const { server, tick, log } = this.#parts;
    const { primary } = this;
    const { signal } = this.#stopping;
    try {
      this.state = "connecting";
      const link = new PrimaryLink({ primary, server, tick, folder: this.#folder });
      this.#link = link;
      const answer = await link.open(this.#position);
      if (signal.aborted) return;
      if (answer.file !== undefined) {
        this.state = "sync";
        await answer.file.received();
        if (signal.aborted) return;
        await this.#load(answer.file.path);
        if (signal.aborted) return;
        this.#failedLoads = 0;
      }
      this.#position = { history: answer.history, offset: answer.offset };
      this.state = "connected";
      log.info({ primary, offset: answer.offset, isPartial: answer.file === undefined }, "follows a primary");
      await link.follow(answer.offset);
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ err: error, primary }, "the link to the primary broke; it is tried again");
    }
    const link = this.#link;
    if (link !== undefined && this.state === "connected") {
      this.downSince = link.heardAt ?? server.now;
      if (link.isSpoiled) this.#position = undefined;
      else if (this.#position !== undefined) this.#position.offset = link.offset;
    }
    link?.close();
    this.#link = undefined;
    this.state = "connect";
    const waitMs = Math.min(RETRY_MS * 2 ** this.#failedLoads, RETRY_MS_MAX);
    this.#timer = setTimeout(() => void this.#run(), waitMs);
  }

  /** Replaces everything by what the file holds, as one unit: a crash leaves all of the old or all of the new. */
  async #load(path: string): Promise<void> {
    const { server, tick } = this.#parts;
    this.#position = undefined;
    this.#failedLoads++;
    await loadRdb(path, {
      server,
      signal: this.#stopping.signal,
      began: () => {
        this.isLoading = true;
      },
      paused: () => tick.schedule(),
    });
    this.isLoading = false;
  }
}
