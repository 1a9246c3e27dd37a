import { systemClock, WeftkitError } from "@weftkit/core";
import { allPartsOf, type DroppedState, type Head } from "@weftkit/persist/contract";
import { droppedKeptMs, pruneDropped } from "@weftkit/persist/inspection";
import { Failure } from "../terminal/failure.ts";
import type { OpenSubtree } from "./endpoint.ts";
import { type State, stateNamed } from "./state.ts";

/** What can be deleted, and what must wait. */
export interface PrunePlan {
  /** Dropped long enough ago, and still stored. */
  readonly due: readonly DroppedState[];
  /** Bytes of the parts that only they name. */
  readonly bytes: number;
  readonly parts: number;
  /** Dropped less than a day ago. */
  readonly waiting: readonly DroppedState[];
}

/** What became of it. */
export interface Pruned {
  readonly states: number;
  /** Objects that are not stored any more. */
  readonly deleted: number;
  /** Objects that the endpoint would not delete: a kept state names them, or they are less than a day old. */
  readonly kept: number;
}

/** Looks at every state that retention let go of. @throws Failure for states of blobs */
export async function planPrune(target: OpenSubtree, newest: State, signal: AbortSignal): Promise<PrunePlan> {
  if (Object.values(newest.manifest.streams).some(({ kind }) => kind === "blobs")) {
    throw new Failure(
      "failed",
      "this state has blobs, of which only its engine knows which are still needed",
      "Nothing was deleted. The engine prunes by itself after its pushes.",
    );
  }
  const now = systemClock.wallMs();
  const isDue = ({ time }: DroppedState) => now - time > droppedKeptMs;
  const due: DroppedState[] = [];
  const parts = new Map<string, number>();
  for (const dropped of newest.manifest.dropped.filter(isDue)) {
    const state = await stateNamed(target, dropped.manifest, signal).catch(ignoreMissing);
    if (state === undefined) continue;
    due.push(dropped);
    for (const [part, bytes] of await partsOfState(target, state, signal)) parts.set(part, bytes);
  }
  const kept = await keptParts(target, newest, signal);
  for (const part of kept) parts.delete(part);
  return {
    due,
    parts: parts.size,
    bytes: [...parts.values()].reduce((sum, bytes) => sum + bytes, 0),
    waiting: newest.manifest.dropped.filter((dropped) => !isDue(dropped)),
  };
}

/** Deletes what the plan says, as the owner of the head's epoch. */
export async function prune(
  target: OpenSubtree,
  { epoch }: Head,
  newest: State,
  { due }: PrunePlan,
  signal: AbortSignal,
): Promise<Pruned> {
  const { client } = target;
  const pruned = { states: 0, deleted: 0, kept: 0 };
  const counting = {
    restore: client.restore.bind(client),
    downloadPart: client.downloadPart.bind(client),
    prune: async (...asked: Parameters<typeof client.prune>) => {
      const reply = await client.prune(...asked);
      pruned.deleted += reply.deleted;
      pruned.kept += reply.kept.length;
      return reply;
    },
  };
  const left = new Set(due);
  while (left.size > 0) {
    const manifest = { ...newest.manifest, dropped: [...left] };
    const done = new Set(await pruneDropped(counting, manifest, epoch, systemClock.wallMs(), signal));
    for (const dropped of left) if (done.has(dropped.manifest)) left.delete(dropped);
    pruned.states += done.size;
  }
  return pruned;
}

async function keptParts(target: OpenSubtree, newest: State, signal: AbortSignal): Promise<Set<string>> {
  const kept = new Set((await partsOfState(target, newest, signal)).keys());
  for (const { manifest } of newest.manifest.history) {
    const state = await stateNamed(target, manifest, signal);
    for (const part of (await partsOfState(target, state, signal)).keys()) kept.add(part);
  }
  return kept;
}

function partsOfState(
  { client }: OpenSubtree,
  { manifest, urls }: State,
  signal: AbortSignal,
): Promise<Map<string, number>> {
  return allPartsOf(manifest, (name) => client.downloadPart(name, urls[name], signal));
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof WeftkitError && error.code === "not_found") return undefined;
  throw error;
}
