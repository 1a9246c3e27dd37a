import { mkdirSync, readFileSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile, Slots, syncFolder } from "@weftkit/core";
import type { ChainPiece, Cursor } from "../stream.ts";
import { type LocalState, readLocalState, writeLocalState } from "./local-state.ts";
import { type NamedManifest, nameText, piecesAfter } from "./manifest-chain.ts";
import { isBaseEntry, Outbox, type OutboxEntry } from "./outbox.ts";
import { Substitutes } from "./substitutes.ts";

/** When so many captures wait to be pushed behind each other, or so many bytes, a base takes the place of all of them. */
const waitingEntriesMax = 64;
const waitingBytesMin = 256 << 20;
/** A base that is not longer is worth it for the number of captures alone. */
const smallBaseBytes = 1 << 20;

const acknowledgedFile = "acknowledged.json";

/**
 * This volume's place in the chain: the last confirmed manifest, what waits in the outbox after it, and where the next
 * capture begins. Everything here survives a crash at any moment.
 */
export class Chain {
  readonly folder: string;
  /** Set when the remote pieces turned out damaged: the next capture stands alone. */
  needsBase = false;
  /** Names the key that is encrypted with from now on; undefined for none. Set before the first capture. */
  keyName: string | undefined;
  #state: LocalState | undefined;
  #outbox: Outbox;
  #substitutes: Substitutes;
  /** Captures and pushes change the state side by side. */
  readonly #writing = new Slots(1);
  #acknowledged: NamedManifest | undefined;

