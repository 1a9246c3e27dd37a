import { type Deadline, WeftkitError } from "@weftkit/core";
import type { Capture, Cursor, Stream } from "../stream.ts";
import type { Chain } from "./chain.ts";
import type { OutboxEntry, OutboxStream } from "./outbox.ts";

/** A capture that goes on asking for more is a defect or a writer that outruns the disk: the rest waits. */
const passesMax = 16;

export interface CaptureOptions {
  readonly epoch: number;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  /** The last capture before the process ends: the least that completes the chain. */
  readonly final: boolean;
  readonly deadline?: Deadline | undefined;
  /** Aborted when the end is near: what can wait is given up. */
  readonly hurry: AbortSignal;
}

/**
 * Captures what the streams have changed into the outbox, one entry per pass, until no stream asks for more. Returns
 * how many entries were made.
 */
export async function captureStreams(
  streams: readonly Stream[],
  chain: Chain,
  options: CaptureOptions,
): Promise<number> {
  let entries = 0;
  for (let pass = 0; pass < passesMax; pass++) {
    const result = await capturePass(streams, chain, options);
    if (result.isEntry) entries++;
    if (!result.more) break;
  }
  return entries;
}

/** All streams at one moment, so that an entry is one consistent state. */
async function capturePass(
  streams: readonly Stream[],
  chain: Chain,
  { epoch, now, final, deadline, hurry }: CaptureOptions,
): Promise<{ isEntry: boolean; more: boolean }> {
  const { outbox, substitutes } = chain;
  const isRebase = chain.needsOtherKey || (!final && (chain.needsBase || chain.isOverfull));
  const superseded = [...outbox.entries];
  const pieces = chain.pieces();
  const seq = chain.nextSeq;
  const time = now();
  const folder = await outbox.draft();
  const substituteFolder = final || hurry.aborted ? undefined : await substitutes.draft();
  const captures: Record<string, Capture> = {};
  let isEntry = false;
  try {
    for (const stream of inOrder(streams)) {
      captures[stream.name] = await stream.capture({
        folder,
        epoch,
        seq,
        time,
        cursor: isRebase ? undefined : chain.cursorOf(stream.name),
        pieces: isRebase ? [] : (pieces.get(stream.name) ?? []),
        final,
        hurry,
        ...(deadline !== undefined && { deadline }),
        // One waits at a time: another one would have to be sent as well.
        ...(substituteFolder !== undefined && !substitutes.all.has(stream.name) && { substituteFolder }),
      });
    }
    isEntry = Object.values(captures).some(({ piece }) => piece !== undefined);
    if (isEntry) {
      await outbox.add({ version: 1, seq, epoch, time, streams: describeAll(streams, captures) });
    } else {
      await noteChangedCursors(chain, captures);
      await outbox.discardDraft();
    }
  } catch (error) {
    for (const capture of Object.values(captures)) await capture.abandon();
    await outbox.discardDraft();
    const reason = error instanceof Error ? error.message : String(error);
    throw new WeftkitError("capture_failed", `what changed could not be captured: ${reason}`, {
      cause: error,
    });
  }
  for (const capture of Object.values(captures)) await capture.settle();
  for (const [name, { substitute }] of Object.entries(captures)) {
    if (substitute !== undefined) await substitutes.keep(name, substitute, time);
  }
  // A base of every stream makes what waited before it superfluous, but for a push whose outcome is not known yet.
  if (isRebase && isEntry) {
    chain.needsBase = false;
    const isFree = (entry: OutboxEntry) =>
      entry !== outbox.pushing && outbox.triedManifest(entry) === undefined;
    await outbox.remove(superseded.filter((entry) => outbox.entries.includes(entry) && isFree(entry)));
    await substitutes.clear();
  }
  return { isEntry, more: Object.values(captures).some(({ more }) => more) };
}

/** Blobs come last: what the other streams name was put there before it was named, and is in the capture too. */
function inOrder(streams: readonly Stream[]): readonly Stream[] {
  return [...streams].sort((one, other) => Number(one.kind === "blobs") - Number(other.kind === "blobs"));
}

function describeAll(
  streams: readonly Stream[],
  captures: Readonly<Record<string, Capture>>,
): Record<string, OutboxStream> {
  return Object.fromEntries(
    streams.map(({ name, kind }) => {
      const { piece, replaces, cursor } = captures[name]!;
      return [name, { kind, piece, replaces, cursor }];
    }),
  );
}

async function noteChangedCursors(chain: Chain, captures: Readonly<Record<string, Capture>>): Promise<void> {
  const cursors: Record<string, Cursor> = {};
  let isChanged = false;
  for (const [name, { cursor }] of Object.entries(captures)) {
    cursors[name] = cursor;
    isChanged ||= JSON.stringify(cursor) !== JSON.stringify(chain.cursorOf(name));
  }
  if (isChanged) await chain.noteCursors(cursors);
}
