import { cipherOverheadBytes } from "./encryption.ts";
import { Fields, malformed, parseJson } from "./json.ts";
import type { DroppedState, Manifest, Part, PartList, Piece, RestorePoint, StreamState } from "./manifest.ts";
import { engineOf, isSubtree } from "./names.ts";

/** What a manifest holds at most. */
export const manifestBounds = {
  streams: 64,
  piecesOfOneStream: 4096,
  parts: 65_536,
  lists: 64,
  partsOfOneList: 100_000,
  history: 4096,
  dropped: 4096,
} as const;

const streamName = /^[a-z][a-z0-9-]{0,31}$/;
const keyName = /^[0-9a-f]{16}$/;
const engineName = (text: unknown): text is string =>
  typeof text === "string" && /^[a-z][a-z0-9-]{0,62}$/i.test(text);

/**
 * Reads a manifest and holds it against every rule of the contract that it can be held against by itself.
 *
 * @throws WeftkitError `malformed`, naming the field.
 */
export function parseManifest(text: string): Manifest {
  const fields = new Fields(parseJson(text, "the manifest"), "manifest", [
    "version",
    "subtree",
    "engine",
    "epoch",
    "seq",
    "time",
    "previous",
    "streams",
    "history",
    "dropped",
    "restoredAt",
    "encryption",
  ]);
  fields.integer("version", 1, 1);
  const encryption = fields.has("encryption") ? readEncryption(fields.raw("encryption")) : undefined;
  const seq = fields.integer("seq", 1);
  const overheadBytes = encryption === undefined ? 0 : cipherOverheadBytes;
  const manifest: Manifest = {
    version: 1,
    subtree: fields.matching("subtree", isSubtree, "namespace/engine/replica"),
    engine: fields.matching("engine", engineName, "an engine's name"),
    epoch: fields.integer("epoch", 1),
    seq,
    time: fields.integer("time", 0),
    previous: fields.sha256OrNull("previous"),
    streams: fields.table("streams", manifestBounds.streams, (item, place, name) => {
      if (!streamName.test(name)) throw malformed(`${place}: a stream's name is a lower-case word`);
      return readStream(item, place, seq, overheadBytes);
    }),
    history: fields.list("history", manifestBounds.history, readRestorePoint),
    dropped: fields.list("dropped", manifestBounds.dropped, readDroppedState),
    ...(fields.has("restoredAt") && { restoredAt: fields.text("restoredAt", 64) }),
    ...(encryption !== undefined && { encryption }),
  };
  checkWhole(manifest);
  return manifest;
}

/** What a manifest names itself, each once, with its length: parts, and lists of parts, but not what stands in these. */
export function partsOf(manifest: Manifest): Map<string, number> {
  const parts = new Map<string, number>();
  for (const { pieces } of Object.values(manifest.streams)) {
    for (const piece of pieces) {
      for (const part of [...piece.parts, ...(piece.partLists ?? [])]) parts.set(part.sha256, part.bytes);
    }
  }
  return parts;
}

function checkWhole({ subtree, engine, seq, previous, streams, history }: Manifest): void {
  if (engine !== engineOf(subtree)) throw malformed("manifest.engine is not the engine of manifest.subtree");
  if (previous === null && history.length > 0)
    throw malformed("manifest.history is empty where there is no previous manifest");
  if (previous !== null && seq === 1) throw malformed("manifest.previous is null for push 1");
  let before = seq;
  for (const point of history) {
    if (point.seq >= before) throw malformed("manifest.history must be of earlier pushes, newest first");
    before = point.seq;
  }
  let parts = 0;
  for (const { pieces } of Object.values(streams)) for (const piece of pieces) parts += piece.parts.length;
  if (parts > manifestBounds.parts)
    throw malformed(`the manifest names more than ${manifestBounds.parts} parts`);
}

