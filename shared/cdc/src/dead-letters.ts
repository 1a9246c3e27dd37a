import { mkdirSync } from "node:fs";
import { open, rename, stat } from "node:fs/promises";
import { join } from "node:path";

/** So large a file of dead letters becomes the one before; the one before that is forgotten. */
const bytesMax = 64 * 1024 * 1024;

/** An event that no receiver takes. */
export interface DeadLetter {
  readonly id: string;
  readonly at: string;
  readonly namespace: string;
  readonly reason: string;
  /** The event's key and body as they were refused, when they could be written. */
  readonly key?: string | undefined;
  readonly body?: string | undefined;
}

/** Keeps what could not be sent in a file of the data dir, a line of JSON for each. */
export class DeadLetters {
  readonly file: string;

  constructor(dataDir: string) {
    const folder = join(dataDir, "cdc");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.file = join(folder, "dead-letters.ndjson");
  }

  /** Resolves when it is on the disk. */
  async add(letter: DeadLetter): Promise<void> {
    const size = await stat(this.file).then(
      (found) => found.size,
      () => 0,
    );
    if (size > bytesMax) await rename(this.file, `${this.file}.1`);
    const handle = await open(this.file, "a", 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(letter)}\n`);
      await handle.datasync();
    } finally {
      await handle.close();
    }
  }
}
