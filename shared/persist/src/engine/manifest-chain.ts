import { createHash } from "node:crypto";
import { WeftkitError } from "@weftkit/core";
import type { PartCipher } from "../contract/encryption.ts";
import {
  type DroppedState,
  linkOf,
  type Manifest,
  type Piece,
  type RestorePoint,
  type StreamState,
} from "../contract/manifest.ts";
import { describeParts } from "../contract/part-lists.ts";
import type { ChainPiece } from "../stream.ts";
import type { OutboxEntry, OutboxStream } from "./outbox.ts";
import { type RetentionRule, retain } from "./retention.ts";
import type { WaitingSubstitute } from "./substitutes.ts";

/** A manifest with its exact text and its name. */
export interface NamedManifest {
  readonly manifest: Manifest;
  readonly text: string;
  readonly sha256: string;
}

export function nameManifest(manifest: Manifest): NamedManifest {
  return named(JSON.stringify(manifest), manifest);
}

/** The name of a manifest's exact text. */
export function nameText(text: string): NamedManifest {
  return named(text, JSON.parse(text) as Manifest);
}

function named(text: string, manifest: Manifest): NamedManifest {
  return { manifest, text, sha256: createHash("sha256").update(text).digest("hex") };
}

/** What a manifest says of a piece's parts. */
export type DescribedParts = Pick<Piece, "parts" | "partLists">;

/** What a manifest is made of besides the entry and the manifest before it. */
export interface ManifestParts {
  readonly subtree: string;
  readonly engine: string;
  readonly epoch: number;
  /** The parts of each stream's piece, themselves or their lists. */
  readonly parts: ReadonlyMap<string, DescribedParts>;
  readonly retention: readonly RetentionRule[];
  readonly cipher: PartCipher | undefined;
  /** States found whole since the last push, by the names of their manifests. */
  readonly verified: ReadonlySet<string>;
  /** States deleted since the last push. */
  readonly pruned: ReadonlySet<string>;
  readonly restoredAt: string | undefined;
  /** The function's time, in milliseconds: of it and ours the one counts by which less is forgotten. */
  readonly functionTime: number;
  /** Stored pieces that are to take the place of those that they stand for, by the streams' names. */
  readonly substitutes: ReadonlyMap<string, WaitingSubstitute>;
}

/** The manifest that pushing `entry` after `previous` makes. */
export function nextManifest(
  previous: NamedManifest | undefined,
  entry: OutboxEntry,
  made: ManifestParts,
): NamedManifest {
  const streams: Record<string, StreamState> = { ...previous?.manifest.streams };
  for (const [name, stream] of Object.entries(entry.streams)) {
    const before = streams[name]?.pieces ?? [];
    const kept = keptPieces(before, stream);
    if (kept.length > 0) requireSameKey(previous!, made.cipher);
    streams[name] = {
      kind: stream.kind,
      pieces:
        stream.piece === undefined
          ? kept
          : [...kept, { ...describe(stream.piece, entry), ...(made.parts.get(name) ?? { parts: [] }) }],
    };
  }
  for (const [name, substitute] of made.substitutes) {
    const state = streams[name];
    if (state !== undefined) streams[name] = { ...state, pieces: substituted(state.pieces, substitute) };
  }
  const { cipher, restoredAt } = made;
  const points = restorePointsOf(previous).map((point) =>
    made.verified.has(point.manifest) ? { ...point, verified: true as const } : point,
  );
  const history = retain(points, made.retention, Math.min(entry.time, made.functionTime));
  return nameManifest({
    version: 1,
    subtree: made.subtree,
    engine: made.engine,
    epoch: made.epoch,
    seq: entry.seq,
    time: entry.time,
    previous: previous?.sha256 ?? null,
    streams,
    history,
    dropped: droppedAfter(previous, points, history, made.pruned, Math.max(entry.time, made.functionTime)),
    ...(restoredAt !== undefined && { restoredAt }),
    ...(cipher !== undefined && { encryption: { scheme: "aes-256-gcm", keyName: cipher.keyName } }),
  });
}

