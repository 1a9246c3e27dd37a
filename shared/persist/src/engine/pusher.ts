import type { PartCipher } from "../contract/encryption.ts";
import { linkOf } from "../contract/manifest.ts";
import type { Limits } from "../contract/messages.ts";
import { namesMax } from "../contract/parse-messages.ts";
import { describeParts, type StoredList } from "../contract/part-lists.ts";
import type { ReferencedParts, SendablePart } from "../stream.ts";
import type { Chain } from "./chain.ts";
import type { Endpoint } from "./endpoint.ts";
import { type DescribedParts, type NamedManifest, nameText, nextManifest } from "./manifest-chain.ts";
import type { OutboxEntry } from "./outbox.ts";
import { cutIntoParts, partsOfFile } from "./pieces-on-disk.ts";
import type { RetentionRule } from "./retention.ts";
import type { WaitingSubstitute } from "./substitutes.ts";

export interface PushOptions {
  readonly endpoint: Endpoint;
  readonly subtree: string;
  readonly engine: string;
  readonly epoch: number;
  readonly limits: Limits;
  readonly retention: readonly RetentionRule[];
  readonly cipher: PartCipher | undefined;
  /** States found whole since the last push, by the names of their manifests. */
  readonly verified: ReadonlySet<string>;
  /** States deleted since the last push. */
  readonly pruned: ReadonlySet<string>;
  readonly restoredAt: string | undefined;
  /** Bytes per second that may be sent; undefined where there is no limit. */
  readonly bandwidth: number | undefined;
  /** The function's time, in milliseconds. */
  readonly functionTime: number;
  /** Of the streams whose pieces refer to parts of their own, by the streams' names. */
  readonly referenced: ReadonlyMap<string, ReferencedParts>;
  /** The last push before the process ends: only what completes the chain. */
  readonly final: boolean;
  readonly signal: AbortSignal | undefined;
}

/** What one push sent. */
export interface Pushed {
  readonly seq: number;
  /** Bytes sent; what the function had already does not count. */
  readonly bytes: number;
  readonly pieces: number;
  readonly manifest: NamedManifest;
}

const commitsMax = 3;
/** Several parts are hashed, sent and read back at once: longer ones would hold the event loop for too long. */
const pieceBytesPerPart = 1 << 20;
/** Beyond, fewer and longer parts are the lesser evil. */
const largePieceBytes = 256 << 20;
const partBytesMin = 64 << 10;
/** Under a bandwidth limit a part is sent in so many seconds: what is cut off has lost little. */
const partSeconds = 8;

/** How long the parts of a piece are that is so long. */
export function partBytesOf(limits: Limits, bandwidth: number | undefined, pieceBytes = 0): number {
  const wanted = pieceBytes > largePieceBytes ? limits.partBytesMax : pieceBytesPerPart;
  const affordable = bandwidth === undefined ? wanted : bandwidth * partSeconds;
  return Math.min(limits.partBytesMax, Math.max(partBytesMin, Math.min(wanted, affordable)));
}

/** A list of parts, to be sent like one. */
export function sendableList({ sha256, bytes, body }: StoredList): SendablePart {
  return { sha256, bytes, read: async () => body };
}

/** What one name takes in a commit, and what else is in it besides manifest and names. */
const requiredNameBytes = 67;
const commitBytesBeside = 1024;

/**
 * Pushes one entry of the outbox: parts, then the commit. Every step may be repeated, so that after a crash on either
 * side the same call goes on where the last one ended.
 *
 * @throws WeftkitError with the contract's codes; `fenced` and `head_moved` mean that the subtree is somebody else's
 */
export async function pushEntry(chain: Chain, entry: OutboxEntry, options: PushOptions): Promise<Pushed> {
  chain.outbox.pushing = entry;
  try {
    return await push(chain, entry, options);
  } finally {
    chain.outbox.pushing = undefined;
  }
}

