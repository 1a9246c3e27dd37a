import { WeftkitError } from "@weftkit/core";
import type { PartCipher } from "@weftkit/persist/contract";
import { type Head, type Manifest, type Piece, parseManifest } from "@weftkit/persist/contract";
import { nameText } from "@weftkit/persist/inspection";
import { Failure } from "../terminal/failure.ts";
import type { OpenSubtree } from "./endpoint.ts";

/** One state of a subtree, as its endpoint gives it. */
export interface State {
  /** SHA-256 of the manifest's exact text. */
  readonly name: string;
  readonly manifest: Manifest;
  /** Where parts can be read directly, when the store can sign URLs. */
  readonly urls: Readonly<Record<string, string>>;
}

/** What an endpoint says of a subtree: its head, and the state asked for unless nothing was pushed yet. */
export interface Answer {
  readonly head: Head;
  readonly state: State | undefined;
}

/**
 * Asks for the newest state, or the newest at or before `at` (a sequence number or an ISO 8601 time).
 *
 * @throws Failure when no engine has ever claimed the subtree
 */
export async function askFor(
  { client, subtree, url }: OpenSubtree,
  at?: string,
  signal?: AbortSignal,
): Promise<Answer> {
  const reply = await client.restore(at === undefined ? {} : { at }, signal);
  if (reply === undefined) {
    throw new Failure(
      "failed",
      `nothing is kept at ${subtree} of ${url}`,
      "Check --namespace, --engine and --replica: the engine logs its subtree when it starts, and /v1/status shows it.",
    );
  }
  const { head, manifest, downloadUrls = {} } = reply;
  return { head, state: manifest === null ? undefined : readState(manifest, downloadUrls) };
}

/** As `askFor`, for commands that need a state. @throws Failure when nothing was pushed yet */
export async function askForState(
  target: OpenSubtree,
  at?: string,
  signal?: AbortSignal,
): Promise<{ head: Head; state: State }> {
  const { head, state } = await askFor(target, at, signal);
  if (state !== undefined) return { head, state };
  throw new Failure(
    "failed",
    `nothing was pushed to ${target.subtree} yet`,
    "An engine pushes by its schedule and at its end; POST /v1/persist/flush on its admin port pushes at once.",
  );
}

/** A certain state. @throws EndpointError `not_found` when its manifest is gone */
export async function stateNamed(
  { client }: OpenSubtree,
  name: string,
  signal?: AbortSignal,
): Promise<State> {
  const reply = await client.restore({ manifest: name }, signal);
  if (reply?.manifest === undefined || reply.manifest === null) {
    throw new WeftkitError("not_found", `there is no manifest ${name}`);
  }
  return readState(reply.manifest, reply.downloadUrls ?? {});
}

/**
 * The cipher for what a state holds; undefined where it is not encrypted.
 *
 * @throws WeftkitError `encryption_key_invalid` when there is no key, or another than it was encrypted with
 */
export function cipherFor({ ciphers }: OpenSubtree, { manifest }: State): PartCipher | undefined {
  const keyName = manifest.encryption?.keyName;
  if (keyName === undefined) return undefined;
  const cipher = ciphers.find((candidate) => candidate.keyName === keyName);
  if (cipher !== undefined) return cipher;
  const names = ciphers.map((candidate) => candidate.keyName).join(", ");
  const which = ciphers.length === 0 ? "no key is given" : `the given key is ${names}`;
  throw new WeftkitError(
    "encryption_key_invalid",
    `push ${manifest.seq} is encrypted with the key ${keyName}, and ${which}`,
  );
}

/** What a stream takes in the store. */
export interface StreamSize {
  readonly name: string;
  readonly kind: string;
  readonly pieces: number;
  /** As stored: compressed, and encrypted where that is configured. */
  readonly bytes: number;
}

export function streamSizes({ streams }: Manifest): readonly StreamSize[] {
  return Object.entries(streams).map(([name, { kind, pieces }]) => ({
    name,
    kind,
    pieces: pieces.length,
    bytes: pieces.reduce((sum, piece) => sum + storedBytes(piece), 0),
  }));
}

/** What a piece takes in the store. */
export function storedBytes({ parts, partLists, bytes }: Piece): number {
  // What stands in lists is about as long as the piece itself.
  return partLists === undefined ? parts.reduce((sum, part) => sum + part.bytes, 0) : bytes;
}

/** What a state takes in the store. */
export function stateBytes(manifest: Manifest): number {
  return streamSizes(manifest).reduce((sum, { bytes }) => sum + bytes, 0);
}

function readState(text: string, urls: Readonly<Record<string, string>>): State {
  const manifest = parseManifest(text);
  return { name: nameText(text).sha256, manifest, urls };
}
