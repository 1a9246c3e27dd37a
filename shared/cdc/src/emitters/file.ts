import { mkdirSync, readdirSync } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder } from "@weftkit/core";
import type { Emitter, OutgoingEvent } from "../event.ts";

export interface FileOptions {
  readonly folder: string;
  /** A file that is larger is closed, and named by the time. */
  readonly bytesMax: number;
  /** So many closed files are kept of each topic; 0: all. */
  readonly keep: number;
}

interface OpenFile {
  readonly handle: FileHandle;
  size: number;
}

const newline = 0x0a;

/** Writes each topic's events to a file of its name, a line of JSON for each; confirmed is what is on the disk. */
export class FileEmitter implements Emitter {
  readonly #options: FileOptions;
  readonly #files = new Map<string, OpenFile>();

  constructor(options: FileOptions) {
    mkdirSync(options.folder, { recursive: true });
    this.#options = options;
  }

  async send(events: readonly OutgoingEvent[]): Promise<void> {
    const lines = new Map<string, string[]>();
    for (const { topic, body } of events) {
      const name = fileNameOf(topic);
      const known = lines.get(name);
      if (known === undefined) lines.set(name, [body]);
      else known.push(body);
    }
    for (const [name, bodies] of lines) {
      const file = this.#files.get(name) ?? (await this.#open(name));
      const bytes = Buffer.from(`${bodies.join("\n")}\n`);
      await file.handle.write(bytes, 0, bytes.length, file.size);
      await file.handle.datasync();
      file.size += bytes.length;
      if (file.size >= this.#options.bytesMax) await this.#rotate(name, file);
    }
  }

  async close(): Promise<void> {
    for (const { handle } of this.#files.values()) await handle.close();
    this.#files.clear();
  }

  /** Goes on behind the last whole line: what a crash has cut off is sent again. */
  async #open(name: string): Promise<OpenFile> {
    const handle = await open(join(this.#options.folder, `${name}.ndjson`), "a+");
    await handle.close();
    const writing = await open(join(this.#options.folder, `${name}.ndjson`), "r+");
    const size = await endOfLastLine(writing);
    await writing.truncate(size);
    await syncFolder(this.#options.folder);
    const file = { handle: writing, size };
    this.#files.set(name, file);
    return file;
  }

  async #rotate(name: string, { handle }: OpenFile): Promise<void> {
    const { folder, keep } = this.#options;
    await handle.close();
    this.#files.delete(name);
    const time = new Date().toISOString().replace(/[:.]/g, "-");
    const prefix = `${name}-`;
    const closed = readdirSync(folder).filter((file) => file.startsWith(prefix) && closedName.test(file));
    // Two within a millisecond must not be one.
    const number = String(closed.filter((file) => file.startsWith(`${prefix}${time}`)).length);
    await rename(join(folder, `${name}.ndjson`), join(folder, `${prefix}${time}-${number}.ndjson`));
    if (keep > 0) {
      const old = closed.toSorted().slice(0, Math.max(0, closed.length + 1 - keep));
      for (const file of old) await rm(join(folder, file), { force: true });
    }
    await syncFolder(folder);
  }
}

const closedName = /-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z-\d+\.ndjson$/;

/** A topic may have the name of a namespace in it, which may be any text. */
function fileNameOf(topic: string): string {
  return topic
    .replace(/[^A-Za-z0-9._-]/g, "_")
    .replace(/^\.+/, "_")
    .slice(0, 200);
}

/** Looked for from the end, in pieces. */
async function endOfLastLine(handle: FileHandle): Promise<number> {
  const { size } = await handle.stat();
  const piece = Buffer.alloc(64 * 1024);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - piece.length);
    const { bytesRead } = await handle.read(piece, 0, end - start, start);
    const at = piece.subarray(0, bytesRead).lastIndexOf(newline);
    if (at !== -1) return start + at + 1;
    end = start;
  }
  return 0;
}