  /** @throws WeftkitError `state_damaged` or `outbox_damaged` */
  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#state = readLocalState(folder);
    this.#outbox = new Outbox(join(folder, "outbox"), this.#state?.acknowledged.seq);
    this.#substitutes = new Substitutes(join(folder, "substitutes"));
    this.#acknowledged = this.#readAcknowledged();
  }

  get state(): LocalState | undefined {
    return this.#state;
  }

  get outbox(): Outbox {
    return this.#outbox;
  }

  get substitutes(): Substitutes {
    return this.#substitutes;
  }

  /** The last confirmed manifest; undefined when nothing was pushed yet, or when its text is missing here. */
  get acknowledged(): NamedManifest | undefined {
    return this.#acknowledged;
  }

  /** The number of the next capture. */
  get nextSeq(): number {
    return Math.max(this.#state?.captured.seq ?? 0, this.#newest?.seq ?? 0) + 1;
  }

  /** The epoch of the newest capture that the chain has or waits for. */
  get epoch(): number {
    return Math.max(this.#acknowledged?.manifest.epoch ?? 1, this.#newest?.epoch ?? 1);
  }

  /** Where the next capture of a stream begins; undefined when only a base can be written. */
  cursorOf(stream: string): Cursor | undefined {
    const newest = this.#newest;
    const captured = this.#state?.captured;
    if (newest !== undefined && newest.seq > (captured?.seq ?? 0)) return newest.streams[stream]?.cursor;
    return captured?.cursors[stream];
  }

  /** Each stream's pieces as they will be when the outbox is pushed. */
  pieces(): ReadonlyMap<string, readonly ChainPiece[]> {
    return piecesAfter(this.#acknowledged?.manifest, this.#outbox.entries);
  }

  /** Whether the next capture can only stand alone: what it would build on has another key. */
  get needsOtherKey(): boolean {
    return this.#buildsOnAnotherKey;
  }

  /**
   * Whether so much waits to be pushed that a base is the smaller part. What waits as a base already does not count: one
   * more would take the place of as much again.
   */
  get isOverfull(): boolean {
    const { entries } = this.#outbox;
    const lastBase = entries.findLastIndex(isBaseEntry);
    const behind = entries.slice(lastBase + 1);
    const bases = Object.values(this.#acknowledged?.manifest.streams ?? {}).map(
      ({ pieces }) => pieces[0]?.bytes ?? 0,
    );
    const baseBytes =
      lastBase < 0 ? bases.reduce((sum, size) => sum + size, 0) : this.#outbox.bytesOf(entries[lastBase]!);
    const bytes = behind.reduce((sum, entry) => sum + this.#outbox.bytesOf(entry), 0);
    const isManyForLittle = behind.length > waitingEntriesMax && baseBytes <= Math.max(smallBaseBytes, bytes);
    return isManyForLittle || bytes > Math.max(waitingBytesMin, 2 * baseBytes);
  }

  /** Takes the remote state's place: `named` is what the volume holds from now on. */
  async adopt(
    subtree: string,
    named: NamedManifest | undefined,
    cursors: Readonly<Record<string, Cursor>>,
    restoredAt?: string,
  ): Promise<void> {
    const seq = named?.manifest.seq ?? 0;
    await this.#outbox.remove([...this.#outbox.entries]);
    await this.#substitutes.clear();
    if (named !== undefined) await this.#writeAcknowledged(named);
    await this.#write({
      version: 1,
      subtree,
      acknowledged: { seq, manifest: named?.sha256 ?? null },
      captured: { seq, cursors },
      ...(restoredAt !== undefined && { restoredAt }),
    });
    this.#acknowledged = named;
  }

  /** The streams moved on without changing: notes their cursors under the number of the last capture. */
  async noteCursors(cursors: Readonly<Record<string, Cursor>>): Promise<void> {
    await this.#change((state) => ({ ...state, captured: { seq: this.nextSeq - 1, cursors } }));
  }

  /** The function has confirmed `named`, the push of `entry`. */
  async acknowledge(entry: OutboxEntry, named: NamedManifest): Promise<void> {
    await this.#writeAcknowledged(named);
    const cursors = Object.fromEntries(
      Object.entries(entry.streams).map(([name, { cursor }]) => [name, cursor]),
    );
    await this.#change((state) => ({
      ...state,
      acknowledged: { seq: entry.seq, manifest: named.sha256 },
      captured: state.captured.seq >= entry.seq ? state.captured : { seq: entry.seq, cursors },
    }));
    this.#acknowledged = named;
    await this.#outbox.remove(this.#outbox.entries.filter(({ seq }) => seq <= entry.seq));
  }

  /** The confirmed manifest's text was missing here and came from the function. */
  async remember(named: NamedManifest): Promise<void> {
    await this.#writeAcknowledged(named);
    this.#acknowledged = named;
  }

  /** Moves all that is noted here to `folder`, so that the chain is empty. */
  async park(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await rename(this.folder, join(folder, "persist"));
    await syncFolder(join(this.folder, ".."));
    await mkdir(this.folder, { mode: 0o700 });
    this.#state = undefined;
    this.#acknowledged = undefined;
    this.#outbox = new Outbox(join(this.folder, "outbox"));
    this.#substitutes = new Substitutes(join(this.folder, "substitutes"));
  }

  /** A manifest has one key for all of its pieces: after a change nothing that was pushed before can be built on. */
  get #buildsOnAnotherKey(): boolean {
    const manifest = this.#acknowledged?.manifest;
    if (manifest === undefined || manifest.encryption?.keyName === this.keyName) return false;
    const pieces = this.pieces();
    return Object.entries(manifest.streams).some(([name, stream]) => {
      const base = stream.pieces[0];
      return base !== undefined && pieces.get(name)?.[0]?.sha256 === base.sha256;
    });
  }

  get #newest(): OutboxEntry | undefined {
    return this.#outbox.entries.at(-1);
  }

  #write(state: LocalState): Promise<void> {
    return this.#change(() => state);
  }

  #change(change: (state: LocalState) => LocalState): Promise<void> {
    return this.#writing.run(async () => {
      const state = change(this.#state!);
      await writeLocalState(this.folder, state);
      this.#state = state;
    });
  }

  async #writeAcknowledged(named: NamedManifest): Promise<void> {
    await replaceFile(join(this.folder, acknowledgedFile), named.text);
  }

  /** A text that is not the confirmed manifest's (a crash came between the two files) is not believed. */
  #readAcknowledged(): NamedManifest | undefined {
    const wanted = this.#state?.acknowledged.manifest;
    if (wanted === undefined || wanted === null) return undefined;
    try {
      const text = readFileSync(join(this.folder, acknowledgedFile), "utf8");
      const named = nameText(text);
      return named.sha256 === wanted ? named : undefined;
    } catch {
      return undefined;
    }
  }
}
