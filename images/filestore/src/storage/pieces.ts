import { crc32 } from "node:zlib";

/** A file is verified in pieces of this size, each by its CRC-32. */
export const pieceBytes = 128 * 1024;

/** Makes the sums of the pieces of what goes by. */
export class PieceSums {
  #sums: number[] = [];
  #current = 0;
  #filled = 0;

  update(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + pieceBytes - this.#filled);
      this.#current = crc32(piece, this.#current);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled === pieceBytes) this.#endPiece();
    }
  }

  end(): Buffer {
    if (this.#filled > 0) this.#endPiece();
    const sums = Buffer.allocUnsafe(this.#sums.length * 4);
    for (const [index, sum] of this.#sums.entries()) sums.writeUInt32LE(sum, index * 4);
    return sums;
  }

  #endPiece(): void {
    this.#sums.push(this.#current);
    this.#current = 0;
    this.#filled = 0;
  }
}
