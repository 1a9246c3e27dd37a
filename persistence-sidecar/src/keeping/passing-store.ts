import { WeftkitError } from "@weftkit/core";
import { EndpointError } from "@weftkit/persist/client";
import { type Head, sha256 } from "@weftkit/persist/contract";
import {
  layout,
  type ObjectFacts,
  type ObjectStore,
  type PutCondition,
  type StoredObject,
} from "@weftkit/persist/server";
import type { Central } from "./central.ts";
import { namedBy } from "./keys.ts";
import type { PassingLog } from "./passing-log.ts";

export interface PassingStoreOptions {
  readonly local: ObjectStore;
  readonly log: PassingLog;
  readonly central: Central;
  /** Engines wait when more than this is to be passed on; 0 is no limit. */
  readonly waitingBytesMax: number;
  /** A subtree's head has changed. */
  readonly changed: (subtree: string) => void;
}

/**
 * The volume's objects, with what is passed on noted before it is written. What a deletion is asked for stays until its turn in
 * the order of what is passed on. A subtree that the volume does not know is taken over from the central copy: its head and
 * manifest at once, the rest when it is asked for. An outage of the central endpoint never looks like an empty database.
 */
export class PassingStore implements ObjectStore {
  readonly #options: PassingStoreOptions;
  readonly #adopting = new Map<string, Promise<void>>();
  readonly #restored = new Map<string, boolean>();
  readonly #writing = new Map<string, number>();
  readonly #excluded = new Map<string, Promise<void>>();
  readonly #quiet = new Map<string, () => void>();

  constructor(options: PassingStoreOptions) {
    this.#options = options;
  }

  async get(key: string, bytesMax: number): Promise<StoredObject | undefined> {
    const { local } = this.#options;
    const there = await local.get(key, bytesMax);
    const named = namedBy(key);
    if (there !== undefined || named === undefined) return there;
    if (named.kind === "head") await this.#adopt(named.subtree);
    else if (await this.#isRestored(named.subtree)) await this.#fetch(named.subtree, named.kind, named.name);
    else return undefined;
    return local.get(key, bytesMax);
  }

  async put(
    key: string,
    body: Uint8Array,
    condition?: PutCondition,
  ): Promise<{ readonly etag: string } | undefined> {
    const { local, log, changed } = this.#options;
    const named = namedBy(key);
    if (named === undefined) return local.put(key, body, condition);
    if (named.kind === "head") {
      const put = await local.put(key, body, condition);
      if (put !== undefined) changed(named.subtree);
      return put;
    }
    const { subtree, kind, name } = named;
    // A manifest completes what its parts have taken the room for.
    if (kind === "part") this.#requireRoom(subtree);
    return this.#shared(subtree, async () => {
      await log.wrote(subtree, kind, name, kind === "part" ? body.length : 0);
      return local.put(key, body, condition);
    });
  }

  head(key: string): Promise<ObjectFacts | undefined> {
    return this.#options.local.head(key);
  }

  async delete(key: string): Promise<void> {
    const named = namedBy(key);
    if (named === undefined || named.kind === "head") return this.#options.local.delete(key);
    await this.#options.log.toDelete(named.subtree, named.kind, named.name);
    this.#options.changed(named.subtree);
  }

  /** Runs `work` while nothing of the subtree is being written: what it deletes has not just come back. */
  async exclusively<T>(subtree: string, work: () => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#excluded.set(subtree, promise);
    try {
      if ((this.#writing.get(subtree) ?? 0) > 0) {
        await new Promise<void>((quiet) => this.#quiet.set(subtree, quiet));
      }
      return await work();
    } finally {
      this.#excluded.delete(subtree);
      resolve();
    }
  }

  async #shared<T>(subtree: string, work: () => Promise<T>): Promise<T> {
    for (let waited = this.#excluded.get(subtree); waited; waited = this.#excluded.get(subtree)) await waited;
    this.#writing.set(subtree, (this.#writing.get(subtree) ?? 0) + 1);
    try {
      return await work();
    } finally {
      const left = this.#writing.get(subtree)! - 1;
      if (left > 0) this.#writing.set(subtree, left);
      else {
        this.#writing.delete(subtree);
        this.#quiet.get(subtree)?.();
        this.#quiet.delete(subtree);
      }
    }
  }

  #requireRoom(subtree: string): void {
    const { waitingBytesMax, log, changed } = this.#options;
    if (waitingBytesMax === 0 || log.waitingBytes < waitingBytesMax) return;
    changed(subtree);
    const message = `${log.waitingBytes} bytes wait for the central endpoint, and central_max_waiting is ${waitingBytesMax}`;
    throw new WeftkitError("central_behind", message);
  }

  async #isRestored(subtree: string): Promise<boolean> {
    const known = this.#restored.get(subtree);
    if (known !== undefined) return known;
    const isRestored = (await this.#options.log.position(subtree))?.isRestored ?? false;
    this.#restored.set(subtree, isRestored);
    return isRestored;
  }

  /** Takes a subtree over that is not here, if the central endpoint has it. */
  #adopt(subtree: string): Promise<void> {
    const running = this.#adopting.get(subtree);
    if (running !== undefined) return running;
    const adopting = this.#takeOver(subtree).finally(() => this.#adopting.delete(subtree));
    this.#adopting.set(subtree, adopting);
    return adopting;
  }

  async #takeOver(subtree: string): Promise<void> {
    const { local, log, central } = this.#options;
    const client = central.clientOf(subtree, true);
    try {
      const state = await client.restore();
      if (state === undefined) return;
      const { epoch, seq, manifest, time } = state.head;
      if (state.manifest !== null) {
        await local.put(layout.manifest(subtree, sha256(state.manifest)), Buffer.from(state.manifest));
      }
      await log.restored(subtree, { epoch, seq, manifest });
      this.#restored.set(subtree, true);
      const head: Head = { version: 1, epoch, owner: log.owner, leaseUntil: 0, seq, manifest, time };
      await local.put(layout.head(subtree), Buffer.from(JSON.stringify(head)), { ifAbsent: true });
    } finally {
      client.close();
    }
  }

  async #fetch(subtree: string, kind: "manifest" | "part", name: string): Promise<void> {
    const { local, central } = this.#options;
    const client = central.clientOf(subtree, true);
    try {
      if (kind === "part") {
        await local.put(layout.part(subtree, name), await client.downloadPart(name));
        return;
      }
      const state = await client.restore({ manifest: name });
      if (state?.manifest) await local.put(layout.manifest(subtree, name), Buffer.from(state.manifest));
    } catch (error) {
      if (error instanceof EndpointError && error.code === "not_found") return;
      throw error;
    } finally {
      client.close();
    }
  }
}
