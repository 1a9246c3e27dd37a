import { globSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "@weftkit/observe";
import { FolderStore } from "@weftkit/persist/folder-store";
import type { ObjectStore } from "@weftkit/persist/server";
import type { Store } from "@weftkit/store";
import type { Central } from "./central.ts";
import { Passing, type PassingState } from "./passing.ts";
import { PassingLog } from "./passing-log.ts";
import { PassingStore } from "./passing-store.ts";

export interface KeeperOptions {
  readonly dataDir: string;
  /** Where it is noted what waits; given when there is a central copy. */
  readonly database: Store | undefined;
  readonly central: Central | undefined;
  readonly waitingBytesMax: number;
  readonly logger: Logger;
  readonly passed: (bytes: number, commits: number) => void;
}

const subtreesMax = 10_000;
const readinessKey = "weftkit-probe/ready";

/** The states on the volume, and who passes them on. */
export class Keeper {
  readonly #folder: FolderStore;
  readonly #options: KeeperOptions;
  readonly #log: PassingLog | undefined;
  readonly #passing = new Map<string, Passing>();
  readonly #ending = new AbortController();
  /** What the contract's handler works with. */
  readonly store: ObjectStore;
  readonly #passingStore: PassingStore | undefined;

  private constructor(options: KeeperOptions, folder: FolderStore, log: PassingLog | undefined) {
    this.#options = options;
    this.#folder = folder;
    this.#log = log;
    const { central, waitingBytesMax } = options;
    if (log !== undefined && central !== undefined) {
      const changed = (subtree: string) => this.#changed(subtree);
      this.#passingStore = new PassingStore({ local: folder, log, central, waitingBytesMax, changed });
    }
    this.store = this.#passingStore ?? folder;
  }

  static async open(options: KeeperOptions): Promise<Keeper> {
    const root = join(options.dataDir, "states");
    mkdirSync(root, { recursive: true, mode: 0o700 });
    const folder = await FolderStore.open(root);
    const log = options.database && (await PassingLog.open(options.database));
    const keeper = new Keeper(options, folder, log);
    if (log !== undefined) {
      // The volume says what there is: what was pushed before a crash, and what was kept before there was a central copy.
      const heads = globSync("*/*/*/head", { cwd: root }).map((path) => path.slice(0, -"/head".length));
      for (const subtree of new Set([...heads, ...(await log.subtrees())])) keeper.#changed(subtree);
    }
    return keeper;
  }

  get waitingBytes(): number {
    return this.#log?.waitingBytes ?? 0;
  }

  states(): readonly PassingState[] {
    return [...this.#passing.values()].map(({ state }) => state);
  }

  /** Whether the volume answers. */
  async isReady(): Promise<boolean> {
    try {
      await this.#folder.head(readinessKey);
      return true;
    } catch (error) {
      this.#options.logger.warn({ err: error }, "the volume does not answer");
      return false;
    }
  }

  /** When no request is under way any more. What waits is passed on after the next start. */
  async close(): Promise<void> {
    this.#ending.abort();
    await Promise.all([...this.#passing.values()].map((passing) => passing.ended()));
    this.#folder.close();
  }

  #changed(subtree: string): void {
    const running = this.#passing.get(subtree);
    if (running !== undefined) {
      running.changed();
      return;
    }
    const { central, logger, passed } = this.#options;
    if (this.#ending.signal.aborted || this.#passing.size >= subtreesMax) return;
    this.#passing.set(
      subtree,
      new Passing({
        subtree,
        local: this.#folder,
        store: this.#passingStore!,
        log: this.#log!,
        central: central!,
        logger,
        passed,
        signal: this.#ending.signal,
      }),
    );
  }
}
