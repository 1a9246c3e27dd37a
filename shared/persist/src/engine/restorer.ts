import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rm, unlink } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { WeftkitError } from "@weftkit/core";
import type { PartCipher } from "../contract/encryption.ts";
import type { Part, Piece } from "../contract/manifest.ts";
import { partsOfPiece } from "../contract/part-lists.ts";
import type { RestorePiece } from "../stream.ts";
import type { Endpoint } from "./endpoint.ts";

/** Parts that are on their way at the same time while nobody is served. */
const downloadsMax = 4;

/** Fetches the pieces of a state, part by part, and checks each before it is handed on. */
export class Restorer {
  readonly #endpoint: Pick<Endpoint, "downloadPart">;
  readonly #folder: string;
  readonly #cipher: PartCipher | undefined;
  readonly #urls: Readonly<Record<string, string>>;

  /** Uses `folder`, which it empties, for the piece that is being applied and the next one. */
  constructor(
    endpoint: Pick<Endpoint, "downloadPart">,
    folder: string,
    cipher: PartCipher | undefined,
    urls: Readonly<Record<string, string>> = {},
  ) {
    this.#endpoint = endpoint;
    this.#folder = folder;
    this.#cipher = cipher;
    this.#urls = urls;
  }

  /** The pieces in their order; a file lives until the next piece is asked for. */
  async *fetch(
    pieces: readonly Piece[],
    onBytes: (bytes: number) => void,
    signal?: AbortSignal,
  ): AsyncGenerator<RestorePiece> {
    await rm(this.#folder, { recursive: true, force: true });
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    let coming = this.#start(pieces[0], 0, onBytes, signal);
    try {
      for (const [index, piece] of pieces.entries()) {
        const path = await coming;
        // The next one is fetched while this one is applied.
        coming = this.#start(pieces[index + 1], index + 1, onBytes, signal);
        const { parts: _, partLists: __, ...described } = piece;
        yield { ...described, path };
        await unlink(path);
      }
    } finally {
      await coming.catch(() => {});
      await rm(this.#folder, { recursive: true, force: true });
    }
  }

  /** Reads every part of a piece back and checks it, one by one, as an engine is serving meanwhile. */
  async verify(piece: Piece, signal?: AbortSignal): Promise<void> {
    const hash = createHash("sha256");
    for await (const bytes of this.#plainParts(piece, 1, () => {}, signal)) hash.update(bytes);
    requireHash(piece, hash.digest("hex"));
  }

  /** The plain bytes of part `index` of a content that is named by this SHA-256. */
  async fetchPart(
    contentSha256: string,
    index: number,
    { sha256 }: Part,
    onBytes: (bytes: number) => void,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    const stored = await this.#endpoint.downloadPart(sha256, this.#urls[sha256], signal);
    onBytes(stored.length);
    return this.#cipher === undefined ? stored : this.#cipher.open(contentSha256, index, stored);
  }

  #start(
    piece: Piece | undefined,
    index: number,
    onBytes: (bytes: number) => void,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    if (piece === undefined) return Promise.resolve("");
    const path = join(this.#folder, `${index}.wkd1`);
    const fetched = this.#fetchTo(path, piece, onBytes, signal);
    // It is awaited when its turn comes; until then a failure must not count as unhandled.
    fetched.catch(() => {});
    return fetched;
  }

  async #fetchTo(
    path: string,
    piece: Piece,
    onBytes: (bytes: number) => void,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const hash = createHash("sha256");
    const plain = this.#plainParts(piece, downloadsMax, onBytes, signal);
    const hashed = async function* () {
      for await (const bytes of plain) {
        hash.update(bytes);
        yield bytes;
      }
    };
    await pipeline(Readable.from(hashed()), createWriteStream(path, { mode: 0o600 }));
    requireHash(piece, hash.digest("hex"));
    return path;
  }

  async *#plainParts(
    piece: Piece,
    atOnce: number,
    onBytes: (bytes: number) => void,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array> {
    const parts = await partsOfPiece(piece, (name) =>
      this.#endpoint.downloadPart(name, this.#urls[name], signal),
    );
    const coming: Promise<Uint8Array>[] = [];
    for (let index = 0; index < parts.length; index++) {
      while (coming.length < atOnce && index + coming.length < parts.length) {
        const { sha256 } = parts[index + coming.length]!;
        const download = this.#endpoint.downloadPart(sha256, this.#urls[sha256], signal);
        download.catch(() => {});
        coming.push(download);
      }
      const stored = await coming.shift()!;
      onBytes(stored.length);
      yield this.#cipher === undefined ? stored : this.#cipher.open(piece.sha256, index, stored);
    }
  }
}

function requireHash(piece: Piece, actual: string): void {
  if (actual === piece.sha256) return;
  throw new WeftkitError(
    "piece_damaged",
    `piece ${piece.sha256} (${piece.kind}, pushes ${piece.seqFrom} to ${piece.seqTo}) is damaged: its parts make ${actual}`,
  );
}
