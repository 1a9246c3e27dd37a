import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { listParked, parkedFolder, unpark } from "@weftkit/persist/inspection";
import { Failure } from "../terminal/failure.ts";
import { holdDataDir } from "./data-dir.ts";

/** A state that was moved aside. */
export interface ParkedCopy {
  readonly name: string;
  readonly bytes: number;
  /** What it is made of. */
  readonly entries: readonly string[];
}

/** The copies in a data dir, oldest first. @throws Failure */
export function parkedCopies(given: string | undefined): readonly ParkedCopy[] {
  const dataDir = dataDirOf(given);
  return listParked(dataDir).map((name) => {
    const folder = join(parkedFolder(dataDir), name);
    const entries = readdirSync(folder).filter((entry) => entry !== "persist");
    return { name, entries, bytes: entries.reduce((sum, entry) => sum + bytesOf(join(folder, entry)), 0) };
  });
}

/** Puts a copy back, with the data dir locked as an engine locks it. @throws Failure */
export async function putBack(
  name: string,
  given: string | undefined,
): Promise<{ readonly dataDir: string; readonly aside: string | undefined }> {
  const dataDir = dataDirOf(given);
  if (!listParked(dataDir).includes(name)) {
    throw new Failure(
      "usage",
      `there is no ${name} in ${parkedFolder(dataDir)}`,
      "`weftkit persist unpark` without a name lists what there is.",
    );
  }
  using _lock = holdDataDir(dataDir);
  return { dataDir, aside: await unpark(dataDir, name, Date.now()) };
}

function dataDirOf(given: string | undefined): string {
  const dataDir = given ?? process.env.WEFTKIT_DATA_DIR;
  if (dataDir === undefined) {
    throw new Failure("usage", "no data dir is named", "Add --data-dir FOLDER, or set WEFTKIT_DATA_DIR.");
  }
  if (existsSync(dataDir)) return dataDir;
  throw new Failure("usage", `${dataDir} does not exist`);
}

function bytesOf(path: string): number {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.size;
  return readdirSync(path).reduce((sum, entry) => sum + bytesOf(join(path, entry)), 0);
}