function readStream(value: unknown, place: string, seq: number, overheadBytes: number): StreamState {
  const fields = new Fields(value, place, ["kind", "pieces"]);
  const kind = fields.oneOf("kind", ["pages", "log", "blobs"]);
  const pieces = fields.list("pieces", manifestBounds.piecesOfOneStream, (item, at) =>
    readPiece(item, at, seq, overheadBytes),
  );
  let before = 0;
  for (const [index, piece] of pieces.entries()) {
    if ((piece.kind === "base") !== (index === 0))
      throw malformed(`${place}: the first piece is a base, no other`);
    // Blobs are independent of each other; pages and log are applied in this order.
    if (kind !== "blobs" && piece.seqFrom <= before)
      throw malformed(`${place}: pieces must be in order of seq`);
    before = piece.seqTo;
  }
  return { kind, pieces };
}

function readPiece(value: unknown, place: string, seq: number, overheadBytes: number): Piece {
  const fields = new Fields(value, place, [
    "kind",
    "seqFrom",
    "seqTo",
    "time",
    "bytes",
    "sha256",
    "standsFor",
    "parts",
    "partLists",
  ]);
  const kind = fields.oneOf("kind", ["base", "delta", "compacted"]);
  const seqTo = fields.integer("seqTo", 1, seq);
  const seqFrom = fields.integer("seqFrom", 1, seqTo);
  const time = fields.integer("time", 0);
  const bytes = fields.integer("bytes", 0);
  const isListed = fields.has("partLists");
  const parts = fields.list("parts", manifestBounds.parts, readPart);
  if (isListed && parts.length > 0) throw malformed(`${place} has its parts itself or in lists, not both`);
  const partLists = isListed ? { partLists: fields.list("partLists", manifestBounds.lists, readList) } : {};
  const stored = parts.reduce((sum, part) => sum + part.bytes - overheadBytes, 0);
  if (!isListed && stored !== bytes) {
    throw malformed(`${place}: the parts' lengths do not add up to the piece's`);
  }
  if (fields.has("standsFor") && kind === "delta")
    throw malformed(`${place}: a delta stands for no other piece`);
  const standsFor = fields.has("standsFor") ? { standsFor: fields.sha256("standsFor") } : {};
  return {
    kind,
    seqFrom,
    seqTo,
    time,
    bytes,
    sha256: fields.sha256("sha256"),
    ...standsFor,
    parts,
    ...partLists,
  };
}

function readList(value: unknown, place: string): PartList {
  const fields = new Fields(value, place, ["sha256", "bytes", "count"]);
  return {
    sha256: fields.sha256("sha256"),
    bytes: fields.integer("bytes", 1),
    count: fields.integer("count", 1, manifestBounds.partsOfOneList),
  };
}

function readPart(value: unknown, place: string): Part {
  const fields = new Fields(value, place, ["sha256", "bytes"]);
  return { sha256: fields.sha256("sha256"), bytes: fields.integer("bytes", 0) };
}

function readRestorePoint(value: unknown, place: string): RestorePoint {
  const fields = new Fields(value, place, ["seq", "time", "manifest", "verified"]);
  if (fields.has("verified") && !fields.boolean("verified"))
    throw malformed(`${place}.verified is true or left out`);
  return {
    seq: fields.integer("seq", 1),
    time: fields.integer("time", 0),
    manifest: fields.sha256("manifest"),
    ...(fields.has("verified") && { verified: true }),
  };
}

function readDroppedState(value: unknown, place: string): DroppedState {
  const fields = new Fields(value, place, ["manifest", "time"]);
  return { manifest: fields.sha256("manifest"), time: fields.integer("time", 0) };
}

function readEncryption(value: unknown): NonNullable<Manifest["encryption"]> {
  const fields = new Fields(value, "manifest.encryption", ["scheme", "keyName"]);
  const isKeyName = (text: unknown): text is string => typeof text === "string" && keyName.test(text);
  return {
    scheme: fields.oneOf("scheme", ["aes-256-gcm"]),
    keyName: fields.matching("keyName", isKeyName, "16 lower-case hexadecimal digits"),
  };
}