/** @throws WeftkitError `key_changed` when pieces under one key would be joined to pieces under another */
function requireSameKey({ manifest }: NamedManifest, cipher: PartCipher | undefined): void {
  const before = manifest.encryption?.keyName;
  if (before === cipher?.keyName) return;
  const now = cipher === undefined ? "none" : cipher.keyName;
  throw new WeftkitError(
    "key_changed",
    `what waits to be pushed builds on pieces under another encryption key (${before ?? "none"}, now ${now}): start once more with that one, until all is pushed`,
  );
}

/** A function that is never asked to prune, or refuses to, must not make the manifest grow without end. */
const droppedMax = 2000;

function droppedAfter(
  previous: NamedManifest | undefined,
  points: readonly RestorePoint[],
  kept: readonly RestorePoint[],
  pruned: ReadonlySet<string>,
  time: number,
): readonly DroppedState[] {
  const before = previous?.manifest.dropped.filter(({ manifest }) => !pruned.has(manifest)) ?? [];
  const now = points.filter((point) => !kept.includes(point)).map(({ manifest }) => ({ manifest, time }));
  return [...before, ...now].slice(-droppedMax);
}

/** Every state that a manifest leaves restorable, itself first. */
export function restorePointsOf(named: NamedManifest | undefined): readonly RestorePoint[] {
  if (named === undefined) return [];
  const { seq, time, history } = named.manifest;
  return [{ seq, time, manifest: named.sha256 }, ...history];
}

/**
 * Each stream's pieces as they will be when all entries are pushed: what the next capture builds on.
 *
 * @throws WeftkitError `chain_broken`
 */
export function piecesAfter(
  acknowledged: Manifest | undefined,
  entries: readonly OutboxEntry[],
): ReadonlyMap<string, readonly ChainPiece[]> {
  const pieces = new Map<string, readonly ChainPiece[]>(
    Object.entries(acknowledged?.streams ?? {}).map(([name, state]) => [name, state.pieces]),
  );
  for (const entry of entries) {
    for (const [name, stream] of Object.entries(entry.streams)) {
      const kept = keptPieces(pieces.get(name) ?? [], stream);
      pieces.set(name, stream.piece === undefined ? kept : [...kept, describe(stream.piece, entry)]);
    }
  }
  return pieces;
}

function keptPieces<P extends ChainPiece>(pieces: readonly P[], stream: OutboxStream): readonly P[] {
  if (stream.piece?.kind === "base") return [];
  if (stream.replaces > pieces.length || (stream.piece !== undefined && stream.replaces === pieces.length)) {
    throw new WeftkitError("chain_broken", "a captured piece builds on pieces that the chain does not have");
  }
  return pieces.slice(0, pieces.length - stream.replaces);
}

/** The pieces with the substitute in its place; as they are where it has none, because the chain was begun anew. */
function substituted(pieces: readonly Piece[], { piece, time, stored }: WaitingSubstitute): readonly Piece[] {
  const last = pieces.findIndex((candidate) => linkOf(candidate) === piece.standsFor);
  if (last < 0 || stored === undefined) return pieces;
  const { kind, seqFrom, seqTo, bytes, sha256, standsFor } = piece;
  const { described } = describeParts(stored.parts);
  const replacing: Piece = { kind, seqFrom, seqTo, time, bytes, sha256, standsFor, ...described };
  const before = kind === "base" ? [] : pieces.filter((candidate) => candidate.seqTo < seqFrom);
  return [...before, replacing, ...pieces.slice(last + 1)];
}

function describe(piece: NonNullable<OutboxStream["piece"]>, entry: OutboxEntry): Omit<Piece, "parts"> {
  const { kind, seqFrom, seqTo, bytes, sha256 } = piece;
  return { kind, seqFrom, seqTo, time: entry.time, bytes, sha256 };
}
