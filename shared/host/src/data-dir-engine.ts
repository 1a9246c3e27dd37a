import { readFileSync } from "node:fs";
import { join } from "node:path";
import { replaceFileSync, WeftkitError } from "@weftkit/core";

/** Names the engine whose data is in a data dir. */
const fileName = "weftkit.engine";

/**
 * Takes a data dir for an engine, or finds that it is this engine's already.
 *
 * @throws WeftkitError `data_dir_of_another` when another engine has its data there
 */
export function requireEngine(dataDir: string, engine: string): void {
  const path = join(dataDir, fileName);
  let owner: string | undefined;
  try {
    owner = readFileSync(path, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  if (owner === undefined) replaceFileSync(path, `${engine}\n`);
  else if (owner !== engine) {
    throw new WeftkitError(
      "data_dir_of_another",
      `the data dir ${dataDir} holds the data of weftkit/${owner}, and this is weftkit/${engine}: give each engine a volume of its own (or remove ${path}, if nothing else is there)`,
    );
  }
}
