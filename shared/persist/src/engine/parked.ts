import { existsSync, readdirSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder, WeftkitError, writeSynced } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import type { Stream } from "../stream.ts";
import type { Chain } from "./chain.ts";

/** Where copies that were moved aside are. */
export function parkedFolder(dataDir: string): string {
  return join(dataDir, "parked");
}

/** Says that what is on the volume was put back by an operator, and is to be the newest state. */
export function unparkedMarker(dataDir: string): string {
  return join(dataDir, "persist-unparked");
}

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
  const root = parkedFolder(dataDir);
  const folder = join(root, timeName(now));
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

/** What SQLite keeps beside a database. */
const besideDatabase = ["-wal", "-shm", "-journal"];

/** The copies that were moved aside, oldest first. */
export function listParked(dataDir: string): readonly string[] {
  const root = parkedFolder(dataDir);
  return existsSync(root) ? readdirSync(root).sort() : [];
}

/**
 * Puts a copy back in its place, and what is there now aside; no engine may be running. At its next start the engine
 * pushes it as the newest state. Returns where what was in place is now; undefined when nothing was.
 *
 * @throws WeftkitError `not_parked`
 */
export async function unpark(dataDir: string, name: string, now: number): Promise<string | undefined> {
  const from = join(parkedFolder(dataDir), name);
  if (!listParked(dataDir).includes(name)) {
    throw new WeftkitError("not_parked", `${from} does not exist`);
  }
  const entries = readdirSync(from).filter((entry) => entry !== "persist");
  const aside = join(parkedFolder(dataDir), timeName(now));
  const replaced = new Set(
    entries.flatMap((entry) => [entry, ...besideDatabase.map((suffix) => entry + suffix)]),
  );
  const moved = [...replaced, "persist"].filter((entry) => existsSync(join(dataDir, entry)));
  await mkdir(aside, { recursive: true, mode: 0o700 });
  // The marker first: after a crash in between, what is in place is nobody's older state that a start would serve.
  await writeSynced(unparkedMarker(dataDir), name);
  for (const entry of moved) await rename(join(dataDir, entry), join(aside, entry));
  for (const entry of entries) await rename(join(from, entry), join(dataDir, entry));
  await rm(from, { recursive: true, force: true });
  for (const folder of [aside, parkedFolder(dataDir), dataDir]) await syncFolder(folder);
  if (moved.length > 0) return aside;
  await rm(aside, { recursive: true, force: true });
  return undefined;
}

function timeName(now: number): string {
  return new Date(now).toISOString().replaceAll(":", "-");
}
