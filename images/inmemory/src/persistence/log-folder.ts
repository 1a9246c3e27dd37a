import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "@weftkit/observe";
import { checksumLine } from "./append-only-file.ts";
import { tidyFolder } from "./folder-tidying.ts";
import type { LogPlace } from "./log-follower.ts";
import { incrementName, type LogFile, type Manifest, writeManifest } from "./manifest.ts";
import { CorruptLog, type ReplayResult, readLog, type WriteObserver } from "./read-log.ts";

/** A folder whose log has been replayed and can be appended to. */
export interface LoadedLog {
  readonly manifest: Manifest;
  readonly commands: number;
  /** Bytes of the last file and of those before it. */
  readonly sizes: { last: number; earlier: number };
  /** Of the newest command that says when it was made. */
  readonly stamp: bigint;
}

/** Who wants to know where in the log what is. */
export interface LogVisitor {
  /** Whether a file that a base has replaced must stay. */
  keeps(replaced: LogFile): boolean;
  /** A write of an increment ends here. */
  visit(place: LogPlace): void;
}

/**
 * Brings a log folder into order and replays it: makes a new one where there is none, removes what an interrupted
 * rewrite left, cuts a torn end off the last file. `replay` runs one file. Throws CorruptLog for damage elsewhere, and
 * `AOF_MANIFEST` where the manifest and the files beside it do not fit together; nothing is changed then.
 */
export function loadLogFolder(
  folder: string,
  log: Logger,
  replay: (path: string, onWrite?: WriteObserver) => ReplayResult,
  visitor?: LogVisitor,
): LoadedLog {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const manifest = tidyFolder(folder, log, (file) => visitor?.keeps(file) === true) ?? begin(folder);
  let commands = 0;
  let earlier = 0;
  let last = 0;
  let stamp = 0n;
  for (const [index, { name, sequence, type }] of manifest.files.entries()) {
    const path = join(folder, name);
    const isLast = index === manifest.files.length - 1;
    // Only the last file can end in the middle of a write. It is looked through before anything of it is run.
    if (isLast)
      mend(
        path,
        readLog(path, () => {}),
        log,
      );
    const visit = (offset: number, database: number, stamp: bigint) =>
      visitor?.visit({ sequence, offset, database, stamp });
    const result = replay(path, type === "base" ? undefined : visit);
    if (result.goodBytes < result.fileBytes) {
      throw new CorruptLog(
        path,
        result.goodBytes,
        result.goodBytes,
        "the file ends in the middle of a command, but is not the last one",
      );
    }
    commands += result.commands;
    if (result.stamp > stamp) stamp = result.stamp;
    earlier += last;
    last = result.fileBytes;
  }
  return { manifest, commands, sizes: { last, earlier }, stamp };
}

/** Makes the first increment of a log that has none. */
function begin(folder: string): Manifest {
  const manifest: Manifest = { files: [{ name: incrementName(1), sequence: 1, type: "increment" }] };
  closeSync(openSync(join(folder, incrementName(1)), "a", 0o600));
  writeManifest(folder, manifest);
  return manifest;
}

/** Cuts a torn end off and closes an unfinished checksum, so that the next write starts clean. */
function mend(path: string, result: ReplayResult, log: Logger): void {
  const { goodBytes, fileBytes, unchecked } = result;
  if (goodBytes === fileBytes && unchecked.bytes === 0) return;
  if (goodBytes < fileBytes) {
    log.warn(
      { file: path, cutBytes: fileBytes - goodBytes },
      "the append-only file ends in the middle of a write, as after a crash: the unfinished write is cut off",
    );
  }
  const file = openSync(path, "r+");
  try {
    ftruncateSync(file, goodBytes);
    if (unchecked.bytes > 0) writeSync(file, checksumLine(unchecked.checksum, unchecked.bytes), goodBytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
