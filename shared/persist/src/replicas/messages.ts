import { parseJson } from "../contract/json.ts";
import type { PieceKind } from "../contract/manifest.ts";
import type { ChainPiece } from "../stream.ts";
import { type Channel, type Frame, refused } from "./channel.ts";

/** Types of frames, in the order of a connection; `data` is bytes of a piece, all others are JSON. */
export const frameTypes = { primary: 1, position: 2, fenced: 3, piece: 4, data: 5, acknowledged: 6 } as const;

/** How far a replica is; `link` is null where it has nothing yet. */
export interface ReplicaPosition {
  readonly seq: number;
  readonly link: string | null;
}

const kinds: readonly PieceKind[] = ["base", "delta", "compacted"];

export async function sendMessage(channel: Channel, type: number, message: object): Promise<void> {
  await channel.send(type, Buffer.from(JSON.stringify(message)));
}

/** @throws WeftkitError `peer_refused` where it has another type, `malformed` where it is no object */
export function readMessage({ type, payload }: Frame, expected: number): Record<string, unknown> {
  if (type !== expected) throw refused(`a frame of type ${type} came where ${expected} was due`);
  const message = parseJson(payload, "a replication message");
  if (typeof message !== "object" || message === null) throw refused("a message is no object");
  return message as Record<string, unknown>;
}

export function readCount(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw refused(`${value} is no count`);
  return value as number;
}

export function readPosition({ seq, link }: Record<string, unknown>): ReplicaPosition {
  return { seq: readCount(seq), link: link === null ? null : readLink(link) };
}

export function readPiece(message: Record<string, unknown>): ChainPiece {
  const kind = kinds.find((name) => name === message.kind);
  if (kind === undefined) throw refused("a piece has no kind that is known");
  const [seqFrom, seqTo] = [readCount(message.seqFrom), readCount(message.seqTo)];
  const [time, bytes] = [readCount(message.time), readCount(message.bytes)];
  const standing = message.standsFor === undefined ? {} : { standsFor: readLink(message.standsFor) };
  return { kind, seqFrom, seqTo, time, bytes, sha256: readLink(message.sha256), ...standing };
}

function readLink(value: unknown): string {
  if (typeof value !== "string" || !/^[0-9a-f]{64}$/.test(value)) throw refused("a hash is no SHA-256");
  return value;
}
