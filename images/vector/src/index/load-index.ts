import { closeSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";
import { Arena, type FreePlace } from "./arena.ts";
import { newMemory } from "./kernel.ts";
import { memoryPagesMax, pageBytes } from "./layout.ts";
import { saveMagic } from "./save-index.ts";

/** What a saved index says of itself. */
export interface SavedDescription {
  /** The run of the engine that saved it. */
  readonly run: string;
  /** All indexes of a collection that were saved together have the same. */
  readonly save: string;
  readonly collection: number;
  readonly position: number;
  readonly nodes: number;
  /** Bytes of memory that are taken. */
  readonly end: number;
  readonly free: readonly FreePlace[];
}

export interface SavedIndex {
  readonly description: SavedDescription;
  /** By node; 0 for none. */
  readonly slots: Float64Array;
  readonly arena: Arena;
}

const metaBytesMax = 1024 ** 3;
const pieceBytes = 16 * 1024 * 1024;

/** The description and the slots, as `saveIndex` writes them. */
export function encodeMeta(description: SavedDescription, slots: Float64Array): Uint8Array {
  const json = Buffer.from(JSON.stringify(description));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return Buffer.concat([length, json, Buffer.from(slots.buffer, slots.byteOffset, slots.byteLength)]);
}

/** Reads a saved index into a memory of its own. @throws Error for a file that is damaged or of another kind */
export function loadIndex(file: string): SavedIndex {
  const descriptor = openSync(file, "r");
  try {
    let checksum = 0;
    const fill = (into: Uint8Array) => {
      for (let at = 0; at < into.length; ) {
        const read = readSync(descriptor, into, at, Math.min(pieceBytes, into.length - at), null);
        if (read === 0) throw new Error("the file is too short");
        checksum = crc32(into.subarray(at, at + read), checksum);
        at += read;
      }
      return into;
    };
    const magic = fill(Buffer.alloc(saveMagic.length));
    if (!saveMagic.equals(magic)) throw new Error("the file is no saved index");
    const lengths = fill(Buffer.alloc(16)) as Buffer;
    const metaBytes = Number(lengths.readBigUInt64LE(0));
    const memoryBytes = Number(lengths.readBigUInt64LE(8));
    if (metaBytes > metaBytesMax || memoryBytes > memoryPagesMax * pageBytes)
      throw new Error("the file is damaged");
    const meta = fill(Buffer.alloc(metaBytes)) as Buffer;
    const jsonBytes = meta.readUInt32LE(0);
    const description = JSON.parse(meta.toString("utf8", 4, 4 + jsonBytes)) as SavedDescription;
    const slots = new Float64Array(new Uint8Array(meta.subarray(4 + jsonBytes)).buffer);
    const memory = newMemory(Math.ceil(memoryBytes / pageBytes), memoryPagesMax);
    fill(new Uint8Array(memory.buffer, 0, memoryBytes));
    const expected = checksum;
    const end = fill(Buffer.alloc(4)) as Buffer;
    if (end.readUInt32LE(0) !== expected) throw new Error("the checksum is wrong");
    if (description.end !== memoryBytes || slots.length !== description.nodes)
      throw new Error("the file contradicts itself");
    const arena = new Arena(memory);
    arena.startAt(description.end, description.free);
    return { description, slots, arena };
  } finally {
    closeSync(descriptor);
  }
}
