import { join } from "node:path";

/** Where things are in a folder of blobs. */
export const layout = {
  /** Holds the blobs whose names begin with these two digits. */
  shard: (folder: string, sha256: string) => join(folder, sha256.slice(0, 2)),
  blob: (folder: string, sha256: string) => join(folder, sha256.slice(0, 2), sha256),
  /** What is being written; nothing in it counts, and a start empties it. */
  incoming: (folder: string) => join(folder, "incoming"),
  /** Files that were not as their names say, for somebody to look at. */
  damaged: (folder: string) => join(folder, "damaged"),
  /** The stream's own notes: an SQLite database. */
  catalog: (folder: string) => join(folder, "catalog.db"),
  /** Beside the folder, where a restore builds the next one. */
  restoring: (folder: string) => `${folder}.restoring`,
} as const;

export const shardName = /^[0-9a-f]{2}$/;
