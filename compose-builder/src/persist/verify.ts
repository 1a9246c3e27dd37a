import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WeftkitError } from "@weftkit/core";
import type { Piece, RestorePoint } from "@weftkit/persist/contract";
import { type PieceHeader, PieceReader, Restorer } from "@weftkit/persist/inspection";
import type { OpenSubtree } from "./endpoint.ts";
import { misplacement, type ReadPiece } from "./piece-chain.ts";
import { cipherFor, type State, stateNamed, storedBytes } from "./state.ts";

/** What verification found of one state. */
export interface VerifiedState {
  readonly point: RestorePoint;
  readonly pieces: number;
  /** Empty when the state is whole. */
  readonly problems: readonly string[];
}

/** Pieces that are on their way at the same time, each four parts at once. */
const piecesAtOnce = 2;

/** After these the endpoint is at fault or gone, not one part. */
const endsVerification: ReadonlySet<string> = new Set([
  "unreachable",
  "unavailable",
  "too_many_requests",
  "bad_signature",
  "clock_skew",
  "forged_reply",
]);

/** What reading a piece back gave. */
type PieceFinding =
  | { readonly header: PieceHeader; readonly problem?: undefined }
  | { readonly problem: string };

/** A state that is to be verified: its place in the chain, and what it holds unless that is gone. */
export interface Candidate {
  readonly point: RestorePoint;
  readonly state: State | undefined;
  readonly problems: readonly string[];
}

/**
 * Fetches the manifests of restore points, newest first, and holds each against the point that names it and against
 * the next newer one.
 */
export async function fetchCandidates(
  target: OpenSubtree,
  points: readonly RestorePoint[],
  signal: AbortSignal,
): Promise<readonly Candidate[]> {
  const candidates: Candidate[] = [];
  let newer: State | undefined;
  for (const point of points) {
    try {
      const state = await stateNamed(target, point.manifest, signal);
      candidates.push({ point, state, problems: manifestProblems(target.subtree, point, state, newer) });
      newer = state;
    } catch (error) {
      if (isFatal(error, signal)) throw error;
      candidates.push({ point, state: undefined, problems: [`manifest: ${messageOf(error)}`] });
    }
  }
  return candidates;
}

/** Bytes that verifying these states reads: what they share is read once. */
export function bytesToRead(candidates: readonly Candidate[]): number {
  return [...distinctPieces(candidates).values()].reduce((sum, { piece }) => sum + storedBytes(piece), 0);
}

/**
 * Reads every part of the states back, once, and checks hashes, WKD1 files and the chain. `onState` is called for each
 * state in the order of the list.
 *
 * @throws EndpointError when the endpoint stops answering
 */
