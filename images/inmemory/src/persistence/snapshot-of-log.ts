import { openSync } from "node:fs";
import { basename } from "node:path";
import { readFileOf, type StateFile } from "@weftkit/persist/snapshot";
import type { LogFiles } from "./log-files.ts";
import { MANIFEST_NAME, manifestText } from "./manifest.ts";

/** The log as it is now, for a snapshot: a rewrite may remove its files meanwhile, and what is open stays readable. */
export async function* snapshotOfLog(place: string, log: LogFiles): AsyncGenerator<StateFile> {
  const { files } = log.manifest;
  const opened = log.files().map(({ path, bytes }) => ({ path, bytes, descriptor: openSync(path, "r") }));
  for (const { path, bytes, descriptor } of opened) {
    yield { place, path: basename(path), bytes, read: () => readFileOf(descriptor, bytes) };
  }
  const manifest = Buffer.from(manifestText({ files }));
  yield {
    place,
    path: MANIFEST_NAME,
    bytes: manifest.length,
    read: async function* () {
      yield manifest;
    },
  };
}
