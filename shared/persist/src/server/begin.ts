import type { BeginReply, BeginRequest, UploadUrl } from "../contract/messages.ts";
import { allPartsOf } from "../contract/part-lists.ts";
import { layout } from "./layout.ts";
import { type Operation, requireEpoch } from "./operation.ts";
import type { SubtreeStore } from "./subtree-store.ts";

/** So many parts get a URL of the store; the others go through the function. */
const uploadUrlsMax = 1000;

/** A manifest that cannot be read names nothing: what is sent again is there for certain. */
async function partsNamedBy(
  subtree: SubtreeStore,
  manifest: string,
): Promise<ReadonlyMap<string, number> | undefined> {
  try {
    const { manifest: named } = await subtree.readManifest(manifest);
    return await allPartsOf(named, (name) => subtree.readNamedPart(name));
  } catch (error) {
    if ((error as { code?: string }).code === "damaged") return undefined;
    throw error;
  }
}

/** `POST /persist?action=begin` */
export const begin: Operation<BeginRequest, BeginReply> = async ({ parts, verify }, context) => {
  const { subtree, store, fields, limits, ages, clock } = context;
  const read = await subtree.readHead();
  if (read !== undefined) requireEpoch(read.head, fields.epoch);
  const asked = new Set(parts);
  const stored = await subtree.partFacts(asked);
  const reusableSinceMs = clock.wallMs() - ages.reuseWithinMs;
  const old = [...stored].filter(([, { modifiedMs }]) => modifiedMs < reusableSinceMs);
  const manifest = old.length === 0 ? null : (read?.head.manifest ?? null);
  const named = manifest === null ? undefined : await partsNamedBy(subtree, manifest);
  for (const [name] of old) if (!named?.has(name)) stored.delete(name);
  if (verify === true) {
    for (const name of await subtree.damagedParts(stored.keys(), limits.partBytesMax)) stored.delete(name);
  }
  const missing = [...asked].filter((name) => !stored.has(name));
  if (store.presignPut === undefined) return { missing, limits };
  const uploadUrls: Record<string, UploadUrl> = {};
  for (const name of missing.slice(0, uploadUrlsMax)) {
    uploadUrls[name] = await store.presignPut(layout.part(subtree.subtree, name), name);
  }
  return { missing, uploadUrls, limits };
};
