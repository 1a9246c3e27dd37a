import { setTimeout as delay } from "node:timers/promises";
import { WeftkitError } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import { type CommittableManifest, type EndpointClient, EndpointError } from "@weftkit/persist/client";
import { type Head, parseManifest } from "@weftkit/persist/contract";
import { layout, type ObjectStore } from "@weftkit/persist/server";
import type { Central } from "./central.ts";
import type { CentralPosition, PassingLog } from "./passing-log.ts";
import type { PassingStore } from "./passing-store.ts";

export interface PassingOptions {
  readonly subtree: string;
  /** The volume's own objects. */
  readonly local: ObjectStore;
  readonly store: PassingStore;
  readonly log: PassingLog;
  readonly central: Central;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly passed: (bytes: number, commits: number) => void;
}

/** What `/v1/status` and the metrics say of a subtree. */
export interface PassingState {
  readonly subtree: string;
  /** Pushes that the central copy does not have, as far as known. */
  readonly behind: number;
  readonly centralSeq: number;
  /** Why it does not go on; undefined while it does. */
  readonly why: string | undefined;
}

const headBytesMax = 16 * 1024;
const manifestBytesMax = 64 * 1024 * 1024;
const partBytesMax = 64 * 1024 * 1024;
const partsAtOnce = 64;
const deletionsAtOnce = 500;
const commitsMax = 3;
const waitMsMax = 30_000;
/** What the central copy keeps because it is young there is asked for again. */
const keptForMs = 3_600_000;
/** Of manifests that wait; beyond, those that are nearer to the central copy are looked for again afterwards. */
const chainMax = 1_000_000;
const claimsMax = 10_000;

/**
 * Passes one subtree on, in the order in which its engine made it: for each manifest of the chain the parts that were written
 * before it, then the manifest, so that the central copy is a state of the chain at every moment. All that is done may be done
 * again, so that a crash at any place is gone on from.
 */
export class Passing {
  readonly #options: PassingOptions;
  #client: EndpointClient;
  #central: CentralPosition | undefined;
  #isKnown = false;
  #isChanged = true;
  #wake: (() => void) | undefined;
  #behind = 0;
  #why: string | undefined;
  readonly #running: Promise<void>;

  constructor(options: PassingOptions) {
    this.#options = options;
    this.#client = options.central.clientOf(options.subtree);
    options.signal.addEventListener("abort", () => this.#wake?.(), { once: true });
    this.#running = this.#run();
  }

  get state(): PassingState {
    const { subtree } = this.#options;
    return { subtree, behind: this.#behind, centralSeq: this.#central?.seq ?? 0, why: this.#why };
  }

  /** Something was pushed. */
  changed(): void {
    this.#isChanged = true;
    this.#wake?.();
  }

  /** Resolves when nothing runs any more, after the signal. */
  async ended(): Promise<void> {
    this.#client.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal, logger, subtree } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      if (!this.#isChanged) {
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#wake = resolve;
        if (!this.#isChanged && !signal.aborted) await promise;
        continue;
      }
      this.#isChanged = false;
      try {
        await this.#pass();
        failures = 0;
        this.#why = undefined;
      } catch (error) {
        if (signal.aborted) return;
        // Whatever has happened there, its head says.
        this.#isKnown = false;
        this.#isChanged = true;
        const why = error instanceof Error ? error.message : String(error);
        if (this.#why !== why) logger.warn({ err: error, subtree }, "the central copy waits");
        this.#why = why;
        const waitMs = Math.random() * Math.min(waitMsMax, 500 * 2 ** Math.min(failures++, 10));
        await delay(waitMs, undefined, { signal }).catch(() => {});
      }
    }
  }

  /** Once through all that is there to be passed on. */
  async #pass(): Promise<void> {
    const { log, subtree, passed } = this.#options;
    if (!this.#isKnown) await this.#learn();
    // Deletions first, then the head: what the head's state does not name any more when it is there.
    const deletionsUpTo = await log.newestDeletion(subtree);
    const head = await this.#localHead();
    if (head === undefined) return;
    const upTo = await log.newestWritten(subtree);
    const chain = await this.#chainTo(head);
    this.#behind = chain.length;
    for (const name of chain.reverse()) {
      const named = await this.#manifest(name);
      const before = (await log.sequenceOfManifest(subtree, name)) ?? upTo;
      const { epoch, seq } = named.manifest;
      await this.#claim(epoch, named);
      const bytes = await this.#sendParts(before, epoch);
      await this.#commit(named);
      this.#central = { epoch, seq, manifest: name };
      await log.confirm(subtree, this.#central, before);
      this.#behind--;
      passed(bytes, 1);
    }
    // So that whoever comes after a failure of this volume has an epoch above all of its own.
    if (head.manifest !== null) await this.#claim(head.epoch, undefined);
    await this.#sendAhead(upTo, head.epoch);
    await this.#delete(deletionsUpTo, head.epoch);
  }

  async #learn(): Promise<void> {
    const { signal } = this.#options;
    const state = await this.#client.restore({}, signal);
    this.#central = state && {
      epoch: state.head.epoch,
      seq: state.head.seq,
      manifest: state.head.manifest,
    };
    this.#isKnown = true;
  }

  async #localHead(): Promise<Head | undefined> {
    const { local, subtree } = this.#options;
    const object = await local.get(layout.head(subtree), headBytesMax);
    return object && (JSON.parse(Buffer.from(object.body).toString()) as Head);
  }

