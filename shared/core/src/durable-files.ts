import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";

// What is durable here survives a crash of the machine: it was brought to the disk by fsync(2), or the call has failed
// with the system's error (ENOSPC, EIO, EROFS, ...). After such an error nothing is known of what is on the disk.
//
// The forms that end in Sync hold the thread up. They are for worker threads, and for moments in which nothing may come
// between.

/** For their owner alone: what engines keep is nobody else's to read. */
const mode = 0o600;

/**
 * Makes a file's content durable, whoever has written it. Not for a database that SQLite has open in this process:
 * closing any descriptor of it drops SQLite's locks.
 */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a folder's entries durable: files and folders that were made, renamed or removed in it. */
export async function syncFolder(folder: string): Promise<void> {
  await syncFile(folder);
}

/** As `syncFolder`. */
export function syncFolderSync(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Writes a file, with durable content. Its name is durable only once its folder was synced, and until this resolves
 * the file may hold a part of the content: for names that nobody looks at yet.
 */
export async function writeSynced(path: string, content: string | Uint8Array): Promise<void> {
  const handle = await open(path, "w", mode);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Replaces a file in one step: whoever reads it, also after a crash, finds the old content or the new. When this
 * resolves the new one is durable under its name.
 *
 * The new content is written to `<path>.tmp` first, so only one may replace a file at a time.
 */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`;
  await writeSynced(temporary, content);
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

/** As `replaceFile`. */
export function replaceFileSync(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.tmp`;
  writeFileSync(temporary, content, { flush: true, mode });
  renameSync(temporary, path);
  syncFolderSync(dirname(path));
}
