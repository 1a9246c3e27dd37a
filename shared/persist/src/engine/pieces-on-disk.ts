import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import type { PartCipher } from "../contract/encryption.ts";
import type { Part } from "../contract/manifest.ts";
import type { SendablePart } from "../stream.ts";

/** A file that is stored in parts: a piece, or a blob. */
export interface PartedFile {
  readonly sha256: string;
  readonly bytes: number;
}

/** Cuts a file into parts no longer than `partBytesMax`, as they are stored. `onPlain` sees all bytes of the file. */
export async function cutIntoParts(
  path: string,
  piece: PartedFile,
  partBytesMax: number,
  cipher: PartCipher | undefined,
  onPlain: (bytes: Uint8Array) => void = () => {},
): Promise<readonly SendablePart[]> {
  const sliceBytes = partBytesMax - (cipher?.overheadBytes ?? 0);
  const parts: SendablePart[] = [];
  const file = await open(path, "r");
  try {
    for (let index = 0; index * sliceBytes < piece.bytes; index++) {
      const slice = { piece, index, from: index * sliceBytes, bytes: sliceBytes, cipher };
      const plain = await readPlain(file, slice);
      onPlain(plain);
      const stored = seal(plain, slice);
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

/** A file's parts as they were cut before, to be read again. */
export function partsOfFile(
  path: string,
  piece: PartedFile,
  parts: readonly Part[],
  cipher: PartCipher | undefined,
): readonly SendablePart[] {
  const sliceBytes = (parts[0]?.bytes ?? 0) - (cipher?.overheadBytes ?? 0);
  return parts.map((part, index) => {
    const slice = { piece, index, from: index * sliceBytes, bytes: sliceBytes, cipher };
    return { ...part, read: () => readPart(path, slice) };
  });
}

interface Slice {
  readonly piece: PartedFile;
  readonly index: number;
  readonly from: number;
  readonly bytes: number;
  readonly cipher: PartCipher | undefined;
}

async function readPart(path: string, slice: Slice): Promise<Uint8Array> {
  const file = await open(path, "r");
  try {
    return seal(await readPlain(file, slice), slice);
  } finally {
    await file.close();
  }
}

async function readPlain(file: FileHandle, { piece, from, bytes }: Slice): Promise<Uint8Array> {
  const plain = Buffer.allocUnsafeSlow(Math.min(bytes, piece.bytes - from));
  for (let read = 0; read < plain.length; ) {
    const { bytesRead } = await file.read(plain, read, plain.length - read, from + read);
    if (bytesRead === 0) throw new Error(`${piece.sha256} on the disk is shorter than it was`);
    read += bytesRead;
  }
  return plain;
}

function seal(plain: Uint8Array, { piece, index, cipher }: Slice): Uint8Array {
  return cipher === undefined ? plain : cipher.seal(piece.sha256, index, plain);
}
