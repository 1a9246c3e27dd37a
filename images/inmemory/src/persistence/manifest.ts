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
}

export const MANIFEST_NAME = "appendonly.aof.manifest";

const TYPE_LETTERS = { base: "b", increment: "i" } as const;

export function baseName(sequence: number): string {
  return `appendonly.aof.${sequence}.base.aof`;
}

export function incrementName(sequence: number): string {
  return `appendonly.aof.${sequence}.incr.aof`;
}

/** Reads the manifest of a folder, in the form Redis 7 writes; undefined when there is none. */
export function readManifest(folder: string): Manifest | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, MANIFEST_NAME), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const files: LogFile[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line === "" || line.startsWith("#")) continue;
    const match = /^file (\S+) seq (\d+) type ([bi])$/.exec(line.trim());
    if (match === null || match[1]!.includes("/")) {
      throw new WeftkitError(
        "AOF_MANIFEST",
        `${join(folder, MANIFEST_NAME)} line ${index + 1} is not "file NAME seq N type b|i": restore the file from a backup, or list the .aof files of the folder in it by hand`,
      );
    }
    files.push({
      name: match[1]!,
      sequence: Number(match[2]),
      type: match[3] === "b" ? "base" : "increment",
    });
  }
  return { files };
}

/** Replaces the manifest atomically and durably: after a crash it is the old one or the new one. */
export function writeManifest(folder: string, manifest: Manifest): void {
  replaceFileSync(join(folder, MANIFEST_NAME), formatManifest(manifest));
}

/** As `writeManifest`, without holding the thread up. */
export function replaceManifest(folder: string, manifest: Manifest): Promise<void> {
  return replaceFile(join(folder, MANIFEST_NAME), formatManifest(manifest));
}

function formatManifest({ files }: Manifest): string {
  return files
    .map(({ name, sequence, type }) => `file ${name} seq ${sequence} type ${TYPE_LETTERS[type]}\n`)
    .join("");
}
