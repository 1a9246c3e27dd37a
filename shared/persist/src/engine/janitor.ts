import type { Manifest } from "../contract/manifest.ts";
import { parseManifest } from "../contract/parse-manifest.ts";
import { allPartsOf } from "../contract/part-lists.ts";
import type { Endpoint } from "./endpoint.ts";

/** What only a dropped state names is deleted this long after it was dropped. */
export const droppedKeptMs = 24 * 3_600_000;

/** So many states are deleted after one push. */
const prunedMax = 16;

/**
 * Deletes states that were dropped long enough ago, and returns the names of their manifests. The function refuses to
 * delete what a kept state still names; `unused` leaves out what is needed without being named by a manifest.
 */
export async function pruneDropped(
  endpoint: Pick<Endpoint, "restore" | "prune" | "downloadPart">,
  manifest: Manifest,
  epoch: number,
  nowMs: number,
  signal?: AbortSignal,
  unused: (parts: ReadonlySet<string>) => Promise<ReadonlySet<string>> = async (parts) => parts,
): Promise<readonly string[]> {
  const due = manifest.dropped.filter(({ time }) => nowMs - time > droppedKeptMs).slice(0, prunedMax);
  if (due.length === 0) return [];
  const parts = new Set<string>();
  const readPart = (name: string) => endpoint.downloadPart(name, undefined, signal);
  for (const { manifest: name } of due) {
    const reply = await endpoint.restore({ manifest: name }, signal).catch(ignoreMissing);
    if (reply?.manifest === undefined || reply.manifest === null) continue;
    const dropped = await allPartsOf(parseManifest(reply.manifest), readPart).catch(ignoreMissing);
    for (const part of dropped?.keys() ?? []) parts.add(part);
  }
  for (const part of (await allPartsOf(manifest, readPart)).keys()) parts.delete(part);
  const manifests = due.map(({ manifest: name }) => name);
  await endpoint.prune({ manifests, parts: [...(await unused(parts))] }, epoch, signal);
  return manifests;
}

/** A state that an earlier attempt has deleted already. */
function ignoreMissing(error: unknown): undefined {
  if ((error as { code?: string }).code === "not_found") return undefined;
  throw error;
}
