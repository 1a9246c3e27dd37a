import { existsSync, mkdirSync, readdirSync, renameSync, statSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "@weftkit/observe";
import { damagedManifest, type LogFile, type Manifest, numberedFile, readManifest } from "./manifest.ts";

/** What a rewrite or a swap of the manifest that was cut short has left: never part of a log. */
const unfinished = /^appendonly\.aof\.(?:\d+\.(?:base|incr)\.aof|manifest)\.tmp$/;

interface NumberedFile {
  readonly name: string;
  readonly sequence: number;
  readonly type: LogFile["type"];
}

/**
 * Reads the manifest and compares it with the files beside it; undefined when there is neither manifest nor log.
 *
 * A manifest that was lost, emptied or cut short would make acknowledged writes look like leftovers. So it is believed
 * only where it explains every numbered file that holds something.
 *
 * @throws WeftkitError `AOF_MANIFEST`
 */
export function explainFolder(
  folder: string,
): { manifest: Manifest; superseded: readonly string[] } | undefined {
  const found = existsSync(folder) ? readdirSync(folder) : [];
  const manifest = readManifest(folder);
  const listed = new Set([...(manifest?.files ?? []), ...(manifest?.replaced ?? [])].map(({ name }) => name));
  const unlisted = found.flatMap((name) => numbered(name) ?? []).filter(({ name }) => !listed.has(name));
  const unexplained = unlisted.filter(({ name }) => statSync(join(folder, name)).size > 0);
  if (manifest === undefined) {
    if (unexplained.length === 0) return undefined;
    throw damagedManifest(folder, `it is missing, and the folder holds ${namesOf(unexplained)}`);
  }
  const missing = manifest.files.filter(({ name }) => !found.includes(name));
  if (missing.length > 0) {
    throw damagedManifest(folder, `it names ${namesOf(missing)}, which the folder does not hold`);
  }
  const needed = unexplained.filter((file) => !isSuperseded(file, manifest));
  if (needed.length > 0) {
    throw damagedManifest(
      folder,
      `it does not name ${namesOf(needed)}, which hold writes that it may have lost`,
    );
  }
  return { manifest, superseded: unexplained.map(({ name }) => name) };
}

/**
 * As `explainFolder`, and brings the folder into order: removes what the manifest calls replaced, unless it `keeps` that, and
 * what is unfinished or empty, and moves aside what nothing explains, though the log is whole without it.
 */
export function tidyFolder(
  folder: string,
  log: Logger,
  keeps: (replaced: LogFile) => boolean = () => false,
): Manifest | undefined {
  const explained = explainFolder(folder);
  const { manifest, superseded } = explained ?? { manifest: undefined, superseded: [] };
  for (const name of superseded) {
    const aside = setAside(folder, name);
    log.warn(
      { file: name, movedTo: aside },
      "a file of the log that the manifest does not name was moved aside: the log is whole without it",
    );
  }
  const found = readdirSync(folder);
  const kept = (manifest?.replaced ?? []).filter((file) => found.includes(file.name) && keeps(file));
  const listed = new Set([...(manifest?.files ?? []), ...kept].map(({ name }) => name));
  const replaced = new Set(manifest?.replaced?.map(({ name }) => name));
  for (const name of found) {
    if (listed.has(name)) continue;
    // Numbered files that hold something and are not replaced were moved aside, or have stopped the start.
    if (!replaced.has(name) && !unfinished.test(name) && numbered(name) === undefined) continue;
    log.info({ file: name }, "removing a file that an interrupted rewrite has left");
    unlinkSync(join(folder, name));
  }
  return manifest && { files: manifest.files, replaced: kept };
}

/**
 * Whether the log is whole without a file that its manifest does not name: an increment from before the base, or a base
 * that a rewrite has not finished. What is newer than the manifest, or missing in its sequence, is not.
 */
function isSuperseded(file: NumberedFile, { files }: Manifest): boolean {
  const [first] = files;
  const hasBase = first?.type === "base";
  const firstIncrement = files.find(({ type }) => type === "increment");
  if (file.type === "base") return hasBase || firstIncrement?.sequence === 1;
  return hasBase && firstIncrement !== undefined && file.sequence < firstIncrement.sequence;
}

/** Moves a file beside the folder, under a name that nothing has there. */
function setAside(folder: string, name: string): string {
  const aside = `${folder}.set-aside`;
  mkdirSync(aside, { recursive: true, mode: 0o700 });
  let target = join(aside, name);
  for (let copy = 2; existsSync(target); copy++) target = join(aside, `${name}.${copy}`);
  renameSync(join(folder, name), target);
  return target;
}

function numbered(name: string): NumberedFile | undefined {
  const { sequence, type } = numberedFile.exec(name)?.groups ?? {};
  if (sequence === undefined) return undefined;
  return { name, sequence: Number(sequence), type: type === "base" ? "base" : "increment" };
}

function namesOf(files: readonly { readonly name: string }[]): string {
  return files.map(({ name }) => name).join(", ");
}
