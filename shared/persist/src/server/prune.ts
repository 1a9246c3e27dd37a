import type { PruneReply, PruneRequest } from "../contract/messages.ts";
import { allPartsOf } from "../contract/part-lists.ts";
import { ContractFailure } from "./contract-failure.ts";
import { type Operation, requireEpoch } from "./operation.ts";
import { forEachAtOnce, type SubtreeStore } from "./subtree-store.ts";

/** `POST /persist?action=prune`: deletes what no kept state names and what is old enough. */
export const prune: Operation<PruneRequest, PruneReply> = async (
  request,
  { subtree, fields, ages, clock },
) => {
  const read = await subtree.readHead();
  if (read === undefined) throw new ContractFailure("head_moved", "nobody has claimed this subtree");
  requireEpoch(read.head, fields.epoch);
  const manifests = new Set(request.manifests);
  const parts = new Set(request.parts);
  const kept = new Set<string>();
  if (read.head.manifest !== null) await sortOutNamed(subtree, read.head.manifest, manifests, parts, kept);
  const sinceMs = clock.wallMs() - ages.pruneAfterMs;
  let deleted = 0;
  const remove = (kind: "manifest" | "part") => async (name: string) => {
    if (await subtree.deleteUnlessYoung(kind, name, sinceMs)) deleted++;
    else kept.add(name);
  };
  await forEachAtOnce(parts, remove("part"));
  await forEachAtOnce(manifests, remove("manifest"));
  return { deleted, kept: [...kept] };
};

/** Moves what the head's manifest and the states that it keeps name from what is to be deleted to what is kept. */
async function sortOutNamed(
  subtree: SubtreeStore,
  head: string,
  manifests: Set<string>,
  parts: Set<string>,
  kept: Set<string>,
): Promise<void> {
  const keep = (from: Set<string>, name: string) => {
    if (from.delete(name)) kept.add(name);
  };
  const lists = new Map<string, Promise<Uint8Array>>();
  // Most states have the same lists.
  const readList = (name: string) => {
    const reading = lists.get(name) ?? subtree.readNamedPart(name);
    lists.set(name, reading);
    return reading;
  };
  const { manifest } = await subtree.readManifest(head);
  const states = [head, ...manifest.history.map((point) => point.manifest)];
  for (const name of states) keep(manifests, name);
  for (const name of (await allPartsOf(manifest, readList)).keys()) keep(parts, name);
  if (parts.size === 0) return;
  await forEachAtOnce(states.slice(1), async (name) => {
    const { manifest: state } = await subtree.readManifest(name);
    for (const part of (await allPartsOf(state, readList)).keys()) keep(parts, part);
  });
}
