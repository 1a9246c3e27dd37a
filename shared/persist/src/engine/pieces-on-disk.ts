import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import type { PartCipher } from "../contract/encryption.ts";
import type { Part } from "../contract/manifest.ts";

/** A part that can be read when it is to be sent. */
export interface ReadablePart extends Part {
  read(): Promise<Uint8Array>;
}

/** Cuts a piece's file into parts no longer than `partBytesMax`, as they are stored. */
export async function cutIntoParts(
  path: string,
  piece: { readonly sha256: string; readonly bytes: number },
  partBytesMax: number,
  cipher: PartCipher | undefined,
): Promise<readonly ReadablePart[]> {
  const sliceBytes = partBytesMax - (cipher?.overheadBytes ?? 0);
  const parts: ReadablePart[] = [];
  const file = await open(path, "r");
  try {
    for (let index = 0; index * sliceBytes < piece.bytes; index++) {
      const slice = { piece, index, from: index * sliceBytes, bytes: sliceBytes, cipher };
      const stored = await readSlice(file, slice);
      parts.push({
        sha256: createHash("sha256").update(stored).digest("hex"),
        bytes: stored.length,
        read: () => readPart(path, slice),
      });
    }
  } finally {
    await file.close();
  }
  return parts;
}

interface Slice {
  readonly piece: { readonly sha256: string; readonly bytes: number };
  readonly index: number;
  readonly from: number;
  readonly bytes: number;
  readonly cipher: PartCipher | undefined;
}

async function readPart(path: string, slice: Slice): Promise<Uint8Array> {
  const file = await open(path, "r");
  try {
    return await readSlice(file, slice);
  } finally {
    await file.close();
  }
}

async function readSlice(
  file: FileHandle,
  { piece, index, from, bytes, cipher }: Slice,
): Promise<Uint8Array> {
  const plain = Buffer.allocUnsafeSlow(Math.min(bytes, piece.bytes - from));
  for (let read = 0; read < plain.length; ) {
    const { bytesRead } = await file.read(plain, read, plain.length - read, from + read);
    if (bytesRead === 0) throw new Error(`piece ${piece.sha256} on the disk is shorter than it was`);
    read += bytesRead;
  }
  return cipher === undefined ? plain : cipher.seal(piece.sha256, index, plain);
}
