import { readFileSync } from "node:fs";
import { join } from "node:path";
import { replaceFileSync } from "@weftkit/core";
import { isSameCursor, type PagesCursor, parseCursor } from "./cursor.ts";
import type { FileIdentity } from "./database-file.ts";

/** What was known of the database file when it was last written. */
export interface VolumeNote {
  /** Everything up to this cursor is captured, and nothing after it is in the database file. */
  readonly cursor: PagesCursor;
  /** See `Settled`. */
  readonly completeAt: number;
  readonly file: FileIdentity;
}

/**
 * Kept on the volume after each checkpoint: when the database file is still as it was then, a start goes on without
 * reading it. A checkpoint that was interrupted, another program, a copied volume: each shows in the file's times, and
 * then the whole file is compared with the cursor's checksum instead.
 */
export class VolumeNotes {
  readonly #path: string;

  constructor(folder: string) {
    this.#path = join(folder, "volume.json");
  }

  write(note: VolumeNote): void {
    replaceFileSync(this.#path, JSON.stringify(note));
  }

  /** The note, if it is about this cursor and this state of the file. */
  find(cursor: PagesCursor, file: FileIdentity): VolumeNote | undefined {
    let note: VolumeNote;
    try {
      note = JSON.parse(readFileSync(this.#path, "utf8")) as VolumeNote;
    } catch {
      // Missing or half a file: it is a shortcut, without which the whole database is compared.
      return undefined;
    }
    const noted = parseCursor({ ...note.cursor });
    const isSame = noted !== undefined && isSameCursor(noted, cursor) && isSameFile(note.file, file);
    return isSame && Number.isSafeInteger(note.completeAt) ? note : undefined;
  }
}

function isSameFile(noted: FileIdentity | undefined, file: FileIdentity): boolean {
  return (
    noted?.inode === file.inode &&
    noted.bytes === file.bytes &&
    noted.modified === file.modified &&
    noted.changed === file.changed
  );
}