async function push(chain: Chain, entry: OutboxEntry, options: PushOptions): Promise<Pushed> {
  const { endpoint, limits, epoch, cipher, signal } = options;
  const parts = new Map<string, DescribedParts>();
  const toSend: SendablePart[] = [];
  let pieces = 0;
  for (const [name, { piece }] of Object.entries(entry.streams)) {
    if (piece === undefined) continue;
    const partBytes = partBytesOf(limits, options.bandwidth, piece.bytes);
    const cut = await cutIntoParts(chain.outbox.pathOf(entry, piece), piece, partBytes, cipher);
    const { described, lists } = describeParts(cut.map(({ sha256, bytes }) => ({ sha256, bytes })));
    parts.set(name, described);
    toSend.push(...cut, ...lists.map(sendableList));
    pieces++;
  }
  const substitutes = options.final ? new Map<string, WaitingSubstitute>() : storedSubstitutes(chain, cipher);
  for (const [name, substitute] of substitutes) {
    // Stored already, but for what was lost or has become too old to be counted on.
    const path = chain.substitutes.pathOf(name, substitute);
    const stored = partsOfFile(path, substitute.piece, substitute.stored!.parts, cipher);
    toSend.push(...stored, ...describeParts(substitute.stored!.parts).lists.map(sendableList));
  }
  // Parts may be there already, of an attempt before or of an older base: they are believed once they were read.
  const verified = { verify: true, signal };
  let bytes = await endpoint.uploadParts(toSend, epoch, verified);
  let sent = await sendReferenced(chain, entry, options);
  bytes += sent.bytes;
  const named =
    triedBefore(chain, entry, epoch) ??
    nextManifest(chain.acknowledged, entry, { ...options, parts, substitutes });
  await chain.outbox.noteManifest(entry, named.text);
  let previous: string | undefined;
  for (let attempt = 1; ; attempt++) {
    try {
      const required = requiredBy(named, sent.names, limits);
      await endpoint.commit(named, { required, previous, signal });
      break;
    } catch (error) {
      const { code } = error as { code?: string };
      if (attempt === commitsMax) throw error;
      // The store has lost the manifest before, whose text is here.
      if (code === "damaged" && previous === undefined) {
        previous = chain.acknowledged?.text;
        if (previous === undefined) throw error;
        continue;
      }
      // Between the upload and the commit a part may be lost, or too old to be counted on.
      if (code !== "missing_parts") throw error;
      bytes += await endpoint.uploadParts(toSend, epoch, verified);
      sent = await sendReferenced(chain, entry, options);
      bytes += sent.bytes;
    }
  }
  await chain.acknowledge(entry, named);
  await removePlaced(chain, named);
  for (const [name, parts] of options.referenced) {
    const cursor = entry.streams[name]?.cursor;
    if (cursor !== undefined) await parts.acknowledged(entry.seq, cursor);
  }
  return { seq: entry.seq, bytes, pieces, manifest: named };
}

function storedSubstitutes(
  chain: Chain,
  cipher: PartCipher | undefined,
): ReadonlyMap<string, WaitingSubstitute> {
  const isUsable = ({ stored }: WaitingSubstitute) =>
    stored !== undefined && stored.keyName === cipher?.keyName;
  return new Map([...chain.substitutes.all].filter(([, substitute]) => isUsable(substitute)));
}

/** Forgets substitutes that have their place, and those that can never have one any more. */
async function removePlaced(chain: Chain, { manifest }: NamedManifest): Promise<void> {
  for (const [name, { piece }] of chain.substitutes.all) {
    const pieces = manifest.streams[name]?.pieces ?? [];
    const isPlaced = pieces.some(({ sha256 }) => sha256 === piece.sha256);
    const isLost = piece.seqTo <= manifest.seq && !pieces.some((other) => linkOf(other) === piece.standsFor);
    if (isPlaced || isLost) await chain.substitutes.remove(name);
  }
}

/** Sends what the entry's pieces refer to; the names of all of it, as far as one commit can have them. */
async function sendReferenced(
  chain: Chain,
  entry: OutboxEntry,
  { referenced, signal }: PushOptions,
): Promise<{ bytes: number; names: readonly string[] }> {
  let bytes = 0;
  const names: string[] = [];
  for (const [name, { piece }] of Object.entries(entry.streams)) {
    const parts = referenced.get(name);
    if (piece === undefined || parts === undefined) continue;
    const sent = await parts.send(chain.outbox.pathOf(entry, piece), namesMax - names.length, signal);
    bytes += sent.bytes;
    names.push(...sent.names);
  }
  return { bytes, names };
}

/** As many of the names as the commit may hold; the others were asked for when they were sent. */
function requiredBy({ text }: NamedManifest, names: readonly string[], limits: Limits): readonly string[] {
  const room = limits.requestBytesMax - Buffer.byteLength(JSON.stringify(text)) - commitBytesBeside;
  return names.slice(0, Math.max(0, Math.floor(room / requiredNameBytes)));
}

/** The manifest of an attempt whose outcome is not known: trying with the same one settles it. */
function triedBefore(chain: Chain, entry: OutboxEntry, epoch: number): NamedManifest | undefined {
  const text = chain.outbox.triedManifest(entry);
  if (text === undefined) return undefined;
  const tried = nameText(text);
  const isCurrent =
    tried.manifest.epoch === epoch && tried.manifest.previous === (chain.acknowledged?.sha256 ?? null);
  return isCurrent ? tried : undefined;
}
