import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { replaceFileSync, syncFolderSync, WeftkitError } from "@weftkit/core";
import { linkOf } from "../contract/manifest.ts";
import { PieceReader } from "../piece/index.ts";
import type { ChainPiece, RestorePiece } from "../stream.ts";
import type { ReplicaPosition } from "./messages.ts";

type SpooledPiece = ChainPiece & { readonly epoch: number };

/** What the note beside the pieces says: the one thing that decides what the replica holds. */
interface Note {
  readonly version: 1;
  /** The latest that was heard of, or that this replica was promoted to. */
  readonly epoch: number;
  readonly isPromoted: boolean;
  readonly chain: readonly SpooledPiece[];
}

export interface SpoolOptions {
  readonly folder: string;
  /** Of the stream whose pieces are taken. */
  readonly name: string;
  /** What the pieces may take on the disk, those of a chain that is about to take the place of another included. */
  readonly bytesMax: number;
  readonly piecesMax: number;
}

/**
 * The pieces that a replica was sent, on its disk: a base and what follows, from which its database is built. A kill at
 * any moment leaves the chain that was acknowledged last, or the one that was about to be.
 */
export class ReplicaSpool {
  readonly #options: SpoolOptions;
  #note: Note;
  /** A base and what follows it, sent anew, until it has come as far as the chain. */
  #pending: readonly SpooledPiece[] = [];

  constructor(options: SpoolOptions) {
    this.#options = options;
    mkdirSync(options.folder, { recursive: true });
    // Written by this class alone, in one step.
    this.#note = existsSync(this.#notePath)
      ? JSON.parse(readFileSync(this.#notePath, "utf8"))
      : { version: 1, epoch: 0, isPromoted: false, chain: [] };
    this.#sweep();
  }

  get epoch(): number {
    return this.#note.epoch;
  }

  get position(): ReplicaPosition {
    const last = this.#note.chain.at(-1);
    return last === undefined ? { seq: 0, link: null } : { seq: last.seqTo, link: linkOf(last) };
  }

  /** What the replica's database is built from, in order. A later piece may take files away: then ask again. */
  get pieces(): readonly RestorePiece[] {
    return this.#note.chain.map(({ epoch: _, ...piece }) => ({ ...piece, path: this.#pathOf(piece) }));
  }

  /** Where the next piece is written before `add`. */
  get incoming(): string {
    return join(this.#options.folder, "incoming");
  }

  /** Ends the epoch of the primary, durably, and begins the next one, which is returned. */
  promote(): number {
    const epoch = this.#note.epoch + 1;
    this.#write({ ...this.#note, epoch, isPromoted: true });
    return epoch;
  }

  /**
   * A primary of this epoch has come; those before it are refused from here on.
   *
   * @throws WeftkitError `fenced`
   */
  admit(epoch: number): void {
    const { epoch: known, isPromoted } = this.#note;
    if (epoch < known || (isPromoted && epoch === known)) {
      throw new WeftkitError("fenced", `a primary of epoch ${epoch} was refused: epoch ${known} has begun`);
    }
    this.#pending = [];
    this.#sweep();
    if (epoch > known) this.#write({ ...this.#note, epoch, isPromoted: false });
  }

  /** @throws WeftkitError `replica_full` */
  checkRoom(bytes: number): void {
    const { bytesMax, piecesMax } = this.#options;
    const held = [...this.#note.chain, ...this.#pending];
    const sum = held.reduce((total, piece) => total + piece.bytes, bytes);
    if (sum <= bytesMax && held.length < piecesMax) return;
    throw new WeftkitError(
      "replica_full",
      `${held.length + 1} pieces of ${sum} bytes are more than the ${piecesMax} of ${bytesMax} that this replica keeps`,
    );
  }

  /**
   * Takes the piece that is in `incoming` into the chain; it is durable when this resolves. `epoch` is the primary's.
   *
   * @throws WeftkitError `piece_damaged`, `chain_broken`, or `fenced` after a promotion in between
   */
  async add(piece: ChainPiece, epoch: number): Promise<void> {
    const before = piece.kind === "base" ? [] : this.#pending.length > 0 ? this.#pending : this.#note.chain;
    const added = await this.#verify(piece, before.at(-1), epoch);
    if (this.#note.isPromoted || this.#note.epoch !== epoch) {
      throw new WeftkitError("fenced", `epoch ${epoch} ended while a piece of it came`);
    }
    renameSync(this.incoming, this.#pathOf(piece));
    syncFolderSync(this.#options.folder);
    const chain = [...before, added];
    const last = this.#note.chain.at(-1);
    // Never back to what is older than what was acknowledged, unless by a later primary, whose state is the true one.
    if (last !== undefined && added.seqTo < last.seqTo && added.epoch <= last.epoch) {
      this.#pending = chain;
      return;
    }
    this.#pending = [];
    this.#write({ ...this.#note, chain });
    if (before !== this.#note.chain) this.#sweep();
  }

  async #verify(piece: ChainPiece, last: SpooledPiece | undefined, epoch: number): Promise<SpooledPiece> {
    const reader = await PieceReader.open(this.incoming, piece);
    const { header } = reader;
    await reader.close();
    const isFollowing =
      last === undefined
        ? header.kind === "base"
        : header.previous === linkOf(last) && header.seqFrom === last.seqTo + 1 && header.epoch >= last.epoch;
    const isAnnounced =
      header.kind === piece.kind && header.seqFrom === piece.seqFrom && header.seqTo === piece.seqTo;
    const isOfStream = header.name === this.#options.name && header.epoch <= epoch;
    if (isFollowing && isAnnounced && isOfStream) return { ...piece, epoch: header.epoch };
    throw new WeftkitError(
      "chain_broken",
      `piece ${piece.sha256} (${piece.seqFrom} to ${piece.seqTo}) does not follow what this replica holds`,
    );
  }

  #write(note: Note): void {
    replaceFileSync(this.#notePath, JSON.stringify(note));
    this.#note = note;
  }

  /** Removes what belongs to no chain: left by a kill, by a connection that ended, or replaced. */
  #sweep(): void {
    const kept = new Set(this.#note.chain.map((piece) => `${piece.sha256}.wkd1`));
    for (const name of readdirSync(this.#options.folder)) {
      if (name.endsWith(".wkd1") && !kept.has(name)) rmSync(join(this.#options.folder, name));
    }
  }

  get #notePath(): string {
    return join(this.#options.folder, "replica.json");
  }

  #pathOf({ sha256 }: Pick<ChainPiece, "sha256">): string {
    return join(this.#options.folder, `${sha256}.wkd1`);
  }
}
