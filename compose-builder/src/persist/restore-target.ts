import { existsSync, statSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import type { StreamKind } from "@weftkit/persist/contract";
import { builtEngineNames, builtEngines } from "../images.ts";
import { Failure } from "../terminal/failure.ts";
import type { State } from "./state.ts";

/** The form in which a stream is written. */
export type RestoredForm =
  /** A folder that an inmemory engine starts on: its append-only file. */
  | "append-only folder"
  /** The log as one file. */
  | "log file"
  /** An SQLite database. */
  | "database file";

/** Where one stream goes. */
export interface RestoreTarget {
  readonly stream: string;
  readonly form: RestoredForm;
  readonly path: string;
}

/** Where an engine keeps a stream in its data dir, so that one starts on what was restored into a folder. */
function placeInDataDir(engine: string, stream: string): string | undefined {
  const built = builtEngineNames.find((name) => name === engine);
  return built === undefined ? undefined : builtEngines[built].streams[stream];
}

/** What a stream of another engine is named in a folder. */
const extensions: Readonly<Record<Exclude<StreamKind, "blobs">, string>> = { log: "log", pages: "db" };

/**
 * Decides where each stream of a state is written. `to` is a file when there is one stream and `to` is no folder;
 * inmemory's log is a folder, unless `to` ends in .aof.
 *
 * @throws Failure for streams that cannot be written yet
 */
export function restoreTargets({ manifest }: State, to: string): readonly RestoreTarget[] {
  const streams = Object.entries(manifest.streams).filter(([, { pieces }]) => pieces.length > 0);
  const isFolder = to.endsWith(sep) || streams.length > 1 || (existsSync(to) && statSync(to).isDirectory());
  const path = resolve(to);
  return streams.map(([stream, { kind }]): RestoreTarget => {
    if (kind === "blobs") {
      throw new Failure(
        "failed",
        `the stream "${stream}" is of blobs, which cannot be restored to files yet`,
      );
    }
    const place = placeInDataDir(manifest.engine, stream);
    const inFolder = join(path, place ?? `${stream}.${extensions[kind]}`);
    if (kind === "pages") return { stream, form: "database file", path: isFolder ? inFolder : path };
    // A log in several files is a folder wherever it goes, unless one file is asked for.
    if (place !== undefined && (isFolder || !path.endsWith(".aof"))) {
      return { stream, form: "append-only folder", path: inFolder };
    }
    return { stream, form: "log file", path: isFolder ? inFolder : path };
  });
}

/** @throws Failure when something is there that a restore would replace */
export function refuseExisting(targets: readonly RestoreTarget[]): void {
  const present = targets.find(({ path }) => existsSync(path));
  if (present === undefined) return;
  throw new Failure(
    "edited",
    `${present.path} exists already`,
    "Nothing was written. Choose another --to, or replace it with --force.",
  );
}
