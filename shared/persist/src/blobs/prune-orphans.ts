import type { Manifest } from "../contract/manifest.ts";
import type { Catalog } from "./catalog.ts";
import { decodeParts } from "./records.ts";

/** How long the parts of a removed blob are kept when no kept state needs them any more. */
const orphanKeptMs = 24 * 3_600_000;

/**
 * Deletes the parts of blobs that were removed before the oldest kept state, a day after that was so. What another blob
 * is stored in as well is left alone.
 */
export async function pruneOrphans(
  catalog: Catalog,
  { seq, history }: Manifest,
  nowMs: number,
  remove: (parts: readonly string[]) => Promise<readonly string[]>,
): Promise<void> {
  const oldestSeq = Math.min(seq, ...history.map((point) => point.seq));
  const due = await catalog.dueOrphans(oldestSeq, nowMs, nowMs - orphanKeptMs);
  if (due.length === 0) return;
  const partsOf = new Map(due.map(({ sha256, parts }) => [sha256, decodeParts(parts)]));
  const wanted = new Set([...partsOf.values()].flat().map((part) => part.sha256));
  const dueNames = new Set(due.map(({ sha256 }) => sha256.toString("hex")));
  await dropUsed(catalog, wanted, dueNames);
  const kept = new Set(await remove([...wanted]));
  // What the function has kept is young, or a state names it: the next time tells.
  const isGone = (name: Buffer) => !partsOf.get(name)!.some((part) => kept.has(part.sha256));
  await catalog.forgetOrphans([...partsOf.keys()].filter(isGone));
}

/** Takes those names out of the set that any blob is stored in, or any orphan but these. */
export async function dropUsed(
  catalog: Catalog,
  names: Set<string>,
  exceptOrphans: ReadonlySet<string> = new Set(),
): Promise<void> {
  for (const table of ["blob", "orphan"] as const) {
    for await (const { sha256, parts } of catalog.allParts(table)) {
      if (names.size === 0) return;
      if (table === "orphan" && exceptOrphans.has(sha256.toString("hex"))) continue;
      for (const part of decodeParts(parts)) names.delete(part.sha256);
    }
  }
}
