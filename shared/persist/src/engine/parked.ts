import { readdirSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@weftkit/observe";
import type { Stream } from "../stream.ts";
import type { Chain } from "./chain.ts";

/** So many copies that were moved aside stay; they take space, and somebody should look at them. */
const parkedMax = 3;

/**
 * Moves the volume's state aside, so that nothing that was acknowledged is destroyed by a restore. Returns the folder
 * it is in.
 */
export async function parkLocalState(
  dataDir: string,
  streams: readonly Stream[],
  chain: Chain,
  now: number,
  log: Logger,
): Promise<string> {
  const root = join(dataDir, "parked");
  const folder = join(root, new Date(now).toISOString().replaceAll(":", "-"));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const stream of streams) if (!(await stream.isEmpty())) await stream.park(folder);
  // Last, because it tells a boot after a crash in between that there is more to move.
  await chain.park(folder);
  for (const name of readdirSync(root).sort().slice(0, -parkedMax)) {
    log.warn(
      { folder: join(root, name) },
      "a copy that was moved aside earlier is removed: there are newer ones",
    );
    await rm(join(root, name), { recursive: true, force: true });
  }
  return folder;
}
