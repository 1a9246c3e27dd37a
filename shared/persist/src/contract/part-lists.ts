import { malformed } from "./json.ts";
import type { Manifest, Part, PartList, Piece } from "./manifest.ts";
import { partsOf } from "./parse-manifest.ts";
import { sha256 } from "./signing.ts";

/** A piece of more parts has them in lists beside it, so that a manifest stays short however large a state is. */
export const partsInlineMax = 64;
/** Fit into the part that a list is stored as. */
export const partsPerListMax = 100_000;

const nameBytes = 32;
const entryBytes = nameBytes + 4;

/** A list as it is stored: for each part its SHA-256 (32 bytes) and its bytes (4, little-endian). */
export interface StoredList extends PartList {
  readonly body: Buffer;
}

/** What a manifest says of a piece's parts: themselves where they are few, else their lists, which are to be stored. */
export function describeParts(parts: readonly Part[]): {
  readonly described: Pick<Piece, "parts" | "partLists">;
  readonly lists: readonly StoredList[];
} {
  if (parts.length <= partsInlineMax) return { described: { parts }, lists: [] };
  const lists: StoredList[] = [];
  for (let from = 0; from < parts.length; from += partsPerListMax) {
    const listed = parts.slice(from, from + partsPerListMax);
    const body = Buffer.alloc(listed.length * entryBytes);
    for (const [index, part] of listed.entries()) {
      body.write(part.sha256, index * entryBytes, "hex");
      body.writeUInt32LE(part.bytes, index * entryBytes + nameBytes);
    }
    lists.push({ sha256: sha256(body), bytes: body.length, count: listed.length, body });
  }
  const partLists = lists.map(({ sha256, bytes, count }) => ({ sha256, bytes, count }));
  return { described: { parts: [], partLists }, lists };
}

/**
 * Reads a list.
 *
 * @throws WeftkitError `malformed` when it is not as its manifest says
 */
export function readPartList(list: PartList, body: Uint8Array): readonly Part[] {
  if (body.length !== list.bytes || list.count * entryBytes !== list.bytes) {
    throw malformed(`the list of parts ${list.sha256} does not have ${list.count} entries`);
  }
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return Array.from({ length: list.count }, (_, index) => ({
    sha256: bytes.toString("hex", index * entryBytes, index * entryBytes + nameBytes),
    bytes: bytes.readUInt32LE(index * entryBytes + nameBytes),
  }));
}

/** Gives the bytes of a part, checked against its name. */
export type ReadPart = (sha256: string) => Promise<Uint8Array>;

/** All parts of a piece, in order. */
export async function partsOfPiece(piece: Piece, read: ReadPart): Promise<readonly Part[]> {
  const listed: Part[] = [];
  for (const list of piece.partLists ?? []) listed.push(...readPartList(list, await read(list.sha256)));
  return [...piece.parts, ...listed];
}

/** All that a manifest needs besides itself: parts and lists, each once, with their lengths. */
export async function allPartsOf(manifest: Manifest, read: ReadPart): Promise<Map<string, number>> {
  const parts = partsOf(manifest);
  for (const { pieces } of Object.values(manifest.streams)) {
    for (const piece of pieces) {
      if (piece.partLists === undefined) continue;
      for (const part of await partsOfPiece(piece, read)) parts.set(part.sha256, part.bytes);
    }
  }
  return parts;
}
