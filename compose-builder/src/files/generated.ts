import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type CommentStyle, isIntact, seal, unseal } from "./seal.ts";

/** A file to write. */
export interface GeneratedFile {
  /** Relative to the output folder. */
  readonly path: string;
  readonly content: string;
  readonly comment: CommentStyle;
  /** A beginning, for the user to go on with: an edited one stays as it is. */
  readonly isStart?: true;
  /** The content has in it what the user wrote into the file that is there. */
  readonly keepsEdits?: true;
}

/** What writing a file means for what is there: `edited` would lose somebody's work, `kept` is not written. */
export type Change = "created" | "updated" | "unchanged" | "kept" | "edited";

/** A file and what is there now. */
export interface PlannedFile extends GeneratedFile {
  readonly change: Change;
  /** What is there now, without its seal. */
  readonly before: string;
}

/** Compares a file with what is on the disk. */
export function planFile(folder: string, file: GeneratedFile): PlannedFile {
  const present = read(join(folder, file.path));
  const before = present === undefined ? "" : unseal(present);
  return { ...file, before, change: changeOf(present, before, file) };
}

function changeOf(
  present: string | undefined,
  before: string,
  { content, isStart, keepsEdits }: GeneratedFile,
): Change {
  if (present === undefined) return "created";
  if (before === content) return "unchanged";
  if (isIntact(present) || keepsEdits) return "updated";
  return isStart ? "kept" : "edited";
}

/** Writes a file as a whole: whoever reads it meanwhile sees the old one or the new one. */
export function writeFile(folder: string, file: GeneratedFile): void {
  const path = join(folder, file.path);
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}.tmp`;
  writeFileSync(unfinished, seal(file.content, file.comment));
  renameSync(unfinished, path);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
