import { WeftkitError } from "@weftkit/core";
import type { Booted } from "./boot-sequence.ts";
import type { PersistContext } from "./context.ts";
import { pruneDropped } from "./janitor.ts";
import type { NamedManifest } from "./manifest-chain.ts";
import { isDamage, RemoteDamage } from "./remote-damage.ts";
import { Restorer } from "./restorer.ts";

/**
 * What is done about pushed states beside the pushes: new bases are read back, dropped states are deleted. What was
 * found is told by the next manifests.
 */
export class StateChecks {
  readonly #context: PersistContext;
  readonly #booted: Booted;
  readonly #verified = new Set<string>();
  readonly #pruned = new Set<string>();
  readonly damage: RemoteDamage;

  constructor(context: PersistContext, booted: Booted) {
    this.#context = context;
    this.#booted = booted;
    this.damage = new RemoteDamage(context.clock, (why) => context.damaged(why));
  }

  /** States found whole, by the names of their manifests, that the chain does not tell yet. */
  get verified(): ReadonlySet<string> {
    return this.#verified;
  }

  /** States deleted that the chain still calls dropped. */
  get pruned(): ReadonlySet<string> {
    return this.#pruned;
  }

  /** `newest` was pushed: what it tells need not be told again, nor what can no longer be told. */
  told(newest: NamedManifest): void {
    const { history, dropped } = newest.manifest;
    const untold = new Set(history.filter(({ verified }) => !verified).map(({ manifest }) => manifest));
    for (const name of this.#verified) {
      if (name !== newest.sha256 && !untold.has(name)) this.#verified.delete(name);
    }
    const stillDropped = new Set(dropped.map(({ manifest }) => manifest));
    for (const name of this.#pruned) if (!stillDropped.has(name)) this.#pruned.delete(name);
  }

  /** Deletes what was dropped long enough ago. Not beside a push, which could need again what is being deleted. */
  async prune(epoch: number, functionTime: number, signal: AbortSignal): Promise<void> {
    const { chain, clock, streams } = this.#context;
    if (chain.acknowledged === undefined) return;
    const { endpoint } = this.#booted;
    const { manifest } = chain.acknowledged;
    const now = Math.min(clock.wallMs(), functionTime);
    const referenced = streams.flatMap((stream) => stream.referenced ?? []);
    const pruned = await pruneDropped(endpoint, manifest, epoch, now, signal, async (names) => {
      let unused = names;
      for (const parts of referenced) unused = await parts.unused(unused);
      return unused;
    });
    for (const name of pruned) this.#pruned.add(name);
    const remove = async (parts: readonly string[]) => {
      const { kept } = await endpoint.prune({ manifests: [], parts }, epoch, signal);
      return kept;
    };
    for (const parts of referenced) await parts.prune(manifest, now, remove);
  }

  /** Reads every part of a state back once. A damaged one makes a base be pushed that stands alone. */
  async verify({ manifest, sha256 }: NamedManifest, signal: AbortSignal): Promise<void> {
    const { chain, log } = this.#context;
    const { endpoint, cipher } = this.#booted;
    const restorer = new Restorer(endpoint, "", cipher);
    try {
      for (const { pieces } of Object.values(manifest.streams)) {
        for (const piece of pieces) await restorer.verify(piece, signal);
      }
    } catch (error) {
      if (!isDamage(error)) throw error;
      chain.needsBase = true;
      const message = `push ${manifest.seq} is damaged where it is stored (${(error as Error).message}); a new base is pushed`;
      this.damage.found(message);
      throw new WeftkitError("piece_damaged", message, { cause: error });
    }
    this.damage.healed();
    this.#verified.add(sha256);
    log.info({ seq: manifest.seq }, "the pushed state was read back and is whole");
  }
}