export async function verifyStates(
  target: OpenSubtree,
  candidates: readonly Candidate[],
  on: { readonly bytes: (count: number) => void; readonly state: (verified: VerifiedState) => void },
  signal: AbortSignal,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "weftkit-verify-"));
  const findings = new Map<string, PieceFinding>();
  try {
    for (const { point, state, problems } of candidates) {
      if (state === undefined) {
        on.state({ point, pieces: 0, problems });
        continue;
      }
      const unread = [...distinctPieces([{ state }])].filter(([id]) => !findings.has(id));
      await eachOf(unread, piecesAtOnce, async ([id, { piece, source }], lane) => {
        findings.set(
          id,
          await readPiece(target, source, piece, join(folder, String(lane)), on.bytes, signal),
        );
      });
      const found = chainProblems(state, findings);
      on.state({ point, pieces: piecesOf(state).length, problems: [...problems, ...found] });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function manifestProblems(
  subtree: string,
  point: RestorePoint,
  { manifest, name }: State,
  newer: State | undefined,
): readonly string[] {
  const problems: string[] = [];
  if (manifest.subtree !== subtree) problems.push(`manifest: it is of ${manifest.subtree}`);
  if (manifest.seq !== point.seq || manifest.time !== point.time) {
    problems.push(`manifest: it is of push ${manifest.seq}, and the history calls it push ${point.seq}`);
  }
  if (newer === undefined) return problems;
  if (manifest.epoch > newer.manifest.epoch) {
    problems.push(`manifest: its epoch ${manifest.epoch} is above that of push ${newer.manifest.seq}`);
  }
  // States in between may have been let go of; where none can be, the newer one must name this one.
  if (manifest.seq === newer.manifest.seq - 1 && newer.manifest.previous !== name) {
    problems.push(`manifest: push ${newer.manifest.seq} follows another one`);
  }
  return problems;
}

async function readPiece(
  target: OpenSubtree,
  state: State,
  piece: Piece,
  folder: string,
  onBytes: (count: number) => void,
  signal: AbortSignal,
): Promise<PieceFinding> {
  try {
    const restorer = new Restorer(target.client, folder, cipherFor(target, state), state.urls);
    let header: PieceHeader | undefined;
    for await (const { path } of restorer.fetch([piece], onBytes, signal)) {
      const reader = await PieceReader.open(path, piece);
      try {
        header = reader.header;
        // Pages are packed with pages of earlier pieces, so only what is packed alone is unpacked here.
        const body = header.body.stream === "pages" ? reader.blocks() : reader.contents();
        for (const _ of body);
      } finally {
        await reader.close();
      }
    }
    return { header: header! };
  } catch (error) {
    if (isFatal(error, signal)) throw error;
    return { problem: messageOf(error) };
  }
}

function chainProblems({ manifest }: State, findings: ReadonlyMap<string, PieceFinding>): string[] {
  const problems: string[] = [];
  for (const [name, { kind, pieces }] of Object.entries(manifest.streams)) {
    let before: ReadPiece | undefined;
    for (const piece of pieces) {
      const finding = findings.get(idOf(piece))!;
      const read = { piece, header: finding.problem === undefined ? finding.header : undefined };
      const problem = finding.problem ?? misplacement(read, before, { name, kind }, manifest.epoch);
      if (problem !== undefined) problems.push(`${name}: ${describe(piece)}: ${problem}`);
      before = read;
    }
  }
  return problems;
}

/** A piece for people: "delta of the pushes 3 to 5 (9f86d081884c)". */
export function describe({ kind, seqFrom, seqTo, sha256 }: Piece): string {
  const pushes = seqFrom === seqTo ? `push ${seqTo}` : `the pushes ${seqFrom} to ${seqTo}`;
  return `${kind} of ${pushes} (${sha256.slice(0, 12)})`;
}

function piecesOf({ manifest }: State): readonly Piece[] {
  return Object.values(manifest.streams).flatMap(({ pieces }) => pieces);
}

/** The same file may be cut into other parts, when the function's limits have changed. */
function idOf({ sha256, parts, partLists = [] }: Piece): string {
  return [sha256, ...[...parts, ...partLists].map((part) => part.sha256)].join(" ");
}

function distinctPieces(
  candidates: readonly Pick<Candidate, "state">[],
): ReadonlyMap<string, { piece: Piece; source: State }> {
  const pieces = new Map<string, { piece: Piece; source: State }>();
  for (const { state } of candidates) {
    if (state === undefined) continue;
    for (const piece of piecesOf(state)) pieces.set(idOf(piece), { piece, source: state });
  }
  return pieces;
}

/** Works through a list in so many lanes; rejects with the first error when all of them have ended. */
async function eachOf<T>(
  items: readonly T[],
  lanes: number,
  work: (item: T, lane: number) => Promise<void>,
): Promise<void> {
  const left = items.values();
  let hasFailed = false;
  const ends = await Promise.allSettled(
    Array.from({ length: lanes }, async (_, lane) => {
      try {
        for (const item of left) {
          if (hasFailed) return;
          await work(item, lane);
        }
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }),
  );
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

function isFatal(error: unknown, signal: AbortSignal): boolean {
  if (signal.aborted || !(error instanceof WeftkitError)) return true;
  return endsVerification.has(error.code) || error.code === "encryption_key_invalid";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
