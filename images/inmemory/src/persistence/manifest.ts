import { readFileSync } from "node:fs";
import { join } from "node:path";
import { replaceFile, replaceFileSync, WeftkitError } from "@weftkit/core";

/** One file of the append-only log: the base (a state) or an increment (the commands since). */
export interface LogFile {
  readonly name: string;
  readonly sequence: number;
  readonly type: "base" | "increment";
}

/** Which files make up the log, in the order of replay: at most one base, then increments. */
export interface Manifest {
  readonly files: readonly LogFile[];
  /** Files that a newer base has replaced: they may be removed, and stay only as long as somebody follows them. */
  readonly replaced?: readonly LogFile[];
}

export const MANIFEST_NAME = "appendonly.aof.manifest";

/** A name under which a part of the log may stand in the folder, whoever has written it. */
export const numberedFile = /^appendonly\.aof\.(?<sequence>\d+)\.(?<type>base|incr)\.(?:aof|rdb)$/;

const TYPE_LETTERS = { base: "b", increment: "i" } as const;
const REPLACED_LETTER = "h";

export function baseName(sequence: number): string {
  return `appendonly.aof.${sequence}.base.aof`;
}

export function incrementName(sequence: number): string {
  return `appendonly.aof.${sequence}.incr.aof`;
}

/** What becomes of the base before the manifest names it. */
export function unfinishedName(base: string): string {
  return `${base}.tmp`;
}

/**
 * Reads the manifest of a folder, in the form Redis 7 writes; undefined when there is none.
 *
 * @throws WeftkitError `AOF_MANIFEST` when it cannot be one that was written whole
 */
export function readManifest(folder: string): Manifest | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, MANIFEST_NAME), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const files: LogFile[] = [];
  const replaced: LogFile[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line === "" || line.startsWith("#")) continue;
    const match = /^file (\S+) seq (\d+) type ([bih])$/.exec(line.trim());
    if (match === null || match[1]!.includes("/")) {
      throw damagedManifest(folder, `line ${index + 1} is not "file NAME seq N type b|i|h"`);
    }
    const isReplaced = match[3] === REPLACED_LETTER;
    const isBase = isReplaced ? typeOf(match[1]!) === "base" : match[3] === TYPE_LETTERS.base;
    const file: LogFile = {
      name: match[1]!,
      sequence: Number(match[2]),
      type: isBase ? "base" : "increment",
    };
    if (isReplaced) {
      replaced.push(file);
      continue;
    }
    requireOrder(folder, files.at(-1), file);
    files.push(file);
  }
  if (files.length === 0) throw damagedManifest(folder, "it names no file");
  return { files, replaced };
}

/** A base comes first, and there is one; increments ascend. A base is numbered apart from them by Redis. */
function requireOrder(folder: string, previous: LogFile | undefined, file: LogFile): void {
  const isInOrder =
    previous === undefined ||
    (file.type === "increment" && (previous.type === "base" || previous.sequence < file.sequence));
  if (!isInOrder) throw damagedManifest(folder, `${file.name} cannot come after ${previous.name}`);
}

/** The error for a manifest that is not believed. Nothing beside it is touched. */
export function damagedManifest(folder: string, what: string): WeftkitError {
  return new WeftkitError(
    "AOF_MANIFEST",
    `${join(folder, MANIFEST_NAME)} cannot be used: ${what}. Nothing was changed. Restore the file from a backup, or list the .aof files of the folder in it by hand: the base first, then the increments by their numbers`,
  );
}

/** Replaces the manifest atomically and durably: after a crash it is the old one or the new one. */
export function writeManifest(folder: string, manifest: Manifest): void {
  replaceFileSync(join(folder, MANIFEST_NAME), manifestText(manifest));
}

/** As `writeManifest`, without holding the thread up. */
export function replaceManifest(folder: string, manifest: Manifest): Promise<void> {
  return replaceFile(join(folder, MANIFEST_NAME), manifestText(manifest));
}

/** A manifest as it stands in the folder. */
export function manifestText({ files, replaced = [] }: Manifest): string {
  return [
    ...files.map(({ name, sequence, type }) => `file ${name} seq ${sequence} type ${TYPE_LETTERS[type]}\n`),
    ...replaced.map(({ name, sequence }) => `file ${name} seq ${sequence} type ${REPLACED_LETTER}\n`),
  ].join("");
}

function typeOf(name: string): string | undefined {
  return numberedFile.exec(name)?.groups?.type;
}
