import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { syncFolder } from "@weftkit/core";
import { LogFiles } from "@weftkit/inmemory/log-files";
import { LogStream, type RestorePiece } from "@weftkit/persist";
import { Restorer } from "@weftkit/persist/inspection";
import type { OpenSubtree } from "./endpoint.ts";
import { PlainLogFile } from "./log-file.ts";
import type { RestoreTarget } from "./restore-target.ts";
import { cipherFor, type State } from "./state.ts";

/** Writes one stream; what is at the target is replaced when everything is there. */
type WriteStream = (pieces: AsyncIterable<RestorePiece>, target: RestoreTarget) => Promise<void>;

const writers: Readonly<Record<RestoreTarget["form"], WriteStream>> = {
  "append-only folder": async (pieces, { stream, path }) => {
    await new LogStream(stream, new LogFiles(path)).restore(pieces);
  },
  "log file": async (pieces, { stream, path }) => {
    await new LogStream(stream, new PlainLogFile(path)).restore(pieces);
  },
  "database file": writeDatabase,
};

/**
 * Fetches a state and writes its streams. Every piece is checked before it is used, and nothing is put in place before
 * all of it was.
 */
export async function restoreState(
  target: OpenSubtree,
  state: State,
  targets: readonly RestoreTarget[],
  onBytes: (count: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const cipher = cipherFor(target, state);
  for (const place of targets) {
    const parent = dirname(place.path);
    await mkdir(parent, { recursive: true, mode: 0o700 });
    const incoming = await mkdtemp(join(parent, ".weftkit-incoming-"));
    try {
      const { pieces } = state.manifest.streams[place.stream]!;
      const restorer = new Restorer(target.client, incoming, cipher, state.urls);
      await writers[place.form](restorer.fetch(pieces, onBytes, signal), place);
    } catch (error) {
      // What a log was being built in.
      await rm(`${place.path}.restoring`, { recursive: true, force: true });
      throw error;
    } finally {
      await rm(incoming, { recursive: true, force: true });
    }
  }
}

async function writeDatabase(
  pieces: AsyncIterable<RestorePiece>,
  { stream, path }: RestoreTarget,
): Promise<void> {
  // Loaded here, because it brings SQLite, which nothing else of the command needs.
  const { Restorer: DatabaseRestorer } = await import("@weftkit/persist/pages-restorer");
  const folder = await mkdtemp(join(dirname(path), ".weftkit-restoring-"));
  try {
    const file = join(folder, basename(path));
    const restorer = new DatabaseRestorer({
      name: stream,
      file,
      stateFolder: folder,
      check: "integrity_check",
    });
    try {
      for await (const piece of pieces) await restorer.apply(piece);
      restorer.finish();
    } catch (error) {
      restorer.abort();
      throw error;
    }
    // The log of a database that is replaced would be applied to the new one.
    for (const suffix of ["-wal", "-shm"]) await rm(`${path}${suffix}`, { force: true });
    await rename(file, path);
    await syncFolder(dirname(path));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