  async #manifest(name: string): Promise<CommittableManifest> {
    const { local, subtree } = this.#options;
    const object = await local.get(layout.manifest(subtree, name), manifestBytesMax);
    if (object === undefined) {
      const message = `manifest ${name} is not on the volume any more, and the central endpoint has nothing of this chain: it began before there was one. Give the central endpoint's subtree another place, or begin the chain anew`;
      throw new WeftkitError("chain_unknown", message);
    }
    const text = Buffer.from(object.body).toString();
    return { manifest: parseManifest(text), text, sha256: name };
  }

  /** The names from the head back to what the central copy has, newest first. */
  async #chainTo(head: Head): Promise<string[]> {
    const there = this.#central?.manifest ?? null;
    const names: string[] = [];
    for (let name = head.manifest; name !== there; ) {
      if (name === null) {
        const message = `the central endpoint's push ${this.#central?.seq} is not of this volume's chain: somebody else has pushed there, and nothing is passed on over it`;
        throw new WeftkitError("diverged", message);
      }
      names.push(name);
      if (names.length > chainMax) throw new WeftkitError("chain_too_long", "too many pushes wait");
      name = (await this.#manifest(name)).manifest.previous;
    }
    return names;
  }

  /** Has the central copy's epoch at `epoch`, by as many claims as it takes; each is given up at once. */
  async #claim(epoch: number, first: CommittableManifest | undefined): Promise<void> {
    const { log, signal, subtree } = this.#options;
    for (let claims = 0; (this.#central?.epoch ?? 0) < epoch; claims++) {
      if (claims === claimsMax) throw new WeftkitError("diverged", `${claimsMax} claims were not enough`);
      const lost =
        this.#central === undefined && first !== undefined && epoch > 1
          ? { epoch: epoch - 1, seq: first.manifest.seq, manifest: first.sha256 }
          : undefined;
      const before = this.#central?.manifest ?? null;
      const reply = await this.#client.claim(log.owner, { lost, signal });
      await this.#client.release(log.owner, reply.epoch, signal);
      const { seq, manifest } = reply.head;
      this.#central = { epoch: reply.epoch, seq, manifest };
      if (manifest !== before)
        throw new WeftkitError("diverged", "somebody else has pushed to the central copy");
      await log.confirm(subtree, this.#central, 0);
    }
    if (this.#central!.epoch > epoch) {
      const message = `the central copy has epoch ${this.#central!.epoch}, and the volume ${epoch}: an engine uses the central endpoint itself`;
      throw new WeftkitError("fenced", message);
    }
  }

  async #sendParts(upTo: number, epoch: number): Promise<number> {
    const { log, subtree, signal } = this.#options;
    let bytes = 0;
    for (let after = 0; ; ) {
      const written = await log.parts(subtree, after, upTo, partsAtOnce);
      if (written.length === 0) return bytes;
      after = written.at(-1)!.sequence;
      const names = [...new Set(written.map(({ name }) => name))];
      bytes += await this.#client.uploadParts(await this.#parts(names), epoch, { signal });
    }
  }

  /** Parts of a push that is not committed yet: its commit is passed on the sooner, and they do not add up when it never comes. */
  async #sendAhead(upTo: number, epoch: number): Promise<void> {
    const { log, subtree, passed } = this.#options;
    // Nothing can be sent before there is an owner.
    if (this.#central?.epoch !== epoch || (await log.parts(subtree, 0, upTo, 1)).length === 0) return;
    const bytes = await this.#sendParts(upTo, epoch);
    await log.confirm(subtree, this.#central, upTo);
    passed(bytes, 0);
  }

  async #parts(names: readonly string[]) {
    const found = await Promise.all(names.map((name) => this.#part(name)));
    const absent = names.filter((_, index) => found[index] === undefined);
    const there = found.filter((part) => part !== undefined);
    if (absent.length === 0) return there;
    // It is being written now, or was cut off by a crash: then nobody was told that it is stored.
    const late = await this.#options.store.exclusively(this.#options.subtree, () =>
      Promise.all(absent.map((name) => this.#part(name))),
    );
    return [...there, ...late.filter((part) => part !== undefined)];
  }

  async #part(name: string) {
    const { local, subtree } = this.#options;
    const key = layout.part(subtree, name);
    const facts = await local.head(key);
    if (facts === undefined) return undefined;
    const read = async () => {
      const object = await local.get(key, partBytesMax);
      if (object === undefined) throw new WeftkitError("damaged", `part ${name} has gone from the volume`);
      return object.body;
    };
    return { sha256: name, bytes: facts.bytes, read };
  }

  async #commit(named: CommittableManifest): Promise<void> {
    const { signal } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#client.commit(named, { signal });
        return;
      } catch (error) {
        const missing = error instanceof EndpointError ? error.reply?.missing : undefined;
        if (attempt === commitsMax || missing === undefined) throw error;
        await this.#client.uploadParts(await this.#parts(missing), named.manifest.epoch, { signal });
      }
    }
  }

  async #delete(upTo: number, epoch: number): Promise<void> {
    const { local, log, store, subtree, signal } = this.#options;
    for (;;) {
      const done = await store.exclusively(subtree, async () => {
        const due = await log.deletions(subtree, upTo, Date.now(), deletionsAtOnce);
        for (const { kind, name, isDoneHere } of due) {
          if (!isDoneHere) await local.delete(layout[kind](subtree, name));
        }
        return due;
      });
      if (done.length === 0) return;
      const namesOf = (kind: "manifest" | "part") =>
        done.filter((one) => one.kind === kind).map(({ name }) => name);
      const names = { manifests: namesOf("manifest"), parts: namesOf("part") };
      const { kept } = await this.#client.prune(names, epoch, signal);
      await log.deleted(done, new Set(kept), Date.now() + keptForMs);
    }
  }
}
